//! Whoever another issuer's claims are accepted for can be named in a token of ours.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::Issuer;
use waxwing_issuer::fuzzing::id_token_claims;

const NOW: i64 = 1_764_000_000;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(NOW).expect("a year that can be written")
    }
}

static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyType::EcdsaP256).expect("a key can be made");
    Issuer::new("https://issuer.example", key, Arc::new(Fixed)).expect("the issuer is sound")
});

fuzz_target!(|json: &[u8]| {
    if let Some(identity) = id_token_claims(json, "https://accounts.example", Fixed.now()) {
        ISSUER.issue(&identity).expect("the identity can be signed");
    }
});
