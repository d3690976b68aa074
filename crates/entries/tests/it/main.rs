//! Whether an entry is about a signature: for each kind the good body, and the same with one part
//! of it another's.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod kinds;
mod public_cases;
mod rekor_v1;
mod rekor_v2;
mod world;
