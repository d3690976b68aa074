//! The page of metrics and the request log, over real sockets.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::{get, post};
use axum::{Extension, response::Response};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use waxwing_crypto::Random;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_serve::{
    Derived, Listener, LogFormat, METRICS_ROUTES, MetricError, Metrics, Observations, Process,
    Quantity, RequestId, RequestLabel, RequestLog, metrics_router, refuse_unknown_paths,
};

use crate::ask;

/// 2026-11-22T15:40:09Z, whenever it is asked.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> UnixTime {
        UnixTime::parse("2026-11-22T15:40:09Z").unwrap()
    }
}

struct Sevens;

impl Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// What was written, for the test to read.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until there are so many lines: they are written after the answers.
    async fn lines(&self, count: usize) -> Vec<String> {
        for _ in 0..500 {
            if self.text().lines().count() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let lines: Vec<String> = self.text().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), count, "{lines:?}");
        lines
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log(format: LogFormat) -> (RequestLog, Paper) {
    let paper = Paper::default();
    let log = RequestLog::new(format, paper.clone(), Arc::new(Stopped), &Sevens);
    (log, paper)
}

/// `/greet/{name}` answers the id, `/pieces` in two pieces, `/never` never.
fn router() -> Router {
    let pieces = async || {
        let pieces = ["one", "three"]
            .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        Body::new(StreamBody::new(futures_util::stream::iter(pieces)))
    };
    let never = async || std::future::pending::<()>().await;
    refuse_unknown_paths(
        Router::new()
            .route(
                "/greet/{name}",
                post(async |Extension(RequestId(id)): Extension<RequestId>| id),
            )
            .route("/pieces", get(pieces))
            .route("/never", get(never)),
    )
}

async fn serve(router: Router) -> SocketAddr {
    let listener = Listener::bind_loopback(0).await.unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(router, std::future::pending()));
    address
}

/// Sends `head` with `connection: close`; gives our own address and the answer.
async fn send(address: SocketAddr, head: &str) -> (SocketAddr, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let own = stream.local_addr().unwrap();
    let request = format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (own, answer)
}

/// A line without its duration, which is a number and `us`.
fn without_duration(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let digits = words[5].strip_suffix("us").unwrap();
    assert!(digits.parse::<u64>().is_ok(), "{line}");
    [&words[..5], &words[6..]].concat().join(" ")
}

