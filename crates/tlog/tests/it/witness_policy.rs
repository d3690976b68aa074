//! Policies: every refusal with its line, and what a quorum asks for.

mod quorum;
mod signed;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_tlog::note::{NoteSignature, NoteVerifier};
use waxwing_tlog::witness_policy::{
    LONGEST_POLICY, MOST_DEFINITIONS, UnmetGroup, WitnessPolicy, WitnessPolicyError,
    WitnessPolicyProblem, WitnessPolicySyntaxError,
};

use signed::{SIGNED, all_witnesses, at, head, log_key, seen, signed_by, vkey, witness};

#[test]
fn a_policy_of_every_line_is_read() {
    let log = log_key();
    let policy = format!(
        " \t# a comment \u{e9}\n\n\tlog\t{log}  https://log.example.com/ \n{}group g all w0\nquorum g\n \
         witness late {} https://w.example.com\n",
        witness(0),
        vkey(1)
    );
    let mut policy = policy.into_bytes();
    policy.extend_from_slice(b"# \xff\xfe opaque\n");
    let read = WitnessPolicy::parse(&policy).unwrap();
    assert_eq!(read.logs().len(), 1);
    assert_eq!(read.logs()[0].verifier.to_string(), log);
    assert_eq!(
        read.logs()[0].url.as_deref(),
        Some("https://log.example.com/")
    );
    let names: Vec<&str> = read.witnesses().iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["w0", "late"]);
    assert_eq!(read.witnesses()[0].url, None);
    assert_eq!(
        read.witnesses()[1].url.as_deref(),
        Some("https://w.example.com")
    );
    assert_eq!(read.check(&signed_by([0])), Ok(seen([0])));
    let none = WitnessPolicy::parse("quorum none\n").unwrap();
    assert_eq!(none.check(&head()), Ok(Vec::new()));
}

