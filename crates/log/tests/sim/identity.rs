//! The one log that all simulations are of.

use std::sync::Arc;

use waxwing_crypto::PrivateKey;
use waxwing_log::HeadSigner;
use waxwing_tlog::note::NoteSigner;

const ORIGIN: &str = "log.example.com";

/// Signs its heads. The key is the same in every run, so that a seed means the same bytes.
pub(crate) fn signer() -> HeadSigner {
    // RFC 8410 section 7, around a seed of 32 bytes.
    let mut pkcs8 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    pkcs8.extend_from_slice(&[7; 32]);
    let key = PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
    let signer = NoteSigner::ed25519(ORIGIN, Arc::new(key)).unwrap();
    HeadSigner::new(ORIGIN, signer).unwrap()
}
