//! Notes: the known answer, every refusal by name, and signatures of every kind.

use std::sync::Arc;

use proptest::prelude::*;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{
    LONGEST_NOTE, Note, NoteError, NoteKeyError, NoteSignature, NoteSigner, NoteVerifier, key_id,
    tree_head_signature_input,
};

const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\
    \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn known() -> NoteVerifier {
    NoteVerifier::parse(KEY).unwrap()
}

fn key(kind: KeyType) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(kind).unwrap())
}

fn now() -> UnixTime {
    UnixTime::from_milliseconds(1_700_000_000_123).unwrap()
}

fn line(name: &str, bytes: &[u8]) -> String {
    format!("\u{2014} {name} {}\n", base64::encode(bytes))
}

#[test]
fn the_example_of_the_specification() {
    let verifier = known();
    assert_eq!(verifier.name(), "example.com/foo");
    assert_eq!(verifier.key_id(), [0x53, 0x0d, 0x90, 0x3a]);
    assert_eq!(verifier.to_string(), KEY);
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.to_string(), NOTE);
    let opened = note.open(&[verifier]).unwrap();
    assert_eq!(opened.text(), "This is an example message.\n");
    assert_eq!(opened.signatures().len(), 1);
    assert_eq!(opened.signatures()[0].timestamp, None);
}

#[test]
fn the_last_empty_line_parts_text_and_signatures() {
    let signature = line("a", &[1, 2, 3, 4, 5]);
    for text in ["\n", "a\n\n", "a\n\nb\n", "\n\n\n"] {
        let bytes = format!("{text}\n{signature}");
        let note = Note::parse(&bytes).unwrap();
        assert_eq!(note.text(), text);
        assert_eq!(note.to_string(), bytes);
    }
}

#[test]
fn every_malformed_note_is_refused_by_name() {
    use NoteError as E;
    let signature = line("a", &[1, 2, 3, 4, 5]);
    let name = |found: &str| E::KeyName {
        found: found.into(),
    };
    let cases: Vec<(String, NoteError)> = vec![
        (
            "a\r\n\n".to_owned() + &signature,
            E::ControlCharacter { found: 13 },
        ),
        (
            "a\tb\n\n".to_owned() + &signature,
            E::ControlCharacter { found: 9 },
        ),
        (
            "a\0b\n\n".to_owned() + &signature,
            E::ControlCharacter { found: 0 },
        ),
        (String::new(), E::NoSeparator),
        ("a\n".to_owned() + &signature, E::NoSeparator),
        ("\n".to_owned() + &signature, E::NoSeparator),
        ("a\n\n".to_owned(), E::NoSignature),
        (
            "a\n\n".to_owned() + signature.trim_end(),
            E::MissingFinalNewline,
        ),
        (
            "a\n\n- a AQIDBAU=\n".to_owned(),
            E::SignatureLine { line: 1 },
        ),
        (
            "a\n\n\u{2014}a AQIDBAU=\n".to_owned(),
            E::SignatureLine { line: 1 },
        ),
        ("a\n\n\u{2014} a\n".to_owned(), E::SignatureLine { line: 1 }),
        (format!("a\n\n{signature}b\n"), E::SignatureLine { line: 2 }),
        ("a\n\n\u{2014}  AQIDBAU=\n".to_owned(), name("")),
        ("a\n\n".to_owned() + &line("a+b", &[0; 5]), name("a+b")),
        (
            "a\n\n".to_owned() + &line("a\u{a0}b", &[0; 5]),
            name("a\u{a0}b"),
        ),
        (
            "a\n\n".to_owned() + &line("a\u{3000}", &[0; 5]),
            name("a\u{3000}"),
        ),
        (
            "a\n\n".to_owned() + &line("a", &[0; 4]),
            E::SignatureTooShort { line: 1, length: 4 },
        ),
        (
            "a\n\n\u{2014} a \n".to_owned(),
            E::SignatureTooShort { line: 1, length: 0 },
        ),
        (
            "a\n\n".to_owned() + &signature.repeat(101),
            E::TooManySignatures,
        ),
        (
            "a".repeat(LONGEST_NOTE) + "\n\n" + &signature,
            E::TooLong {
                length: LONGEST_NOTE + 2 + signature.len(),
            },
        ),
    ];
    for (note, error) in cases {
        assert_eq!(Note::parse(&note), Err(error), "{note:.40?}");
    }
    for base64 in [
        "AQIDBAU",
        "AQIDBAV=",
        "AQIDBA==AQ==",
        "AQID BAU=",
        "AQID-_U=",
    ] {
        let note = format!("a\n\n\u{2014} a {base64}\n");
        let refused = Note::parse(note).unwrap_err();
        assert!(matches!(refused, E::Base64 { line: 1, .. }), "{refused}");
    }
    assert_eq!(
        Note::parse(b"a\xff\n\n"),
        Err(E::NotUtf8 { valid_up_to: 1 })
    );
    assert_eq!(Note::new("a"), Err(E::TextWithoutNewline));
    for count in [16, 100] {
        let note = "a\n\n".to_owned() + &signature.repeat(count);
        assert_eq!(Note::parse(note).unwrap().signatures().len(), count);
    }
}

