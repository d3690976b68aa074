//! The HTTP face of a log of opaque entries.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::stream;
use http::header::RETRY_AFTER;
use http::{Request, StatusCode};
use tower::ServiceExt;
use waxwing_log::opaque::{EXISTED, router};
use waxwing_log::{Log, MemoryDriver};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{leaf_hash, verify_inclusion};
use waxwing_tlog::note::Note;
use waxwing_tlog::proof_file::TlogProof;

use crate::bench::Bench;

struct Answer {
    status: StatusCode,
    existed: Option<String>,
    retry_after: bool,
    body: String,
}

async fn post(router: &Router, body: impl Into<Body>) -> Answer {
    let request = Request::post("/add").body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let existed = parts.headers.get(EXISTED);
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Answer {
        status: parts.status,
        existed: existed.map(|value| value.to_str().unwrap().to_owned()),
        retry_after: parts.headers.contains_key(RETRY_AFTER),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn open(bench: &Bench) -> (Log, Router) {
    let log = bench.open(Arc::new(MemoryDriver::new())).await;
    (log.clone(), router(log))
}

/// A body whose length is not announced.
fn pieces(count: usize, length: usize) -> Body {
    let piece = Bytes::from(vec![7; length]);
    let pieces = std::iter::repeat_n(Ok::<_, Infallible>(piece), count);
    Body::from_stream(stream::iter(pieces))
}

#[tokio::test]
async fn an_entry_is_answered_with_a_proof_that_holds() {
    let bench = Bench::tiles();
    let (_log, router) = open(&bench).await;
    let longest = vec![7; 65_535];
    let entries: [&[u8]; 4] = [b"", b"\0\xff", b"entry", &longest];
    for (index, entry) in (0..).zip(entries) {
        let answer = post(&router, entry.to_vec()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.existed.as_deref(), Some("false"));
        let proof = TlogProof::parse(&answer.body).unwrap();
        assert_eq!(proof.index(), index);
        let note = Note::parse(proof.checkpoint()).unwrap();
        let opened = note.open(&bench.signer.verifiers()).unwrap();
        let head = Checkpoint::parse(opened.text()).unwrap();
        let leaf = leaf_hash(entry);
        verify_inclusion(index, head.size(), &leaf, proof.hashes(), &head.root()).unwrap();

        let again = post(&router, entry.to_vec()).await;
        assert_eq!(again.existed.as_deref(), Some("true"));
        assert_eq!(TlogProof::parse(&again.body).unwrap().index(), index);
    }
}

#[tokio::test]
async fn an_entry_in_pieces_is_one_entry_and_one_byte_too_many_is_refused() {
    let bench = Bench::tiles();
    let (log, router) = open(&bench).await;
    let whole = post(&router, pieces(5, 13_107)).await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.body);
    let found = log.entry(0).await.unwrap().unwrap();
    assert_eq!(found.stored, vec![7; 65_535]);
    for too_long in [Body::from(vec![7; 65_536]), pieces(2, 32_768)] {
        let refused = post(&router, too_long).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let expected = "the entry is longer than 65535 bytes, the most that is taken\n";
        assert_eq!(refused.body, expected);
    }
    assert_eq!(log.checkpoint().size, 1);
}

#[tokio::test]
async fn a_busy_log_says_when_to_come_back_and_one_that_has_stopped_why() {
    let mut bench = Bench::tiles();
    bench.settings.queue_bytes = 3;
    let (log, router) = open(&bench).await;
    let busy = post(&router, "four").await;
    assert_eq!(
        (busy.status, busy.retry_after),
        (StatusCode::SERVICE_UNAVAILABLE, true)
    );
    assert!(busy.body.contains("the log is busy"), "{}", busy.body);
    assert_eq!(post(&router, "yes").await.status, StatusCode::OK);
    log.close().await;
    let stopped = post(&router, "no").await;
    assert_eq!(
        (stopped.status, stopped.retry_after),
        (StatusCode::SERVICE_UNAVAILABLE, false)
    );
    assert!(
        stopped.body.contains("the log is closed"),
        "{}",
        stopped.body
    );
}

#[tokio::test]
async fn what_a_reader_has_already_is_not_sent_again() {
    let bench = Bench::tiles();
    let log = bench.open(Arc::new(MemoryDriver::new())).await;
    let router = router(log.clone());
    for entry in ["one", "two"] {
        post(&router, entry).await;
    }
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let header = |name: &str| {
            let value = parts.headers.get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        let (tag, range) = (header("etag"), header("content-range"));
        (parts.status.as_u16(), tag, range, body)
    };
    for path in ["/checkpoint", "/tile/0/000.p/2", "/tile/entries/000.p/2"] {
        let (status, tag, _, whole) = get(path, &[]).await;
        assert_eq!(status, 200);
        let (status, _, _, none) = get(path, &[("if-none-match", &tag)]).await;
        assert_eq!((status, none.len()), (304, 0));
        let (status, _, _, all) = get(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((status, &all), (200, &whole));
        let (status, _, range, part) = get(path, &[("range", "bytes=3-5")]).await;
        assert_eq!((status, &part[..]), (206, &whole[3..6]));
        assert_eq!(range, format!("bytes 3-5/{}", whole.len()));
        let old = [("range", "bytes=3-5"), ("if-range", "\"other\"")];
        assert_eq!(get(path, &old).await.0, 200);
        let (status, _, range, _) = get(path, &[("range", "bytes=9999-")]).await;
        assert_eq!((status, range), (416, format!("bytes */{}", whole.len())));
    }
    // Another head, another tag.
    let before = get("/checkpoint", &[]).await.1;
    post(&router, "three").await;
    assert_eq!(
        get("/checkpoint", &[("if-none-match", &before)]).await.0,
        200
    );
}
