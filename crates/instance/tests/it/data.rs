//! Instances in a directory: what goes on, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use waxwing_instance::{
    Address, Choices, DataDirectory, DataError, Instance, KeyringError, StartError,
};
use waxwing_model::TrustedRoot;

use crate::surroundings::{EMAIL, sign, surroundings};

const URL: &str = "http://waxwing.localhost:8123";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("data").join(name)
    }

    fn data(&self) -> Result<DataDirectory, StartError> {
        let first = Address::new(URL).unwrap();
        DataDirectory::open(&self.path(""), None, &first, &surroundings())
    }

    async fn open(&self) -> Result<Instance, StartError> {
        let guards = self.0.path().join("guards");
        fs::create_dir_all(&guards).unwrap();
        let mut choices = Choices::default();
        choices.guards = Some(guards.into());
        Instance::open(self.data()?, choices, surroundings()).await
    }

    /// One that was closed in peace.
    async fn begun() -> Self {
        let place = Self::new();
        place.open().await.unwrap().close().await;
        place
    }
}

async fn works(instance: &Instance) {
    let signer = instance.signer(instance.client().unwrap()).unwrap();
    sign(instance, &signer).await;
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        match found.file_type().unwrap() {
            kind if kind.is_dir() => copy_all(&found.path(), &target),
            kind if kind.is_file() => drop(fs::copy(found.path(), target).unwrap()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_instance_goes_on_with_its_keys_logs_and_trust() {
    let place = Place::new();
    let instance = place.open().await.unwrap();
    assert_eq!(instance.address().base(), URL);
    works(&instance).await;
    let trusted_root = instance.trusted_root();
    instance.close().await;
    for round in 2..4 {
        let instance = place.open().await.unwrap();
        assert_eq!(instance.trusted_root(), trusted_root);
        works(&instance).await;
        // The first entry, which is ours, and one for each round; the genesis was not written again.
        let checkpoint = instance.client().unwrap();
        let checkpoint = checkpoint.get(format!("{URL}/checkpoint")).await.unwrap();
        let size = checkpoint.text().lines().nth(1).map(str::to_owned);
        assert_eq!(size.as_deref(), Some(&*(round + 1).to_string()));
        instance.close().await;
    }
    let json = fs::read(place.path("client/trusted_root.json")).unwrap();
    assert_eq!(TrustedRoot::from_json(&json).unwrap(), *trusted_root);
}

#[tokio::test]
async fn the_keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::begun().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("private")), 0o700);
    let mut keys = 0;
    for file in fs::read_dir(place.path("private")).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        keys += 1;
    }
    // Five that sign, the roots of the two authorities, and three of the TUF repository.
    assert_eq!(keys, 10);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let place = Place::new();
    let instance = place.open().await.unwrap();
    let refused = place.data().unwrap_err();
    assert!(
        matches!(&refused, StartError::Data(DataError::Locked { .. })),
        "{refused}"
    );
    instance.close().await;
    place.data().unwrap();
}

#[tokio::test]
async fn another_url_is_refused() {
    let place = Place::begun().await;
    let address = |url: &str| Address::new(url).unwrap();
    let open = |expected: &str| {
        let expected = address(expected);
        DataDirectory::open(
            &place.path(""),
            Some(&expected),
            &address(URL),
            &surroundings(),
        )
    };
    let refused = open("http://other.localhost").unwrap_err();
    let StartError::Data(DataError::OtherUrl { found, .. }) = &refused else {
        panic!("{refused}");
    };
    assert_eq!(found, URL);
    open(URL).unwrap();
}

/// One fault in a directory, what is said of it, and what mends it.
type Fault = (
    &'static str,
    fn(&Place),
    fn(&StartError) -> bool,
    fn(&Place),
);

fn swap(place: &Place, from: &str, to: &str) {
    fs::rename(place.path(from), place.path(to)).unwrap();
}

fn edit(place: &Place, from: &str, to: &str) {
    let ring = place.path("keyring.json");
    let text = fs::read_to_string(&ring).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(ring, text.replacen(from, to, 1)).unwrap();
}

fn keyring(error: &StartError) -> Option<&KeyringError> {
    match error {
        StartError::Data(DataError::Keyring { source, .. }) => Some(source),
        _ => None,
    }
}

