//! Programs that others wrote log in here: sigstore-python by a browser and by the copied code, two versions of
//! cosign by a browser and as a device.
//!
//! cosign shows its token to a Fulcio that only takes it down.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::{Issuer, MemoryUsers, OAuthClient};
use waxwing_net::{Client, Request, Settings};
use waxwing_serve::{Listener, RawBody};

use crate::world::{Caller, PASSWORD, claims, user};

/// The peers compare tokens with the time of the day.
struct Today;

impl Clock for Today {
    #[expect(clippy::disallowed_methods, reason = "the peers have no other clock")]
    fn now(&self) -> UnixTime {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        UnixTime::from_duration(since_epoch.unwrap()).unwrap()
    }
}

/// An issuer on a port, beside a Fulcio that takes tokens down.
struct Served {
    base: String,
    router: Router,
    tokens: Arc<Mutex<Vec<Value>>>,
}

impl Served {
    async fn start(key: KeyType) -> Self {
        let listener = Listener::bind_loopback(0).await.unwrap();
        let base = format!("http://{}", listener.address());
        let users = Arc::new(MemoryUsers::new());
        users.add(user("alice")).unwrap();
        let key = PrivateKey::generate(key).unwrap();
        let issuer = Issuer::new(format!("{base}/oidc"), key, Arc::new(Today)).unwrap();
        let robot = OAuthClient::confidential("robot", "robots: s3cret", Vec::new());
        let robot = robot.with_machine_email("robot@example.com").unwrap();
        let issuer = issuer.with_client(robot).with_users(users).unwrap();
        let router = issuer.mounted_router();
        let tokens = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&tokens);
        let fulcio = async move |headers: http::HeaderMap, RawBody(body): RawBody| {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let bearer = headers
                .get("authorization")
                .and_then(|value| value.to_str().ok());
            let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
            let token = match &body["credentials"]["oidcIdentityToken"] {
                Value::Null => json!(bearer),
                token => token.clone(),
            };
            taken.lock().unwrap().push(token);
            (
                StatusCode::BAD_REQUEST,
                r#"{"code":3,"message":"taken down","details":[]}"#,
            )
        };
        let fulcio = axum::routing::post(fulcio);
        let all = router
            .clone()
            .route("/api/v2/signingCert", fulcio.clone())
            .route("/api/v1/signingCert", fulcio);
        tokio::spawn(listener.serve(all, std::future::pending()));
        Self {
            base,
            router,
            tokens,
        }
    }

    fn issuer(&self) -> String {
        format!("{}/oidc", self.base)
    }

    /// The claims of a token that a key of the issuer signed.
    async fn verified(&self, token: &Value) -> Value {
        let keys = Caller::of(self.router.clone())
            .get("/oidc/keys")
            .await
            .json();
        let keys: JwkSet = serde_json::from_value(keys).unwrap();
        let [key] = &keys.keys[..] else {
            panic!("one key")
        };
        let header = jsonwebtoken::decode_header(token.as_str().unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&["sigstore"]);
        validation.set_issuer(&[self.issuer()]);
        assert!(matches!(header.alg, Algorithm::ES256 | Algorithm::RS256));
        let key = DecodingKey::from_jwk(key).unwrap();
        let token = jsonwebtoken::decode(token.as_str().unwrap(), &key, &validation);
        token.unwrap().claims
    }

    /// Logs in at `page`, which may be of any step, as a browser would; gives the address that the browser is
    /// sent to in the end, if it is one of a program.
    async fn log_in(&self, url: &str) -> String {
        let browser = Caller::of(self.router.clone());
        let path = url.strip_prefix(&self.base).unwrap();
        let mut page = browser.open(path).await;
        if page.action().ends_with("verify_code") {
            let code = page.between("name=\"user_code\" value=\"", "\"");
            let typed = browser.submit(&page, &[("user_code", &code)]).await;
            page = browser.open(&typed.location()).await;
        }
        browser.log_in(&page, "alice", PASSWORD).await.location()
    }
}

/// A peer's file, if it is installed; `CI` demands it.
fn peer(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("WAXWING_PEERS").unwrap_or_else(|| "target/peers".into());
    let file = root.join(folder).join(path);
    if file.exists() {
        return Some(file);
    }
    let demanded = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(
        !demanded,
        "{} is not installed; run .ci/peers",
        file.display()
    );
    // Past the test runner, which hides what a passing test prints.
    let name = file.display();
    let _unheard = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("skipped: {name} is not installed\n").as_bytes(),
    );
    None
}

#[tokio::test]
async fn sigstore_python_logs_in_by_a_browser_and_by_the_copied_code() {
    let Some(python) = peer("sigstore-python/bin/python") else {
        return;
    };
    for key in [KeyType::EcdsaP256, KeyType::Rsa(2048)] {
        let served = Served::start(key).await;
        for flow in ["browser", "copied"] {
            let home = tempfile::tempdir().unwrap();
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/log_in.py");
            let mut command = std::process::Command::new(&python);
            command
                .arg(script)
                .args([&served.issuer(), "alice", PASSWORD, flow]);
            command
                .env_clear()
                .env("HOME", home.path())
                .stdin(Stdio::null());
            let finished = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
            let finished = finished.unwrap();
            let errors = String::from_utf8_lossy(&finished.stderr);
            assert!(finished.status.success(), "{flow}: {errors}");
            let token = String::from_utf8(finished.stdout).unwrap();
            let claims = served.verified(&json!(token.trim())).await;
            assert_eq!(claims["email"], "alice@example.com");
            assert_eq!(claims["federated_claims"]["connector_id"], "local");
        }
    }
}

