//! Caps and times: the same for both carriers, and enforced while the answer is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use waxwing_net::{Client, DEFAULT_BODY_LIMIT, Error, Request};

use crate::{in_process, network, serve};

/// `/exact` has 64 bytes, `/endless` never ends and counts what it sent, `/slow` never answers.
fn router(sent: Arc<AtomicUsize>) -> Router {
    let endless = async move || {
        let pieces = std::iter::repeat_with(move || {
            sent.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1 << 10]))
        });
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    Router::new()
        .route("/exact", get(async || "x".repeat(64)))
        .route("/endless", get(endless))
        .route("/slow", get(async || std::future::pending::<()>().await))
}

async fn caps_hold(client: Client, base: &str, sent: Arc<AtomicUsize>) {
    let exact = |limit| client.send(Request::get(format!("{base}/exact")).limit(limit));
    assert_eq!(exact(64).await.unwrap().body.len(), 64);
    let refused = |path, limit| Error::BodyTooLarge {
        url: format!("{base}{path}"),
        limit,
    };
    assert_eq!(exact(63).await.unwrap_err(), refused("/exact", 63));
    let endless = client.get(format!("{base}/endless")).await.unwrap_err();
    assert_eq!(endless, refused("/endless", DEFAULT_BODY_LIMIT));
    // A socket takes some more into its buffers, but nobody waits for the end.
    let sent = sent.load(Ordering::SeqCst);
    assert!((1024..64 * 1024).contains(&sent), "{sent} pieces were sent");
}

#[tokio::test]
async fn a_body_is_read_up_to_its_cap_over_the_wire() {
    let sent = Arc::new(AtomicUsize::new(0));
    let address = serve(router(sent.clone())).await;
    caps_hold(network(), &format!("http://{address}"), sent).await;
}

#[tokio::test]
async fn a_body_is_read_up_to_its_cap_in_process() {
    let sent = Arc::new(AtomicUsize::new(0));
    let client = in_process("http://h.localhost", router(sent.clone()));
    caps_hold(client, "http://h.localhost", sent.clone()).await;
    // No buffer here: one piece more than the cap holds.
    assert_eq!(sent.load(Ordering::SeqCst), 1025);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let client = in_process("http://h.localhost", router(Arc::default()));
    let started = tokio::time::Instant::now();
    let error = client.get("http://h.localhost/slow?x").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no complete answer of http://h.localhost/slow?… within 30 s; try again or allow more time"
    );
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    let patient = Request::get("http://h.localhost/slow").timeout(Duration::from_millis(1500));
    let error = client.send(patient).await.unwrap_err();
    assert!(error.to_string().contains("within 1.5 s"), "{error}");
}

#[tokio::test]
async fn the_time_allowed_counts_over_the_wire_too() {
    let address = serve(router(Arc::default())).await;
    let request = Request::get(format!("http://{address}/slow"));
    let hasty = request.timeout(Duration::from_millis(50));
    assert!(matches!(
        network().send(hasty).await,
        Err(Error::Timeout { .. })
    ));
}

#[tokio::test]
async fn nobody_at_the_port_is_a_failed_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = network().get(format!("http://{address}/?secret")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    let text = error.to_string();
    let start = format!("cannot connect to http://{address}: ");
    assert!(text.starts_with(&start), "{text}");
    assert!(
        text.contains("refused") && !text.contains("secret"),
        "{text}"
    );
}
