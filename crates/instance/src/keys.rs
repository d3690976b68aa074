//! The keys of a new instance and the certificates over them.
//!
//! | key | kind | why |
//! |---|---|---|
//! | certificate authority, root | P-384 | used once, trusted for ten years |
//! | certificate authority, issuing | P-256 | every verifier checks it: a third of the cost of P-384 |
//! | CT log, timestamp authority | P-256 | |
//! | timestamp authority, root | P-384 | |
//! | Rekor log | Ed25519 | what Rekor v2 logs have, and what witnesses accept |
//! | issuer | P-256 | ES256 |

use std::sync::Arc;

use waxwing_crypto::{KeyType, PrivateKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::{Address, StartError, Surroundings};

const YEAR: i64 = 365 * 24 * 60 * 60;

/// Every private key, and what stands above each.
pub(crate) struct Keys {
    pub(crate) issuing: Authority,
    pub(crate) authority_root: Certificate,
    pub(crate) stamping: Authority,
    pub(crate) stamping_root: Certificate,
    pub(crate) ct_log: PrivateKey,
    pub(crate) rekor_log: Arc<PrivateKey>,
    pub(crate) issuer: PrivateKey,
}

impl Keys {
    pub(crate) fn generate(
        address: &Address,
        surroundings: &Surroundings,
    ) -> Result<Self, StartError> {
        let now = surroundings.clock.now().whole_second();
        let random = surroundings.random.as_ref();
        let name = |common_name: &str| DistinguishedName {
            organization: address.host().to_owned(),
            common_name: common_name.to_owned(),
        };
        let root = Authority::root(
            PrivateKey::generate(KeyType::EcdsaP384)?,
            &name("sigstore"),
            serial(random),
            years(now, 10),
        )?;
        let issuing = root.intermediate(
            PrivateKey::generate(KeyType::EcdsaP256)?,
            &name("sigstore-intermediate"),
            serial(random),
            years(now, 3),
            Purpose::CodeSigning,
        )?;
        let stamping_root = Authority::root(
            PrivateKey::generate(KeyType::EcdsaP384)?,
            &name("sigstore-tsa-root"),
            serial(random),
            years(now, 10),
        )?;
        let stamping = stamping_root.timestamp_leaf(
            PrivateKey::generate(KeyType::EcdsaP256)?,
            &name("sigstore-tsa"),
            serial(random),
            years(now, 9),
        )?;
        // The roots' keys have done their work and are dropped, and wiped, here.
        Ok(Self {
            issuing,
            authority_root: root.certificate,
            stamping,
            stamping_root: stamping_root.certificate,
            ct_log: PrivateKey::generate(KeyType::EcdsaP256)?,
            rekor_log: Arc::new(PrivateKey::generate(KeyType::Ed25519)?),
            issuer: PrivateKey::generate(KeyType::EcdsaP256)?,
        })
    }
}

fn serial(random: &dyn Random) -> SerialNumber {
    let mut bytes = [0; 20];
    random.fill(&mut bytes);
    SerialNumber::new(bytes)
}

fn years(now: UnixTime, years: i64) -> Validity {
    Validity {
        not_before: now,
        not_after: now.plus_seconds(years * YEAR),
    }
}
