//! Servers behind TLS: only those under a trusted root, by their own name, are talked to.
//!
//! The certificates in `tests/data` were made for this test with Python's `cryptography`: a root,
//! and one for the address 127.0.0.1 alone, both good from 2026 to 2126.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use waxwing_encoding::pem;
use waxwing_net::{Client, Error, Retry, Settings};

const ROOT: &str = include_str!("../data/root.pem");
const SERVER: &str = include_str!("../data/server_127.0.0.1.pem");
const SERVER_KEY: &str = include_str!("../data/server_127.0.0.1.key.pem");

/// Answers each connection with one word, if the other side likes the certificate.
async fn serve() -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

fn client(additional_roots: Vec<Vec<u8>>) -> Client {
    let settings = Settings {
        additional_roots,
        retry: Retry::never(),
        ..Settings::default()
    };
    Client::network(settings).unwrap()
}

fn root() -> Vec<u8> {
    pem::decode(ROOT).unwrap().der
}

#[tokio::test]
async fn an_additional_root_is_trusted() {
    let url = format!("https://{}", serve().await);
    let answer = client(vec![root()]).get(url).await.unwrap();
    assert_eq!(answer.text(), "secret");
}

#[tokio::test]
async fn a_root_that_nobody_named_is_not_trusted() {
    let url = format!("https://{}", serve().await);
    let error = client(Vec::new()).get(url).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn without_the_systems_roots_those_that_are_named_are_trusted() {
    let url = format!("https://{}", serve().await);
    let with = |additional_roots: Vec<Vec<u8>>| {
        let settings = Settings {
            additional_roots,
            system_roots: false,
            retry: Retry::never(),
            ..Settings::default()
        };
        Client::network(settings)
    };
    let answer = with(vec![root()]).unwrap().get(&url).await.unwrap();
    assert_eq!(answer.text(), "secret");
    let error = with(Vec::new()).unwrap().get(&url).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let address = serve().await;
    let url = format!("https://localhost:{}", address.port());
    let error = client(vec![root()]).get(url).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(text.contains("not valid for name"), "{text}");
}

#[test]
fn a_root_that_is_no_certificate_is_refused() {
    let settings = Settings {
        additional_roots: vec![vec![1, 2, 3]],
        ..Settings::default()
    };
    let error = Client::network(settings).unwrap_err();
    assert!(matches!(error, Error::Setting { .. }), "{error:?}");
}

#[tokio::test]
async fn a_proxy_is_asked_for_hosts_that_are_not_excepted() {
    let address = serve().await;
    let settings = Settings {
        additional_roots: vec![root()],
        retry: Retry::never(),
        proxy: waxwing_net::Proxy {
            https: Some("http://name:word@127.0.0.1:1".to_owned()),
            exceptions: "127.0.0.1".to_owned(),
            ..Default::default()
        },
        ..Settings::default()
    };
    assert!(!format!("{settings:?}").contains("word"));
    let client = Client::network(settings).unwrap();
    let direct = client.get(format!("https://{address}")).await.unwrap();
    assert_eq!(direct.text(), "secret");
    let error = client.get("https://waxwing.example").await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(!error.to_string().contains("word"), "{error}");
}

#[tokio::test]
async fn a_client_with_more_roots_leaves_the_other_as_it_was() {
    let url = format!("https://{}", serve().await);
    let plain = client(Vec::new());
    let trusting = plain.with_additional_roots(&[root()]).unwrap();
    assert_eq!(trusting.get(&url).await.unwrap().text(), "secret");
    let error = plain.get(&url).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    let error = plain.with_additional_roots(&[vec![1, 2, 3]]).unwrap_err();
    assert!(matches!(error, Error::Setting { .. }), "{error:?}");
}

#[tokio::test]
async fn a_client_that_is_made_when_it_is_needed_does_the_same() {
    let url = format!("https://{}", serve().await);
    let settings = |additional_roots| Settings {
        additional_roots,
        retry: Retry::never(),
        ..Settings::default()
    };
    let client = Client::network_when_needed(settings(vec![root()]));
    assert_eq!(client.get(&url).await.unwrap().text(), "secret");
    assert_eq!(client.get(&url).await.unwrap().text(), "secret");
    // What cannot be used is told then.
    let client = Client::network_when_needed(settings(vec![vec![1, 2, 3]]));
    let error = client.get(&url).await.unwrap_err();
    assert!(matches!(error, Error::Setting { .. }), "{error:?}");
}
