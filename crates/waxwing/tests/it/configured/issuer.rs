//! The section `issuer`, with another OpenID provider that remembers what it was asked.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::json;
use waxwing_encoding::base64;

use super::server::{Answer, Ask, Server};

/// A provider that publishes its documents and refuses every code.
struct Provider {
    url: String,
    /// The heads of requests for tokens.
    tokens: Receiver<String>,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, tokens) = channel();
        let documents = documents(&url);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (head, answer) = respond(&stream, &documents);
                if head.starts_with("POST /token") {
                    let _ = sender.send(head);
                }
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { url, tokens }
    }
}

fn documents(url: &str) -> [String; 2] {
    let discovery = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
    });
    [discovery.to_string(), json!({"keys": []}).to_string()]
}

fn respond(stream: &TcpStream, [discovery, keys]: &[String; 2]) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<u64>().unwrap())
    });
    let _ = reader
        .take(length.unwrap_or(0))
        .read_to_end(&mut Vec::new());
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/.well-known/openid-configuration" => (200, discovery.as_str()),
        "/keys" => (200, keys.as_str()),
        _ => (400, "{}"),
    };
    let answer = http(status, body);
    (head, answer)
}

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// What a browser asks for that was sent by a client.
const REQUEST: &str = "response_type=code&client_id=sigstore&scope=openid+email&state=s&nonce=n\
    &redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn start(server: &Server, connector: &str) -> Answer {
    Ask::new(&format!("GET /oidc/auth/{connector}?{REQUEST}")).of(server.address())
}

#[test]
fn people_log_in_where_the_operator_says_and_as_whom_they_say() {
    let provider = Provider::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
    let url = &provider.url;
    let with = |more: &str| {
        format!(
            "issuer:\n  connectors:\n    - {{id: acme, issuer: '{url}', client-id: us{more}}}\n"
        )
    };
    let settings =
        with(", name: Acme Login, scopes: [openid, email, groups], client-secret-file: secret");
    let server = Server::within(folder, &settings, &[]);
    let page = Ask::new(&format!("GET /oidc/auth?{REQUEST}"))
        .of(server.address())
        .is(200);
    assert!(page.text().contains("Acme Login"), "{}", page.text());
    let away = start(&server, "acme").is(303);
    let location = away.header("location").unwrap().to_owned();
    assert!(
        location.starts_with(&format!("{url}/authorize?")),
        "{location}"
    );
    assert!(location.contains("client_id=us&"), "{location}");
    assert!(location.contains("scope=openid+email+groups"), "{location}");
    let (_, state) = location.split_once("&state=").unwrap();
    let state = state.split('&').next().unwrap();
    let cookie = away
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    Ask::new(&format!("GET /oidc/callback?state={state}&code=c"))
        .header("cookie", cookie)
        .of(server.address());
    let head = provider.tokens.recv().unwrap().to_ascii_lowercase();
    let basic = base64::encode(b"us:s3cret").to_ascii_lowercase();
    assert!(
        head.contains(&format!("authorization: basic {basic}")),
        "{head}"
    );
    // What is not said is as by default.
    let server = server.again(&with(""));
    let page = Ask::new(&format!("GET /oidc/auth?{REQUEST}"))
        .of(server.address())
        .is(200);
    assert!(!page.text().contains("Acme Login") && page.text().contains("acme"));
    let away = start(&server, "acme").is(303);
    assert!(
        away.header("location")
            .unwrap()
            .contains("scope=openid+email&")
    );
    let server = server.again("");
    let nowhere = start(&server, "acme");
    let location = nowhere.header("location").unwrap();
    assert!(
        location.starts_with("http://localhost:1/callback?error="),
        "{location}"
    );
}

/// `openssl s_server`, ended with the test.
struct Tls(Child);

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_provider_with_a_private_authority_is_trusted_when_the_operator_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    crate::up::certify(
        path,
        "provider",
        &[
            "subjectAltName=IP:127.0.0.1",
            "basicConstraints=critical,CA:FALSE",
        ],
    );
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("https://127.0.0.1:{port}");
    let [discovery, keys] = documents(&url);
    fs::create_dir(path.join(".well-known")).unwrap();
    // It sends the files as they are, heads and all.
    fs::write(
        path.join(".well-known/openid-configuration"),
        http(200, &discovery),
    )
    .unwrap();
    fs::write(path.join("keys"), http(200, &keys)).unwrap();
    let served = Command::new("openssl")
        .args(["s_server", "-HTTP", "-accept", &format!("127.0.0.1:{port}")])
        .args(["-key", "key.pem", "-cert", "chain.pem", "-quiet"])
        .current_dir(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _provider = Tls(served.unwrap());
    super::server::until("the provider", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let with = |more: &str| {
        format!(
            "issuer:\n  connectors:\n    - {{id: acme, issuer: '{url}', client-id: us{more}}}\n"
        )
    };
    let server = Server::within(folder, &with(", ca-cert: chain.pem"), &[]);
    let away = start(&server, "acme").is(303);
    assert!(away.header("location").unwrap().starts_with(&url));
    let server = server.again(&with(""));
    let refused = start(&server, "acme");
    assert!(refused.status >= 400, "{}", refused.text());
}

#[test]
fn programs_are_known_by_what_the_operator_says_of_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "s3cret").unwrap();
    let settings = "issuer:\n  token-lifetime: 7m\n  clients:\n    - {id: ci, secret-file: secret, machine-email: ci@example.com}\n    - {id: web, redirect-uris: ['https://ci.example.com/callback']}\n";
    let server = Server::within(folder, settings, &[]);
    let form = "grant_type=client_credentials&scope=openid+email&client_id=ci&client_secret=s3cret";
    let ask =
        |server: &Server, form: &str| Ask::new("POST /oidc/token").form(form).of(server.address());
    let lives = |answer: &Answer| {
        let token = answer.json()["id_token"].as_str().unwrap().to_owned();
        let claims = base64::decode_proto_json(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["email"], "ci@example.com");
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    assert_eq!(lives(&ask(&server, form).is(200)), 420);
    ask(&server, &form.replace("s3cret", "guess")).is(401);
    let web = REQUEST.replace("client_id=sigstore", "client_id=web");
    let go = |server: &Server, request: &str| {
        Ask::new(&format!("GET /oidc/auth?{request}"))
            .of(server.address())
            .status
    };
    let own = web.replace(
        "http%3A%2F%2Flocalhost%3A1%2F",
        "https%3A%2F%2Fci.example.com%2F",
    );
    assert_ne!(go(&server, &own), 400);
    assert_eq!(go(&server, &web), 400);
    let settings = settings.replace("  token-lifetime: 7m\n", "");
    let server = server.again(&settings);
    assert_eq!(lives(&ask(&server, form).is(200)), 60);
    let server = server.again("");
    ask(&server, form).is(401);
    assert_eq!(go(&server, &own), 400);
}