#[tokio::test]
async fn a_line_says_all_but_what_is_secret() {
    let (log, paper) = log(LogFormat::Text);
    let address = serve(log.around(router())).await;
    let secret = "POST /greet/hidden?token=hidden HTTP/1.1\r\nauthorization: Bearer hidden";
    let (own, answer) = send(address, secret).await;
    let id = "0707070707070707-1";
    assert!(
        answer.contains(&format!("\r\nx-request-id: {id}\r\n")),
        "{answer}"
    );
    assert!(answer.ends_with(&format!("\r\n\r\n{id}")), "{answer}");
    let lines = paper.lines(1).await;
    assert!(!lines[0].contains("hidden"));
    assert_eq!(
        without_duration(&lines[0]),
        format!("2026-11-22T15:40:09Z {own} POST /greet/{{name}} 200 18B {id}")
    );
    let (own, answer) = send(address, "GET /pieces HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let lines = paper.lines(2).await;
    assert_eq!(
        without_duration(&lines[1]),
        format!("2026-11-22T15:40:09Z {own} GET /pieces 200 8B 0707070707070707-2")
    );
    let (own, answer) = send(address, "BREW /hidden HTTP/1.1").await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let lines = paper.lines(3).await;
    assert_eq!(
        without_duration(&lines[2]),
        format!(
            "2026-11-22T15:40:09Z {own} OTHER - 404 {}B 0707070707070707-3",
            body.len()
        )
    );
}

#[tokio::test]
async fn the_callers_id_is_kept_if_it_is_sane() {
    let (log, _) = log(LogFormat::Text);
    let address = serve(log.around(router())).await;
    let long = "x".repeat(64);
    for id in ["a", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "A.b_9", &long] {
        let head = format!("POST /greet/x HTTP/1.1\r\nx-request-id: {id}");
        let (_, answer) = send(address, &head).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{id}")), "{answer}");
        assert!(
            answer.contains(&format!("\r\nx-request-id: {id}\r\n")),
            "{answer}"
        );
    }
    for id in [
        "",
        "a b",
        "a\"b",
        "a\u{e9}",
        "a{}",
        &"x".repeat(65),
        "a\r\nx-request-id: b",
    ] {
        let head = format!("POST /greet/x HTTP/1.1\r\nx-request-id: {id}");
        let (_, answer) = send(address, &head).await;
        assert!(
            answer.contains("\r\n\r\n0707070707070707-"),
            "{id}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_line_of_json_is_an_object() {
    let (log, paper) = log(LogFormat::Json);
    let address = serve(log.around(router())).await;
    let (own, _) = send(address, "GET /pieces HTTP/1.1").await;
    let lines = paper.lines(1).await;
    let mut line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert!(line["microseconds"].is_u64(), "{line}");
    line["microseconds"] = 0.into();
    let expected = serde_json::json!({
        "time": "2026-11-22T15:40:09Z",
        "peer": own.to_string(),
        "method": "GET",
        "route": "/pieces",
        "status": 200,
        "microseconds": 0,
        "bytes": 8,
        "id": "0707070707070707-1",
    });
    assert_eq!(line, expected);
    // From within the process there is no peer, and here no route.
    ask(&log.around(router()), "GET", "/unknown", "").await;
    let lines = paper.lines(2).await;
    let line: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!((&line["peer"], &line["route"]), (&().into(), &().into()));
}

#[tokio::test]
async fn who_goes_away_before_the_answer_is_499() {
    let (log, paper) = log(LogFormat::Text);
    let address = serve(log.around(router())).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(paper.text(), "");
    drop(stream);
    let line = without_duration(&paper.lines(1).await[0]);
    assert!(
        line.ends_with(" GET /never 499 0B 0707070707070707-1"),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_duration_goes_to_the_last_byte() {
    let (log, paper) = log(LogFormat::Text);
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        "slow"
    };
    let router = log.around(Router::new().route("/slow", get(slow)));
    let request = Request::builder().uri("/slow").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(paper.text(), "");
    response.into_body().collect().await.unwrap();
    let line = paper.text();
    assert!(line.contains(" GET /slow 200 300000us 4B "), "{line}");
}

fn process() -> Process {
    Process {
        started: UnixTime::from_milliseconds(1_795_362_009_250).unwrap(),
        version: "0.1.0".to_owned(),
        revision: "abc\"d".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_has_requests_latencies_process_and_what_services_count() {
    let observations = Observations::new();
    let metrics = Metrics::default();
    let issued = metrics.counter("fulcio_new_certs", "Certificates issued.", []);
    issued.unwrap().add([], 41);
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        StatusCode::CREATED
    };
    let service = Router::new().route("/api/v1/{name}", post(slow));
    let service = observations.around("tsa", service);
    ask(&service, "POST", "/api/v1/timestamp", "").await;
    ask(&service, "POST", "/api/v1/other", "").await;
    ask(&service, "GET", "/api/v1/other", "").await;

    // The services' own router does not have the page.
    assert_eq!(ask(&service, "GET", "/metrics", "").await.0, 404);
    let page = metrics_router(&observations, &metrics, process());
    let (method, path) = METRICS_ROUTES[0];
    let request = Request::builder().method(method).uri(path);
    let response: Response = page
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let start = "\
# HELP process_start_time_seconds When the process started, in seconds since 1970.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1795362009.25
# HELP waxwing_build_info The version, always 1.
# TYPE waxwing_build_info gauge
waxwing_build_info{version=\"0.1.0\",revision=\"abc\\\"d\"} 1
# HELP waxwing_http_requests_total Requests answered.
# TYPE waxwing_http_requests_total counter
waxwing_http_requests_total{service=\"tsa\",method=\"GET\",route=\"/api/v1/{name}\",code=\"405\"} 1
waxwing_http_requests_total{service=\"tsa\",method=\"POST\",route=\"/api/v1/{name}\",code=\"201\"} 2
# HELP waxwing_http_request_duration_seconds Time from a request's head to its answer's head.
# TYPE waxwing_http_request_duration_seconds histogram
waxwing_http_request_duration_seconds_bucket{service=\"tsa\",method=\"GET\",route=\"/api/v1/{name}\",le=\"0.0005\"} 1
";
    assert!(text.starts_with(start), "{text}");
    let of_posts = |suffix: &str, more: &str| {
        let labels = "service=\"tsa\",method=\"POST\",route=\"/api/v1/{name}\"";
        format!("\nwaxwing_http_request_duration_seconds_{suffix}{{{labels}{more}}} ")
    };
    for (suffix, more, value) in [
        ("bucket", ",le=\"0.1\"", "0"),
        ("bucket", ",le=\"0.25\"", "2"),
        ("bucket", ",le=\"+Inf\"", "2"),
        ("sum", "", "0.5"),
        ("count", "", "2"),
    ] {
        let line = format!("{}{value}\n", of_posts(suffix, more));
        assert!(text.contains(&line), "{line}{text}");
    }
    let end = "\
# HELP fulcio_new_certs Certificates issued.
# TYPE fulcio_new_certs counter
fulcio_new_certs 41
";
    assert!(text.ends_with(end), "{text}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_told_under_other_names_and_in_other_units() {
    let observations = Observations::new();
    let metrics = Metrics::default();
    let derive = |name, labels, of| {
        let service = "tsa";
        let derived = Derived {
            service,
            labels,
            of,
        };
        metrics.derive(name, "Help.", derived).unwrap();
    };
    derive(
        "a",
        &[RequestLabel::Code, RequestLabel::SmallMethod],
        Quantity::Number,
    );
    derive(
        "b",
        &[RequestLabel::Path, RequestLabel::Method],
        Quantity::NanosecondsInAll,
    );
    derive("c", &[RequestLabel::Code], Quantity::Nanoseconds);
    derive("d", &[], Quantity::Bytes);
    derive("e", &[], Quantity::Seconds);
    let taken = metrics.counter("b_sum", "", []).unwrap_err();
    assert!(matches!(taken, MetricError::Taken { .. }), "{taken}");
    let slow = async || tokio::time::sleep(Duration::from_millis(250)).await;
    let service = Router::new().route("/api/v1/{name}", post(slow));
    let other = observations.around("other", service.clone());
    let service = observations.around("tsa", service);
    ask(&service, "POST", "/api/v1/one", "").await;
    ask(&service, "POST", "/api/v1/two", &"x".repeat(2000)).await;
    ask(&service, "GET", "/api/v1/one", "").await;
    ask(&other, "POST", "/api/v1/one", "").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let gauge = metrics.gauge("f", "", []).unwrap();
    let times = asked.clone();
    metrics.when_asked(move || gauge.set([], times.fetch_add(1, Ordering::SeqCst) as f64));
    let page = metrics_router(&observations, &metrics, process());
    ask(&page, "GET", "/metrics", "").await;
    let text = ask(&page, "GET", "/metrics", "").await.1;
    for line in [
        "# TYPE a counter",
        "a{code=\"200\",method=\"post\"} 2",
        "a{code=\"405\",method=\"get\"} 1",
        "# TYPE b summary",
        "b_sum{path=\"/api/v1/{name}\",method=\"POST\"} 500000000",
        "b_count{path=\"/api/v1/{name}\",method=\"GET\"} 1",
        "# TYPE c histogram",
        "c_bucket{code=\"200\",le=\"100000000\"} 0",
        "c_bucket{code=\"200\",le=\"250000000\"} 2",
        "c_sum{code=\"200\"} 500000000",
        "d_bucket{le=\"256\"} 2",
        "d_bucket{le=\"4096\"} 3",
        "e_count 3",
        "f 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn the_page_can_have_a_port_of_its_own() {
    let page = metrics_router(&Observations::new(), &Metrics::default(), process());
    let address = serve(page).await;
    let (_, answer) = send(address, "GET /metrics HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\nwaxwing_build_info{"), "{answer}");
    let (_, answer) = send(address, "GET / HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}
