//! Calls by gRPC as bytes: what is read, what is refused and how, and that it is one router with HTTP.

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use http_body_util::BodyExt;
use prost::Message;
use tower::ServiceExt;
use waxwing_encoding::time::UnixTime;
use waxwing_protos::health::v1::{HealthCheckRequest, HealthCheckResponse};
use waxwing_serve::{
    Answer, Call, Code, GrpcCounts, GrpcRejection, Metrics, Observations, Process, Rejection,
    calls_alone, grpc_health, metrics_router, reflection, refuse_unknown_paths, with_body_cap,
};

const CHECK: &str = "/grpc.health.v1.Health/Check";

/// What came back: the status of HTTP, the head, the frame, and the trailers.
struct Answered {
    status: StatusCode,
    head: HeaderMap,
    body: Bytes,
    trailers: Option<HeaderMap>,
}

impl Answered {
    /// The status, wherever it stands, and its message.
    fn grpc(&self) -> (i32, String) {
        let from = self.trailers.as_ref().unwrap_or(&self.head);
        let status = tonic::Status::from_header_map(from).unwrap();
        (status.code().into(), status.message().to_owned())
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], message].concat()
}

fn request(path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).version(Version::HTTP_2);
    let request = request.header("content-type", "application/grpc");
    request.body(body.into()).unwrap()
}

async fn ask(router: &Router, request: Request<Body>) -> Answered {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    Answered {
        status: parts.status,
        head: parts.headers,
        body: collected.to_bytes(),
        trailers,
    }
}

#[tokio::test]
async fn a_message_is_answered_by_a_message_and_a_status_behind_it() {
    let service = "dev.sigstore.rekor.v2.Rekor".to_owned();
    let message = HealthCheckRequest { service }.encode_to_vec();
    // In pieces, as the network may cut it.
    let frame = framed(&message);
    let pieces: Vec<Bytes> = frame.chunks(3).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
    let answered = ask(&grpc_health(), request(CHECK, Body::from_stream(pieces))).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.head["content-type"], "application/grpc");
    assert_eq!(answered.head.get("grpc-status"), None);
    assert_eq!(answered.grpc(), (0, String::new()));
    let message = answered.body.strip_prefix(&[0, 0, 0, 0, 2]).unwrap();
    let response = HealthCheckResponse::decode(message).unwrap();
    assert_eq!(response.status, 1);
}

#[tokio::test]
async fn what_is_no_single_message_is_refused_by_grpcs_own_list_of_statuses() {
    let router = with_body_cap(grpc_health(), 8);
    let empty = framed(b"");
    let cases: [(Vec<u8>, i32, &str); 8] = [
        (vec![], 12, "the call has no message"),
        (
            [empty.clone(), empty.clone()].concat(),
            12,
            "the call has more than one message",
        ),
        (vec![0, 0, 0], 13, "Unexpected EOF decoding stream."),
        (
            vec![0, 0, 0, 0, 2, 10],
            13,
            "Unexpected EOF decoding stream.",
        ),
        (
            vec![1, 0, 0, 0, 0],
            13,
            "protocol error: received message with compressed-flag but no grpc-encoding was specified",
        ),
        // Announced alone: nothing is set aside for what does not come.
        (
            vec![0, 0xff, 0xff, 0xff, 0xff],
            8,
            "the request body is longer than 8 bytes, the most that is read here",
        ),
        (
            framed(b"\x0a\x07service"),
            8,
            "the request body is longer than 8 bytes, the most that is read here",
        ),
        (
            framed(b"\x0a\x07servic"),
            13,
            "grpc: error unmarshalling request",
        ),
    ];
    for (body, status, message) in cases {
        let answered = ask(&router, request(CHECK, body.clone())).await;
        assert_eq!(answered.grpc(), (status, message.to_owned()), "{body:?}");
        // Head and status in one, without a body.
        assert_eq!(
            (answered.status.as_u16(), answered.trailers.is_none()),
            (200, true)
        );
        assert!(answered.body.is_empty());
    }
    let good = ask(&router, request(CHECK, framed(b"\x0a\x06servic"))).await;
    assert_eq!(good.grpc().0, 0);
}

#[tokio::test]
async fn compressed_calls_and_other_protocols_are_told_what_is_spoken() {
    let router = grpc_health();
    for (encoding, status) in [("gzip", 12), ("identity", 0)] {
        let mut request = request(CHECK, framed(b""));
        let value = HeaderValue::from_static(encoding);
        request.headers_mut().insert("grpc-encoding", value);
        assert_eq!(ask(&router, request).await.grpc().0, status, "{encoding}");
    }
    let mut old = request(CHECK, framed(b""));
    *old.version_mut() = Version::HTTP_11;
    assert_eq!(ask(&router, old).await.status, 505);
    let mut other = request(CHECK, framed(b""));
    let json = HeaderValue::from_static("application/json");
    other.headers_mut().insert("content-type", json);
    assert_eq!(ask(&router, other).await.status, 415);
}

