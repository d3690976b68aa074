//! HTTP/2 beside HTTP/1.1 on one port, spoken by hyper's client.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Frame;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use waxwing_serve::{Limits, Listener};

use crate::tls::{Served, first, serve_tls, shake_for};

type Sender = SendRequest<Empty<Bytes>>;
type Connection = JoinHandle<hyper::Result<()>>;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn short() -> Limits {
    Limits {
        connections: 1,
        header_read: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        grace: Duration::from_secs(5),
    }
}

/// `/` names version and peer, `/slow` takes 500 ms, `/late` answers at once and ends after 700 ms.
fn router() -> Router {
    let who = async |ConnectInfo(peer): ConnectInfo<SocketAddr>, version: Version| {
        format!("{version:?} {peer}")
    };
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(500)).await;
        "slow"
    };
    let late = async || {
        Body::new(http_body_util::StreamBody::new(futures_util::stream::once(
            async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"late")))
            },
        )))
    };
    Router::new()
        .route("/", get(who))
        .route("/slow", get(slow))
        .route("/late", get(late))
}

async fn serve(limits: Limits) -> Served {
    let listener = Listener::bind_loopback(0).await.unwrap();
    let listener = listener.with_limits(limits);
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn(listener.serve(router(), async { drop(stopped.await) }));
    Served {
        address,
        stop,
        done,
    }
}

async fn client<S>(stream: S) -> (Sender, Connection)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

async fn connect(address: SocketAddr) -> (Sender, Connection) {
    client(TcpStream::connect(address).await.unwrap()).await
}

async fn ask(sender: &mut Sender, path: &str) -> (Version, String) {
    let request = Request::builder().uri(format!("http://x{path}"));
    let request = request.body(Empty::new()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let version = response.version();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (version, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn http2_with_prior_knowledge_shares_the_port_with_http1() {
    let served = serve(Limits::default()).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let own = stream.local_addr().unwrap();
    let (mut sender, _connection) = client(stream).await;
    let expected = (Version::HTTP_2, format!("HTTP/2.0 {own}"));
    assert_eq!(ask(&mut sender, "/").await, expected);

    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let own = stream.local_addr().unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.ends_with(&format!("\r\n\r\nHTTP/1.1 {own}")),
        "{answer}"
    );
    let length = format!("content-length: {}\r\n", format!("HTTP/1.1 {own}").len());
    assert!(answer.contains(&length), "{answer}");
}

#[tokio::test]
async fn http2_is_chosen_by_alpn() {
    let served = serve_tls(router(), first(), Limits::default()).await;
    let stream = shake_for(served.address, "h2").await;
    let (mut sender, _connection) = client(stream).await;
    let (version, body) = ask(&mut sender, "/").await;
    assert_eq!(version, Version::HTTP_2);
    assert!(body.starts_with("HTTP/2.0 127.0.0.1:"), "{body}");
}

#[tokio::test]
async fn requests_of_one_connection_run_at_once() {
    let served = serve(Limits::default()).await;
    let (sender, _connection) = connect(served.address).await;
    let started = Instant::now();
    let asking = (0..8).map(|_| {
        let mut sender = sender.clone();
        async move { ask(&mut sender, "/slow").await }
    });
    for (_, body) in futures_util::future::join_all(asking).await {
        assert_eq!(body, "slow");
    }
    assert!(started.elapsed() < Duration::from_millis(8 * 500));
}

#[tokio::test]
async fn a_shutdown_loses_no_stream() {
    for path in ["/slow", "/late"] {
        let served = serve(Limits::default()).await;
        let (sender, connection) = connect(served.address).await;
        let asking = [sender.clone(), sender.clone()]
            .map(|mut sender| tokio::spawn(async move { ask(&mut sender, path).await.1 }));
        tokio::time::sleep(Duration::from_millis(100)).await;
        served.stop.send(()).unwrap();
        for answer in asking {
            assert_eq!(answer.await.unwrap(), path[1..]);
        }
        served.done.await.unwrap();
        // GOAWAY was said: the client ends without an error.
        connection.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_peace_and_a_busy_one_is_not() {
    let served = serve(short()).await;
    let (mut sender, connection) = connect(served.address).await;
    // Both take more than twice as long as a connection may be idle.
    assert_eq!(ask(&mut sender, "/slow").await.1, "slow");
    assert_eq!(ask(&mut sender, "/late").await.1, "late");
    let closed = tokio::time::timeout(Duration::from_secs(5), connection).await;
    closed.unwrap().unwrap().unwrap();
    // The one place is free again.
    let (mut sender, _connection) = connect(served.address).await;
    assert_eq!(ask(&mut sender, "/slow").await.1, "slow");
}

#[tokio::test]
async fn who_does_not_get_to_a_request_is_closed_whatever_was_sent() {
    let served = serve(short()).await;
    let mut settings = PREFACE.to_vec();
    settings.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    // HEADERS of stream 1 without END_HEADERS, and no CONTINUATION.
    let mut half = settings.clone();
    half.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
    for sent in [&b"P"[..], &PREFACE[..23], PREFACE, &settings, &half] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let reading = async {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let read = tokio::time::timeout(Duration::from_secs(5), reading).await;
        assert!(read.is_ok(), "{}", String::from_utf8_lossy(sent));
    }
    let (mut sender, _connection) = connect(served.address).await;
    assert_eq!(ask(&mut sender, "/slow").await.1, "slow");
}

#[tokio::test]
async fn the_limits_of_a_connection_are_announced() {
    let served = serve(Limits::default()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    // A SETTINGS frame (RFC 9113 section 6.5) comes first.
    assert_eq!((head[0], head[1], head[3]), (0, 0, 4));
    let mut settings = vec![0; head[2].into()];
    stream.read_exact(&mut settings).await.unwrap();
    let settings: Vec<(u8, u32)> = settings
        .chunks(6)
        .map(|one| (one[1], u32::from_be_bytes(one[2..].try_into().unwrap())))
        .collect();
    // SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_MAX_HEADER_LIST_SIZE.
    assert!(settings.contains(&(3, 128)), "{settings:?}");
    assert!(settings.contains(&(6, 16384)), "{settings:?}");
}
