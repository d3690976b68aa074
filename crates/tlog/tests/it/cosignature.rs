//! Cosignatures of witnesses, and Rekor v1 keys, which go by any name.

use std::sync::Arc;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::note::{
    Note, NoteError, NoteKeyError, NoteSignature, NoteSigner, NoteVerifier, key_id,
};

const NAME: &str = "witness.example.com/w1";

fn key(kind: KeyType) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(kind).unwrap())
}

fn now() -> UnixTime {
    UnixTime::from_milliseconds(1_700_000_000_987).unwrap()
}

fn head() -> Note {
    let head = Checkpoint::new("example.com/log", 7, Hash::new([7; 32])).unwrap();
    Note::new(&head.with_extension("more").unwrap().to_string()).unwrap()
}

#[test]
fn a_cosignature_covers_its_time_and_the_whole_text() {
    let key = key(KeyType::Ed25519);
    let signer = NoteSigner::cosignature_v1(NAME, key.clone()).unwrap();
    let note = head();
    let line = signer.sign(&note, now()).unwrap();

    // The bytes are those of tlog-cosignature: whole seconds, and the signature over a text.
    let (time, signature) = line.bytes().split_at(8);
    assert_eq!(time, 1_700_000_000_u64.to_be_bytes());
    let signed = format!("cosignature/v1\ntime 1700000000\n{}", note.text());
    let public = key.public_key();
    public
        .verify(key.algorithm(), signed.as_bytes(), signature)
        .unwrap();
    assert_eq!(line.name(), NAME);
    assert_eq!(line.key_id(), key_id(NAME, &[4], public.bits()));

    let witness = [signer.verifier().clone()];
    let signed = note.clone().with_signature(line.clone());
    let opened = signed.open(&witness).unwrap();
    assert_eq!(opened.signatures()[0].timestamp, Some(1_700_000_000_000));

    let refused = |note: &Note, bytes: &[u8]| {
        let line = NoteSignature::new(NAME, line.key_id(), bytes.into()).unwrap();
        let note = note.clone().with_signature(line);
        let refused = note.open(&witness);
        assert!(
            matches!(refused, Err(NoteError::BadSignature { .. })),
            "{refused:?}"
        );
    };
    for place in [0, 7, 8, 71] {
        let mut bytes = line.bytes().to_vec();
        bytes[place] ^= 1;
        refused(&note, &bytes);
    }
    refused(&note, &line.bytes()[..71]);
    refused(&note, &[line.bytes(), &[0]].concat());
    refused(&note, &[0]);
    for (from, to) in [("\n7\n", "\n8\n"), ("\nmore\n", "\n"), ("log", "LOG")] {
        let other = Note::new(&note.text().replacen(from, to, 1)).unwrap();
        refused(&other, line.bytes());
    }
    // An honest signature of a time that milliseconds cannot count.
    let seconds = u64::MAX / 1000 + 1;
    let text = format!("cosignature/v1\ntime {seconds}\n{}", note.text());
    let signature = key.sign(text.as_bytes()).unwrap();
    refused(&note, &[&seconds.to_be_bytes()[..], &signature].concat());
}

/// The signed message of the ML-DSA form, written out from the specification.
fn subtree(name: &str, seconds: u64, origin: &str, size: u64, root: u8) -> Vec<u8> {
    let mut message = b"subtree/v1\n\0".to_vec();
    message.push(name.len() as u8);
    message.extend_from_slice(name.as_bytes());
    message.extend_from_slice(&seconds.to_be_bytes());
    message.push(origin.len() as u8);
    message.extend_from_slice(origin.as_bytes());
    message.extend_from_slice(&0_u64.to_be_bytes());
    message.extend_from_slice(&size.to_be_bytes());
    message.extend_from_slice(&[root; 32]);
    message
}

