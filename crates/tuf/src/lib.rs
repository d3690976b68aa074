//! The Update Framework (TUF specification 1.0.34): how a root of trust reaches its users, and stays
//! good when keys are lost, stolen or exchanged.
//!
//! Pure: no input or output, no clock. [`client`] says which file it wants next and is told what came;
//! [`repository`] says which files are to be written; [`metadata`] is what both read and sign.
//!
//! A repository with one target, and a client that finds it:
//!
//! ```
//! use std::collections::BTreeMap;
//! use waxwing_crypto::{KeyType, PrivateKey};
//! use waxwing_encoding::time::UnixTime;
//! use waxwing_tuf::client::{Answer, LocalCopy, Refresh, Start};
//! use waxwing_tuf::repository::{FirstRoot, Period, Quorum, Renewal, Repository, TargetEdit, first_root};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = UnixTime::parse("2026-11-23T00:00:00Z")?;
//! let expires = now.plus_seconds(7 * 86_400);
//! let period = Period { expires, renew_before: now };
//!
//! // One key for all: good for an example.
//! let key = PrivateKey::generate(KeyType::EcdsaP256)?;
//! let quorum = || Quorum::new([key.public_key()], 1);
//! let mut root = first_root(&FirstRoot {
//!     root: quorum()?,
//!     timestamp: quorum()?,
//!     snapshot: quorum()?,
//!     targets: quorum()?,
//!     consistent_snapshot: true,
//!     expires,
//! })?;
//! root.sign(&key)?;
//! let (mut repository, mut files) = Repository::create(root)?;
//!
//! let edit = TargetEdit::Set {
//!     path: "trusted_root.json".into(),
//!     content: b"{}".to_vec(),
//!     custom: None,
//! };
//! let (mut targets, contents) = repository.draft_targets(&[edit], expires)?;
//! targets.sign(&key)?;
//! files.extend(contents);
//! files.extend(repository.publish_targets(targets)?);
//! files.extend(repository.refresh(&[&key], &Renewal { snapshot: period, timestamp: period })?);
//! let files: BTreeMap<_, _> = files.into_iter().map(|file| (file.path, file.bytes)).collect();
//! assert!(files.keys().eq([
//!     "1.root.json",
//!     "1.snapshot.json",
//!     "1.targets.json",
//!     "targets/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.trusted_root.json",
//!     "timestamp.json",
//! ]));
//!
//! let answer = |path: &str| match files.get(path) {
//!     Some(bytes) => Answer::Fetched(bytes.clone()),
//!     None => Answer::NotFound,
//! };
//! let root = files["1.root.json"].clone();
//! let mut refresh = Refresh::start(Start { root, local: LocalCopy::new(), now })?;
//! while let Some(wanted) = refresh.wanted() {
//!     refresh.answer(answer(&wanted.path))?;
//!     // refresh.take_changes() is what the local copy keeps.
//! }
//! let mut trusted = refresh.finish()?;
//! let target = trusted.search("trusted_root.json").finish()?;
//! let wanted = target.wanted()?;
//! target.check(&files[&format!("targets/{}", wanted.path)])?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable
    )
)]

pub mod client;
pub mod metadata;
pub mod repository;
