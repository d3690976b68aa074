//! An authority that lives as long as the process: for trying things out.
//!
//! ```text
//! CN=sigstore-ephemeral, O=sigstore   P-256, self-signed, ten years
//! ```
//!
//! The original's has no common name and a path length of one; sigstore-python refuses a trusted root
//! whose authority has no common name, and what issues here is the root itself.

use waxwing_crypto::{KeyType, PrivateKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, IssueError, SerialNumber, Validity};

use crate::authority::{Fixed, LocalIssuer};

const TEN_YEARS: i64 = 10 * 365 * 24 * 60 * 60;

/// Makes a new root that issues by itself.
pub fn ephemeral(now: UnixTime, random: &dyn Random) -> Result<Fixed, IssueError> {
    let mut serial = [0; 20];
    random.fill(&mut serial);
    let not_before = now.whole_second();
    let name = DistinguishedName {
        organization: "sigstore".to_owned(),
        common_name: "sigstore-ephemeral".to_owned(),
    };
    let root = Authority::root(
        PrivateKey::generate(KeyType::EcdsaP256)?,
        &name,
        SerialNumber::new(serial),
        Validity {
            not_before,
            not_after: not_before.plus_seconds(TEN_YEARS),
        },
    )?;
    Ok(Fixed::new(LocalIssuer::new(root, Vec::new())))
}
