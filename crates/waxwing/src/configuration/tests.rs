//! Reading, and the example in the documentation.

use super::*;

fn read(text: &str) -> Result<Settings, String> {
    let document = Document::read(text.as_bytes()).map_err(|error| error.to_string())?;
    let table = document.table().map_err(|error| error.to_string())?;
    Settings::of(table).map_err(|error| error.to_string())
}

fn example() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/up.example.yaml");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_example_has_every_setting_with_its_default() {
    let (example, empty) = (read(&example()).unwrap(), read("").unwrap());
    assert_eq!(format!("{example:#?}"), format!("{empty:#?}"));
}

/// The names that a table knows are in the message about one that it does not know.
#[test]
fn no_setting_is_missing_from_the_example() {
    let text = example();
    let document = Document::read(text.as_bytes()).unwrap();
    let known = |table: &str| {
        let unknown = table.split('.').filter(|part| !part.is_empty()).rev().fold(
            serde_json::json!({"no-such-setting-at-all": 1}),
            |inside, name| serde_json::json!({name: inside}),
        );
        let error = read(&unknown.to_string()).unwrap_err();
        let (_, names) = error
            .split_once("expected one of ")
            .unwrap_or_else(|| panic!("{error}"));
        names.split(", ").map(str::to_owned).collect::<Vec<_>>()
    };
    let tables = [
        "",
        "tls",
        "fulcio",
        "fulcio.kubernetes",
        "rekor",
        "ct",
        "tsa",
        "tsa.time-servers",
        "issuer",
        "limits",
        "limits.per-address",
        "limits.in-flight",
    ];
    for table in tables {
        let pointer: String = table
            .split('.')
            .filter(|part| !part.is_empty())
            .map(|part| format!("/{part}"))
            .collect();
        let members = document
            .value()
            .pointer(&pointer)
            .and_then(|value| value.as_object());
        let members = members.unwrap_or_else(|| panic!("{table} is no table of the example"));
        let mut shown: Vec<&str> = members.keys().map(String::as_str).collect();
        let mut known = known(table);
        shown.sort_unstable();
        known.sort_unstable();
        assert_eq!(shown, known, "in {table:?}");
        for (name, value) in members {
            let below = format!("{table}.{name}");
            let is_table = tables.contains(&below.trim_start_matches('.'));
            assert_eq!(value.is_object(), is_table, "{below}");
        }
    }
}

#[test]
fn a_mistake_is_named_with_its_line() {
    for (bad, good, expected) in [
        (
            "listen: 127.0.0.1:1\nrekor:\n  read_only: true",
            "listen: 127.0.0.1:1\nrekor:\n  read-only: true",
            "line 3: rekor.read_only: no setting has this name; did you mean read-only?",
        ),
        (
            "listen: localhost",
            "listen: 127.0.0.1:0",
            "line 1: listen: expected an address and a port such as 127.0.0.1:4747, found \"localhost\": invalid socket address syntax",
        ),
        (
            "guard: http://name:word@guards.example/",
            "guard: https://name:word@guards.example/",
            "line 1: guard: expected a directory, or a URL with https: the guard's URL: the URL http://guards.example/",
        ),
        (
            "tls:\n  certificate: a.pem",
            "tls:\n  certificate: a.pem\n  key: b.pem",
            "line 1: tls: key is missing",
        ),
        (
            "ct:\n  extended-key-usages: [1.3.6.1.5.5.7.3.1]",
            "ct:\n  extended-key-usages: [1.3.6.1.5.5.7.3.1, 1.3.6.1.5.5.7.3.3]",
            "line 2: ct.extended-key-usages: expected identifiers with 1.3.6.1.5.5.7.3.3 among them, found \"[\\\"1.3.6.1.5.5.7.3.1\\\"]\": that is code signing, which this instance's own certificates are for",
        ),
        (
            "fulcio: {client-signing-algorithms: [ed448]}",
            "fulcio: {client-signing-algorithms: [ed25519]}",
            "line 1: fulcio.client-signing-algorithms: expected a list of names such as ecdsa-sha2-256-nistp256",
        ),
        (
            "rekor: {key-details: PKIX_ECDSA_P256}",
            "rekor: {key-details: PKIX_ECDSA_P256_SHA_256}",
            "line 1: rekor.key-details: expected a name such as PKIX_ECDSA_P256_SHA_256, found \"PKIX_ECDSA_P256\"",
        ),
        (
            "tsa: {time-servers: {names: [a, b]}}",
            "tsa: {time-servers: {names: [a, b], threshold: 2}}",
            "line 1: tsa.time-servers: expected a threshold of at most the servers that are asked",
        ),
        (
            "issuer: {connectors: [{id: a, issuer: 'https://a'}]}",
            "issuer: {connectors: [{id: a, issuer: 'https://a', client-id: b}]}",
            "line 1: issuer.connectors[0]: client-id is missing",
        ),
        (
            "issuer: {clients: [{id: a, machine-email: a@b.example}]}",
            "issuer: {clients: [{id: a}]}",
            "line 1: issuer.clients[0]: secret-file is missing",
        ),
        (
            "fulcio: {rules: [{issuer: 'https://a'}]}",
            "fulcio: {rules: [{issuer: 'https://a', require: {a: [b]}}]}",
            "line 1: fulcio.rules: expected a list of rules, each with issuer and require",
        ),
        (
            "fulcio: {configuration: {oidc-issuers: {'https://a': {type: email}}}}",
            "fulcio: {configuration: {oidc-issuers: {'https://a': {type: email, client-id: b}}}}",
            "line 1: fulcio.configuration: expected Fulcio's own settings",
        ),
        (
            "trusted-proxies: [10.1.0.0/8]",
            "trusted-proxies: [10.0.0.0/8]",
            "line 1: trusted-proxies[0]: expected an address or a network such as 10.0.0.0/8, found \"10.1.0.0/8\": there are bits behind the prefix; this network is 10.0.0.0/8",
        ),
    ] {
        let error = read(bad).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("word"), "{error}");
        assert!(read(good).is_ok(), "{good}: {:?}", read(good));
    }
}
