//! What stands at the top of the file, and how it goes with the flags.

use std::fs;
use std::net::TcpListener;

use tempfile::TempDir;

use super::server::{Ask, Server, until};
use crate::program::{printed, run, waxwing};

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn in_folder(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("up.yaml"), settings).unwrap();
    folder
}

fn up(folder: &TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let mut all = vec!["up", "--config", "up.yaml"];
    all.extend(arguments);
    let output = run(&waxwing(), folder.path(), all);
    (output.status.code(), printed(&output))
}

#[test]
fn addresses_directories_and_the_log_of_requests_stand_in_the_file() {
    let (port, url) = (free_port(), "http://sigstore.localhost:8443");
    let settings = format!(
        "listen: 127.0.0.1:{port}\npublic-url: {url}\nguard: guards\nmetrics: 127.0.0.1:0\nlog: text\n"
    );
    let server = Server::start(&settings);
    assert_eq!(server.url(), url);
    let listening = format!("Listening: http://127.0.0.1:{port}");
    assert!(
        server.running.lines.contains(&listening),
        "{:?}",
        server.running.lines
    );
    // Written behind the answers.
    let guard = server.path().join("guards/rekor-log-1");
    until("the guard", || guard.exists());
    assert!(server.metrics().contains("waxwing_build_info"));
    let answer = Ask::new("GET /healthz").of(([127, 0, 0, 1], port).into());
    answer.is(200);
    let Server { running, folder } = server;
    let said = running.stop();
    assert!(said.contains(" GET /healthz 200 "), "{said}");
    // Without them there is neither.
    let other = Server::within(
        folder,
        &format!("listen: 127.0.0.1:{port}\nlog: none\n"),
        &[],
    );
    assert_eq!(other.running.lines.len(), 3, "{:?}", other.running.lines);
    Ask::new("GET /healthz")
        .of(([127, 0, 0, 1], port).into())
        .is(200);
    assert!(!other.running.stop().contains("/healthz"));
}

#[test]
fn flags_go_before_the_file() {
    let (file, flag) = (free_port(), free_port());
    let settings = format!("listen: 127.0.0.1:{file}\ndata: elsewhere\nlog: text\n");
    let arguments = ["--listen", &format!("127.0.0.1:{flag}"), "--log", "json"];
    let server = Server::within(tempfile::tempdir().unwrap(), &settings, &arguments);
    assert_eq!(server.address().port(), flag);
    // The tests name a directory by its flag.
    assert!(server.path().join("data").exists() && !server.path().join("elsewhere").exists());
    server.get("/healthz").is(200);
    assert!(server.running.stop().contains("\"route\":\"/healthz\""));
}