#[test]
fn unknown_lines_are_passed_over_and_known_ones_must_hold() {
    let known = [known()];
    let note = Note::parse(NOTE).unwrap();
    let good = note.signatures()[0].clone();
    let text = Note::new(note.text()).unwrap();

    // Another ID under the same name, and the same ID under another name: both unknown.
    let other_id = NoteSignature::new(good.name(), [0; 4], good.bytes().into()).unwrap();
    let other_name = NoteSignature::new("other", good.key_id(), good.bytes().into()).unwrap();
    let unknown = text
        .clone()
        .with_signature(other_id)
        .with_signature(other_name);
    let Err(NoteError::NoKnownSignature { found, known: keys }) = unknown.open(&known) else {
        panic!("a note without a known key was opened");
    };
    assert_eq!(found, "example.com/foo+00000000, other+530d903a");
    assert_eq!(keys, "example.com/foo+530d903a");
    let opened = unknown.with_signature(good.clone());
    assert_eq!(opened.open(&known).unwrap().signatures().len(), 1);
    assert!(matches!(
        opened.open(&[]),
        Err(NoteError::NoKnownSignature { .. })
    ));

    // A bad line of a known key spoils the note, though a good one of another known key is there.
    let signer = NoteSigner::ed25519("mine", key(KeyType::Ed25519)).unwrap();
    let mine = signer.sign(&text, now()).unwrap();
    let keys = [known[0].clone(), signer.verifier().clone()];
    let both = text
        .clone()
        .with_signature(good.clone())
        .with_signature(mine.clone());
    assert_eq!(both.open(&keys).unwrap().signatures().len(), 2);
    let mut bytes = good.bytes().to_vec();
    bytes[10] ^= 1;
    let bad = NoteSignature::new(good.name(), good.key_id(), bytes).unwrap();
    let refused = NoteError::BadSignature {
        name: good.name().into(),
        key_id: good.key_id(),
    };
    for note in [
        text.clone()
            .with_signature(mine.clone())
            .with_signature(bad.clone()),
        text.clone()
            .with_signature(bad.clone())
            .with_signature(mine),
        text.with_signature(good).with_signature(bad),
    ] {
        assert_eq!(note.open(&keys), Err(refused.clone()));
    }
    let other_text = Note::parse(NOTE.replacen("This", "That", 1)).unwrap();
    assert_eq!(other_text.open(&known), Err(refused));
}