#[tokio::test]
async fn paths_that_nobody_has_are_refused_in_the_words_of_the_caller() {
    let router = refuse_unknown_paths(grpc_health());
    for (path, message) in [
        (
            "/grpc.health.v1.Health/Cure",
            "unknown method Cure for service grpc.health.v1.Health",
        ),
        (
            "/grpc.wealth.v1.Wealth/Check",
            "unknown service grpc.wealth.v1.Wealth",
        ),
        ("/Check", "malformed method name: \"/Check\""),
    ] {
        let answered = ask(&router, request(path, framed(b""))).await;
        assert_eq!(answered.grpc(), (12, message.to_owned()), "{path}");
    }
    let http = Request::post("/Check").body(Body::empty()).unwrap();
    let answered = ask(&router, http).await;
    assert_eq!(answered.status, 404);
    assert_eq!(
        answered.body,
        r#"{"code":5,"message":"Not Found","details":[]}"#
    );
}

#[tokio::test]
async fn metadata_of_a_refusal_goes_before_its_status() {
    const INDEX: HeaderName = HeaderName::from_static("x-log-index");
    let refuse = async |call: Call| -> Result<Answer, GrpcRejection> {
        assert_eq!(call.only("once"), Some("1"));
        assert_eq!(call.only("twice"), None);
        assert_eq!(call.only("never"), None);
        let rejection = Rejection::new(Code::AlreadyExists, "known");
        Err(GrpcRejection::from(rejection).with(INDEX, 7.into()))
    };
    let observations = Observations::new();
    let router = Router::new().route("/a.B/C", post(refuse));
    let router = observations.around("b", router);
    let mut request = request("/a.B/C", framed(b""));
    for (name, value) in [("once", "1"), ("twice", "1"), ("twice", "1")] {
        request
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    let answered = ask(&router, request).await;
    assert_eq!(answered.head["x-log-index"], "7");
    assert_eq!(answered.head.get("grpc-status"), None);
    assert!(answered.trailers.is_some());
    assert_eq!(answered.grpc(), (6, "known".to_owned()));
    assert_eq!(observations.count("b"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reflection_without_end_ends_after_a_minute() {
    // "list the services" (field 7, empty), and then silence.
    let question = framed(&[0x3a, 0]);
    let question = stream::once(async { Ok::<_, std::io::Error>(Bytes::from(question)) });
    let body = Body::from_stream(question.chain(stream::pending()));
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let began = tokio::time::Instant::now();
    let answered = ask(&reflection(), request(path, body)).await;
    assert_eq!(began.elapsed(), std::time::Duration::from_secs(60));
    assert_eq!(answered.grpc(), (0, String::new()));
    let told = String::from_utf8_lossy(&answered.body).into_owned();
    assert!(told.contains("dev.sigstore.fulcio.v2.CA"), "{told}");
}

#[tokio::test]
async fn where_calls_are_alone_everything_else_is_415() {
    let both = refuse_unknown_paths(grpc_health().merge(waxwing_serve::health()));
    let alone = calls_alone(both.clone());
    let page = || Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(ask(&both, page()).await.status, StatusCode::OK);
    let refused = ask(&alone, page()).await;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for router in [&both, &alone] {
        let answer = ask(router, request(CHECK, framed(&[]))).await;
        assert_eq!(answer.grpc(), (0, String::new()));
    }
}

#[tokio::test]
async fn a_message_is_counted_when_it_comes_and_when_it_goes() {
    let metrics = Metrics::default();
    let counts = GrpcCounts::register(&metrics, |name| name == "grpc.health.v1.Health").unwrap();
    let router = counts.around(grpc_health());
    for path in [CHECK, CHECK, "/grpc.health.v1.Health/List"] {
        ask(&router, request(path, framed(&[]))).await;
    }
    let process = Process {
        started: UnixTime::from_seconds(0).unwrap(),
        version: String::new(),
        revision: String::new(),
    };
    let page = metrics_router(&Observations::new(), &metrics, process);
    let page = ask(&page, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    let count = |name: &str, method: &str| {
        let labels = format!(
            "grpc_type=\"unary\",grpc_service=\"grpc.health.v1.Health\",grpc_method=\"{method}\""
        );
        let line = format!("grpc_server_{name}_total{{{labels}}} ");
        let mut lines = page.lines();
        let found = lines.find_map(|found| found.strip_prefix(&line));
        found
            .unwrap_or_else(|| panic!("{line} is not in {page}"))
            .to_owned()
    };
    for (name, expected) in [
        ("started", ["2", "1", "0"]),
        ("msg_received", ["2", "1", "0"]),
        // The second method is not offered, and so answers with a status alone.
        ("msg_sent", ["2", "0", "0"]),
    ] {
        assert_eq!(
            ["Check", "List", "Watch"].map(|method| count(name, method)),
            expected,
            "{name}"
        );
    }
    assert!(!page.contains("dev.sigstore"), "{page}");
    // Each status of each method, those that nobody has seen too.
    assert_eq!(page.matches("\ngrpc_server_handled_total{").count(), 3 * 17);
    assert!(
        page.contains("grpc_method=\"Check\",grpc_code=\"DataLoss\"} 0\n"),
        "{page}"
    );
    // All services together are not too many series.
    let metrics = Metrics::default();
    let _counts = GrpcCounts::register(&metrics, |_| true).unwrap();
    let process = Process {
        started: UnixTime::from_seconds(0).unwrap(),
        version: String::new(),
        revision: String::new(),
    };
    let page = metrics_router(&Observations::new(), &metrics, process);
    let page = ask(&page, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        page.contains("dev.sigstore.rekor") && !page.contains("\"other\""),
        "{page}"
    );
}
