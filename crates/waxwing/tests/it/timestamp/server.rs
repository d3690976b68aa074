//! What a flag of `timestamp-server` changes in its answers, and where its value comes from.

use std::fs;
use std::os::unix::net::UnixStream;

use serde_json::json;
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::timestamp::Timestamp;
use waxwing_testkit::peers::promtool;

use super::{ALONE, Start, has, serve};
use crate::configured::server::{Ask, query, until};
use crate::configured::timestamp::FakeTime;
use crate::program::printed;

const SIGSTORE: &str = "1.3.6.1.4.1.57264.2";

fn policy(server: &super::Server, asked: Option<&str>, status: u16) -> Option<String> {
    let mut request = query("an artifact");
    if let Some(asked) = asked {
        request["tsaPolicyOID"] = json!(asked);
    }
    let answer = server.post(&request).is(status);
    match Timestamp::from_der(&answer.body) {
        Ok(timestamp) => Some(timestamp.claims().policy().to_string()),
        Err(_) => {
            let message = "unaccepted policy: requested TSA policy is not supported by the TSA";
            assert!(answer.text().contains(message), "{}", answer.text());
            None
        }
    }
}

#[test]
fn an_authority_in_memory_answers_on_the_loopback() {
    let (_folder, server) = serve(&[]);
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.get("/ping").is(200).text(), ".");
    let chain = server.get("/api/v1/timestamp/certchain").is(200).text();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3);
    let stamped = server.stamp().is(200);
    for name in ["Test TSA Timestamping", "Test TSA Intermediate", "local"] {
        assert!(has(&stamped, name.as_bytes()), "{name}");
    }
    assert!(
        server
            .said("Ready: ")
            .starts_with("CN=Test TSA Timestamping, until ")
    );
    let unknown = server.get("/nothing").is(404);
    assert_eq!(
        unknown.json(),
        json!({"code": 404, "message": "path /nothing was not found"})
    );
    server.get("/api/v1/timestamp").is(405);
    let said = server.stop();
    assert!(
        said.ends_with("Stopped serving timestamp server\n"),
        "{said}"
    );
}

#[test]
fn policies_are_the_operators() {
    let (_folder, server) = serve(&[]);
    assert_eq!(policy(&server, None, 200).as_deref(), Some(SIGSTORE));
    assert_eq!(
        policy(&server, Some(SIGSTORE), 200).as_deref(),
        Some(SIGSTORE)
    );
    assert_eq!(policy(&server, Some("1.2.3"), 400), None);
    let (_folder, server) = serve(&[
        "--default-policy-oid",
        "1.2.9",
        "--accepted-policy-oids",
        "1.2.3,1.2.4",
        "--accepted-policy-oids=1.2.5",
    ]);
    assert_eq!(policy(&server, None, 200).as_deref(), Some("1.2.9"));
    for accepted in ["1.2.3", "1.2.4", "1.2.5"] {
        assert_eq!(
            policy(&server, Some(accepted), 200).as_deref(),
            Some(accepted)
        );
    }
    assert_eq!(policy(&server, Some(SIGSTORE), 400), None);
    let folder = tempfile::tempdir().unwrap();
    let start = Start::at(folder.path()).flags(&["--accepted-policy-oids", "1.2.3,x"]);
    let refused = start.refusal();
    assert!(
        refused.contains("--accepted-policy-oids: \"x\""),
        "{refused}"
    );
}

#[test]
fn status_chain_and_size_are_the_operators() {
    let (_folder, server) = serve(&[]);
    let alone = server.stamp().is(200);
    let flags = [
        "--use-http-201",
        "--include-chain-in-response",
        "--max-request-body-size=200",
    ];
    let (_folder, server) = serve(&flags);
    let whole = server.stamp().is(201);
    let certificates = |answer: &crate::configured::server::Answer| {
        let timestamp = Timestamp::from_der(&answer.body).unwrap();
        timestamp.certificates().len()
    };
    assert_eq!((certificates(&alone), certificates(&whole)), (1, 3));
    let mut long = query("an artifact");
    long["unread"] = json!("x".repeat(200));
    let refused = server.post(&long).is(400).text();
    assert!(refused.contains("longer than 200 bytes"), "{refused}");
    let (_folder, server) = serve(&["--use-http-201=false", "--max-request-body-size", "0"]);
    server.post(&long).is(200);
}