/// Starts `cosign sign-blob` in a home of its own and waits until it has shown an address, in `shown` or in what
/// it prints; then logs in there and waits for the token.
async fn cosign(binary: &str, flow: &str, more: &[&str]) -> Option<(Served, Value)> {
    let binary = peer(binary)?;
    let served = Served::start(KeyType::EcdsaP256).await;
    let home = tempfile::tempdir().unwrap();
    let (artifact, printed, shown) = (
        home.path().join("artifact"),
        home.path().join("printed"),
        home.path().join("shown"),
    );
    std::fs::write(&artifact, "an artifact").unwrap();
    // The browser that cosign opens: it writes the address down.
    let opener = home.path().join("xdg-open");
    std::fs::write(
        &opener,
        format!("#!/bin/sh\nprintf '%s\\n' \"$1\" > {}\n", shown.display()),
    )
    .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&opener, executable).unwrap();
    let output = std::fs::File::create(&printed).unwrap();
    let mut child = std::process::Command::new(binary)
        .args([
            "sign-blob",
            "--yes",
            "--fulcio-url",
            &served.base,
            "--oidc-issuer",
            &served.issuer(),
        ])
        .args(["--fulcio-auth-flow", flow, "--bundle", "bundle.json"])
        .args(more)
        .arg(&artifact)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", format!("{}:/usr/bin:/bin", home.path().display()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let mut url = None;
    let needs_browser = flow != "client_credentials";
    for _ in 0..if needs_browser { 600 } else { 0 } {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let source = if flow == "device" { &printed } else { &shown };
        let text = std::fs::read_to_string(source).unwrap_or_default();
        let found = text
            .split_whitespace()
            .find(|word| word.starts_with(&served.issuer()));
        url = found.map(str::to_owned);
        if url.is_some() || child.try_wait().unwrap().is_some() {
            break;
        }
    }
    let said = || std::fs::read_to_string(&printed).unwrap();
    let back = match url {
        Some(url) => served.log_in(&url).await,
        None if needs_browser => panic!("cosign showed no address: {}", said()),
        None => String::new(),
    };
    if !back.is_empty() {
        let client = Client::network(Settings::default()).unwrap();
        client
            .send(Request::get(&back))
            .await
            .unwrap()
            .expect_success()
            .unwrap();
    }
    for _ in 0..600 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Ended already, or of no more use.
    let _ended = child.kill();
    child.wait().unwrap();
    let token = served.tokens.lock().unwrap().first().cloned();
    let token = token.unwrap_or_else(|| panic!("cosign asked for no certificate: {}", said()));
    assert!(said().contains("taken down"), "{}", said());
    Some((served, token))
}

async fn assert_alice((served, token): (Served, Value), from: &str) {
    let verified = served.verified(&token).await;
    assert_eq!(verified["email"], "alice@example.com", "{from}");
    assert_eq!(verified, claims(&token));
}

const VERSIONS: [(&str, &[&str]); 2] = [
    (
        "cosign-sid/usr/bin/cosign",
        &["--use-signing-config=false", "--tlog-upload=false"],
    ),
    ("cosign-trixie/usr/bin/cosign", &["--tlog-upload=false"]),
];

#[tokio::test]
async fn cosign_logs_in_by_a_browser() {
    for (binary, more) in VERSIONS {
        if let Some(found) = cosign(binary, "normal", more).await {
            let claims = claims(&found.1);
            let present: HashMap<_, _> = ["nonce", "at_hash"]
                .map(|name| (name, !claims[name].is_null()))
                .into();
            assert!(present.values().all(|present| *present), "{present:?}");
            assert_alice(found, binary).await;
        }
    }
}

#[tokio::test]
async fn cosign_logs_in_as_a_device() {
    for (binary, more) in VERSIONS {
        if let Some(found) = cosign(binary, "device", more).await {
            assert_alice(found, binary).await;
        }
    }
}

#[tokio::test]
async fn cosign_signs_as_a_machine() {
    for (binary, more) in VERSIONS {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "robots: s3cret").unwrap();
        let path = secret.path().to_str().unwrap();
        let own = [
            "--oidc-client-id",
            "robot",
            "--oidc-client-secret-file",
            path,
        ];
        let more = [more, &own].concat();
        if let Some((served, token)) = cosign(binary, "client_credentials", &more).await {
            let claims = claims(&token);
            assert_eq!(
                (&claims["aud"], &claims["email"]),
                (&json!("robot"), &json!("robot@example.com"))
            );
            assert_eq!(claims["iss"], served.issuer());
        }
    }
}
