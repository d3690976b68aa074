//! Reading and writing; each refusal has a twin that is read.

use std::num::NonZeroU32;

use super::*;

pub(super) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).unwrap()
}

pub(super) fn service(url: &str, version: u32, start: &str, end: Option<&str>) -> Service {
    Service {
        url: url.into(),
        major_api_version: version,
        valid_for: Window {
            start: at(start),
            end: end.map(at),
        },
        operator: "example.com".into(),
    }
}

fn config() -> SigningConfig {
    let service = |url, version| vec![service(url, version, "2026-01-01T00:00:00Z", None)];
    SigningConfig {
        certificate_authorities: service("ca", 1),
        oidc_issuers: vec![],
        transparency_logs: [service("log", 2), service("other log", 2)].concat(),
        transparency_log_selector: Selector::Exact(NonZeroU32::new(2).unwrap()),
        timestamp_authorities: vec![],
        timestamp_authority_selector: Selector::All,
    }
}

fn written() -> String {
    String::from_utf8(config().to_json().unwrap()).unwrap()
}

fn read(json: &str) -> Result<SigningConfig, String> {
    SigningConfig::from_json(json.as_bytes()).map_err(|error| error.to_string())
}

/// The written config with one text replaced; it must be in there.
fn with(from: &str, to: &str) -> Result<SigningConfig, String> {
    let written = written();
    assert!(written.contains(from), "{from} is not in {written}");
    read(&written.replacen(from, to, 1))
}

/// Refused with these words.
fn refused(from: &str, to: &str, words: &str) {
    let error = with(from, to).unwrap_err();
    assert!(error.contains(words), "{to}: {error}");
}

const LOGS: &str = "\"rekorTlogConfig\": {\n    \"selector\": \"EXACT\",\n    \"count\": 2\n  }";
const STAMPERS: &str = "\"tsaConfig\": {\n    \"selector\": \"ALL\"\n  }";

#[test]
fn a_written_config_is_read_again() {
    assert_eq!(read(&written()), Ok(config()));
    for selector in [Selector::Any, Selector::All] {
        let config = SigningConfig {
            transparency_log_selector: selector,
            ..config()
        };
        let json = config.to_json().unwrap();
        assert!(!String::from_utf8_lossy(&json).contains("count"));
        assert_eq!(SigningConfig::from_json(&json).unwrap(), config);
    }
}