#[test]
fn extensions_and_profiles_are_not_here_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Start::at(folder.path())
        .flags(&["--allow-custom-extensions"])
        .refusal();
    assert!(
        refused.contains("--allow-custom-extensions is not supported"),
        "{refused}"
    );
    let (_folder, server) = serve(&["--allow-custom-extensions=false", "--enable-pprof"]);
    let said = server.stop();
    assert!(
        said.contains("WARNING: --enable-pprof does nothing"),
        "{said}"
    );
}

#[test]
fn only_a_ping_is_answered_where_no_more_is_wanted() {
    let (_folder, server) = serve(&["--http-ping-only"]);
    assert_eq!(server.get("/ping").is(200).text(), ".");
    let refused = server.stamp().is(404);
    assert_eq!(
        refused.text(),
        "http server supports only the /ping entrypoint"
    );
    let (_folder, server) = serve(&["--http-ping-only=false"]);
    server.stamp().is(200);
}

#[test]
fn requests_are_logged_with_ids_in_the_form_that_was_asked_for() {
    let (_folder, server) = serve(&["--http-request-id-header-name", "X-Trace"]);
    let ask = |server: &super::Server| {
        Ask::new("GET /ping")
            .header("x-trace", "trace-1")
            .header("x-request-id", "request-1")
            .of(server.address())
    };
    assert_eq!(ask(&server).header("x-trace"), Some("trace-1"));
    let said = server.stop();
    assert!(
        said.contains(" GET /ping 200 ") && said.contains(" trace-1\n"),
        "{said}"
    );
    let (_folder, server) = serve(&["--log-type", "prod"]);
    assert_eq!(ask(&server).header("x-request-id"), Some("request-1"));
    let said = server.stop();
    let line = said.lines().find(|line| line.starts_with('{')).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["route"], &line["id"]),
        (&json!("/ping"), &json!("request-1"))
    );
    let folder = tempfile::tempdir().unwrap();
    let start = Start::at(folder.path()).flags(&["--http-request-id-header-name", "a b"]);
    assert!(start.refusal().contains("\"a b\" is no header's name"));
}

