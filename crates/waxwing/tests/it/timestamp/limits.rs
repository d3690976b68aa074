//! How much of a request is read, and how long anything may take.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Server, serve};
use crate::configured::server::Ask;

/// The head of a request whose body does not come.
const UNFINISHED: &[u8] = b"POST /api/v1/timestamp HTTP/1.1\r\nhost: x\r\n\
    content-type: application/json\r\ncontent-length: 100\r\n\r\n{";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// What comes until the server ends the connection, and after how long.
fn rest(mut stream: TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    (
        String::from_utf8_lossy(&answer).into_owned(),
        began.elapsed(),
    )
}

#[test]
fn a_request_that_does_not_arrive_is_not_waited_for() {
    for flag in ["--read-timeout", "--write-timeout"] {
        let (_folder, server) = serve(&[flag, "300ms"]);
        let mut stream = connect(&server);
        stream.write_all(UNFINISHED).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408", "{flag}");
        // Those that arrive are answered.
        server.stamp().is(200);
    }
    // Nor is a head; without a limit it is.
    let (_folder, server) = serve(&["--read-timeout", "300ms"]);
    let mut stream = connect(&server);
    stream.write_all(b"GET /ping HT").unwrap();
    let (_, took) = rest(stream);
    assert!(took < Duration::from_secs(10), "{took:?}");
    let (_folder, server) = serve(&["--read-timeout", "0", "--write-timeout", "0"]);
    let mut stream = connect(&server);
    stream.write_all(b"GET /ping HT").unwrap();
    std::thread::sleep(Duration::from_millis(900));
    stream
        .write_all(b"TP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let (answer, _) = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_connection_ends_after_one_answer_where_it_is_not_to_be_kept() {
    let ask = |server: &Server| {
        let mut stream = connect(server);
        stream
            .write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut answer = vec![0; 1024];
        let length = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
        (answer, stream)
    };
    let (_folder, server) = serve(&["--keep-alive", "0"]);
    let (answer, stream) = ask(&server);
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(rest(stream).1 < Duration::from_secs(10));
    let (_folder, server) = serve(&[]);
    let (answer, mut stream) = ask(&server);
    assert!(!answer.contains("connection: close"), "{answer}");
    stream
        .write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    assert!(rest(stream).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_connection_on_which_nothing_comes_is_closed_after_a_while() {
    let silent = |flags: &[&str]| {
        let (_folder, server) = serve(flags);
        let mut stream = connect(&server);
        stream
            .write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let length = stream.read(&mut [0; 1024]).unwrap();
        assert!(length > 0);
        stream
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        // Nothing is read at the end of a connection, and an error if it goes on.
        matches!(stream.read(&mut [0; 1]), Ok(0))
    };
    assert!(silent(&["--cleanup-timeout", "300ms"]));
    assert!(!silent(&[]));
}

#[test]
fn headers_are_read_up_to_a_size() {
    let ask = |server: &Server| {
        let long = "x".repeat(3000);
        Ask::new("GET /ping")
            .header("x-long", long)
            .of(server.address())
    };
    let (_folder, server) = serve(&["--max-header-size", "2KB"]);
    let refused = ask(&server).is(431).text();
    assert!(
        refused.contains("at most 2000 are read (--max-header-size)"),
        "{refused}"
    );
    server.get("/ping").is(200);
    let (_folder, server) = serve(&["--max-header-size", "4KB"]);
    ask(&server).is(200);
}

#[test]
fn only_so_many_connections_are_served_at_once() {
    let second = |flags: &[&str]| {
        let (_folder, server) = serve(flags);
        let first = connect(&server);
        let mut second = connect(&server);
        second
            .write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        second
            .set_read_timeout(Some(Duration::from_millis(700)))
            .unwrap();
        let waits = second.read(&mut [0; 12]).is_err();
        drop(first);
        second
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        (waits, rest(second).0)
    };
    let (waits, answer) = second(&["--listen-limit", "1"]);
    assert!(waits && answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!second(&["--listen-limit", "2"]).0);
    assert!(!second(&[]).0);
}

#[test]
fn requests_that_run_may_end_for_some_time_after_the_shutdown_began() {
    for (grace, answered) in [("30s", true), ("0s", false)] {
        let (_folder, server) = serve(&["--graceful-timeout", grace]);
        let mut stream = connect(&server);
        stream.write_all(UNFINISHED).unwrap();
        // The request runs once its head was read.
        std::thread::sleep(Duration::from_millis(300));
        let finish = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(700));
            let _ = stream.write_all(&[b' '; 99]);
            rest(stream).0
        });
        server.stop();
        let answer = finish.join().unwrap();
        // What came is no request; that is an answer too.
        assert_eq!(
            answer.starts_with("HTTP/1.1 400"),
            answered,
            "{grace}: {answer}"
        );
    }
}
