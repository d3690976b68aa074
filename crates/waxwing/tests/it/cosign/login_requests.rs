//! With the same flags, both programs ask an issuer the same.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use super::Bench;
use super::login_started::{BOTH, Run, Which, start};
use crate::browser::Browser;
use crate::recorder::{Asked, Recorder};

/// An issuer that gives codes to devices and refuses all tokens.
fn issuer() -> Recorder {
    Recorder::start(answer)
}

/// A trusted root that trusts nobody, so that nobody looks for another.
const TRUSTED_ROOT: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

fn answer(asked: &Asked, url: &str) -> (u16, String) {
    let path = asked.line.split(' ').nth(1).unwrap();
    match path {
        "/.well-known/openid-configuration" => {
            let document = json!({
                "issuer": url, "authorization_endpoint": format!("{url}/auth"),
                "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
                "device_authorization_endpoint": format!("{url}/device"),
                "code_challenge_methods_supported": ["S256"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            });
            (200, document.to_string())
        }
        "/device" => {
            let answer = json!({
                "device_code": "dc", "user_code": "AB-CD", "verification_uri": format!("{url}/verify"),
                "verification_uri_complete": format!("{url}/verify?user_code=AB-CD"), "interval": 1,
                "expires_in": 30,
            });
            (200, answer.to_string())
        }
        _ => (
            400,
            json!({"error": "access_denied", "error_description": "not today"}).to_string(),
        ),
    }
}

/// Parameters, with what nobody can know beforehand replaced by its kind.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let value = match name {
                "state" | "nonce" | "code_challenge" | "code_verifier" => "(random)".to_owned(),
                // The port is the system's choice.
                "redirect_uri" => value
                    .split("%3A")
                    .map(|part| match part.split_once("%2F") {
                        Some((port, rest)) if !port.is_empty() && port != "1234" => {
                            format!("(port)%2F{rest}")
                        }
                        _ => part.to_owned(),
                    })
                    .collect::<Vec<_>>()
                    .join("%3A"),
                _ => value.to_owned(),
            };
            (name.to_owned(), value)
        })
        .collect()
}

/// What was asked, without what the original asks twice: documents, and whether a client without a secret may
/// show none by a header.
fn asked(recorder: &Recorder) -> Vec<String> {
    let is_vain = |asked: &Asked| asked.header("authorization").starts_with("Basic ");
    let asked = recorder.take().into_iter();
    let mut lines: Vec<String> = asked
        .filter(|asked| !is_vain(asked))
        .map(|asked| format!("{} {:?}", asked.line, parameters(&asked.body)))
        .collect();
    lines.dedup();
    lines
}

fn flags(issuer: &Recorder, more: &str) -> String {
    format!(
        "sign-blob --use-signing-config=false --tlog-upload=false --fulcio-url {0}/fulcio --oidc-issuer {0} \
         --bundle b.json {more} blob",
        issuer.url
    )
}

/// What both programs ask, and show, of a login; each under what `more` says.
fn beside(more: &str, run: Run<'_>, code: Option<&str>) -> Vec<String> {
    let bench = Bench::new();
    let Some(bench) = bench else {
        return Vec::new();
    };
    fs::write(bench.path("secret"), " s3cret\n").unwrap();
    let issuer = issuer();
    let mut both = Vec::new();
    for which in BOTH {
        let line = flags(&issuer, more);
        let mut started = start(&bench, which, Run { line: &line, ..run });
        let mut found = Vec::new();
        if let Some(code) = code {
            let address = started.address(None);
            let (_, query) = address.split_once('?').unwrap();
            found.push(format!("{:?}", parameters(query)));
            let value = |name: &str| {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .find(|(known, _)| *known == name)
                    .unwrap()
                    .1
                    .to_owned()
            };
            let redirect = value("redirect_uri")
                .replace("%3A", ":")
                .replace("%2F", "/");
            let back = format!("{redirect}?code={code}&state={}", value("state"));
            Browser::default().log_in(&back, "");
        }
        let (success, said) = started.end();
        assert!(!success, "{said}");
        assert!(said.contains("access_denied"), "{which:?}: {said}");
        found.extend(asked(&issuer));
        both.push(found);
    }
    let [ours, theirs] = &both[..] else {
        panic!("two")
    };
    assert_eq!(ours, theirs);
    ours.clone()
}