#[test]
fn an_ml_dsa_cosignature_covers_names_time_and_tree_head() {
    let key = key(KeyType::MlDsa44);
    let signer = NoteSigner::cosignature_ml_dsa(NAME, key.clone()).unwrap();
    let note = head();
    let line = signer.sign(&note, now()).unwrap();

    let (time, signature) = line.bytes().split_at(8);
    assert_eq!(time, 1_700_000_000_u64.to_be_bytes());
    assert_eq!(signature.len(), 2420);
    let signed = subtree(NAME, 1_700_000_000, "example.com/log", 7, 7);
    let public = key.public_key();
    public.verify(key.algorithm(), &signed, signature).unwrap();
    assert_eq!(line.key_id(), key_id(NAME, &[6], public.bits()));

    let witness = [signer.verifier().clone()];
    let signed = note.clone().with_signature(line.clone());
    let read = Note::parse(signed.to_string()).unwrap();
    let opened = read.open(&witness).unwrap();
    assert_eq!(opened.signatures()[0].timestamp, Some(1_700_000_000_000));

    let refused = |witness: &NoteVerifier, note: &Note, bytes: &[u8]| {
        let line = NoteSignature::new(witness.name(), witness.key_id(), bytes.into()).unwrap();
        let note = note.clone().with_signature(line);
        let refused = note.open(std::slice::from_ref(witness));
        assert!(
            matches!(refused, Err(NoteError::BadSignature { .. })),
            "{refused:?}"
        );
    };
    for place in [0, 7, 8, 2427] {
        let mut bytes = line.bytes().to_vec();
        bytes[place] ^= 1;
        refused(&witness[0], &note, &bytes);
    }
    refused(&witness[0], &note, &line.bytes()[..2427]);
    refused(&witness[0], &note, &[line.bytes(), &[0]].concat());
    refused(&witness[0], &note, &[0]);
    for (from, to) in [("\n7\n", "\n8\n"), ("BwcH", "BwcI"), ("log", "LOG")] {
        assert!(note.text().contains(from), "{from}");
        let other = Note::new(&note.text().replacen(from, to, 1)).unwrap();
        refused(&witness[0], &other, line.bytes());
    }
    refused(
        &witness[0],
        &Note::new("no checkpoint\n").unwrap(),
        line.bytes(),
    );
    // The name is covered, as it is not in the older form.
    let other = NoteVerifier::cosignature_ml_dsa("witness.example.com/w2", public).unwrap();
    refused(&other, &note, line.bytes());
    // Neither form's message is the other's.
    let text = format!("cosignature/v1\ntime 1700000000\n{}", note.text());
    let signature = key.sign(text.as_bytes()).unwrap();
    refused(&witness[0], &note, &[time, &signature].concat());
    // A signature of a subtree that begins elsewhere is none of a checkpoint.
    let mut signed = subtree(NAME, 1_700_000_000, "example.com/log", 7, 7);
    let start = signed.len() - 32 - 8 - 1;
    signed[start] = 1;
    let signature = key.sign(&signed).unwrap();
    refused(&witness[0], &note, &[time, &signature].concat());

    // Extension lines are not covered: the witness says nothing of them.
    let other = Note::new(&note.text().replacen("\nmore\n", "\n", 1)).unwrap();
    let other = other.with_signature(line);
    assert_eq!(other.open(&witness).unwrap().signatures().len(), 1);
}

#[test]
fn a_time_of_zero_is_one_that_an_ml_dsa_cosignature_may_have() {
    let signer = NoteSigner::cosignature_ml_dsa(NAME, key(KeyType::MlDsa44)).unwrap();
    let note = head();
    let time = UnixTime::from_milliseconds(999).unwrap();
    let line = signer.sign(&note, time).unwrap();
    let note = note.with_signature(line);
    let opened = note.open(std::slice::from_ref(signer.verifier()));
    assert_eq!(opened.unwrap().signatures()[0].timestamp, Some(0));
}

#[test]
fn an_ml_dsa_cosignature_holds_names_of_one_length_byte() {
    let key = key(KeyType::MlDsa44);
    let sign = |name: &str, origin: &str| {
        let head = Checkpoint::new(origin, 7, Hash::new([7; 32])).unwrap();
        let note = Note::new(&head.to_string()).unwrap();
        let signer = NoteSigner::cosignature_ml_dsa(name, key.clone())?;
        signer.sign(&note, now()).map(|_| ())
    };
    let (longest, longer) = ("n".repeat(255), "n".repeat(256));
    assert_eq!(sign(&longest, &longest), Ok(()));
    for (name, origin) in [(&*longer, "log"), (NAME, &*longer)] {
        let refused = Err(NoteKeyError::LongName {
            name: longer.clone(),
        });
        assert_eq!(sign(name, origin), refused);
    }
}

#[test]
fn a_signature_over_the_text_alone_is_no_cosignature() {
    let key = key(KeyType::Ed25519);
    let witness = NoteVerifier::cosignature_v1(NAME, key.public_key()).unwrap();
    let log = NoteSigner::ed25519(NAME, key).unwrap();
    let note = head();
    let line = log.sign(&note, now()).unwrap();
    let signed = note.clone().with_signature(line.clone());
    assert!(matches!(
        signed.open(std::slice::from_ref(&witness)),
        Err(NoteError::NoKnownSignature { .. })
    ));
    let claimed = NoteSignature::new(NAME, witness.key_id(), line.bytes().into()).unwrap();
    assert!(matches!(
        note.with_signature(claimed).open(&[witness]),
        Err(NoteError::BadSignature { .. })
    ));
}

