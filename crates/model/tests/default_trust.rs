//! The signing configs that Sigstore's public instance publishes, and which of their services a
//! client uses.
//!
//! `WAXWING_CONFORMANCE` names the folder with `default-trust`. Without it the test says so and
//! passes; under `CI` its absence fails.
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::PathBuf;

use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::{Selector, select, select_many};
use waxwing_model::{SigningConfig, TrustConfig, TrustedRoot};

fn folder() -> Option<PathBuf> {
    match std::env::var("WAXWING_CONFORMANCE") {
        Ok(folder) => Some(PathBuf::from(folder).join("default-trust")),
        Err(_) if std::env::var("CI").is_ok() => {
            panic!("WAXWING_CONFORMANCE does not name the conformance cases")
        }
        Err(_) => {
            println!("skipped: WAXWING_CONFORMANCE does not name the conformance cases");
            None
        }
    }
}

#[test]
fn the_published_signing_configs_are_read_and_their_services_selected() {
    let Some(folder) = folder() else { return };
    let now = UnixTime::parse("2026-06-01T00:00:00Z").unwrap();
    let mut read = Vec::new();
    for (name, log) in [
        ("signing_config.json", "https://rekor.sigstore.dev"),
        ("signing_config.v0.2.json", "https://rekor.sigstore.dev"),
        (
            "signing_config_rekor_v2.v0.2.json",
            "https://log2025-1.rekor.sigstore.dev",
        ),
    ] {
        let json = std::fs::read(folder.join(name)).unwrap();
        let config = SigningConfig::from_json(&json).unwrap();
        let authority = select(&config.certificate_authorities, "authority", &[1], now);
        assert_eq!(authority.unwrap().url, "https://fulcio.sigstore.dev");
        let issuer = select(&config.oidc_issuers, "issuer", &[1], now);
        assert_eq!(issuer.unwrap().url, "https://oauth2.sigstore.dev/auth");
        let selector = config.transparency_log_selector;
        assert_eq!(selector, Selector::Any, "{name}");
        let logs = &config.transparency_logs;
        let logs = select_many(logs, "log", selector, &[1, 2], now, |_| 0).unwrap();
        let urls: Vec<_> = logs.iter().map(|service| service.url.as_str()).collect();
        assert_eq!(urls, [log], "{name}");
        let json = config.to_json().unwrap();
        assert_eq!(SigningConfig::from_json(&json).unwrap(), config, "{name}");
        read.push(config);
    }
    let old = &read[0].timestamp_authorities;
    assert_eq!(old.len(), 0, "version 0.1 lists none");
    assert_eq!(read[1].timestamp_authorities, read[2].timestamp_authorities);
}

#[test]
fn a_trust_config_of_the_published_parts_is_written_and_read() {
    let Some(folder) = folder() else { return };
    let read = |name| std::fs::read(folder.join(name)).unwrap();
    let config = TrustConfig {
        trusted_root: TrustedRoot::from_json(&read("trusted_root.production.json")).unwrap(),
        signing_config: SigningConfig::from_json(&read("signing_config.v0.2.json")).unwrap(),
    };
    let json = config.to_json().unwrap();
    assert_eq!(TrustConfig::from_json(&json).unwrap(), config);
}