#[test]
fn every_malformed_policy_is_refused_with_its_line() {
    use WitnessPolicyProblem as P;
    let two = witness(0) + &witness(1);
    let form = |expected| P::Form { expected };
    let name = |name: &str| name.to_owned();
    let threshold = |found: &str| P::Threshold {
        found: found.into(),
        members: 2,
    };
    let (log, other_log) = (log_key(), log_key());
    let key = SIGNED.0[0].verifier().key().clone();
    let renamed = NoteVerifier::cosignature_v1("other", &key).unwrap();
    let cases: Vec<(String, usize, P)> = vec![
        (String::new(), 1, P::NoQuorum),
        (two.clone(), 3, P::NoQuorum),
        ("quorum none".into(), 1, P::MissingNewline),
        (
            "quorum none\r\n".into(),
            1,
            P::ControlCharacter { found: 13 },
        ),
        ("# \u{7f}\n".into(), 1, P::ControlCharacter { found: 127 }),
        ("#\0\n".into(), 1, P::ControlCharacter { found: 0 }),
        (
            "\nquorums none\n".into(),
            2,
            P::Keyword {
                found: name("quorums"),
            },
        ),
        ("Log x\n".into(), 1, P::Keyword { found: name("Log") }),
        (
            "quorum\u{a0}none\n".into(),
            1,
            P::Keyword {
                found: name("quorum\u{a0}none"),
            },
        ),
        ("quorum\n".into(), 1, form("quorum <name>")),
        ("quorum none #\n".into(), 1, form("quorum <name>")),
        ("log\n".into(), 1, form("log <key> [<url>]")),
        (format!("log {log} a b\n"), 1, form("log <key> [<url>]")),
        (
            "witness a\n".into(),
            1,
            form("witness <name> <key> [<url>]"),
        ),
        (
            format!("witness a {} b c\n", vkey(0)),
            1,
            form("witness <name> <key> [<url>]"),
        ),
        (
            two.clone() + "group g all\n",
            3,
            form("group <name> <all, any or a number> <member>..."),
        ),
        (
            "group g\n".into(),
            1,
            form("group <name> <all, any or a number> <member>..."),
        ),
        (format!("witness none {}\n", vkey(0)), 1, P::ReservedName),
        (two.clone() + "group none any w0\n", 3, P::ReservedName),
        (
            two.clone() + "group g any none\n",
            3,
            P::UnknownName { name: name("none") },
        ),
        (
            format!("{two}witness w0 {}\n", vkey(2)),
            3,
            P::NameInUse { name: name("w0") },
        ),
        (
            two.clone() + "group w0 any w1\n",
            3,
            P::NameInUse { name: name("w0") },
        ),
        (
            two.clone() + "group g any w0 W1\n",
            3,
            P::UnknownName { name: name("W1") },
        ),
        (
            two.clone() + "group g any g\n",
            3,
            P::UnknownName { name: name("g") },
        ),
        (
            "quorum w0\n".to_owned() + &two,
            1,
            P::UnknownName { name: name("w0") },
        ),
        (
            two.clone() + "group g any w0 w0\n",
            3,
            P::MemberTwice { name: name("w0") },
        ),
        (
            two.clone() + "group g any w0\ngroup h any w1 w0\n",
            4,
            P::MemberTwice { name: name("w0") },
        ),
        (
            two.clone() + "group g any w0\ngroup h any g\ngroup i any w1 g\n",
            5,
            P::MemberTwice { name: name("g") },
        ),
        (two.clone() + "group g 0 w0 w1\n", 3, threshold("0")),
        (two.clone() + "group g 3 w0 w1\n", 3, threshold("3")),
        (two.clone() + "group g 01 w0 w1\n", 3, threshold("01")),
        (two.clone() + "group g +1 w0 w1\n", 3, threshold("+1")),
        (two.clone() + "group g -1 w0 w1\n", 3, threshold("-1")),
        (two.clone() + "group g All w0 w1\n", 3, threshold("All")),
        (
            two.clone() + "group g 18446744073709551617 w0 w1\n",
            3,
            threshold("18446744073709551617"),
        ),
        (two.clone() + "quorum w0\nquorum none\n", 4, P::QuorumTwice),
        (two.clone() + "quorum none\nquorum w0\n", 4, P::QuorumTwice),
        (
            format!("{two}witness w2 {renamed}\n"),
            3,
            P::KeyTwice { line: 1 },
        ),
        (
            format!("log {log}\n\nlog {log}\n"),
            3,
            P::KeyTwice { line: 1 },
        ),
        (format!("witness a {log}\n"), 1, P::KeyUse { found: "logs" }),
        (
            format!("log {}\n", vkey(0)),
            1,
            P::KeyUse { found: "witnesses" },
        ),
        (
            "#".repeat(LONGEST_POLICY + 1),
            1,
            P::TooLong {
                length: LONGEST_POLICY + 1,
            },
        ),
    ];
    for (policy, line, problem) in cases {
        assert_eq!(
            WitnessPolicy::parse(&policy),
            Err(WitnessPolicySyntaxError { line, problem }),
            "{policy:.300}"
        );
    }
    let refused = |policy: &[u8]| WitnessPolicy::parse(policy).unwrap_err().problem;
    assert_eq!(refused(b"log \xff\n"), P::NotUtf8 { valid_up_to: 4 });
    assert!(matches!(refused(b"witness a b+c\n"), P::Key(_)));
    assert!(matches!(refused(b"log b+c\n"), P::Key(_)));
    let both = format!("log {log}\nlog {other_log}\nquorum none\n");
    assert_eq!(WitnessPolicy::parse(both).unwrap().logs().len(), 2);
}

