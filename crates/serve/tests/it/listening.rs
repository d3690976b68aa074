//! The listener over real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use waxwing_serve::{Limits, Listener};

const QUICK: &str = "GET /quick HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const SLOW: &str = "GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn limits() -> Limits {
    Limits {
        connections: 1,
        header_read: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        grace: Duration::from_secs(5),
    }
}

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

/// `/quick` answers at once, `/slow` after a quarter of a second, `/never` never.
async fn serve(limits: Limits) -> Served {
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        "slow"
    };
    let never = async || std::future::pending::<()>().await;
    let router = Router::new()
        .route("/quick", get(async || "quick"))
        .route("/slow", get(slow))
        .route("/never", get(never));
    let listener = Listener::bind_loopback(0).await.unwrap();
    let listener = listener.with_limits(limits);
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn(listener.serve(router, async { drop(stopped.await) }));
    Served {
        address,
        stop,
        done,
    }
}

async fn connect(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the other side closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    let read = tokio::time::timeout(Duration::from_secs(10), reading).await;
    read.expect("the connection is closed in time").unwrap();
    text
}

#[tokio::test]
async fn a_request_is_answered() {
    let served = serve(limits()).await;
    assert!(served.address.ip().is_loopback());
    let answer = rest(connect(served.address, QUICK).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nquick"), "{answer}");
}

#[tokio::test]
async fn a_head_that_does_not_come_closes_the_connection_and_frees_its_place() {
    let served = serve(limits()).await;
    let half = connect(served.address, "GET /quick HTTP/1.1\r\nhost:").await;
    let silent = connect(served.address, "").await;
    let idle = connect(served.address, "GET /quick HTTP/1.1\r\nhost: x\r\n\r\n").await;
    // One place only: each of them is served when the one before has been closed.
    assert_eq!(rest(half).await, "");
    assert_eq!(rest(silent).await, "");
    assert!(rest(idle).await.ends_with("quick"));
    assert!(
        rest(connect(served.address, QUICK).await)
            .await
            .ends_with("quick")
    );
}

#[tokio::test]
async fn no_more_connections_are_served_than_the_limit() {
    let served = serve(limits()).await;
    let first = connect(served.address, SLOW).await;
    // The first one is surely accepted first.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = tokio::spawn(rest(connect(served.address, QUICK).await));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!second.is_finished());
    assert!(rest(first).await.ends_with("slow"));
    assert!(second.await.unwrap().ends_with("quick"));
}

#[tokio::test]
async fn a_shutdown_lets_running_requests_end_and_accepts_no_more() {
    let served = serve(Limits::default()).await;
    let running = connect(served.address, SLOW).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    served.stop.send(()).unwrap();
    assert!(rest(running).await.ends_with("slow"));
    served.done.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let served = serve(Limits {
        grace: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let stuck = connect(served.address, "GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    served.stop.send(()).unwrap();
    served.done.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(rest(stuck).await, "");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Listener::bind_loopback(0).await.unwrap();
    let error = Listener::bind(first.address()).await.unwrap_err();
    let start = format!("cannot listen on {}: ", first.address());
    assert!(error.to_string().starts_with(&start), "{error}");
}
