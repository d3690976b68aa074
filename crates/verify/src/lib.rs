//! The decision: bundle, artifact, trust and policy in; [`Verified`] out, or the reason why not.
//!
//! No network, no clock, no files: a program that reads those embeds this crate and hands them in.
//!
//! ```no_run
//! use waxwing_model::{Bundle, TrustedRoot};
//! use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let trusted_root = TrustedRoot::from_json(&std::fs::read("trusted_root.json")?)?;
//! let verifier = Verifier::new(trusted_root, Requirements::public_good())?;
//! let bundle = Bundle::from_json(&std::fs::read("artifact.sigstore.json")?)?;
//! let artifact = std::fs::read("artifact")?;
//! let policy = Policy::identity(Identity::exactly("https://accounts.example.com", "me@example.com")?);
//! let verified = verifier.verify(&bundle, Artifact::Bytes(&artifact), &policy)?;
//! println!("signed by {} at {}", verified.identity().name.value(), verified.times()[0].time);
//! # Ok(()) }
//! ```
//!
//! The steps, one module each, in the order in which each may rely on the ones before it:
//!
//! | step | module | what it proves |
//! |---|---|---|
//! | 1 | [`time`] | when the signature existed, by the word of a timestamp authority |
//! | 2 | [`certificate`] | the certificate was issued by a trusted authority and valid at those times |
//! | 3 | [`certificate`] | a CT log promised to publish it |
//! | 4 | [`policy`] | the identity in it is the one asked for |
//! | 5 | [`artifact`] | the signature is that certificate's, over this artifact |
//! | 6 | [`log`] | a log holds an entry with exactly this digest, signature and certificate |

pub mod artifact;
pub mod certificate;
pub mod log;
pub mod policy;
pub mod time;
mod verifier;

pub use artifact::Artifact;
pub use policy::{Identity, Policy, Requirements};
pub use verifier::{TrustError, Verified, Verifier, VerifyError};
