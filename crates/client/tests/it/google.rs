//! Tokens of Google: the metadata server, an account's key, a person's refresh token, and standing in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::extract::Request;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tempfile::TempDir;
use waxwing_client::ambient::{self, AmbientError, CredentialsError, Provider, Surroundings};
use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_net::{Client, Proxy, Retry, Routes, Settings};

use crate::ambient::{Noon, answer as answer_with, server, token_of};

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Rsa(2048)).unwrap());

/// A machine, and all of Google in this process.
struct Machine {
    variables: BTreeMap<&'static str, String>,
    product: PathBuf,
    home: TempDir,
    client: Client,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Machine {
    /// `tokens` is what the metadata server gives, if it gives any.
    fn new(variables: &[(&'static str, &str)], own: Option<&str>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let google = google(Arc::clone(&asked), own.map(str::to_owned));
        let mut routes = Routes::new();
        for host in [
            "http://169.254.169.254",
            "http://metadata.localhost:80",
            "https://oauth2.googleapis.com",
            "https://iamcredentials.googleapis.com",
        ] {
            routes = routes.with(host, google.clone()).unwrap();
        }
        // Whoever is asked through the proxy is asked in vain.
        let settings = Settings {
            proxy: Proxy {
                http: Some("http://127.0.0.1:9".to_owned()),
                ..Proxy::default()
            },
            ..Settings::default()
        };
        let client = Client::in_process_and_network(routes, settings).unwrap();
        let mut variables: BTreeMap<&'static str, String> = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        variables.insert("HOME", home.path().display().to_string());
        Self {
            variables,
            product: home.path().join("product_name"),
            home,
            client: client.with_retry(Retry::never()),
            asked,
        }
    }

    /// Lays a file of credentials where the variable names it.
    fn with_credentials(mut self, content: &Value) -> Self {
        let path = self.home.path().join("credentials.json");
        std::fs::write(&path, content.to_string()).unwrap();
        self.variables
            .insert("GOOGLE_APPLICATION_CREDENTIALS", path.display().to_string());
        self
    }

    async fn ask(&self, provider: Option<Provider>) -> Option<Result<String, AmbientError>> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let surroundings = Surroundings {
            variable: &variable,
            file: "/none".into(),
            product_name_file: self.product.clone(),
            client: &self.client,
            clock: &Noon,
        };
        let token = match provider {
            Some(provider) => Some(provider.token(&surroundings).await),
            None => ambient::token(&surroundings).await,
        };
        token.map(|token| token.map(|token| token.name().to_owned()))
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// What Google answers, and what it was asked: host, path, who asked, the body.
fn google(asked: Arc<Mutex<Vec<String>>>, own: Option<String>) -> Router {
    Router::new().fallback(move |request: Request| answer(request, Arc::clone(&asked), own.clone()))
}

async fn answer(
    request: Request,
    asked: Arc<Mutex<Vec<String>>>,
    own: Option<String>,
) -> (http::StatusCode, String) {
    let headers = request.headers().clone();
    let header = move |name: &str| {
        let value = headers.get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let (host, flavor, authorization) = (
        header("host"),
        header("metadata-flavor"),
        header("authorization"),
    );
    let target = request.uri().path_and_query().unwrap().to_string();
    let body = axum::body::to_bytes(request.into_body(), 1 << 16)
        .await
        .unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    asked.lock().unwrap().push(
        format!("{host}{target} {flavor}{authorization} {body}")
            .trim_end()
            .to_owned(),
    );
    let refused = (http::StatusCode::FORBIDDEN, "no".to_owned());
    let answer = if host.starts_with("iam") {
        json!({"token": token_of("stood-in")}).to_string()
    } else if host.starts_with("oauth2") && body.contains("assertion=") {
        json!({"access_token": "by key", "id_token": token_of("by-key")}).to_string()
    } else if host.starts_with("oauth2") {
        json!({"access_token": "by refresh"}).to_string()
    } else if target.contains("/identity?") {
        match own {
            Some(name) => token_of(&name),
            None => return refused,
        }
    } else {
        json!({"access_token": "by metadata"}).to_string()
    };
    (http::StatusCode::OK, answer)
}

const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full \
                        Google";

#[tokio::test]
async fn a_machine_of_googles_has_a_token_of_its_own() {
    let provider = Provider::GoogleWorkloadIdentity;
    let machine = Machine::new(&[("GCE_METADATA_HOST", "metadata.localhost")], Some("vm"));
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "vm");
    assert_eq!(machine.asked(), [format!("metadata.localhost{IDENTITY}")]);

    let machine = Machine::new(&[], Some("vm"));
    let absent = machine.ask(Some(provider)).await.unwrap().unwrap_err();
    assert!(
        absent.to_string().contains("no machine of Google's"),
        "{absent}"
    );
    assert!(machine.ask(None).await.is_none() && machine.asked().is_empty());
    std::fs::write(&machine.product, "Google Compute Engine\n").unwrap();
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "vm");
    assert_eq!(machine.asked(), [format!("169.254.169.254{IDENTITY}")]);

    // A machine without an account is as good as any other; who is named is told.
    let machine = Machine::new(&[("GCE_METADATA_HOST", "metadata.localhost")], None);
    assert!(machine.ask(None).await.is_none());
    let told = machine.ask(Some(provider)).await.unwrap().unwrap_err();
    assert!(told.to_string().contains("403"), "{told}");
}

#[tokio::test]
async fn the_metadata_server_is_not_asked_through_the_proxy() {
    let (address, asked) = server(answer_with("200 OK", &token_of("direct")));
    let host = address.strip_prefix("http://").unwrap();
    let machine = Machine::new(&[("GCE_METADATA_HOST", host)], None);
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "direct");
    let (head, _) = asked.join().unwrap();
    assert_eq!(
        head[0],
        "GET /computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full HTTP/1.1"
    );
}

/// The parts of the assertion in a form, and whether the account's key signed it.
fn assertion(asked: &str) -> (Value, Value) {
    let form = asked.rsplit(' ').next().unwrap();
    let pairs: BTreeMap<_, _> = url::form_urlencoded::parse(form.as_bytes()).collect();
    assert_eq!(
        pairs["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let parts: Vec<&str> = pairs["assertion"].split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts")
    };
    let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    let signed = format!("{header}.{claims}");
    let algorithm = SignatureAlgorithm::RsaPkcs1Sha256;
    let key = KEY.public_key();
    key.verify(algorithm, signed.as_bytes(), &decoded(signature))
        .unwrap();
    let read = |part: &str| serde_json::from_slice(&decoded(part)).unwrap();
    (read(header), read(claims))
}

fn account() -> Value {
    json!({
        "type": "service_account", "client_email": "robot@example.com", "private_key_id": "one",
        "private_key": *KEY.to_pem().unwrap(), "token_uri": "https://oauth2.googleapis.com/token",
    })
}

#[tokio::test]
async fn an_accounts_key_signs_for_a_token() {
    let machine = Machine::new(&[("GCE_METADATA_HOST", "metadata.localhost")], Some("vm"));
    let machine = machine.with_credentials(&account());
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "by-key");
    let [asked] = &machine.asked()[..] else {
        panic!("one question")
    };
    assert!(asked.starts_with("oauth2.googleapis.com/token "), "{asked}");
    let (header, claims) = assertion(asked);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "one"}));
    let expected = json!({
        "iss": "robot@example.com", "sub": "robot@example.com", "target_audience": "sigstore",
        "aud": "https://oauth2.googleapis.com/token", "iat": 1_764_000_000, "exp": 1_764_000_300,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn an_account_stands_in_for_another() {
    let name = [("GOOGLE_SERVICE_ACCOUNT_NAME", "other/../@example.com")];
    let question = "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/other%2F..%2F@example.com:generateIdToken";
    let body = r#"{"audience":"sigstore","includeEmail":true}"#;
    let machine = Machine::new(&name, None);
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "stood-in");
    let token = "169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token Google";
    let asked = machine.asked();
    assert_eq!(
        asked,
        [token, &format!("{question} Bearer by metadata {body}")]
    );

    let machine = Machine::new(&name, None).with_credentials(&account());
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "stood-in");
    let asked = machine.asked();
    let (_, claims) = assertion(&asked[0]);
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
    assert_eq!(asked[1], format!("{question} Bearer by key {body}"));

    // Where gcloud leaves it.
    let machine = Machine::new(&name, None);
    let folder = machine.home.path().join(".config/gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    let person = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"});
    let file = folder.join("application_default_credentials.json");
    std::fs::write(&file, person.to_string()).unwrap();
    assert_eq!(machine.ask(None).await.unwrap().unwrap(), "stood-in");
    let refresh = "oauth2.googleapis.com/token  grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r";
    let asked = machine.asked();
    assert_eq!(
        asked,
        [refresh, &format!("{question} Bearer by refresh {body}")]
    );
}

