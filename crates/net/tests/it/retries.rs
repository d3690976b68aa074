//! Requests that are sent again, on paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::any;
use tokio::time::Instant;
use waxwing_crypto::Random;
use waxwing_net::{Client, Error, Request, Response, Retry, Routes, StatusCode, header};

const URL: &str = "http://h.localhost/";

/// Leaves no part of a wait off.
struct Zero;

impl Random for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// A server that answers with the statuses in turn, the last one for ever, and counts requests.
fn server(
    statuses: &'static [u16],
    retry_after: Option<&'static str>,
) -> (Client, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let router = Router::new().fallback(any(async move || {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let status = statuses[number.min(statuses.len() - 1)];
        let mut answer = StatusCode::from_u16(status).unwrap().into_response();
        if let Some(seconds) = retry_after {
            let value = header::HeaderValue::from_static(seconds);
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        answer
    }));
    let routes = Routes::new().with("http://h.localhost", router).unwrap();
    let retry = Retry {
        random: Arc::new(Zero),
        ..Retry::default()
    };
    (Client::in_process(routes).with_retry(retry), count)
}

/// Sends `request`; gives the outcome, how often it was sent and how long that took.
async fn sent(
    (client, count): (Client, Arc<AtomicUsize>),
    request: Request,
) -> (Result<Response, Error>, usize, Duration) {
    let started = Instant::now();
    let outcome = client.send(request).await;
    (outcome, count.load(Ordering::SeqCst), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_get_is_sent_until_it_succeeds() {
    let server = server(&[503, 429, 200], None);
    let (outcome, times, waited) = sent(server, Request::get(URL)).await;
    assert_eq!(outcome.unwrap().status, StatusCode::OK);
    assert_eq!((times, waited.as_millis()), (3, 250 + 500));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_the_last_answer_is_given() {
    let (outcome, times, waited) = sent(server(&[500], None), Request::get(URL)).await;
    assert_eq!(outcome.unwrap().status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((times, waited.as_millis()), (4, 250 + 500 + 1000));
}

#[tokio::test(start_paused = true)]
async fn a_post_is_sent_once_unless_it_is_marked() {
    let post = || Request::post(URL, "text/plain", "x");
    let (outcome, times, _) = sent(server(&[503, 200], None), post()).await;
    assert_eq!(outcome.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(times, 1);
    let (outcome, times, _) = sent(server(&[503, 200], None), post().repeatable()).await;
    assert_eq!(outcome.unwrap().status, StatusCode::OK);
    assert_eq!(times, 2);
}

#[tokio::test(start_paused = true)]
async fn the_server_says_how_long_to_wait() {
    let busy = server(&[429, 200], Some("7"));
    let (_, times, waited) = sent(busy, Request::get(URL)).await;
    assert_eq!((times, waited.as_secs()), (2, 7));
    let shameless = server(&[429, 200], Some("86400"));
    let (_, times, waited) = sent(shameless, Request::get(URL)).await;
    assert_eq!((times, waited.as_secs()), (2, 30));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_stands() {
    for status in [&[400][..], &[404], &[501]] {
        let (_, times, _) = sent(server(status, None), Request::get(URL)).await;
        assert_eq!(times, 1, "{status:?}");
    }
}
