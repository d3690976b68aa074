//! The cluster that Fulcio runs in: its authority and the token of the pod are for that host alone.
//!
//! A proxy on the loopback stands for the cluster's network: who asks it for a host gets to a server
//! with the cluster's certificate.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use waxwing_crypto::KeyType;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::{ClusterError, ClusterFiles, FetchError, TokenRefused, TokenVerifier};
use waxwing_net::{Client, Error, Proxy, Retry, Settings};

use crate::issuer::TokenKey;
use crate::world::{NOW, claims};

const CLUSTER: &str = "https://kubernetes.default.svc";

/// For `kubernetes.default.svc` and 127.0.0.1, by an authority of its own.
const CA: &str = include_str!("../data/cluster_ca.pem");
const SERVER: [&str; 2] = [
    include_str!("../data/cluster_server.pem"),
    include_str!("../data/cluster_server.key.pem"),
];

/// For the address 127.0.0.1, under a root that the client trusts beside the system's.
const OTHER_ROOT: &[u8] = include_bytes!("../../../net/tests/data/root.pem");
const OTHER_SERVER: [&str; 2] = [
    include_str!("../../../net/tests/data/server_127.0.0.1.pem"),
    include_str!("../../../net/tests/data/server_127.0.0.1.key.pem"),
];

/// The heads of the requests that a server has seen.
type Seen = Arc<Mutex<Vec<String>>>;

fn acceptor([chain, key]: [&str; 2]) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()))
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            break;
        };
        head.push(byte);
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, documents: &Value, seen: &Seen) {
    let head = head(&mut stream).await;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let document = &documents[path];
    seen.lock().unwrap().push(head.clone());
    let (status, body) = match document {
        Value::String(location) => {
            let head = format!("302 Found\r\nlocation: {location}");
            (head, String::new())
        }
        document => ("200 OK".to_owned(), document.to_string()),
    };
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A server; its address.
async fn serve(server: [&'static str; 2], documents: Value, through_proxy: bool) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Seen::default();
    let theirs = seen.clone();
    let acceptor = acceptor(server);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if through_proxy {
                let asked = head(&mut stream).await;
                assert!(
                    asked.starts_with("connect kubernetes.default.svc:443 "),
                    "{asked}"
                );
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            }
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, &documents, &theirs).await;
            }
        }
    });
    (address, seen)
}

fn discovery(keys: &str) -> Value {
    json!({"issuer": CLUSTER, "jwks_uri": keys, "id_token_signing_alg_values_supported": ["ES256"]})
}

/// A verifier in a pod, whose way to the cluster is the server at `network`.
fn verifier(network: &str, folder: &Path) -> Result<TokenVerifier, ClusterError> {
    let configured =
        json!({"OIDCIssuers": {CLUSTER: {"ClientID": "sigstore", "Type": "kubernetes"}}});
    let configuration = Configuration::read(configured.to_string().as_bytes()).unwrap();
    let root = waxwing_encoding::pem::decode_all(std::str::from_utf8(OTHER_ROOT).unwrap(), 1);
    let settings = Settings {
        retry: Retry::never(),
        additional_roots: vec![root.unwrap().remove(0).der],
        proxy: Proxy {
            https: Some(format!("http://{network}")),
            exceptions: "127.0.0.1".to_owned(),
            ..Proxy::default()
        },
        ..Settings::default()
    };
    let client = Client::network(settings).unwrap();
    let files = ClusterFiles {
        ca: folder.join("ca.crt"),
        token: folder.join("token"),
    };
    TokenVerifier::new(client, configuration)
        .unwrap()
        .with_cluster(&files)
}

fn token(key: &TokenKey) -> String {
    let mut claims = claims();
    claims["iss"] = json!(CLUSTER);
    claims["kubernetes.io"] = json!({"namespace": "prod", "serviceaccount": {"name": "signer"}});
    key.token(&claims)
}

fn pod() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.crt"), CA).unwrap();
    std::fs::write(folder.path().join("token"), "p0d-t0ken\n").unwrap();
    folder
}