#[test]
fn more_definitions_than_are_read_are_refused() {
    let chain = |groups: usize| {
        let mut policy = witness(0) + "group g0 all w0\n";
        for group in 1..groups {
            policy += &format!("group g{group} any g{}\n", group - 1);
        }
        policy + &format!("quorum g{}\n", groups - 1)
    };
    let longest = WitnessPolicy::parse(chain(MOST_DEFINITIONS)).unwrap();
    assert_eq!(longest.check(&signed_by([0])), Ok(seen([0])));
    let refused = WitnessPolicy::parse(chain(MOST_DEFINITIONS + 1)).unwrap_err();
    assert_eq!(refused.problem, WitnessPolicyProblem::TooMany);
    let many = |line: &dyn Fn(usize, &PrivateKey) -> String| {
        let lines = (0..=MOST_DEFINITIONS).map(|place| {
            let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
            line(place, &key)
        });
        let refused = WitnessPolicy::parse(lines.collect::<String>()).unwrap_err();
        assert_eq!(refused.line, MOST_DEFINITIONS + 1);
        assert_eq!(refused.problem, WitnessPolicyProblem::TooMany);
    };
    many(&|_, key| {
        format!(
            "log {}\n",
            NoteVerifier::ed25519("a", key.public_key()).unwrap()
        )
    });
    many(&|place, key| {
        let key = NoteVerifier::cosignature_v1("a", key.public_key()).unwrap();
        format!("witness w{place} {key}\n")
    });
}

#[test]
fn a_witness_counts_once_and_a_line_in_its_name_must_hold() {
    let policy = all_witnesses() + "group g 2 w0 w1 w2\nquorum g\n";
    let policy = WitnessPolicy::parse(policy).unwrap();
    let again = SIGNED.0[0].sign(&head(), at(9)).unwrap();
    let twice = signed_by([0]).with_signature(again);
    let unmet = |names: &[&str]| UnmetGroup {
        name: "g".into(),
        found: names.iter().map(|name| (*name).to_owned()).collect(),
        required: 2,
    };
    let refused = policy.check(&twice).unwrap_err();
    assert_eq!(
        refused,
        WitnessPolicyError::Quorum {
            unmet: vec![unmet(&["w0"])]
        }
    );
    assert_eq!(
        refused.to_string(),
        "the quorum of witnesses is not met: g has 1 of 2 (w0)"
    );
    // The later of two times is given, whichever line comes first, and unknown lines do not matter.
    let stranger = NoteSignature::new("stranger", [1; 4], vec![1]).unwrap();
    let met = twice.with_signature(stranger);
    let line = SIGNED.1.signatures()[1].clone();
    let met = met
        .with_signature(line)
        .with_signature(SIGNED.1.signatures()[0].clone());
    let latest = vec![
        ("w0".to_owned(), 1_700_000_009),
        ("w1".to_owned(), 1_700_000_001),
    ];
    assert_eq!(policy.check(&met), Ok(latest));

    // Not even a witness outside of the quorum may be misquoted.
    let line = &SIGNED.1.signatures()[5];
    let mut bytes = line.bytes().to_vec();
    bytes[7] ^= 1;
    let spoilt = NoteSignature::new(line.name(), line.key_id(), bytes).unwrap();
    assert_eq!(
        policy.check(&signed_by([0, 1, 5]).with_signature(spoilt)),
        Err(WitnessPolicyError::BadCosignature {
            witness: "w5".into(),
            key: "witness.example.com/5".into()
        })
    );
}

#[test]
fn the_error_says_what_each_group_lacks() {
    let groups = "group x 2 w0 w1 w2\ngroup y any w3 w4\ngroup both all x y w5\nquorum both\n";
    let policy = WitnessPolicy::parse(all_witnesses() + groups).unwrap();
    assert_eq!(
        policy.check(&signed_by([0, 2, 4, 5])),
        Ok(seen([0, 2, 4, 5]))
    );
    let refused = |places: &[usize]| {
        let note = signed_by(places.iter().copied());
        policy.check(&note).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&[1, 3]),
        "the quorum of witnesses is not met: both has 1 of 3 (y); x has 1 of 2 (w1)"
    );
    assert_eq!(
        refused(&[]),
        "the quorum of witnesses is not met: both has 0 of 3; x has 0 of 2; y has 0 of 1"
    );
    let one = WitnessPolicy::parse(witness(0) + "quorum w0\n").unwrap();
    assert_eq!(one.check(&signed_by([0])), Ok(seen([0])));
    assert_eq!(
        one.check(&signed_by([1])).unwrap_err().to_string(),
        "the quorum of witnesses is not met: w0 has 0 of 1"
    );
}