fn has(asked: &[String], words: &str) {
    assert!(
        asked.is_empty() || asked.iter().any(|line| line.contains(words)),
        "{words} in {asked:#?}"
    );
}

#[test]
fn by_a_browser() {
    let normal = "--fulcio-auth-flow normal";
    let asked = beside(normal, Run::default(), Some("CODE"));
    has(&asked, r#""code": "CODE""#);
    has(&asked, "localhost%3A(port)%2Fauth%2Fcallback");
    has(&asked, r#""client_id": "sigstore""#);
    // Each flag changes what is asked.
    let more = "--fulcio-auth-flow normal --oidc-client-id other --oidc-redirect-url http://localhost:1234/x/y";
    let asked = beside(more, Run::default(), Some("CODE"));
    has(&asked, "localhost%3A1234%2Fx%2Fy");
    has(&asked, r#""client_id": "other""#);
}

#[test]
fn by_a_code_that_is_copied() {
    let run = Run {
        stdin: "a-code and more\n",
        browser: false,
        ..Run::default()
    };
    let asked = beside("--fulcio-auth-flow normal", run, None);
    has(&asked, r#""code": "a-code""#);
    has(&asked, "urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob");
}

#[test]
fn as_a_device_where_no_terminal_is() {
    for more in [
        "",
        "--fulcio-auth-flow device --oidc-client-id other --oidc-redirect-url http://localhost:1234/x",
    ] {
        let asked = beside(more, Run::default(), None);
        has(&asked, "POST /device");
        has(&asked, "device_code");
    }
}

#[test]
fn as_a_machine() {
    let more = "--fulcio-auth-flow client_credentials --oidc-client-id robot --oidc-client-secret-file secret \
                --oidc-redirect-url http://localhost:1234/x";
    let asked = beside(more, Run::default(), None);
    has(&asked, r#""client_secret": "s3cret""#);
    has(&asked, r#""grant_type": "client_credentials""#);
}

#[test]
fn on_a_terminal_a_browser_opens_once_somebody_agrees() {
    let Some(bench) = Bench::new() else { return };
    let issuer = issuer();
    for which in BOTH {
        for (more, typed, expected) in [
            ("", "n\n", "user declined the prompt"),
            ("", "maybe\n", "invalid input"),
            ("", "y\na-code\n", "access_denied"),
            // What is typed next is the code.
            ("--yes", "a-code\n", "access_denied"),
        ] {
            let run = Run {
                line: &flags(&issuer, more),
                stdin: typed,
                browser: false,
                terminal: true,
                ..Run::default()
            };
            let (_, said) = start(&bench, which, run).end();
            assert!(said.contains(expected), "{which:?} {typed:?}: {said}");
            assert!(said.contains("lfprojects.org/policies"), "{said}");
            assert!(!said.contains("Non-interactive"), "{said}");
            let asks = said.contains("Are you sure you would like to continue? [y/N]");
            assert_eq!(asks, more.is_empty(), "{said}");
            let asked = asked(&issuer);
            assert_eq!(asked.is_empty(), expected != "access_denied", "{asked:?}");
        }
    }
}

#[test]
fn a_log_that_is_named_by_its_url_needs_consent() {
    let Some(bench) = Bench::new() else { return };
    let issuer = issuer();
    let flags = flags(&issuer, "").replace("--tlog-upload=false", "");
    for which in BOTH {
        for (more, expected, asks) in [
            ("", "user declined the prompt", 0),
            ("--yes", "access_denied", 1),
        ] {
            let run = Run {
                line: &format!("{flags} {more}"),
                ..Run::default()
            };
            let (_, said) = start(&bench, which, run).end();
            assert!(said.contains(expected), "{which:?} {more:?}: {said}");
            assert_eq!(said.matches("tools-immutable-records").count(), 1, "{said}");
            let devices = asked(&issuer)
                .iter()
                .filter(|line| line.starts_with("POST /device"))
                .count();
            assert_eq!(devices, asks);
        }
        // Who attests is not asked.
        fs::write(bench.path("predicate"), "{}").unwrap();
        let attest = flags.replace("sign-blob", "attest-blob --predicate predicate");
        let run = Run {
            line: &attest,
            ..Run::default()
        };
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("access_denied"), "{said}");
        assert!(!said.contains("tools-immutable-records"), "{said}");
        issuer.take();
    }
}

#[test]
fn a_signing_config_without_an_issuer_leaves_nobody_to_log_in_at() {
    let Some(bench) = Bench::new() else { return };
    let issuer = issuer();
    let config = |issuers: serde_json::Value| {
        let service = |url: &str| {
            json!({
                "url": url, "majorApiVersion": 1, "operator": "o",
                "validFor": {"start": "2024-01-01T00:00:00Z"},
            })
        };
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(&format!("{}/fulcio", issuer.url))],
            "oidcUrls": if issuers.is_null() { json!([]) } else { json!([service(&issuer.url)]) },
        });
        fs::write(bench.path("config.json"), config.to_string()).unwrap();
    };
    fs::write(bench.path("root.json"), TRUSTED_ROOT).unwrap();
    let run = Run {
        line: "sign-blob --signing-config config.json --trusted-root root.json --bundle b.json blob",
        ..Run::default()
    };
    for which in BOTH {
        config(json!(null));
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("OIDC issuer"), "{which:?}: {said}");
        assert!(issuer.take().is_empty());
        config(json!(true));
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("access_denied"), "{which:?}: {said}");
        issuer.take();
    }
}

