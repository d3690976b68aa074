//! The services that a signing config names: several at once, one in the place of another, and such that are
//! down, slow, or answer something else.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use serde_json::{Value, json};

use super::older_log::serve;
use super::{AT_INSTANCE, Bench, expected};
use crate::program::printed;
use crate::up::Running;

/// A service as a signing config has it.
fn service(url: &str, version: u32, operator: &str) -> Value {
    json!({
        "url": url,
        "majorApiVersion": version,
        "validFor": {"start": "2026-01-01T00:00:00Z"},
        "operator": operator,
    })
}

/// The instance's signing config with these members in place of its own, under another name.
fn config(bench: &Bench, name: &str, members: &[(&str, Value)]) {
    let config = bench.read("data/client/signing_config.json");
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    for (member, value) in members {
        config[*member] = value.clone();
    }
    fs::write(bench.path(name), config.to_string()).unwrap();
}

fn at(config: &str) -> String {
    AT_INSTANCE.replace("data/client/signing_config.json", config)
}

fn count(bench: &Bench, bundle: &str) -> (usize, usize) {
    let bundle: Value = serde_json::from_slice(&bench.read(bundle)).unwrap();
    let material = &bundle["verificationMaterial"];
    let length = |value: &Value| value.as_array().map_or(0, Vec::len);
    let stamps = &material["timestampVerificationData"]["rfc3161Timestamps"];
    (length(&material["tlogEntries"]), length(stamps))
}

#[test]
fn a_signature_goes_to_several_logs_and_authorities_at_once() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let other_folder = tempfile::tempdir().unwrap();
    let other = Running::start(other_folder.path());
    let root = |folder: &std::path::Path| -> Value {
        let root = fs::read(folder.join("data/client/trusted_root.json")).unwrap();
        serde_json::from_slice(&root).unwrap()
    };
    let (own, others) = (root(bench.folder()), root(other_folder.path()));
    fs::write(bench.path("own.json"), own.to_string()).unwrap();
    fs::write(bench.path("others.json"), others.to_string()).unwrap();
    // One file for programs that take one.
    let mut both = own;
    for member in ["tlogs", "timestampAuthorities"] {
        let more = others[member].as_array().unwrap().clone();
        both[member].as_array_mut().unwrap().extend(more);
    }
    fs::write(
        bench.path("data/client/trusted_root.json"),
        both.to_string(),
    )
    .unwrap();
    let url = |root: &Value| root["tlogs"][0]["baseUrl"].as_str().unwrap().to_owned();
    let logs = json!([
        service(&url(&both), 2, "one"),
        service(&url(&others), 2, "two")
    ]);
    let stamp = |url: &str| format!("{url}/api/v1/timestamp");
    let stampers = json!([
        service(&stamp(&running.url), 1, "one"),
        service(&stamp(&other.url), 1, "two")
    ]);
    for (selector, entries) in [
        (json!({"selector": "ALL"}), 2),
        (json!({"selector": "EXACT", "count": 2}), 2),
        (json!({"selector": "ANY"}), 1),
    ] {
        let members = [
            ("rekorTlogUrls", logs.clone()),
            ("rekorTlogConfig", selector.clone()),
            ("tsaUrls", stampers.clone()),
            ("tsaConfig", selector.clone()),
        ];
        config(&bench, "config.json", &members);
        bench.ours(&format!(
            "sign-blob {} --bundle ours.json blob",
            at("config.json")
        ));
        bench.theirs(
            &bench.sid,
            &format!("sign-blob {} --bundle theirs.json blob", at("config.json")),
        );
        for bundle in ["ours.json", "theirs.json"] {
            assert_eq!(count(&bench, bundle), (entries, entries), "{selector}");
            let verify = format!("verify-blob {} --bundle {bundle} blob", expected(&running));
            bench.ours(&verify);
            bench.theirs(&bench.sid, &verify);
        }
    }
    config(
        &bench,
        "config.json",
        &[
            ("rekorTlogUrls", logs.clone()),
            ("rekorTlogConfig", json!({"selector": "EXACT", "count": 3})),
        ],
    );
    let three = format!("sign-blob {} --bundle none.json blob", at("config.json"));
    bench.ours_refuses(&three, "3");
    bench.theirs_refuses(&bench.sid, &three, "Error: ");
    // Several roots are as good as one of all.
    let members = [
        ("rekorTlogUrls", logs),
        ("rekorTlogConfig", json!({"selector": "ALL"})),
    ];
    config(&bench, "config.json", &members);
    bench.ours(&format!(
        "sign-blob {} --bundle ours.json blob",
        at("config.json")
    ));
    let verify = format!("verify-blob {} --bundle ours.json blob", expected(&running));
    let with = |roots: &str| verify.replace("--trusted-root data/client/trusted_root.json", roots);
    bench.ours(&with("--trusted-root own.json --trusted-root others.json"));
    bench.ours_refuses(&with("--trusted-root others.json"), "trusted");
    running.stop();
    other.stop();
}

