//! Limits of rate and of requests at once, as callers meet them.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::get;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use waxwing_serve::{InFlightLimit, Listener, Rate, RateLimit};

fn rate(burst: u32, every: Duration) -> Rate {
    let burst = NonZeroU32::new(burst).unwrap();
    Rate { burst, every }
}

fn greeter() -> Router {
    Router::new().route("/", get(async || "hello"))
}

async fn ask_from(router: &Router, peer: &str, path: &str) -> Response {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::builder().uri(path);
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_of_a_network_are_429_until_retry_after() {
    let limit = RateLimit::new(rate(2, Duration::from_millis(2500)));
    let router = limit.around(greeter());
    assert_eq!(ask_from(&router, "192.0.2.7:1", "/").await.status(), 200);
    // Another port and an unknown path count too.
    assert_eq!(ask_from(&router, "192.0.2.7:2", "/x").await.status(), 404);
    let refused = ask_from(&router, "192.0.2.7:3", "/").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "3");
    let expected = r#"{"code":8,"message":"too many requests from 192.0.2.7/32; come again in 3 s","details":[]}"#;
    assert_eq!(text(refused).await, expected);
    // Others are not bothered, a /64 is one.
    assert_eq!(ask_from(&router, "192.0.2.8:1", "/").await.status(), 200);
    for (peer, status) in [
        ("1::1", 200),
        ("1::2", 200),
        ("1::3", 429),
        ("1:0:0:1::1", 200),
    ] {
        let peer = format!("[{peer}]:1");
        assert_eq!(ask_from(&router, &peer, "/").await.status(), status);
    }
    tokio::time::advance(Duration::from_millis(2499)).await;
    assert_eq!(ask_from(&router, "192.0.2.7:3", "/").await.status(), 429);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(ask_from(&router, "192.0.2.7:3", "/").await.status(), 200);
    assert_eq!(ask_from(&router, "192.0.2.7:3", "/").await.status(), 429);
}

#[tokio::test]
async fn calls_from_within_the_process_are_not_limited() {
    let limit = RateLimit::new(rate(1, Duration::from_secs(3600)));
    let router = limit.around(greeter());
    for _ in 0..3 {
        assert_eq!(crate::ask(&router, "GET", "/", "").await.0, 200);
    }
}

/// Over a socket of its own; the answer.
async fn send(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn serve(router: Router) -> SocketAddr {
    let listener = Listener::bind_loopback(0).await.unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(router, std::future::pending()));
    address
}

#[tokio::test]
async fn the_listener_tells_whose_request_it_is() {
    let limit = RateLimit::new(rate(1, Duration::from_secs(3600)));
    let address = serve(limit.around(greeter())).await;
    assert!(send(address, "/").await.starts_with("HTTP/1.1 200 "));
    let refused = send(address, "/").await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.contains("from 127.0.0.1/32; "), "{refused}");
}

#[tokio::test]
async fn too_many_at_once_are_503_and_the_next_is_served() {
    let limit = InFlightLimit::new(2);
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let router = greeter().route("/slow", get(slow));
    let address = serve(limit.around(router)).await;
    let running = [(); 2].map(|()| tokio::spawn(send(address, "/slow")));
    while limit.running() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = send(address, "/").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let body = r#"{"code":14,"message":"the service is busy; come again in a while","details":[]}"#;
    assert!(refused.ends_with(body), "{refused}");
    for answer in running {
        assert!(answer.await.unwrap().ends_with("slow"));
    }
    assert!(send(address, "/").await.ends_with("hello"));
    // Going away gives the place back as well.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    while limit.running() < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    let freed = async {
        while limit.running() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(5), freed)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_place_is_held_to_the_last_byte() {
    let limit = InFlightLimit::new(1);
    let router = limit.around(greeter());
    let first = ask_from(&router, "192.0.2.7:1", "/").await;
    assert_eq!(limit.running(), 1);
    assert_eq!(ask_from(&router, "192.0.2.7:1", "/").await.status(), 503);
    assert_eq!(text(first).await, "hello");
    assert_eq!(limit.running(), 0);
    assert_eq!(ask_from(&router, "192.0.2.7:1", "/").await.status(), 200);
    // So that nothing at all is let in is a limit too.
    let none = InFlightLimit::new(0).around(greeter());
    assert_eq!(ask_from(&none, "192.0.2.7:1", "/").await.status(), 503);
}
