//! Claims that make a principal of any kind can be written into a certificate, whose name is one name
//! of ASCII, or of the one kind that is not.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::identity::TokenClaims;
use waxwing_pki::fulcio::SubjectAlternativeName::{Email, OtherName, Uri};

static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(|| {
    Configuration::read(include_bytes!("../corpus/fulcio_config/providers.yaml"))
        .expect("the seed is a good configuration")
});

fuzz_target!(|json: &[u8]| {
    let Ok(claims) = TokenClaims::from_json(json) else {
        return;
    };
    for settings in CONFIGURATION.settings() {
        let Ok(principal) = settings.kind().principal("https://issuer.example", &claims) else {
            continue;
        };
        let identity = principal.identity();
        let extensions = identity.extensions_with(principal.claims());
        assert!(extensions.is_ok_and(|extensions| extensions.len() >= 4));
        assert!(!principal.name().is_empty() && !identity.issuer.is_empty());
        match &identity.name {
            Email(name) => assert!(name.is_ascii() && name.contains('@')),
            Uri(name) => assert!(name.is_ascii() && name.contains(':')),
            OtherName(name) => assert_eq!(name.matches('!').count(), 1),
            other => panic!("Fulcio writes no {other:?}"),
        }
    }
});