fn heads(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

const AUTHORIZED: &str = "\r\nauthorization: bearer p0d-t0ken\r\n";

#[tokio::test]
async fn the_cluster_is_asked_under_its_authority_with_the_pods_token() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let documents = json!({
        "/.well-known/openid-configuration": discovery(&format!("{CLUSTER}/openid/v1/jwks")),
        "/openid/v1/jwks": {"keys": [key.jwk()]},
    });
    let (network, seen) = serve(SERVER, documents, true).await;
    let pod = pod();
    let now = UnixTime::from_seconds(NOW).unwrap();
    let verified = verifier(&network, pod.path())
        .unwrap()
        .verify(&token(&key), now)
        .await;
    let name = format!("{:?}", verified.unwrap().identity().name);
    assert!(
        name.contains("namespaces/prod/serviceaccounts/signer"),
        "{name}"
    );
    let asked = heads(&seen);
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|head| head.contains(AUTHORIZED)),
        "{asked:?}"
    );
    // The token of the day; and without one, none.
    std::fs::write(pod.path().join("token"), "an0ther").unwrap();
    verifier(&network, pod.path())
        .unwrap()
        .verify(&token(&key), now)
        .await
        .unwrap();
    assert!(
        heads(&seen)
            .iter()
            .all(|head| head.contains("authorization: bearer an0ther\r\n"))
    );
    for text in ["", "two words", "line\nline"] {
        std::fs::write(pod.path().join("token"), text).unwrap();
        verifier(&network, pod.path())
            .unwrap()
            .verify(&token(&key), now)
            .await
            .unwrap();
        assert!(
            heads(&seen)
                .iter()
                .all(|head| !head.contains("authorization:"))
        );
    }
}

#[tokio::test]
async fn neither_the_token_nor_the_authority_is_for_another_host() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let now = UnixTime::from_seconds(NOW).unwrap();
    let keys = json!({"/keys": {"keys": [key.jwk()]}});
    let pod = pod();
    // A host that everybody trusts: it is asked, without the token.
    let (other, at_other) = serve(OTHER_SERVER, keys.clone(), false).await;
    let documents =
        json!({"/.well-known/openid-configuration": discovery(&format!("https://{other}/keys"))});
    let (network, at_cluster) = serve(SERVER, documents, true).await;
    verifier(&network, pod.path())
        .unwrap()
        .verify(&token(&key), now)
        .await
        .unwrap();
    assert!(
        heads(&at_cluster)
            .iter()
            .all(|head| head.contains(AUTHORIZED))
    );
    let asked = heads(&at_other);
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].contains("authorization"), "{asked:?}");
    // A host under the cluster's authority: it is not trusted.
    let (other, at_other) = serve(SERVER, keys, false).await;
    let documents =
        json!({"/.well-known/openid-configuration": discovery(&format!("https://{other}/keys"))});
    let (network, _) = serve(SERVER, documents, true).await;
    let refused = verifier(&network, pod.path())
        .unwrap()
        .verify(&token(&key), now)
        .await;
    match refused.unwrap_err() {
        TokenRefused::Discovery(error) => {
            let connect = matches!(&*error, FetchError::Answer(Error::Connect { .. }));
            assert!(connect, "{error}");
        }
        refused => panic!("{refused}"),
    }
    assert!(heads(&at_other).is_empty());
}

#[tokio::test]
async fn a_redirect_does_not_take_the_token_along() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let now = UnixTime::from_seconds(NOW).unwrap();
    let pod = pod();
    let (other, at_other) = serve(OTHER_SERVER, json!({}), false).await;
    let documents = json!({"/.well-known/openid-configuration": format!("https://{other}/stolen")});
    let (network, at_cluster) = serve(SERVER, documents, true).await;
    let refused = verifier(&network, pod.path())
        .unwrap()
        .verify(&token(&key), now)
        .await;
    assert!(matches!(refused.unwrap_err(), TokenRefused::Discovery(_)));
    assert_eq!(heads(&at_cluster).len(), 1);
    assert!(heads(&at_other).is_empty());
}

#[test]
fn a_cluster_without_its_authority_is_refused_at_the_start() {
    let pod = pod();
    std::fs::remove_file(pod.path().join("ca.crt")).unwrap();
    let refused = verifier("127.0.0.1:1", pod.path()).unwrap_err();
    assert!(matches!(refused, ClusterError::Read { .. }), "{refused}");
    std::fs::write(pod.path().join("ca.crt"), "no certificate").unwrap();
    let refused = verifier("127.0.0.1:1", pod.path()).unwrap_err();
    assert!(matches!(refused, ClusterError::Pem { .. }), "{refused}");
    std::fs::write(pod.path().join("ca.crt"), CA).unwrap();
    verifier("127.0.0.1:1", pod.path()).unwrap();
    // Who has no such issuer needs no such file.
    let client = Client::network(Settings::default()).unwrap();
    let none = TokenVerifier::new(client, Configuration::built_in()).unwrap();
    let files = ClusterFiles {
        ca: pod.path().join("nowhere"),
        token: pod.path().join("nowhere"),
    };
    assert!(none.with_cluster(&files).is_ok());
}