#[test]
fn selectors_are_read_strictly() {
    let logs = |configuration: &str| with(LOGS, &format!("\"rekorTlogConfig\":{configuration}"));
    let selector = |configuration| logs(configuration).unwrap().transparency_log_selector;
    let two = Selector::Exact(NonZeroU32::new(2).unwrap());
    for (configuration, expected) in [
        (r#"{"selector":"ANY"}"#, Selector::Any),
        (r#"{"selector":"ANY","count":0}"#, Selector::Any),
        (r#"{"selector":"ALL","count":null}"#, Selector::All),
        (r#"{"selector":"EXACT","count":"2"}"#, two),
    ] {
        assert_eq!(selector(configuration), expected, "{configuration}");
    }
    let none = "the transparency logs have no selector, and 2 are listed";
    for (configuration, words) in [
        ("null", none),
        ("{}", none),
        (r#"{"selector":null}"#, none),
        (r#"{"selector":"SERVICE_SELECTOR_UNDEFINED"}"#, none),
        (r#"{"count":2}"#, none),
        (
            r#"{"selector":"EXACT"}"#,
            "the selector of the transparency logs is EXACT with count 0; expected at least 1",
        ),
        (r#"{"selector":"EXACT","count":0}"#, "EXACT with count 0"),
        (r#"{"selector":"EXACT","count":-1}"#, "a whole number"),
        (
            r#"{"selector":"EXACT","count":4294967296}"#,
            "a whole number from 0 to 4294967295",
        ),
        (
            r#"{"selector":"ANY","count":1}"#,
            "is ANY with count 1; only EXACT has one",
        ),
        (r#"{"selector":"ALL","count":2}"#, "is ALL with count 2"),
        (
            r#"{"selector":"all"}"#,
            "is \"all\"; expected ANY, ALL or EXACT",
        ),
        (r#"{"selector":1}"#, "invalid type: integer"),
        (r#"{"selector":"ANY","more":1}"#, "unknown field `more`"),
        (
            r#"{"selector":"ANY","selector":"ANY"}"#,
            "duplicate field `selector`",
        ),
    ] {
        let error = logs(configuration).unwrap_err();
        assert!(error.contains(words), "{configuration}: {error}");
    }
}

#[test]
fn without_several_services_a_selector_may_be_missing() {
    let stampers = |text: &str| {
        let config = with(STAMPERS, text);
        config.map(|config| config.timestamp_authority_selector)
    };
    for text in [
        "\"tsaConfig\":null",
        "\"tsaConfig\":{}",
        r#""tsaConfig":{"selector":"SERVICE_SELECTOR_UNDEFINED"}"#,
    ] {
        assert_eq!(stampers(text), Ok(Selector::Any), "{text}");
    }
    let one = |configuration: &str| {
        let json = format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","tsaUrls":[{{"url":"tsa","majorApiVersion":1,
               "validFor":{{"start":"2026-01-01T00:00:00Z"}}}}]{configuration}}}"#
        );
        read(&json).map(|config| config.timestamp_authority_selector)
    };
    assert_eq!(one(""), Ok(Selector::Any));
    // What is there and says nothing was meant to say something.
    for configuration in [
        r#","tsaConfig":{}"#,
        r#","tsaConfig":{"selector":"SERVICE_SELECTOR_UNDEFINED"}"#,
    ] {
        let error = one(configuration).unwrap_err();
        assert!(error.contains("the timestamp authorities have no selector, and 1 are listed"));
    }
}

#[test]
fn services_are_read_strictly() {
    let version = "\"majorApiVersion\": 1";
    for (from, to) in [
        (version, "\"majorApiVersion\": \"1\""),
        (version, "\"major_api_version\": 1"),
        ("mediaType", "media_type"),
        ("caUrls", "ca_urls"),
        ("oidcUrls", "oidc_urls"),
        ("rekorTlogUrls", "rekor_tlog_urls"),
        ("rekorTlogConfig", "rekor_tlog_config"),
        ("tsaUrls", "tsa_urls"),
        ("tsaConfig", "tsa_config"),
        ("validFor", "valid_for"),
    ] {
        assert_eq!(with(from, to), Ok(config()), "{to}");
    }
    for to in ["-1", "\"01\"", "\"\"", "1.5", "4294967296", "null"] {
        refused(
            version,
            &format!("\"majorApiVersion\": {to}"),
            "a whole number",
        );
    }
    refused(
        "\"start\": \"2026-01-01T00:00:00Z\"",
        "",
        "the service ca has no start of its validity",
    );
    refused("\"url\"", "\"more\": 1, \"url\"", "unknown field `more`");
    refused(
        version,
        "\"majorApiVersion\": 1, \"major_api_version\": 1",
        "duplicate field `majorApiVersion`",
    );
    refused(
        "\"caUrls\"",
        "\"ca_urls\": [], \"caUrls\"",
        "duplicate field `caUrls`",
    );
    refused(
        "\"caUrls\"",
        "\"caUrl\": \"a\", \"caUrls\"",
        "unknown field `caUrl`",
    );
    refused(
        "v0.2+json",
        "v0.3+json",
        "the media type is \"application/vnd",
    );
    let large = format!("{}{}", written(), " ".repeat(LARGEST_SIGNING_CONFIG));
    assert!(read(&large).unwrap_err().contains("at most 1048576"));
}

#[test]
fn the_older_version_has_bare_addresses() {
    let older = |rest: &str| read(&format!(r#"{{"mediaType":"{MEDIA_TYPE_V0_1}"{rest}}}"#));
    let config = older(
        r#","caUrl":"ca","oidcUrl":"issuer","tlogUrls":["log","other log"],"tsaUrls":["tsa"]"#,
    );
    let config = config.unwrap();
    let urls = |services: &[Service]| {
        let urls: Vec<_> = services.iter().map(|service| service.url.clone()).collect();
        urls.join(" ")
    };
    assert_eq!(urls(&config.certificate_authorities), "ca");
    assert_eq!(urls(&config.oidc_issuers), "issuer");
    assert_eq!(urls(&config.transparency_logs), "log other log");
    assert_eq!(urls(&config.timestamp_authorities), "tsa");
    for selector in [
        config.transparency_log_selector,
        config.timestamp_authority_selector,
    ] {
        assert_eq!(selector, Selector::Any);
    }
    let authority = &config.certificate_authorities[0];
    assert_eq!(authority.valid_for, Window::ALWAYS);
    assert_eq!(
        (authority.major_api_version, authority.operator.as_str()),
        (1, "")
    );
    // As a document of version 0.2 it says the same.
    let json = config.to_json().unwrap();
    assert_eq!(SigningConfig::from_json(&json).unwrap(), config);

    assert_eq!(
        older(
            r#","ca_url":"ca","oidc_url":"issuer","tlog_urls":["log","other log"],"tsa_urls":["tsa"]"#
        ),
        Ok(config)
    );
    let nothing = older("").unwrap();
    assert_eq!(older(r#","caUrl":"","tlogUrls":null"#), Ok(nothing.clone()));
    assert_eq!(urls(&nothing.certificate_authorities), "");
    for (rest, words) in [
        (r#","caUrls":[]"#, "unknown field `caUrls`"),
        (r#","tsaUrls":[{"url":"tsa"}]"#, "expected a string"),
        (r#","caUrl":"a","ca_url":"a""#, "duplicate field `caUrl`"),
        (r#","media_type":"a""#, "duplicate field"),
    ] {
        let error = older(rest).unwrap_err();
        assert!(error.contains(words), "{rest}: {error}");
    }
}