#[test]
fn every_kind_of_signer_is_verified_by_its_own_kind() {
    let p256 = key(KeyType::EcdsaP256);
    let ed25519 = key(KeyType::Ed25519);
    let head = Checkpoint::new("example.com/log", 7, Hash::new([7; 32])).unwrap();
    let note = Note::new(&head.to_string()).unwrap();
    for signer in [
        NoteSigner::ed25519("example.com/log", ed25519.clone()).unwrap(),
        NoteSigner::ecdsa("example.com/log", p256.clone()).unwrap(),
        NoteSigner::rekor_v1("example.com", ed25519).unwrap(),
        NoteSigner::rekor_v1("example.com", p256.clone()).unwrap(),
        NoteSigner::tree_head("example.com/log", p256).unwrap(),
    ] {
        let signed = note
            .clone()
            .with_signature(signer.sign(&note, now()).unwrap());
        let read = Note::parse(signed.to_string()).unwrap();
        assert_eq!(read, signed);
        read.open(&[signer.verifier().clone()]).unwrap();
        let forged = Note::parse(signed.to_string().replacen("\n7\n", "\n8\n", 1)).unwrap();
        assert!(matches!(
            forged.open(&[signer.verifier().clone()]),
            Err(NoteError::BadSignature { .. })
        ));
    }
}

#[test]
fn key_ids_follow_the_rule_of_their_kind() {
    let p256 = key(KeyType::EcdsaP256);
    let ed25519 = key(KeyType::Ed25519);
    let spki_id = |key: &PrivateKey| key.public_key().sha256_of_spki()[..4].to_vec();
    let ecdsa = NoteVerifier::ecdsa("a", p256.public_key()).unwrap();
    assert_eq!(ecdsa.key_id().to_vec(), spki_id(&p256));
    let old = NoteVerifier::rekor_v1(ed25519.public_key()).unwrap();
    assert_eq!(old.key_id().to_vec(), spki_id(&ed25519));
    let new = NoteVerifier::rekor_v2("a", ed25519.public_key()).unwrap();
    assert_eq!(new.key_id(), key_id("a", &[1], ed25519.public_key().bits()));
    let head = NoteVerifier::tree_head("a", p256.public_key()).unwrap();
    let log_id = p256.public_key().sha256_of_spki();
    assert_eq!(head.key_id(), key_id("a", &[5], &log_id));
}

#[test]
fn tree_head_signatures_cover_time_size_and_root_and_nothing_else_is_let_in() {
    let key = key(KeyType::EcdsaP256);
    let origin = "ct.example.com/2026";
    let signer = NoteSigner::tree_head(origin, key.clone()).unwrap();
    let verifiers = [signer.verifier().clone()];
    let head = Checkpoint::new(origin, 7, Hash::new([7; 32])).unwrap();
    let note = Note::new(&head.to_string()).unwrap();
    let signature = signer.sign(&note, now()).unwrap();
    let signed = note.clone().with_signature(signature.clone());
    let opened = signed.open(&verifiers).unwrap();
    assert_eq!(opened.signatures()[0].timestamp, Some(1_700_000_000_123));

    // The bytes are those of static-ct-api: the time, 04 03, and the signature of RFC 6962.
    let bytes = signature.bytes();
    assert_eq!(bytes[..8], 1_700_000_000_123_u64.to_be_bytes());
    assert_eq!(bytes[8..10], [4, 3]);
    assert_eq!(
        usize::from(u16::from_be_bytes([bytes[10], bytes[11]])),
        bytes.len() - 12
    );
    let input = tree_head_signature_input(1_700_000_000_123, 7, &Hash::new([7; 32]));
    assert_eq!(input.len(), 50);
    key.public_key()
        .verify(key.algorithm(), &input, &bytes[12..])
        .unwrap();

    let refused = |note: Note| {
        assert!(matches!(
            note.open(&verifiers),
            Err(NoteError::BadSignature { .. })
        ));
    };
    for (place, byte) in [(7, 1), (8, 2), (9, 1), (11, 1), (bytes.len() - 1, 1)] {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= byte;
        let spoilt = NoteSignature::new(origin, signature.key_id(), bytes).unwrap();
        refused(note.clone().with_signature(spoilt));
    }
    let trailing = [bytes, &[0]].concat();
    let trailing = NoteSignature::new(origin, signature.key_id(), trailing).unwrap();
    refused(note.with_signature(trailing));

    // Neither another log's head nor an extension line is covered by the signature.
    let extended = head.with_extension("more").unwrap();
    let other = Checkpoint::new("other", 7, Hash::new([7; 32])).unwrap();
    for text in [extended.to_string(), other.to_string(), "text\n".into()] {
        let note = Note::new(&text).unwrap();
        assert!(matches!(
            signer.sign(&note, now()),
            Err(NoteKeyError::NotATreeHead { .. })
        ));
        refused(note.with_signature(signature.clone()));
    }
}

