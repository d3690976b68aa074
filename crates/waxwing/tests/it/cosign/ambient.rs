//! Tokens of machines: both programs take the same one from the same server, and see the same ones around them.

use std::fs;

use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_testkit::peers::machine;

use super::Bench;
use super::login_started::{BOTH, Run, Which, start};
use crate::recorder::Recorder;

/// A token that nobody signed, of this subject.
fn token(subject: &str) -> String {
    let part = |json: Value| base64::encode_url(json.to_string().as_bytes());
    let header = json!({"alg": "ES256", "kid": "one", "typ": "JWT"});
    let claims = json!({
        "iss": "https://issuer.example", "sub": subject, "aud": ["sigstore"], "iat": 1_700_000_000,
        "exp": 4_000_000_000_i64,
    });
    format!("{}.{}.c2ln", part(header), part(claims))
}

/// A certificate authority that takes tokens down.
fn authority() -> Recorder {
    Recorder::start(|_, _| {
        let refused = json!({"code": 3, "message": "taken down", "details": []});
        (400, refused.to_string())
    })
}

/// The token that `which` shows to the authority where these variables are set.
fn shown(
    bench: &Bench,
    which: Which,
    authority: &Recorder,
    more: &str,
    variables: &[(&str, &str)],
) -> String {
    let line = format!(
        "sign-blob --use-signing-config=false --tlog-upload=false --fulcio-url {} --bundle b.json {more} blob",
        authority.url
    );
    let run = Run {
        line: &line,
        variables,
        ..Run::default()
    };
    let (_, said) = start(bench, which, run).end();
    assert!(said.contains("taken down"), "{which:?}: {said}");
    let asked = authority.take().remove(0);
    let token = asked.header("authorization").strip_prefix("Bearer ");
    token.unwrap().to_owned()
}

#[test]
fn the_metadata_server_of_google_gives_both_the_same_token() {
    let Some(bench) = Bench::new() else { return };
    let token = token("vm@example.com");
    let given = token.clone();
    let metadata = Recorder::start(move |asked, _| {
        let path = "GET /computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full";
        let is_google = asked.header("metadata-flavor") == "Google";
        match asked.line.as_str() {
            line if line == path && is_google => (200, given.clone()),
            // cosign first asks for what it does not need.
            line if line.ends_with("audience=garbage&format=full") => (200, "garbage".to_owned()),
            line if line.ends_with("/project-id") => (200, "project".to_owned()),
            _ => (404, String::new()),
        }
    });
    let authority = authority();
    let host = metadata.url.strip_prefix("http://").unwrap();
    for which in BOTH {
        let variables = [("GCE_METADATA_HOST", host)];
        assert_eq!(shown(&bench, which, &authority, "", &variables), token);
        assert!(!metadata.take().is_empty());
    }
}

#[test]
fn an_account_of_google_stands_in_for_another_for_both() {
    let Some(bench) = Bench::new() else { return };
    let metadata = Recorder::start(|asked, _| match asked.line.contains("/default/token") {
        true => {
            let token = json!({"access_token": "own", "expires_in": 3600, "token_type": "Bearer"});
            (200, token.to_string())
        }
        // It has no identity of its own.
        false => (404, String::new()),
    });
    crate::up::certify(
        bench.folder(),
        "google",
        &[
            "subjectAltName=DNS:iamcredentials.googleapis.com",
            "basicConstraints=critical,CA:FALSE",
        ],
    );
    let certificate = bench.path("chain.pem");
    let token = token("robot@example.com");
    let Some(google) = machine::google(&certificate, &bench.path("key.pem"), &token) else {
        return;
    };
    let authority = authority();
    let variables = [
        (
            "GCE_METADATA_HOST",
            metadata.url.strip_prefix("http://").unwrap(),
        ),
        ("GOOGLE_SERVICE_ACCOUNT_NAME", "robot@example.com"),
        ("HTTPS_PROXY", google.proxy()),
        ("SSL_CERT_FILE", certificate.to_str().unwrap()),
    ];
    let mut asked = Vec::new();
    for which in BOTH {
        assert_eq!(shown(&bench, which, &authority, "", &variables), token);
        let lines = google.take();
        let [line] = &lines[..] else {
            panic!("one question: {lines:?}")
        };
        asked.push(serde_json::from_str::<Value>(line).unwrap());
    }
    assert_eq!(asked[0], asked[1]);
}

#[test]
fn an_agent_of_spiffe_gives_both_the_same_token() {
    let Some(bench) = Bench::new() else { return };
    let token = token("spiffe://example.org/workload");
    let socket = bench.path("agent.sock");
    let Some(agent) = machine::spiffe_agent(&socket, &token) else {
        return;
    };
    let authority = authority();
    let path = socket.to_str().unwrap();
    let mut asked = Vec::new();
    for which in BOTH {
        let variables = [("SPIFFE_ENDPOINT_SOCKET", path)];
        assert_eq!(shown(&bench, which, &authority, "", &variables), token);
        asked.push(agent.take());
    }
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0], ["0a0873696773746f7265 true"]);
    // As SPIFFE itself writes the variable.
    let url = format!("unix://{path}");
    let variables = [("SPIFFE_ENDPOINT_SOCKET", url.as_str())];
    let by_name = "--oidc-provider spiffe";
    assert_eq!(
        shown(&bench, Which::Ours, &authority, by_name, &variables),
        token
    );
    drop(agent);

    // One that knows nobody.
    fs::remove_file(&socket).unwrap();
    let Some(_agent) = machine::spiffe_agent(&socket, "") else {
        return;
    };
    for which in BOTH {
        let line = "sign-blob --use-signing-config=false --tlog-upload=false --bundle b.json blob";
        let run = Run {
            line,
            variables: &[("SPIFFE_ENDPOINT_SOCKET", path)],
            ..Run::default()
        };
        let (success, said) = start(&bench, which, run).end();
        assert!(
            !success && said.contains("no identity issued"),
            "{which:?}: {said}"
        );
    }
}

#[test]
fn both_see_the_same_around_them() {
    let Some(bench) = Bench::new() else { return };
    let google = Recorder::start(|_, _| (200, token("vm")));
    let host = google.url.strip_prefix("http://").unwrap();
    let silent = Recorder::start(|_, _| (404, String::new()));
    let silent = silent.url.strip_prefix("http://").unwrap();
    let blob = bench.path("blob");
    let blob = blob.to_str().unwrap();
    let places: [&[(&str, &str)]; 8] = [
        &[],
        &[("SIGSTORE_ID_TOKEN", "")],
        &[("ACTIONS_ID_TOKEN_REQUEST_URL", "x")],
        &[
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "x"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x"),
        ],
        &[("SPIFFE_ENDPOINT_SOCKET", blob)],
        &[("GCE_METADATA_HOST", host)],
        &[("GCE_METADATA_HOST", silent)],
        &[("GOOGLE_SERVICE_ACCOUNT_NAME", "a@example.com")],
    ];
    for place in places {
        let seen = |which| {
            let run = Run {
                line: "debug providers",
                variables: place,
                ..Run::default()
            };
            let (success, said) = start(&bench, which, run).end();
            assert!(success, "{said}");
            // Debian's cosign is built without it.
            let lines = said.lines().filter(|line| !line.starts_with("buildkite"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let ours = seen(Which::Ours);
        assert_eq!(ours, seen(Which::Theirs), "{place:?}");
        assert_eq!(ours.len(), 6);
    }
}