#[test]
fn numbers_are_served_where_they_are_asked_for() {
    let (_folder, server) = serve(&["--metrics-address", "127.0.0.1:0"]);
    server.stamp().is(200);
    server.get("/ping").is(200);
    let page = server
        .said("Metrics: http://")
        .strip_suffix("/metrics")
        .unwrap();
    let page = Ask::new("GET /metrics")
        .of(page.parse().unwrap())
        .is(200)
        .text();
    for line in [
        "timestamp_authority_http_requests_total{code=\"200\",path=\"/api/v1/timestamp\",method=\"POST\"} 1",
        "timestamp_authority_api_latency_count{path=\"/ping\",code=\"200\"} 1",
        "timestamp_authority_build_info{",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    let days = page.lines().find_map(|line| {
        line.strip_prefix("timestamp_authority_certificate_valid_days_remaining ")
    });
    let days: f64 = days.unwrap().parse().unwrap();
    assert!((3284.0..3285.1).contains(&days), "{days}");
    if let Some(promtool) = promtool::require() {
        // 3 says that it thinks some of the original's names odd.
        let (code, said) = promtool.metrics(&page);
        assert!(matches!(code, Some(0 | 3)), "{code:?} {said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let start = Start::at(folder.path()).flags(&["--metrics-address", "here"]);
    assert!(
        start
            .refusal()
            .contains("expected an address such as 127.0.0.1:2112")
    );
    let (_folder, server) = serve(&["--metrics-address", ""]);
    assert!(!server.lines.iter().any(|line| line.starts_with("Metrics")));
}

#[test]
fn a_port_is_taken_by_number() {
    let (folder, server) = serve(&[]);
    let port = server.address().port().to_string();
    let start = Start::at(folder.path()).flags(&["--port", &port]);
    let refused = start.refusal();
    assert!(refused.contains("cannot listen on 127.0.0.1:"), "{refused}");
    drop(server);
    assert_eq!(start.server().address().port().to_string(), port);
    let start = Start::at(folder.path()).flags(&["--host", "host.invalid"]);
    let refused = start.refusal();
    assert!(refused.contains("the host host.invalid"), "{refused}");
    let named = ["--host", "localhost"];
    assert!(
        Start::at(folder.path())
            .flags(&named)
            .server()
            .address()
            .ip()
            .is_loopback()
    );
}

#[test]
fn variables_and_files_stand_for_flags() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Both of the original's kind and of ours; what the command line says goes first.
    for variables in [
        [("USE-HTTP-201", "true"), ("DEFAULT-POLICY-OID", "1.2.7")],
        [
            ("TIMESTAMP_SERVER_USE_HTTP_201", "1"),
            ("TIMESTAMP_SERVER_DEFAULT_POLICY_OID", "1.2.7"),
        ],
    ] {
        let start = Start::at(folder).variables(&variables);
        let server = start.server();
        assert!(has(
            &server.stamp().is(201),
            ObjectIdentifier::new_unwrap("1.2.7").as_bytes()
        ));
        let server = start.flags(&["--use-http-201=false"]).server();
        server.stamp().is(200);
    }
    let refused = Start::at(folder).variables(&[("PORT", "x")]).refusal();
    assert!(
        refused.contains("The value of --port is that of the variable PORT."),
        "{refused}"
    );
    let ping_only = Start::at(folder).variables(&[("HTTP-PING-ONLY", "true")]);
    ping_only.server().stamp().is(200);
    // The file of the folder, then one by name; variables go before both.
    fs::write(
        folder.join("timestamp-server.yaml"),
        "use-http-201: true\naccepted-policy-oids: [1.2.3, 1.2.4]\nport:\nhttp-ping: 1\n",
    )
    .unwrap();
    let server = Start::at(folder).server();
    server.stamp().is(201);
    assert_eq!(
        policy(&server, Some("1.2.4"), 201).as_deref(),
        Some("1.2.4")
    );
    assert_eq!(
        policy(&server, Some(SIGSTORE), 201).as_deref(),
        Some(SIGSTORE)
    );
    let said = server.stop();
    assert!(
        said.contains("timestamp-server.yaml\n") && said.contains("Using config file: "),
        "{said}"
    );
    assert!(said.contains("http-ping is the name of no flag"), "{said}");
    let variables = [("TIMESTAMP_SERVER_USE_HTTP_201", "false")];
    Start::at(folder)
        .variables(&variables)
        .server()
        .stamp()
        .is(200);
    fs::write(folder.join("other.json"), "{\"use-http-201\": false}").unwrap();
    for start in [
        Start::at(folder).flags(&["--config", "other.json"]),
        Start::at(folder).variables(&[("TIMESTAMP_SERVER_CONFIG", "other.json")]),
    ] {
        start.server().stamp().is(200);
    }
}

/// Where the original goes on, with a key in memory that nobody trusts.
#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &'static str| Start::at(folder.path()).flags(&["--config", name]);
    let refused = start("nothing.yaml").refusal();
    assert!(refused.contains("nothing.yaml is not there"), "{refused}");
    fs::write(folder.path().join("bad.yaml"), "a: [").unwrap();
    let refused = start("bad.yaml").refusal();
    assert!(refused.contains("bad.yaml: YAML, line"), "{refused}");
    fs::write(
        folder.path().join("list.yaml"),
        "accepted-policy-oids: [{}]",
    )
    .unwrap();
    let refused = start("list.yaml").refusal();
    assert!(refused.contains("expected a list of texts"), "{refused}");
    fs::write(folder.path().join("other.toml"), "port = 1").unwrap();
    let refused = start("other.toml").refusal();
    assert!(
        refused.contains("one of the following extensions: json, yaml, yml"),
        "{refused}"
    );
    fs::write(folder.path().join("bad.yaml"), "use-http-201: true").unwrap();
    start("bad.yaml").server().stamp().is(201);
}

#[test]
fn no_timestamps_are_given_while_time_servers_contradict_the_clock() {
    let time = FakeTime::new(30);
    let folder = tempfile::tempdir().unwrap();
    let file = |more: &str| {
        format!(
            "request_attempts: 1\nrequest_timeout: 1\nnum_servers: 1\nserver_threshold: 1\n\
             max_time_delta: 6\nperiod: 1\nservers: [\"{}\"]\n{more}",
            time.address
        )
    };
    let path = folder.path().join("ntp.yaml");
    fs::write(&path, file("")).unwrap();
    let watched = [
        "--metrics-address",
        "none",
        "--host",
        "127.0.0.1",
        "--ntp-monitoring",
        "ntp.yaml",
    ];
    let start = || Start::at(folder.path()).only(&watched);
    let server = start().server();
    until("the clock is known to be off", || {
        server.stamp().status == 503
    });
    let refused = server.stamp().is(503).text();
    assert!(
        refused.contains("this authority's clock is off"),
        "{refused}"
    );
    // As the original does, and without a watch.
    let server = start().flags(&["--ntp-when-off", "stamp"]).server();
    std::thread::sleep(std::time::Duration::from_secs(2));
    server.stamp().is(200);
    let server = start().flags(&["--disable-ntp-monitoring"]).server();
    std::thread::sleep(std::time::Duration::from_secs(2));
    server.stamp().is(200);
    // A tolerance that is wide enough.
    fs::write(
        &path,
        file("").replace("max_time_delta: 6", "max_time_delta: 60"),
    )
    .unwrap();
    let server = start()
        .flags(&["--ntp-when-off", "refuse-unless-good"])
        .server();
    until("the clock is known to be good", || {
        server.stamp().status == 200
    });
    for (text, expected) in [
        (
            file("max_delta: 6"),
            "ntp.yaml: line 8: max_delta: no setting has this name",
        ),
        (
            file("").replace("threshold: 1", "threshold: 2"),
            "1 are asked, and 2 must agree",
        ),
        (
            file("").replace("timeout: 1", "timeout: 6"),
            "request_timeout is 6 s, which must be below max_time_delta, 6 s",
        ),
        (
            file("").replace("period: 1", "period: 0"),
            "ntp.yaml: line 6: period",
        ),
    ] {
        fs::write(&path, &text).unwrap();
        let refused = start().refusal();
        assert!(refused.contains(expected), "{refused}");
    }
    fs::write(&path, file("")).unwrap();
    start().server();
}

#[test]
fn a_socket_is_a_listener_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tsa.sock");
    let flags = ["--scheme", "http,unix", "--socket-path", "tsa.sock"];
    let start = || Start::at(folder.path()).flags(&flags);
    let server = start().server();
    server.stamp().is(200);
    assert_eq!(
        server.said("Serving timestamp server at unix://"),
        "tsa.sock"
    );
    let ask = |request: &str| Ask::new(request).to(&mut UnixStream::connect(&path).unwrap());
    assert_eq!(ask("GET /ping").is(200).text(), ".");
    let taken = start().refusal();
    assert!(
        taken.contains("cannot listen on the Unix socket tsa.sock"),
        "{taken}"
    );
    // Who ends in peace leaves nothing that the next start would refuse.
    server.stop();
    let alone = ["--scheme", "unix", flags[2], flags[3], "--http-ping-only"];
    let server = Start::at(folder.path()).flags(&alone).server();
    assert_eq!(server.lines.len(), 2, "{:?}", server.lines);
    ask("GET /ping").is(200);
    ask("GET /api/v1/timestamp/certchain").is(404);
}

#[test]
fn flags_may_stand_before_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let line = [
        &["timestamp-server", "--use-http-201", "version"][..],
        &ALONE,
    ]
    .concat();
    let done = crate::program::run(&crate::program::waxwing(), folder.path(), line);
    assert!(done.status.success(), "{}", printed(&done));
}
