//! A configuration that was read finds each of its issuers again, and none that nobody wrote down.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fulcio::config::Configuration;

fuzz_target!(|text: &[u8]| {
    let Ok(configuration) = Configuration::read(text) else {
        return;
    };
    for settings in configuration.settings().filter(|one| !one.is_pattern()) {
        let issuer = configuration.issuer(settings.place());
        let issuer = issuer.expect("an issuer that is listed is found");
        assert!(!issuer.is_by_pattern());
        assert_eq!(issuer.settings().place(), settings.place());
        assert!(!settings.client_id().is_empty());
    }
    // A space is in no pattern's star, and a control character in no URL that was listed by mistake.
    if let Some(issuer) = configuration.issuer("https://nobody.example/ \u{1}") {
        assert_eq!(issuer.settings().place(), "https://nobody.example/ \u{1}");
    }
});