#[test]
fn verifier_keys_in_other_forms_are_refused_by_name() {
    use NoteKeyError as E;
    let key_error = |text: &str| NoteVerifier::parse(text).unwrap_err();
    for text in [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+",
    ] {
        assert_eq!(key_error(text), E::Form, "{text}");
    }
    assert_eq!(
        key_error(&KEY.replace("530d903a", "530d903b")),
        E::KeyId {
            found: "530d903b".into(),
            expected: "530d903a".into()
        }
    );
    assert!(matches!(
        key_error(&KEY.replace("/foo", "/fop")),
        E::KeyId { .. }
    ));
    assert!(matches!(
        key_error(&KEY.replace("/foo", " foo")),
        E::KeyName { .. }
    ));
    assert!(matches!(
        key_error(&KEY.replace("+A", "+B")),
        E::SignatureType { .. }
    ));
    assert!(matches!(key_error(&KEY[..KEY.len() - 1]), E::Base64(_)));
    assert!(matches!(key_error(&KEY[..KEY.len() - 4]), E::PublicKey(_)));

    let p384 = key(KeyType::EcdsaP384);
    let ed25519 = key(KeyType::Ed25519);
    let wrong = |result: Result<NoteSigner, E>| assert!(matches!(result, Err(E::KeyType { .. })));
    wrong(NoteSigner::ecdsa("a", p384.clone()));
    wrong(NoteSigner::ecdsa("a", ed25519.clone()));
    wrong(NoteSigner::ed25519("a", p384));
    wrong(NoteSigner::tree_head("a", ed25519));
    let written = NoteVerifier::ecdsa("a", key(KeyType::EcdsaP256).public_key()).unwrap();
    assert_eq!(NoteVerifier::parse(&written.to_string()), Ok(written));
}

proptest! {
    #[test]
    fn written_notes_are_read_again(
        text in "([^\\x00-\\x1f]{0,20}\n){1,5}",
        lines in prop::collection::vec(("[^\\s+\\x00-\\x1f]{1,9}", any::<[u8; 4]>(), prop::collection::vec(any::<u8>(), 1..90)), 1..20),
    ) {
        let mut note = Note::new(&text).unwrap();
        for (name, key_id, bytes) in lines {
            note = note.with_signature(NoteSignature::new(&name, key_id, bytes).unwrap());
        }
        prop_assert_eq!(Note::parse(note.to_string()), Ok(note));
    }

    #[test]
    fn notes_that_are_read_have_one_spelling(
        note in "([a\u{a0}+ \n]{0,4}\n){0,4}\n?(\u{2014} [a+]{0,2} ?[A-D]{4,8}=?\n){0,3}",
    ) {
        if let Ok(read) = Note::parse(&note) {
            prop_assert_eq!(read.to_string(), note);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Note::parse(bytes);
    }

    #[test]
    fn written_checkpoints_are_read_again(
        origin in "[^\\x00-\\x1f]{1,20}",
        size in any::<u64>(),
        root in any::<[u8; 32]>(),
        extensions in prop::collection::vec("[^\\x00-\\x1f]{1,20}", 0..4),
    ) {
        let mut head = Checkpoint::new(&origin, size, root.into()).unwrap();
        for line in extensions {
            head = head.with_extension(&line).unwrap();
        }
        prop_assert_eq!(Checkpoint::parse(&head.to_string()), Ok(head));
    }
}