const FAULTS: [Fault; 9] = [
    (
        "the ring is gone",
        |place| swap(place, "keyring.json", "away"),
        |error| matches!(error, StartError::Data(DataError::RingLost { .. })),
        |place| swap(place, "away", "keyring.json"),
    ),
    (
        "a later version",
        |place| edit(place, "\"version\": 1", "\"version\": 2"),
        |error| matches!(keyring(error), Some(KeyringError::Version { found: 2 })),
        |place| edit(place, "\"version\": 2", "\"version\": 1"),
    ),
    (
        "a name that leads elsewhere",
        |place| edit(place, "\"ct-log-1\"", "\"../ct-log-1\""),
        |error| matches!(keyring(error), Some(KeyringError::Name { .. })),
        |place| edit(place, "\"../ct-log-1\"", "\"ct-log-1\""),
    ),
    (
        "a role that there is not",
        |place| edit(place, "\"role\": \"issuer\"", "\"role\": \"witness\""),
        |error| matches!(keyring(error), Some(KeyringError::Role { .. })),
        |place| edit(place, "\"role\": \"witness\"", "\"role\": \"issuer\""),
    ),
    (
        "a role without a key",
        |place| edit(place, "\"role\": \"issuer\"", "\"role\": \"ct-log\""),
        |error| matches!(keyring(error), Some(KeyringError::NoKey { role: "issuer" })),
        |place| {
            let ring = place.path("keyring.json");
            let text = fs::read_to_string(&ring).unwrap();
            let at = text.rfind("\"role\": \"ct-log\"").unwrap();
            let (before, after) = text.split_at(at);
            let after = after.replacen("ct-log", "issuer", 1);
            fs::write(ring, format!("{before}{after}")).unwrap();
        },
    ),
    (
        "a private key that is gone",
        |place| swap(place, "private/rekor-log-1.pem", "away"),
        |error| matches!(error, StartError::MissingKey { name } if name == "rekor-log-1"),
        |place| swap(place, "away", "private/rekor-log-1.pem"),
    ),
    (
        "a private key of another",
        |place| {
            swap(place, "private/ct-log-1.pem", "away");
            fs::copy(
                place.path("private/issuer-1.pem"),
                place.path("private/ct-log-1.pem"),
            )
            .unwrap();
        },
        |error| matches!(error, StartError::Data(DataError::OtherKey { name, .. }) if name == "ct-log-1"),
        |place| swap(place, "away", "private/ct-log-1.pem"),
    ),
    (
        "a log that is gone",
        |place| swap(place, "logs/rekor-log-1", "away"),
        |error| matches!(error, StartError::Log { name, .. } if name == "rekor-log-1"),
        |place| {
            fs::remove_dir_all(place.path("logs/rekor-log-1")).unwrap();
            swap(place, "away", "logs/rekor-log-1");
        },
    ),
    (
        "a log of another instance's",
        |place| {
            swap(place, "logs/rekor-log-1", "away");
            copy_all(&place.path("away"), &place.path("logs/rekor-log-1"));
            fs::remove_file(place.path("logs/rekor-log-1/.state/format")).unwrap();
        },
        |error| matches!(error, StartError::Log { name, .. } if name == "rekor-log-1"),
        |place| {
            fs::remove_dir_all(place.path("logs/rekor-log-1")).unwrap();
            swap(place, "away", "logs/rekor-log-1");
        },
    ),
];

#[tokio::test]
async fn a_directory_with_a_fault_is_refused_and_mended_goes_on() {
    let place = Place::begun().await;
    for (name, spoil, is_expected, mend) in FAULTS {
        spoil(&place);
        let refused = place.open().await.map(|_| ()).expect_err(name);
        assert!(is_expected(&refused), "{name}: {refused}");
        mend(&place);
    }
    let instance = place.open().await.unwrap();
    works(&instance).await;
    instance.close().await;
}

#[tokio::test]
async fn a_directory_that_was_set_back_is_noticed_by_the_guards() {
    let place = Place::begun().await;
    let old = place.0.path().join("old");
    copy_all(&place.path(""), &old);
    let instance = place.open().await.unwrap();
    works(&instance).await;
    instance.close().await;
    swap(&place, "logs", "away");
    copy_all(&old.join("logs"), &place.path("logs"));
    let refused = place.open().await.map(|_| ()).unwrap_err();
    assert!(matches!(&refused, StartError::Log { .. }), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("but a head of 2 was let out"), "{said}");
    fs::remove_dir_all(place.path("logs")).unwrap();
    swap(&place, "away", "logs");
    works(&place.open().await.unwrap()).await;
}

/// What a crash at each step of the first start leaves, made from a directory that is whole.
#[tokio::test]
async fn a_first_start_that_was_stopped_is_done_by_the_next_one() {
    let whole = Place::begun().await;
    type Step = (&'static str, fn(&Place));
    let steps: [Step; 7] = [
        ("some keys", |place| {
            for name in ["keyring.json", "private/issuer-1.pem"] {
                fs::remove_file(place.path(name)).unwrap();
            }
            fs::write(place.path("private/ct-log-1.pem.new"), "half").unwrap();
            fs::remove_dir_all(place.path("logs")).unwrap();
            fs::remove_dir_all(place.path("tuf")).unwrap();
        }),
        ("the ring", |place| {
            fs::remove_dir_all(place.path("logs")).unwrap();
            fs::remove_dir_all(place.path("tuf")).unwrap();
        }),
        ("the first root", |place| {
            fs::remove_dir_all(place.path("logs")).unwrap();
            for name in ["1.targets.json", "1.snapshot.json", "timestamp.json"] {
                fs::remove_file(place.path("tuf").join(name)).unwrap();
            }
            fs::remove_dir_all(place.path("tuf/targets")).unwrap();
        }),
        ("the snapshot", |place| {
            fs::remove_dir_all(place.path("logs")).unwrap();
            fs::remove_file(place.path("tuf/timestamp.json")).unwrap();
            fs::write(place.path("tuf/timestamp.json.new"), "{").unwrap();
        }),
        ("one log", |place| {
            fs::remove_dir_all(place.path("logs/rekor-log-1")).unwrap();
        }),
        ("both logs", |_| {}),
        ("no files for clients", |place| {
            fs::remove_dir_all(place.path("client")).unwrap();
        }),
    ];
    for (step, undo) in steps {
        let place = Place::new();
        copy_all(&whole.path(""), &place.path(""));
        if step != "no files for clients" {
            edit(&place, "\"begun\": true", "\"begun\": false");
        }
        undo(&place);
        let instance = place
            .open()
            .await
            .unwrap_or_else(|error| panic!("{step}: {error}"));
        works(&instance).await;
        let token = instance
            .token(&waxwing_issuer::Identity::email(EMAIL))
            .unwrap();
        assert_eq!(token.name(), EMAIL);
        instance.close().await;
        let ring = fs::read_to_string(place.path("keyring.json")).unwrap();
        assert!(ring.contains("\"begun\": true"), "{step}");
        assert!(place.path("client/trust_config.json").exists(), "{step}");
    }
}
