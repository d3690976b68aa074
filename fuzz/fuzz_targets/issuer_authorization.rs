//! An authorization request that is accepted leads to this machine or to the page with the code, and what the
//! next step is given is accepted as the same request.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::fuzzing::authorization_request;
use waxwing_issuer::{Issuer, RedirectUri};

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        UnixTime::EARLIEST
    }
}

static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyType::EcdsaP256).expect("a key can be made");
    Issuer::new("https://issuer.example", key, Arc::new(Fixed)).expect("the issuer is sound")
});

fuzz_target!(|query: &[u8]| {
    let Some(accepted) = authorization_request(&ISSUER, query) else {
        return;
    };
    let redirect = accepted.redirect_uri.as_str();
    assert!(redirect == "urn:ietf:wg:oauth:2.0:oob" || RedirectUri::loopback(redirect).is_ok());
    let next = authorization_request(&ISSUER, accepted.carried.as_bytes());
    assert_eq!(next, Some(accepted));
});
