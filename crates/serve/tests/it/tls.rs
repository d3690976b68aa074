//! HTTPS over real sockets, asked by `rustls`' own client that trusts one root.
//!
//! The certificates in `tests/data` were made for these tests with Python's `cryptography`: a root, an
//! intermediate, and for `localhost` and 127.0.0.1 two leaves good from 2026 to 2126 and one of 2019.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};
use waxwing_encoding::time::UnixTime;
use waxwing_serve::{LONGEST_TLS_FILE, Limits, Listener, Tls, TlsError, TlsFiles, TlsWarning};

const ROOT: &str = include_str!("../data/root.pem");
const REQUEST: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

fn now() -> UnixTime {
    UnixTime::parse("2026-11-22T15:40:09Z").unwrap()
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Chain and key of a leaf: `first`, `second` or `expired`.
fn files(name: &str) -> TlsFiles {
    TlsFiles {
        chain: data(&format!("{name}.pem")),
        key: data(&format!("{name}.key.pem")),
    }
}

/// The same in a directory in which they can be exchanged.
fn movable(name: &str) -> (TempDir, TlsFiles) {
    let directory = tempfile::tempdir().unwrap();
    let into = TlsFiles {
        chain: directory.path().join("chain.pem"),
        key: directory.path().join("key.pem"),
    };
    place(&files(name), &into);
    (directory, into)
}

fn place(from: &TlsFiles, into: &TlsFiles) {
    fs::copy(&from.chain, &into.chain).unwrap();
    fs::copy(&from.key, &into.key).unwrap();
}

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) done: JoinHandle<()>,
}

pub(crate) async fn serve_tls(router: Router, tls: Tls, limits: Limits) -> Served {
    let listener = Listener::bind_loopback(0).await.unwrap();
    let listener = listener.with_limits(limits).with_tls(tls);
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn(listener.serve(router, async { drop(stopped.await) }));
    Served {
        address,
        stop,
        done,
    }
}

pub(crate) fn first() -> Tls {
    let (tls, warnings) = Tls::read(files("first"), now()).unwrap();
    assert_eq!(warnings, []);
    tls
}

async fn greeter(tls: Tls, limits: Limits) -> Served {
    serve_tls(Router::new().route("/", get(async || "hello")), tls, limits).await
}