#[test]
fn one_service_stands_in_for_another_and_the_one_that_failed_is_told() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let stampers = json!([
        service("http://127.0.0.1:9/api/v1/timestamp", 1, "one"),
        service(&format!("{}/api/v1/timestamp", running.url), 1, "two"),
    ]);
    config(
        &bench,
        "any.json",
        &[
            ("tsaUrls", stampers.clone()),
            ("tsaConfig", json!({"selector": "ANY"})),
        ],
    );
    config(
        &bench,
        "all.json",
        &[
            ("tsaUrls", stampers),
            ("tsaConfig", json!({"selector": "ALL"})),
        ],
    );
    // By chance the good one is asked first; not eight times in a row.
    let told = (0..8).any(|_| {
        let signed = bench.ours(&format!(
            "sign-blob {} --bundle b.json blob",
            at("any.json")
        ));
        assert_eq!(count(&bench, "b.json"), (1, 1));
        printed(&signed).contains("another service was asked in its place: http://127.0.0.1:9")
    });
    assert!(told);
    bench.ours_refuses(
        &format!("sign-blob {} --bundle none.json blob", at("all.json")),
        "1 of 2 services of the kind timestamp authority answered; http://127.0.0.1:9/api/v1/timestamp",
    );
    assert!(!bench.path("none.json").exists());
    running.stop();
}

/// Answers everything with the same.
fn always<A>(answer: A) -> String
where
    A: IntoResponse + Clone + Send + Sync + 'static,
{
    serve(Router::new().fallback(any(async move || answer.clone())))
}

/// What stands before a service of the instance: it throttles twice, and then passes on.
fn throttling(behind: String) -> (String, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let router = Router::new().fallback(any(async move |body: Bytes| {
        if counted.fetch_add(1, Ordering::Relaxed) < 2 {
            let later = [(header::RETRY_AFTER, "0")];
            return (StatusCode::TOO_MANY_REQUESTS, later).into_response();
        }
        let client = waxwing_net::Client::network(waxwing_net::Settings::default()).unwrap();
        let request = waxwing_net::Request::post(&behind, "application/timestamp-query", body);
        let answer = client.send(request).await.unwrap();
        let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
        (answer.status, kind, answer.body).into_response()
    }));
    (serve(router), asked)
}

#[test]
fn services_that_are_not_what_they_should_be_are_named_with_what_they_said() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let page = (
        [(header::CONTENT_TYPE, "text/html")],
        "<html><body>Sign in to the network</body></html>",
    );
    let html = always(page);
    let broken = always((
        StatusCode::INTERNAL_SERVER_ERROR,
        "{\"message\":\"out of paper\"}",
    ));
    let hanging = serve(Router::new().fallback(any(async || {
        tokio::time::sleep(Duration::from_secs(600)).await;
    })));
    for (member, version, path) in [
        ("caUrls", 1, ""),
        ("tsaUrls", 1, "/api/v1/timestamp"),
        ("rekorTlogUrls", 2, ""),
    ] {
        for (base, words) in [
            (&html, "a page for people (text/html)"),
            (&broken, "500"),
            (&"http://127.0.0.1:9".to_owned(), "127.0.0.1:9"),
        ] {
            let url = format!("{base}{path}");
            config(
                &bench,
                "bad.json",
                &[(member, json!([service(&url, version, "one")]))],
            );
            let line = format!("sign-blob {} --bundle none.json blob", at("bad.json"));
            let refused = bench.run(&crate::program::waxwing(), &["cosign"], &line, &[]);
            let said = printed(&refused);
            assert_eq!(refused.status.code(), Some(1), "{member} {url}: {said}");
            assert!(said.contains(base.as_str()), "{member}: {said}");
            assert!(said.contains(words), "{member} {words}: {said}");
            assert!(!bench.path("none.json").exists());
        }
        let url = format!("{hanging}{path}");
        config(
            &bench,
            "bad.json",
            &[(member, json!([service(&url, version, "one")]))],
        );
        let line = format!(
            "sign-blob --timeout 1s {} --bundle none.json blob",
            at("bad.json")
        );
        bench.ours_refuses(&line, "not done after --timeout 1s");
    }
    // Who is told to come again later does, and is served.
    let (url, asked) = throttling(format!("{}/api/v1/timestamp", running.url));
    config(
        &bench,
        "slow.json",
        &[("tsaUrls", json!([service(&url, 1, "one")]))],
    );
    bench.ours(&format!(
        "sign-blob {} --bundle b.json blob",
        at("slow.json")
    ));
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(count(&bench, "b.json"), (1, 1));
    running.stop();
}
