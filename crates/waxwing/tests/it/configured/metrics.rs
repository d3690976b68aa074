//! The page of metrics: the originals' names and labels, what operators miss there, and what
//! Prometheus' own parser says of it.

use serde_json::json;
use waxwing_crypto::KeyType;
use waxwing_testkit::peers::promtool;

use super::server::{Server, key, proposal, query, until};

const METRICS: &str = "metrics: 127.0.0.1:0\n";
const P256: &str = "PKIX_ECDSA_P256_SHA_256";

/// The value of a line, which must be there.
fn value(page: &str, line: &str) -> f64 {
    let mut lines = page
        .lines()
        .filter_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    let found = lines
        .next()
        .unwrap_or_else(|| panic!("{line} is not in\n{page}"));
    found.parse().unwrap()
}

/// Whether the page has this number.
fn counts(page: &str, line: &str, expected: u64) {
    assert_eq!(value(page, line), expected as f64, "{line}");
}

/// An instance at which everything was done once.
fn used() -> Server {
    let server = Server::start(METRICS);
    let key = key(KeyType::EcdsaP256);
    server.certificate(&key).is(200);
    server.post("/api/v2/signingCert", &json!({})).is(400);
    let entry = proposal(&key, "an artifact", P256);
    server.post("/api/v2/log/entries", &entry).is(201);
    // The same again is nothing new.
    server.post("/api/v2/log/entries", &entry).is(201);
    server.get("/checkpoint").is(200);
    server
        .post("/api/v1/timestamp", &query("an artifact"))
        .is(200);
    server
}

