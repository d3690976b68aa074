//! Six witnesses and what they signed.

use std::sync::{Arc, LazyLock};

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{Note, NoteSigner, NoteVerifier};

pub(crate) const WITNESSES: usize = 6;

/// Signers of six witnesses, and a checkpoint that all of them signed.
pub(crate) static SIGNED: LazyLock<(Vec<NoteSigner>, Note)> = LazyLock::new(|| {
    let signer = |place| {
        let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
        NoteSigner::cosignature_v1(&format!("witness.example.com/{place}"), key).unwrap()
    };
    let signers: Vec<NoteSigner> = (0..WITNESSES).map(signer).collect();
    let mut note = head();
    for (place, signer) in signers.iter().enumerate() {
        let line = signer.sign(&note, at(place as u64)).unwrap();
        note = note.with_signature(line);
    }
    (signers, note)
});

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_milliseconds((1_700_000_000 + seconds) * 1000 + 1).unwrap()
}

pub(crate) fn head() -> Note {
    let head = Checkpoint::new("example.com/log", 7, Hash::new([7; 32])).unwrap();
    Note::new(&head.to_string()).unwrap()
}

pub(crate) fn vkey(place: usize) -> String {
    SIGNED.0[place].verifier().to_string()
}

pub(crate) fn log_key() -> String {
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    NoteVerifier::ed25519("example.com/log", key.public_key())
        .unwrap()
        .to_string()
}

pub(crate) fn witness(place: usize) -> String {
    format!("witness w{place} {}\n", vkey(place))
}

pub(crate) fn all_witnesses() -> String {
    (0..WITNESSES).map(witness).collect()
}

/// The checkpoint with the lines of these witnesses.
pub(crate) fn signed_by(places: impl IntoIterator<Item = usize>) -> Note {
    let lines = SIGNED.1.signatures();
    places.into_iter().fold(head(), |note, place| {
        note.with_signature(lines[place].clone())
    })
}

pub(crate) fn seen(places: impl IntoIterator<Item = usize>) -> Vec<(String, u64)> {
    let name = |place| (format!("w{place}"), 1_700_000_000 + place as u64);
    places.into_iter().map(name).collect()
}