#[tokio::test]
async fn credentials_that_cannot_be_used_are_refused_by_name() {
    let refused = async |content: Value| {
        let machine = Machine::new(&[("GOOGLE_SERVICE_ACCOUNT_NAME", "a@example.com")], None);
        let machine = machine.with_credentials(&content);
        let refused = machine
            .ask(Some(Provider::GoogleImpersonate))
            .await
            .unwrap();
        let refused = refused.unwrap_err();
        assert!(machine.asked().is_empty());
        let shown = format!("{refused} {refused:?}");
        let pem = KEY.to_pem().unwrap();
        let secret = pem.lines().nth(1).unwrap();
        assert!(!shown.contains(secret), "{shown}");
        refused
    };
    assert!(matches!(
        refused(json!({"type": "external_account"})).await,
        AmbientError::Credentials(CredentialsError::Kind { found, .. }) if found == "external_account"
    ));
    for name in ["client_email", "private_key"] {
        let mut account = account();
        account[name] = Value::Null;
        let told = refused(account).await.to_string();
        assert!(told.contains(&format!("it has no {name}")), "{told}");
    }
    for (name, value, words) in [
        ("private_key", json!("no key"), "credentials.json: "),
        (
            "token_uri",
            json!("http://example.com/"),
            "token_uri is no URL that a secret can be sent to",
        ),
    ] {
        let mut account = account();
        account[name] = value;
        let told = refused(account).await.to_string();
        assert!(told.contains(words), "{told}");
    }
    let elliptic = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut other = account();
    other["private_key"] = json!(*elliptic.to_pem().unwrap());
    let told = refused(other).await.to_string();
    assert!(told.contains("no RSA key"), "{told}");
    let told = refused(json!(["no object"])).await.to_string();
    assert!(told.contains("not JSON of the kind expected"), "{told}");
}