#[test]
fn the_originals_dashboards_find_their_names_and_labels() {
    let server = used();
    let page = server.metrics();
    counts(&page, "fulcio_new_certs", 1);
    for (line, expected) in [
        ("http_requests_total{code=\"200\",method=\"post\"}", 1),
        ("http_requests_total{code=\"400\",method=\"post\"}", 1),
        ("fulcio_api_latency_count{code=\"200\",method=\"post\"}", 1),
        (
            "fulcio_api_latency_bucket{code=\"200\",method=\"post\",le=\"+Inf\"}",
            1,
        ),
        ("rekor_v2_new_hashedrekord_entries", 1),
        ("rekor_v2_new_dsse_entries", 0),
        ("rekor_v2_inclusion_proof_failure_total", 0),
        (
            "rekor_v2_http_requests_total{code=\"200\",method=\"get\"}",
            1,
        ),
        // The first entry of the log is written past the door of others, and counted as a request.
        (
            "rekor_v2_http_requests_total{code=\"201\",method=\"post\"}",
            3,
        ),
        (
            "rekor_v2_http_api_latency_count{code=\"201\",method=\"post\"}",
            3,
        ),
        (
            "rekor_v2_http_api_request_size_count{code=\"201\",method=\"post\"}",
            3,
        ),
        (
            "rekor_v2_http_api_request_size_bucket{code=\"201\",method=\"post\",le=\"256\"}",
            0,
        ),
        (
            "rekor_v2_http_api_request_size_bucket{code=\"201\",method=\"post\",le=\"4096\"}",
            3,
        ),
        (
            "timestamp_authority_http_requests_total{code=\"200\",path=\"/api/v1/timestamp\",method=\"POST\"}",
            1,
        ),
        (
            "timestamp_authority_api_latency_count{path=\"/api/v1/timestamp\",code=\"200\"}",
            1,
        ),
        (
            "timestamp_authority_api_latency_summary_count{path=\"/api/v1/timestamp\",code=\"200\"}",
            1,
        ),
        (
            "timestamp_authority_latency_by_api_count{path=\"/api/v1/timestamp\",method=\"POST\"}",
            1,
        ),
    ] {
        counts(&page, line, expected);
    }
    // One answer takes more than a microsecond and less than ten seconds, in the unit of each.
    let took = value(
        &page,
        "fulcio_api_latency_sum{code=\"200\",method=\"post\"}",
    );
    assert!(took > 1e-6 && took < 10.0, "{took}");
    for sum in [
        "timestamp_authority_api_latency_sum{path=\"/api/v1/timestamp\",code=\"200\"}",
        "timestamp_authority_api_latency_summary_sum{path=\"/api/v1/timestamp\",code=\"200\"}",
        "timestamp_authority_latency_by_api_sum{path=\"/api/v1/timestamp\",method=\"POST\"}",
    ] {
        let took = value(&page, sum);
        assert!(took > 1e3 && took < 1e10, "{sum} {took}");
    }
    for (name, kind) in [
        ("fulcio_new_certs", "counter"),
        ("fulcio_api_latency", "histogram"),
        ("http_requests_total", "counter"),
        ("rekor_v2_http_api_request_size", "histogram"),
        ("timestamp_authority_api_latency_summary", "summary"),
        (
            "timestamp_authority_certificate_valid_days_remaining",
            "gauge",
        ),
    ] {
        assert!(
            page.contains(&format!("\n# TYPE {name} {kind}\n")),
            "{name}"
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    for program in ["fulcio", "rekor_v2", "timestamp_authority"] {
        let line = format!(
            "{program}_build_info{{version=\"{version}\",revision=\"\",build_date=\"\",goversion=\"not Go\"}}"
        );
        counts(&page, &line, 1);
    }
}

#[test]
fn what_operators_miss_is_there_too() {
    let server = used();
    let page = server.metrics();
    let own = format!(
        "waxwing_fulcio_certificates_total{{issuer=\"{}/oidc\"}}",
        server.url()
    );
    counts(&page, &own, 1);
    counts(
        &page,
        "waxwing_fulcio_refused_total{reason=\"TOKEN_MISSING\"}",
        1,
    );
    counts(&page, "waxwing_fulcio_ct_failures_total", 0);
    for (log, size) in [("ct-log-1", 2), ("rekor-log-1", 2)] {
        counts(
            &page,
            &format!("waxwing_log_entries{{log=\"{log}\"}}"),
            size,
        );
        counts(&page, &format!("waxwing_log_stopped{{log=\"{log}\"}}"), 0);
        let age = value(
            &page,
            &format!("waxwing_log_checkpoint_age_seconds{{log=\"{log}\"}}"),
        );
        assert!((0.0..60.0).contains(&age), "{age}");
        let ahead = value(
            &page,
            &format!("waxwing_log_write_ahead_bytes{{log=\"{log}\"}}"),
        );
        assert!(ahead > 0.0);
    }
    let days = |line: &str| value(&page, line);
    let authority =
        days("waxwing_certificate_valid_days_remaining{name=\"certificate-authority-1\"}");
    assert!((300.0..4000.0).contains(&authority), "{authority}");
    let stamping = days("waxwing_certificate_valid_days_remaining{name=\"timestamp-authority-1\"}");
    let same = days("timestamp_authority_certificate_valid_days_remaining");
    assert!(
        (stamping - same).abs() < 0.01 && stamping > 300.0,
        "{stamping} {same}"
    );
    let timestamp = days("waxwing_tuf_valid_days_remaining{role=\"timestamp\"}");
    assert!((6.0..=7.0).contains(&timestamp), "{timestamp}");
    for role in ["root", "targets", "snapshot"] {
        assert!(
            days(&format!(
                "waxwing_tuf_valid_days_remaining{{role=\"{role}\"}}"
            )) > 6.0
        );
    }
    assert!(days("waxwing_disk_free_bytes{place=\"data\"}") > 1e6);
}

#[test]
fn a_ct_log_that_does_not_promise_is_counted() {
    let settings = format!("{METRICS}ct: {{not-after-limit: 2020-01-01T00:00:00Z}}\n");
    let server = Server::start(&settings);
    let refused = server.certificate(&key(KeyType::EcdsaP256)).is(500).json();
    assert_eq!(refused["message"], "Error entering certificate in CTL");
    let page = server.metrics();
    counts(&page, "waxwing_fulcio_ct_failures_total", 1);
    counts(&page, "fulcio_new_certs", 0);
}

#[test]
fn the_watch_over_the_clock_is_counted() {
    let time = super::timestamp::FakeTime::new(30);
    let address = &time.address;
    let settings = format!(
        "{METRICS}tsa: {{time-servers: {{names: ['{address}'], threshold: 1, period: 50ms}}}}\n"
    );
    let server = Server::start(&settings);
    let asked =
        format!("timestamp_authority_ntp_sync_total{{host=\"{address}\",failed=\"false\"}}");
    until("two rounds", || {
        let page = server.metrics();
        page.contains(&asked) && value(&page, &asked) >= 2.0
    });
    let page = server.metrics();
    assert!(
        value(
            &page,
            "timestamp_authority_ntp_errors_total{reason=\"err_inv_time\"}"
        ) >= 1.0
    );
    assert!(
        value(
            &page,
            &format!("timestamp_authority_ntp_latency_sum{{host=\"{address}\"}}")
        ) > 1e3
    );
}

/// Of the names that promtool thinks odd each is an original's, or made after one.
#[test]
fn prometheus_reads_the_page_and_finds_only_the_originals_names_odd() {
    let Some(promtool) = promtool::require() else {
        return;
    };
    let page = used().metrics();
    let (code, said) = promtool.metrics(&page);
    assert!(matches!(code, Some(0 | 3)), "{code:?} {said}");
    let originals = [
        "fulcio_new_certs",
        "rekor_v2_new_",
        "rekor_v2_http_api_",
        "fulcio_api_",
        "timestamp_authority_",
    ];
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        // Days, as the original counts them for its timestamp authority.
        let days = line.contains("_valid_days_remaining use base unit \"seconds\"");
        let known = originals.iter().any(|name| line.starts_with(name));
        assert!(days || known, "{line}");
    }
    // It does not take everything.
    let broken = page.replacen("fulcio_new_certs 1", "fulcio_new_certs one", 1);
    assert_ne!(broken, page);
    assert_eq!(promtool.metrics(&broken).0, Some(1));
}

/// The alerts of `docs/operating.md`.
#[test]
fn the_alerts_of_the_page_for_operators_ask_for_what_there_is() {
    let Some(promtool) = promtool::require() else {
        return;
    };
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rules) = page.split_once("```yaml\ngroups:").unwrap();
    let rules = format!("groups:{}", rules.split_once("```").unwrap().0);
    let (code, said) = promtool.rules(&rules);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("10 rules found"), "{said}");
    let broken = rules.replacen(" < 3", " < ", 1);
    assert_ne!(promtool.rules(&broken).0, Some(0));
    let metrics = used().metrics();
    let expressions = rules
        .lines()
        .filter(|line| line.trim_start().starts_with("expr:"));
    for expression in expressions {
        let names =
            expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let names = names.filter(|name| {
            ["waxwing_", "fulcio_", "rekor_v2_", "timestamp_authority_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        for name in names {
            assert!(metrics.contains(&format!("\n# TYPE {name} ")), "{name}");
        }
    }
}