fn config(versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(ROOT.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(versions).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A handshake that trusts the root of the tests alone.
pub(crate) async fn shake(
    address: SocketAddr,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(config(versions, alpn));
    let name = ServerName::try_from("127.0.0.1").unwrap();
    connector.connect(name, stream).await
}

pub(crate) async fn shake_for(address: SocketAddr, alpn: &str) -> TlsStream<TcpStream> {
    shake(address, BOTH, &[alpn]).await.unwrap()
}

/// The common name of the certificate that the server showed, by its bytes.
fn shown(stream: &TlsStream<TcpStream>) -> &'static str {
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    let leaf = |name: &str| {
        let text = fs::read(data(&format!("{name}.pem"))).unwrap();
        CertificateDer::from_pem_slice(&text).unwrap()
    };
    assert_eq!(chain.len(), 2, "the intermediate is sent too");
    let names = ["first", "second", "expired"];
    names
        .into_iter()
        .find(|name| leaf(name) == chain[0])
        .unwrap()
}

async fn asked(mut stream: TlsStream<TcpStream>) -> String {
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn https_is_served_over_tls_1_2_and_1_3() {
    let served = greeter(first(), Limits::default()).await;
    for (versions, expected) in [
        (&[&TLS12], ProtocolVersion::TLSv1_2),
        (&[&TLS13], ProtocolVersion::TLSv1_3),
    ] {
        let stream = shake(served.address, versions, &[]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(shown(&stream), "first");
        let answer = asked(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("hello"), "{answer}");
    }
}

#[tokio::test]
async fn the_first_protocol_that_both_know_is_chosen() {
    let served = greeter(first(), Limits::default()).await;
    for (offered, expected) in [
        (&["http/1.1", "h2"][..], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["spdy/3", "http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = shake(served.address, BOTH, offered).await.unwrap();
        let chosen = stream.get_ref().1.alpn_protocol();
        assert_eq!(chosen, expected.map(str::as_bytes), "{offered:?}");
    }
    // RFC 7301 section 3.2: nothing in common ends the handshake.
    let error = shake(served.address, BOTH, &["spdy/3"]).await.unwrap_err();
    assert!(
        error.to_string().contains("NoApplicationProtocol"),
        "{error}"
    );
}

#[tokio::test]
async fn plain_http_is_told_that_the_port_speaks_https() {
    let served = greeter(first(), Limits::default()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!(body, "This port speaks HTTPS, not HTTP");
    let length = format!("content-length: {}\r\n", body.len());
    assert!(head.contains(&length), "{head}");
}

#[tokio::test]
async fn what_is_neither_gets_an_alert_and_no_answer() {
    let served = greeter(first(), Limits::default()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"\x00\x01\x02\x03\x04\x05").await.unwrap();
    let mut answer = Vec::new();
    // The connection may be reset, since not all was read.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let limits = Limits {
        connections: 1,
        header_read: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        grace: Duration::from_secs(5),
    };
    let served = greeter(first(), limits).await;
    for beginning in [&b""[..], b"\x16\x03\x01", b"G"] {
        let mut silent = TcpStream::connect(served.address).await.unwrap();
        silent.write_all(beginning).await.unwrap();
        let reading = async {
            let _ = silent.read_to_end(&mut Vec::new()).await;
        };
        let read = tokio::time::timeout(Duration::from_secs(5), reading).await;
        assert!(read.is_ok(), "{beginning:?}");
    }
    // The one place is free again.
    let stream = shake(served.address, BOTH, &[]).await.unwrap();
    assert!(asked(stream).await.ends_with("hello"));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_handshakes() {
    let served = greeter(first(), Limits::default()).await;
    let _silent = TcpStream::connect(served.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    served.stop.send(()).unwrap();
    served.done.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn new_files_are_taken_if_they_are_good_and_the_old_kept_if_not() {
    let (_directory, paths) = movable("first");
    let (tls, _) = Tls::read(paths.clone(), now()).unwrap();
    let served = greeter(tls.clone(), Limits::default()).await;
    let seen = async || shown(&shake(served.address, BOTH, &[]).await.unwrap());
    let standing = shake(served.address, BOTH, &[]).await.unwrap();
    assert_eq!(shown(&standing), "first");

    fs::copy(data("second.pem"), &paths.chain).unwrap();
    let error = tls.reload(now()).unwrap_err();
    assert!(matches!(error, TlsError::KeyOfAnother { .. }), "{error}");
    assert_eq!(seen().await, "first");

    // With its own key, an RSA one in PKCS#1, the same chain is taken.
    fs::copy(data("second.key.pem"), &paths.key).unwrap();
    assert_eq!(tls.reload(now()).unwrap(), []);
    assert_eq!(seen().await, "second");
    assert!(asked(standing).await.ends_with("hello"));

    fs::remove_file(&paths.chain).unwrap();
    let error = tls.reload(now()).unwrap_err();
    assert!(matches!(error, TlsError::Unreadable { .. }), "{error}");
    assert_eq!(seen().await, "second");
}

#[tokio::test]
async fn an_expired_certificate_is_a_warning_and_is_served() {
    let not_after = UnixTime::parse("2020-01-01T00:00:00Z").unwrap();
    let (tls, warnings) = Tls::read(files("expired"), now()).unwrap();
    assert_eq!(
        warnings,
        [TlsWarning::Expired {
            place: 1,
            not_after
        }]
    );
    assert_eq!(
        warnings[0].to_string(),
        "certificate 1 of the chain expired on 2020-01-01T00:00:00Z; renew it and reload"
    );
    let served = greeter(tls.clone(), Limits::default()).await;
    let error = shake(served.address, BOTH, &[]).await.unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
    // Before its last second is over it is as good as the intermediate above it, which is of 2026.
    let not_before = UnixTime::parse("2026-01-01T00:00:00Z").unwrap();
    let early = TlsWarning::NotYetValid {
        place: 2,
        not_before,
    };
    assert_eq!(tls.reload(not_after).unwrap(), std::slice::from_ref(&early));
    let after = not_after.plus_seconds(1);
    let expired = TlsWarning::Expired {
        place: 1,
        not_after,
    };
    assert_eq!(tls.reload(after).unwrap(), [expired, early]);
}

#[test]
fn each_fault_of_the_files_has_its_own_error() {
    type Is = fn(&TlsError) -> bool;
    let chain = fs::read_to_string(data("first.pem")).unwrap();
    let key = fs::read_to_string(data("first.key.pem")).unwrap();
    let encrypted = fs::read_to_string(data("encrypted.key.pem")).unwrap();
    let long = format!("{chain}{}", " ".repeat(LONGEST_TLS_FILE as usize));
    let not_a_key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let not_a_certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    type Content<'a> = Option<&'a [u8]>;
    let cases: [(&str, Content<'_>, Content<'_>, Is); 13] = [
        (
            "no chain",
            None,
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::Unreadable { path, .. } if path.ends_with("chain.pem")),
        ),
        (
            "no key",
            Some(chain.as_bytes()),
            None,
            |error| matches!(error, TlsError::Unreadable { path, .. } if path.ends_with("key.pem")),
        ),
        ("empty chain", Some(b""), Some(key.as_bytes()), |error| {
            matches!(error, TlsError::NoCertificate { .. })
        }),
        (
            "key as chain",
            Some(key.as_bytes()),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::NoCertificate { .. }),
        ),
        (
            "chain as key",
            Some(chain.as_bytes()),
            Some(chain.as_bytes()),
            |error| matches!(error, TlsError::NoKey { .. }),
        ),
        (
            "binary",
            Some(b"\x30\x82\xff\xfe"),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::NotText { .. }),
        ),
        (
            "long",
            Some(long.as_bytes()),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::TooLong { .. }),
        ),
        (
            "open",
            Some(&chain.as_bytes()[..300]),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::Pem { .. }),
        ),
        (
            "many",
            Some(&chain.repeat(9).into_bytes()[..]),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::Pem { .. }),
        ),
        (
            "encrypted",
            Some(chain.as_bytes()),
            Some(encrypted.as_bytes()),
            |error| matches!(error, TlsError::EncryptedKey { .. }),
        ),
        (
            "two keys",
            Some(chain.as_bytes()),
            Some(&key.repeat(2).into_bytes()[..]),
            |error| matches!(error, TlsError::SeveralKeys { found: 2, .. }),
        ),
        (
            "broken key",
            Some(chain.as_bytes()),
            Some(not_a_key.as_bytes()),
            |error| matches!(error, TlsError::Key { .. }),
        ),
        (
            "broken leaf",
            Some(not_a_certificate.as_bytes()),
            Some(key.as_bytes()),
            |error| matches!(error, TlsError::Certificate { .. }),
        ),
    ];
    for (name, chain, key, expected) in cases {
        let (_directory, paths) = movable("first");
        // The same files without the fault are good.
        Tls::read(paths.clone(), now()).unwrap();
        for (path, content) in [(&paths.chain, chain), (&paths.key, key)] {
            match content {
                Some(content) => fs::write(path, content).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        }
        let error = Tls::read(paths, now()).unwrap_err();
        assert!(expected(&error), "{name}: {error}");
    }
}

#[test]
fn chain_and_key_may_share_a_file_and_the_key_is_not_shown() {
    let (_directory, mut paths) = movable("expired");
    let key = fs::read_to_string(&paths.key).unwrap();
    let chain = fs::read_to_string(&paths.chain).unwrap();
    // As `openssl ecparam -genkey` writes it: the curve's name first.
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    fs::write(&paths.chain, format!("{parameters}{key}{chain}")).unwrap();
    paths.key = paths.chain.clone();
    let (tls, _) = Tls::read(paths, now()).unwrap();
    let shown = format!("{tls:?}");
    assert!(shown.starts_with("Tls { files: TlsFiles {"), "{shown}");
    assert!(shown.ends_with(", .. }"), "{shown}");
}