#[test]
fn witness_keys_are_written_and_read_again() {
    let key = key(KeyType::Ed25519);
    let witness = NoteVerifier::cosignature_v1(NAME, key.public_key()).unwrap();
    assert!(witness.is_cosigner());
    let written = witness.to_string();
    assert!(written.contains("+B"), "{written}");
    assert_eq!(NoteVerifier::parse(&written), Ok(witness.clone()));
    let log = NoteVerifier::ed25519(NAME, key.public_key()).unwrap();
    assert!(!log.is_cosigner());
    assert_ne!(log.key_id(), witness.key_id());
    let front = &written[..NAME.len() + 9];
    let log_key = &log.to_string()[NAME.len() + 10..];
    assert!(matches!(
        NoteVerifier::parse(&format!("{front}+{log_key}")),
        Err(NoteKeyError::KeyId { .. })
    ));
    assert!(matches!(
        NoteVerifier::parse(&format!("{front}+BAEC")),
        Err(NoteKeyError::PublicKey(_))
    ));
}

#[test]
fn ml_dsa_witness_keys_are_written_and_read_again() {
    let key = key(KeyType::MlDsa44);
    let witness = NoteVerifier::cosignature_ml_dsa(NAME, key.public_key()).unwrap();
    assert!(witness.is_cosigner());
    let written = witness.to_string();
    assert!(written.contains("+B"), "{written}");
    assert_eq!(NoteVerifier::parse(&written), Ok(witness));
    let front = &written[..NAME.len() + 9];
    // Of the right type, and of two bytes, or two bytes less than the key has.
    for bytes in ["BgEC", &written[NAME.len() + 10..written.len() - 4]] {
        let refused = NoteVerifier::parse(&format!("{front}+{bytes}"));
        assert!(
            matches!(refused, Err(NoteKeyError::PublicKey(_))),
            "{refused:?}"
        );
    }
    let written = written.replacen(&front[NAME.len() + 1..], "00000000", 1);
    assert!(matches!(
        NoteVerifier::parse(&written),
        Err(NoteKeyError::KeyId { .. })
    ));
    assert_eq!(
        NoteVerifier::parse(&format!("{front}+BwEC")),
        Err(NoteKeyError::SignatureType { found: 7 })
    );
}

#[test]
fn witnesses_have_keys_of_their_form_and_sign_checkpoints() {
    for kind in [KeyType::EcdsaP256, KeyType::MlDsa44] {
        let wrong = NoteSigner::cosignature_v1(NAME, key(kind));
        assert!(matches!(wrong, Err(NoteKeyError::KeyType { .. })));
    }
    for kind in [KeyType::Ed25519, KeyType::MlDsa65] {
        let wrong = NoteSigner::cosignature_ml_dsa(NAME, key(kind));
        assert!(matches!(wrong, Err(NoteKeyError::KeyType { .. })));
    }
    let note = Note::new("no checkpoint\n").unwrap();
    for signer in [
        NoteSigner::cosignature_v1(NAME, key(KeyType::Ed25519)).unwrap(),
        NoteSigner::cosignature_ml_dsa(NAME, key(KeyType::MlDsa44)).unwrap(),
    ] {
        assert_eq!(
            signer.sign(&note, now()),
            Err(NoteKeyError::NotACheckpoint(CheckpointError::TooFewLines {
                found: 1
            }))
        );
    }
}

#[test]
fn a_rekor_v1_key_goes_by_any_name_and_every_other_by_its_own() {
    for kind in [KeyType::EcdsaP256, KeyType::Ed25519] {
        let key = key(kind);
        let verifier = NoteVerifier::rekor_v1(key.public_key()).unwrap();
        assert_eq!(verifier.name(), "");
        let note = head();
        for name in ["rekor.example.com", "localhost"] {
            let signer = NoteSigner::rekor_v1(name, key.clone()).unwrap();
            let line = signer.sign(&note, now()).unwrap();
            assert_eq!(line.name(), name);
            let signed = note.clone().with_signature(line.clone());
            let known = std::slice::from_ref(&verifier);
            assert_eq!(signed.open(known).unwrap().signatures().len(), 1);
            let forged = Note::new("other\n").unwrap().with_signature(line.clone());
            assert!(matches!(
                forged.open(known),
                Err(NoteError::BadSignature { .. })
            ));
            let other = NoteSignature::new(name, [0; 4], line.bytes().into()).unwrap();
            let Err(NoteError::NoKnownSignature { known, .. }) =
                note.clone().with_signature(other).open(known)
            else {
                panic!("a line with another ID was taken");
            };
            assert!(known.starts_with("(any name)+"), "{known}");
        }
        assert!(NoteVerifier::parse(&verifier.to_string()).is_err());
        assert!(NoteSigner::rekor_v1("a b", key).is_err());
    }
}