#[test]
fn a_workflow_is_told_what_it_lacks() {
    let Some(bench) = Bench::new() else { return };
    let issuer = issuer();
    let hint = "permissions: id-token: write";
    for (variables, more, expected) in [
        (&[("GITHUB_ACTIONS", "true")][..], "", true),
        (
            &[("GITHUB_ACTIONS", "true")],
            "--oidc-disable-ambient-providers",
            false,
        ),
        (&[], "", false),
    ] {
        let run = Run {
            line: &flags(&issuer, more),
            variables,
            ..Run::default()
        };
        let (_, said) = start(&bench, Which::Ours, run).end();
        assert!(said.contains("access_denied"), "{said}");
        assert_eq!(said.contains(hint), expected, "{said}");
    }
}

#[test]
fn a_login_is_not_hurried() {
    let Some(bench) = Bench::new() else { return };
    let answers = std::sync::atomic::AtomicUsize::new(0);
    let slow = Recorder::start(move |asked, url| {
        if asked.line == "POST /token" {
            let number = answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let error = [
                "authorization_pending",
                "authorization_pending",
                "access_denied",
            ];
            return (400, json!({"error": error[number % 3]}).to_string());
        }
        answer(asked, url)
    });
    for which in BOTH {
        let run = Run {
            line: &flags(&slow, "--timeout 1s --trusted-root root.json"),
            ..Run::default()
        };
        fs::write(bench.path("root.json"), TRUSTED_ROOT).unwrap();
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("access_denied"), "{which:?}: {said}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_anybody_is_asked() {
    let Some(bench) = Bench::new() else { return };
    let issuer = issuer();
    for (more, words) in [
        ("--fulcio-auth-flow odd", "unsupported oauth flow"),
        ("--fulcio-auth-flow token", "--identity-token"),
        ("--fulcio-auth-flow client_credentials", "without a secret"),
        (
            "--fulcio-auth-flow normal --oidc-redirect-url http://example.com/",
            "no address that a browser can come back to here",
        ),
        ("--oidc-client-secret-file none", "none"),
    ] {
        let run = Run {
            line: &flags(&issuer, more),
            ..Run::default()
        };
        let (success, said) = start(&bench, Which::Ours, run).end();
        assert!(!success && said.contains(words), "{more}: {said}");
        assert!(issuer.take().is_empty(), "{more}");
    }
    // Flags can be variables too; and one of them does nothing but say so.
    let run = Run {
        line: &flags(&issuer, "--insecure-skip-verify"),
        variables: &[("COSIGN_FULCIO_AUTH_FLOW", "odd")],
        ..Run::default()
    };
    for which in BOTH {
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("unsupported oauth flow"), "{said}");
        for flag in ["insecure-skip-verify", "fulcio-url", "oidc-issuer"] {
            let notice = format!("Flag --{flag} has been deprecated, ");
            assert!(said.contains(&notice), "{which:?}: {said}");
        }
    }
}
