//! What the targets for TUF share: a repository that a client accepts, and a client.
//!
//! The repository is a seed: its files by path, as one JSON object of texts. `x` is a target of it,
//! `a/x` one of a delegated role.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tuf::client::{
    Answer, LocalCopy, Refresh, Start, Target, Trusted, UpdateError, Wanted,
};
use waxwing_tuf::metadata::{Metadata, Signed};
use waxwing_tuf::repository::sign_copy;

/// Files by their paths.
pub type Files = BTreeMap<String, String>;

/// The repository of the seeds.
pub static GOOD_REPOSITORY: LazyLock<Files> = LazyLock::new(|| {
    let files = include_bytes!("../corpus/tuf_client/good.json");
    serde_json::from_slice(files).expect("the seed is an object of texts")
});

/// When the client looks.
pub fn now() -> UnixTime {
    crate::at("2026-11-23T12:00:00Z")
}

/// Signs a document, and reads it again: what is signed stays as it was.
pub fn signed_and_read<T: Signed + PartialEq + Debug>(json: &[u8]) {
    static KEY: LazyLock<PrivateKey> =
        LazyLock::new(|| PrivateKey::generate(KeyType::Ed25519).expect("a key"));
    let Ok(document) = Metadata::<T>::parse(json) else {
        return;
    };
    // Indented it may be too long.
    let Ok(written) = sign_copy::<T>(json, &KEY) else {
        return;
    };
    let again = Metadata::<T>::parse(&written).expect("what was written can be read");
    assert_eq!(again.signed(), document.signed());
    assert_eq!(again.payload(), document.payload());
    let twice = sign_copy::<T>(&written, &KEY).expect("and written once more");
    assert_eq!(twice, written);
}

/// A client that knows the first root and nothing else.
pub fn update(files: &Files, local: LocalCopy) -> Result<(Trusted, LocalCopy), UpdateError> {
    let root = files.get("1.root.json").cloned().unwrap_or_default();
    let mut kept = local.clone();
    let mut refresh = Refresh::start(Start {
        root: root.into_bytes(),
        local,
        now: now(),
    })?;
    while let Some(wanted) = refresh.wanted() {
        refresh.answer(answer(files, &wanted))?;
        for change in refresh.take_changes() {
            kept.apply(change);
        }
    }
    Ok((refresh.finish()?, kept))
}

/// The search of a client for a target.
pub fn search(files: &Files, trusted: &mut Trusted, path: &str) -> Result<Target, UpdateError> {
    let mut search = trusted.search(path);
    while let Some(wanted) = search.wanted() {
        search.answer(answer(files, &wanted))?;
    }
    search.finish()
}

fn answer(files: &Files, wanted: &Wanted) -> Answer {
    match files.get(&wanted.path) {
        Some(text) => Answer::Fetched(text.clone().into_bytes()),
        None => Answer::NotFound,
    }
}
