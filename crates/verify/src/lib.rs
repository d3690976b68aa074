//! The decision: bundle, artifact, trust and policy in; [`Verified`] out, or the reason why not.
//!
//! No network, no clock, no files, no threads: a program that has those embeds this crate and hands
//! in what they give. [`Verifier`] can be shared, so that many bundles are verified at once.
//!
//! ```
//! use waxwing_model::{Bundle, TrustedRoot};
//! use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors"))?;
//! let trusted_root = TrustedRoot::from_json(&std::fs::read("trusted_root.json")?)?;
//! let verifier = Verifier::new(trusted_root, Requirements::public_good())?;
//!
//! let bundle = Bundle::from_json(&std::fs::read("message-p256/bundle.sigstore.json")?)?;
//! let artifact = std::fs::read("artifact")?;
//! let who = Identity::exactly("https://issuer.virtual.example", "someone@virtual.example")?;
//! let verified = verifier.verify(&bundle, Artifact::Bytes(&artifact), &Policy::identity(who))?;
//! assert_eq!(verified.times().len(), 1);
//!
//! // Nothing is known of a bundle that is refused but the reason.
//! let somebody_else = Identity::exactly("https://issuer.virtual.example", "root@virtual.example")?;
//! let refused = verifier.verify(&bundle, Artifact::Bytes(&artifact), &Policy::identity(somebody_else));
//! assert!(refused.unwrap_err().to_string().contains("none of the expected identities matched"));
//! # Ok(()) }
//! ```
//!
//! An artifact that is too large for memory is hashed while it is read: [`artifact::needed`] says with
//! which functions, and the digests are given instead of the bytes.
//!
//! ```
//! use waxwing_crypto::Hasher;
//! use waxwing_model::{Bundle, TrustedRoot};
//! use waxwing_verify::{Artifact, Matcher, Pattern, Identity, Policy, Requirements, Verifier, artifact};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors"))?;
//! # let trusted_root = TrustedRoot::from_json(&std::fs::read("trusted_root.json")?)?;
//! // Two distinct logs are not to be had here: one of each is what the public instance gives.
//! let verifier = Verifier::new(trusted_root, Requirements::public_good().timestamps(1))?;
//! let anybody_there = Identity::new(
//!     Matcher::Exactly("https://issuer.virtual.example".into()),
//!     Matcher::Pattern(Pattern::new(r"^[^@]+@virtual\.example$")?),
//! )?;
//! let policy = Policy::identity(anybody_there);
//!
//! // A statement of npm's kind: its subject has a SHA-512 alone.
//! let bundle = Bundle::from_json(&std::fs::read("statement-sha512/bundle.sigstore.json")?)?;
//! let mut digests = Vec::new();
//! for hash in artifact::needed(&bundle, &policy)?.hashes {
//!     let mut hasher = Hasher::new(hash);
//!     for part in std::fs::read("artifact")?.chunks(64 * 1024) {
//!         hasher.update(part);
//!     }
//!     digests.push(hasher.finish());
//! }
//! let verified = verifier.verify(&bundle, Artifact::Digests(&digests), &policy)?;
//! assert!(verified.statement().is_some());
//! # Ok(()) }
//! ```
//!
//! The steps, in the order in which each may rely on the ones before it:
//!
//! | step | module | what it proves |
//! |---|---|---|
//! | 1 | [`log`], [`promise`] | logs that are trusted hold the bundle's entries |
//! | 2 | [`time`] | when the signature existed, by timestamp authorities and by those logs |
//! | 3 | [`certificate`] | the certificate was issued by a trusted authority and valid at those times |
//! | 4 | [`certificate`] | CT logs promised to publish it |
//! | 5 | [`policy`] | the identity in it, or the key, is the one asked for |
//! | 6 | [`artifact`] | the signature is that signer's, over this artifact or a statement about it |
//! | 7 | `binding` | the entries of step 1 are about exactly this signature |
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

pub mod artifact;
mod binding;
pub mod certificate;
mod counting;
pub mod log;
mod matched;
pub mod pattern;
pub mod policy;
pub mod promise;
mod requirements;
pub mod result;
pub mod time;
mod trust;
mod verifier;

pub use artifact::{Artifact, ArtifactRefused};
pub use pattern::{Pattern, PatternError};
pub use policy::{Identity, Matcher, Policy};
pub use requirements::Requirements;
pub use result::ResultError;
pub use trust::TrustError;
pub use verifier::{Verified, VerifiedSigner, Verifier, VerifyError};
