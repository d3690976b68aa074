//! Properties: of the canonical form, of patterns and names, and of whole histories.

use proptest::prelude::*;
use serde_json::Value;
use waxwing_crypto::KeyType;
use waxwing_encoding::olpc_json;
use waxwing_tuf::client::{role_file_name, role_of_file_name};
use waxwing_tuf::metadata::{PathRule, TopRole};
use waxwing_tuf::repository::{Repository, TargetEdit};

use crate::world::{Client, World, anew, calm, set};

/// JSON without fractions.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-c\"\\\\\n]{0,4}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What pattern matching means, written down without a thought for time.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            naive(rest, text)
                || matches!(text, [first, left @ ..] if *first != '/' && naive(pattern, left))
        }
        (['?', rest @ ..], [first, left @ ..]) => *first != '/' && naive(rest, left),
        ([one, rest @ ..], [first, left @ ..]) => one == first && naive(rest, left),
        _ => false,
    }
}

/// Something that happens to a repository, or to its client.
#[derive(Debug, Clone)]
enum Event {
    Set(u8, Vec<u8>),
    Remove(u8),
    Refresh,
    Rotate(TopRole, bool),
    Reload,
    Update,
}

fn event() -> impl Strategy<Value = Event> {
    let role = prop::sample::select(TopRole::ALL.to_vec());
    prop_oneof![
        3 => (0_u8..4, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(name, content)| Event::Set(name, content)),
        1 => (0_u8..4).prop_map(Event::Remove),
        1 => Just(Event::Refresh),
        2 => (role, any::<bool>()).prop_map(|(role, kind)| Event::Rotate(role, kind)),
        1 => Just(Event::Reload),
        3 => Just(Event::Update),
    ]
}

fn assert_current(world: &World, client: &mut Client) {
    let trusted = client.update(&world.files).unwrap();
    let repository = &world.repository;
    assert_eq!(trusted.root(), repository.root());
    assert_eq!(Some(trusted.timestamp()), repository.timestamp());
    assert_eq!(Some(trusted.snapshot()), repository.snapshot());
    assert_eq!(Some(trusted.targets()), repository.targets());
    let targets = repository.targets().unwrap().signed();
    for (path, file) in targets.iter() {
        let content = client.target(&world.files, path).unwrap();
        file.check(&content).unwrap();
    }
}

proptest! {
    #[test]
    fn white_space_does_not_change_the_canonical_form(value in json()) {
        let compact = serde_json::to_vec(&value).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        let read = olpc_json::from_slice(&compact).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(&olpc_json::from_slice(&pretty).unwrap(), &value);
    }

    /// Two documents have one canonical form only if they are one document: nothing else can be put
    /// under a signature.
    #[test]
    fn the_canonical_form_belongs_to_one_document(a in json(), b in json()) {
        let canonical = |value: &Value| olpc_json::to_vec(value).unwrap();
        prop_assert_eq!(a == b, canonical(&a) == canonical(&b));
    }

    #[test]
    fn patterns_match_as_they_are_defined(pattern in "[ab*?/]{0,8}", path in "[ab/]{0,8}") {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = naive(&characters(&pattern), &characters(&path));
        prop_assert_eq!(PathRule::Patterns(vec![pattern]).covers(&path), expected);
    }

    #[test]
    fn a_file_name_leads_back_to_its_role(role in any::<String>()) {
        let name = role_file_name(&role);
        prop_assert!(!name.contains('/') && !name.contains('\\'));
        prop_assert_eq!(role_of_file_name(&name), Some(role));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A client that was there from the start, one that looks in now and then, and one that comes at
    /// the end: all have what the repository has.
    #[test]
    fn clients_follow_every_history(
        events in prop::collection::vec(event(), 1..16),
        consistent in any::<bool>(),
    ) {
        let mut world = World::new(consistent);
        let mut client = world.client();
        for event in events {
            match event {
                Event::Set(name, content) => world.edit(&[set(&format!("t{name}"), &content)]),
                Event::Remove(name) => {
                    let path = format!("t{name}");
                    let targets = world.repository.targets().unwrap().signed();
                    if targets.target(&path).is_some() {
                        world.edit(&[TargetEdit::Remove { path }]);
                    }
                }
                Event::Refresh => world.refresh(&anew()),
                Event::Rotate(role, ecdsa) => {
                    let kind = if ecdsa { KeyType::EcdsaP256 } else { KeyType::Ed25519 };
                    world.rotate(role, kind);
                }
                Event::Reload => {
                    world.repository = Repository::load(&world.files).unwrap();
                    world.refresh(&calm());
                }
                Event::Update => assert_current(&world, &mut client),
            }
        }
        assert_current(&world, &mut client);
        assert_current(&world, &mut world.client());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A bit that is flipped anywhere is refused, or changes nothing that is signed.
    #[test]
    fn nothing_changed_is_trusted(which in 0_usize..4, place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        static WORLD: std::sync::LazyLock<World> = std::sync::LazyLock::new(|| {
            let mut world = World::new(true);
            world.rotate(TopRole::Root, KeyType::Ed25519);
            world
        });
        let world = &*WORLD;
        let path = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"][which];
        let mut files = world.files.clone();
        let file = files.get_mut(path).unwrap();
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        if let Ok(trusted) = world.client().update(&files) {
            prop_assert_eq!(trusted.root().payload(), world.repository.root().payload());
            let timestamp = world.repository.timestamp().unwrap();
            prop_assert_eq!(trusted.timestamp().payload(), timestamp.payload());
            let snapshot = world.repository.snapshot().unwrap();
            prop_assert_eq!(trusted.snapshot().payload(), snapshot.payload());
            let targets = world.repository.targets().unwrap();
            prop_assert_eq!(trusted.targets().payload(), targets.payload());
        }
    }
}