#[test]
fn https_stands_in_the_file() {
    let folder = in_folder("tls: {certificate: chain.pem, key: key.pem}\n");
    let (code, said) = up(&folder, &["--check"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("chain.pem"), "{said}");
    crate::up::certify_this_machine(folder.path());
    assert_eq!(
        up(&folder, &["--check"]),
        (Some(0), "The settings are good\n".into())
    );
    let settings = "tls: {certificate: chain.pem, key: key.pem}\n";
    let server = Server::within(folder, settings, &[]);
    let address = server.url().strip_prefix("https://").unwrap();
    let refused = Ask::new("GET /healthz")
        .of(address.parse().unwrap())
        .is(400);
    assert_eq!(refused.text(), "This port speaks HTTPS, not HTTP");
}

#[test]
fn checking_reads_everything_and_starts_nothing() {
    let folder = in_folder("fulcio: {configuration: fulcio.yaml}\nlimits: {exempt: []}\n");
    let (code, said) = up(&folder, &["--check"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("fulcio.yaml"), "{said}");
    fs::write(
        folder.path().join("fulcio.yaml"),
        "oidc-issuers: {'https://a': {type: email}}",
    )
    .unwrap();
    let (code, said) = up(&folder, &["--check"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("fulcio.yaml") && said.contains("client-id is empty"),
        "{said}"
    );
    fs::write(folder.path().join("fulcio.yaml"), "").unwrap();
    assert_eq!(
        up(&folder, &["--check"]),
        (Some(0), "The settings are good\n".into())
    );
    assert!(!folder.path().join("waxwing-data").exists());
    let connector = "{id: a, issuer: 'https://a.example.com', client-id: b}";
    for (settings, expected) in [
        ("issuer: {token-lifetime: 48h}".to_owned(), "a token lifetime of 172800 s"),
        (format!("issuer: {{connectors: [{connector}, {connector}]}}"), "a connector named \"a\" already"),
        (
            "fulcio: {configuration: {oidc-issuers: {'https://kubernetes.default.svc': {type: kubernetes, client-id: a}}}, kubernetes: {ca: nowhere.crt}}".to_owned(),
            "nowhere.crt",
        ),
    ] {
        fs::write(folder.path().join("up.yaml"), settings).unwrap();
        let (code, said) = up(&folder, &["--check"]);
        assert!(code == Some(1) && said.contains(expected), "{expected}: {said}");
    }
    fs::write(folder.path().join("up.yaml"), "limits:\n  exmpt: []\n").unwrap();
    // A mistake is found whether it is asked for or not.
    for arguments in [&["--check"][..], &[]] {
        let (code, said) = up(&folder, arguments);
        assert_eq!(code, Some(1));
        let expected =
            "up.yaml: line 2: limits.exmpt: no setting has this name; did you mean exempt?";
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn pages_of_other_origins_may_do_what_the_operator_says() {
    let origin = ("origin", "https://app.example.com");
    let ask = |server: &Server, request: &str, method: &str| {
        let mut ask = Ask::new(request).header(origin.0, origin.1);
        if !method.is_empty() {
            ask = ask
                .header("access-control-request-method", method)
                .header("access-control-request-headers", "content-type");
        }
        let answer = ask.of(server.address());
        assert!(answer.header("access-control-allow-credentials").is_none());
        let method = answer.header("access-control-allow-methods");
        let origin = answer.header("access-control-allow-origin");
        (
            answer.status,
            origin.map(str::to_owned),
            method.map(str::to_owned),
        )
    };
    let any = || Some("*".to_owned());
    let server = Server::start("");
    for path in ["/api/v2/signingCert", "/api/v1/timestamp", "/oidc/token"] {
        let post = Some("POST".to_owned());
        assert_eq!(
            ask(&server, &format!("OPTIONS {path}"), "POST"),
            (204, any(), post),
            "{path}"
        );
    }
    for path in [
        "/api/v2/trustBundle",
        "/api/v1/timestamp/certchain",
        "/checkpoint",
        "/api/v2/checkpoint",
        "/tuf/timestamp.json",
        "/oidc/keys",
        "/oidc/.well-known/openid-configuration",
    ] {
        assert_eq!(
            ask(&server, &format!("GET {path}"), ""),
            (200, any(), None),
            "{path}"
        );
        let get = Some("GET".to_owned());
        assert_eq!(
            ask(&server, &format!("OPTIONS {path}"), "GET"),
            (204, any(), get),
            "{path}"
        );
    }
    // Nobody logs in, and nobody writes into a log, from a page of another origin.
    for path in [
        "/oidc/auth/local",
        "/oidc/device/auth/verify_code",
        "/api/v2/log/entries",
        "/ct/ct/v1/add-chain",
    ] {
        let (_, origin, method) = ask(&server, &format!("OPTIONS {path}"), "POST");
        assert_eq!((origin, method), (None, None), "{path}");
    }
    let server = server.again("cross-origin: false");
    let (_, origin, _) = ask(&server, "OPTIONS /api/v2/signingCert", "POST");
    assert_eq!(origin, None);
    assert_eq!(ask(&server, "GET /checkpoint", ""), (200, None, None));
}

#[test]
fn json_is_read_as_well() {
    let server = Server::start(r#"{"tsa": {"use-http-201": true}}"#);
    server
        .post("/api/v1/timestamp", &super::server::query("an artifact"))
        .is(201);
}
