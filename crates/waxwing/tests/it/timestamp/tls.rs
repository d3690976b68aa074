//! `--scheme https`: with a certificate of one's own, and for clients that show theirs.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use waxwing_testkit::peers::openssl;

use super::{Server, Start, cli_with};
use crate::configured::server::until;
use crate::program::printed;
use crate::up::certify;

const HTTPS: [&str; 8] = [
    "--scheme",
    "https",
    "--tls-host",
    "127.0.0.1",
    "--tls-certificate",
    "chain.pem",
    "--tls-key",
    "key.pem",
];

/// A certificate for 127.0.0.1 that vouches for itself, and for nobody else.
fn certify_this_machine(folder: &Path) {
    let extensions = [
        "subjectAltName=IP:127.0.0.1",
        "basicConstraints=critical,CA:FALSE",
    ];
    certify(folder, "localhost", &extensions);
}

fn https(server: &Server) -> &str {
    server.said("Serving timestamp server at https://")
}

/// Why nothing is stamped within a second.
fn late(folder: &Path, server: &Server) -> Option<String> {
    fs::write(folder.join("artifact"), "an artifact\n").unwrap();
    let roots = folder.join("chain.pem").display().to_string();
    let url = format!("https://{}", https(server));
    let flags = [
        "--timestamp_server",
        &url,
        "--timeout",
        "1s",
        "timestamp",
        "--artifact",
        "artifact",
    ];
    let done = cli_with(folder, &[("SSL_CERT_FILE", &roots)], &flags);
    (!done.status.success()).then(|| printed(&done))
}

/// Whether timestamp-cli, which trusts the certificate of the folder, gets a timestamp.
fn stamped(folder: &Path, server: &Server) -> Result<(), String> {
    fs::write(folder.join("artifact"), "an artifact\n").unwrap();
    let roots = folder.join("chain.pem").display().to_string();
    let url = format!("https://{}", https(server));
    let flags = [
        "--timestamp_server",
        &url,
        "timestamp",
        "--artifact",
        "artifact",
    ];
    let done = cli_with(folder, &[("SSL_CERT_FILE", &roots)], &flags);
    match done.status.success() {
        true => Ok(()),
        false => Err(printed(&done)),
    }
}

#[test]
fn timestamps_are_given_by_https_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let server = Start::at(folder).flags(&HTTPS).server();
    assert_eq!(stamped(folder, &server), Ok(()));
    assert_eq!(server.lines.len(), 2, "{:?}", server.lines);
    // Beside http, where a ping alone is answered.
    let both =
        Start::at(folder)
            .flags(&HTTPS)
            .flags(&["--scheme", "http,https", "--http-ping-only"]);
    let server = both.server();
    assert_eq!(stamped(folder, &server), Ok(()));
    server.stamp().is(404);
    // By the original's variables.
    let variables = [
        ("TLS_HOST", "127.0.0.1"),
        ("TLS_PORT", "0"),
        ("TLS_CERTIFICATE", "chain.pem"),
        ("TLS_PRIVATE_KEY", "key.pem"),
        ("SCHEME", "https"),
    ];
    let server = Start::at(folder).variables(&variables).server();
    assert_eq!(stamped(folder, &server), Ok(()));
    let port = https(&server).rsplit_once(':').unwrap().1.to_owned();
    let taken = Start::at(folder)
        .flags(&HTTPS)
        .flags(&["--tls-port", &port])
        .refusal();
    assert!(taken.contains("cannot listen on"), "{taken}");
}

#[test]
fn what_https_needs_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let refused = Start::at(folder).flags(&HTTPS[..4]).refusal();
    assert!(
        refused.contains("--scheme https needs --tls-certificate"),
        "{refused}"
    );
    let refused = Start::at(folder).flags(&HTTPS[..6]).refusal();
    assert!(
        refused.contains("--scheme https needs --tls-key"),
        "{refused}"
    );
    let refused = Start::at(folder).flags(&["--scheme", "gopher"]).refusal();
    assert!(
        refused.contains("--scheme gopher: expected http, https or unix"),
        "{refused}"
    );
    Start::at(folder).flags(&HTTPS).server();
}

#[test]
fn clients_show_a_certificate_where_one_is_demanded() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let path = |name: &str| folder.join(name).display().to_string();
    let make = |name: &str| {
        let line = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -addext basicConstraints=critical,CA:FALSE -subj /CN={name} -keyout {} -out {}",
            path(&format!("{name}.key")),
            path(&format!("{name}.pem"))
        );
        let line: Vec<&str> = line.split(' ').collect();
        assert!(openssl.run(&line, b"").succeeded());
    };
    make("client");
    make("stranger");
    let server = Start::at(folder)
        .flags(&HTTPS)
        .flags(&["--tls-ca", "client.pem"])
        .server();
    let ask = |certificate: Option<&str>| {
        let mut line = format!("s_client -quiet -connect {}", https(&server));
        if let Some(name) = certificate {
            let (certificate, key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
            line.push_str(&format!(" -cert {certificate} -key {key}"));
        }
        let line: Vec<&str> = line.split(' ').collect();
        let request = b"GET /ping HTTP/1.0\r\nhost: x\r\n\r\n";
        openssl.run(&line, request).text()
    };
    let answer = ask(Some("client"));
    assert!(answer.contains("200 OK"), "{answer}");
    let refused = ask(None);
    assert!(refused.contains("certificate required"), "{refused}");
    let refused = ask(Some("stranger"));
    assert!(
        !refused.contains("200 OK") && refused.contains("alert"),
        "{refused}"
    );
    assert!(stamped(folder, &server).is_err());
    let no_roots = Start::at(folder)
        .flags(&HTTPS)
        .flags(&["--tls-ca", "key.pem"])
        .refusal();
    assert!(no_roots.contains("key.pem"), "{no_roots}");
}

#[test]
fn the_certificate_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let server = Start::at(folder).flags(&HTTPS).server();
    assert_eq!(stamped(folder, &server), Ok(()));
    // Now another one is trusted, and shown.
    certify_this_machine(folder);
    until("the new certificate is shown", || {
        stamped(folder, &server).is_ok()
    });
    fs::write(folder.join("key.pem"), "no key").unwrap();
    let hangup = Command::new("kill")
        .args(["-s", "HUP", &server.id().to_string()])
        .status();
    assert!(hangup.unwrap().success());
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(stamped(folder, &server), Ok(()));
    let said = server.stop();
    assert!(said.contains("the old certificate stays"), "{said}");
}

#[test]
fn only_so_many_connections_are_served_by_https() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    for (limit, waits) in [("1", true), ("2", false)] {
        let server = Start::at(folder)
            .flags(&HTTPS)
            .flags(&["--tls-listen-limit", limit])
            .server();
        let held = TcpStream::connect(https(&server)).unwrap();
        let outcome = late(folder, &server);
        assert_eq!(outcome.is_some(), waits, "{outcome:?}");
        drop(held);
        assert_eq!(stamped(folder, &server), Ok(()));
    }
}

/// The limits of https have flags of their own.
#[test]
fn limits_for_https_are_its_own() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let ask = |flags: &[&str], request: &[u8]| {
        let server = Start::at(folder).flags(&HTTPS).flags(flags).server();
        let line = format!("s_client -quiet -connect {}", https(&server));
        let line: Vec<&str> = line.split(' ').collect();
        openssl.run(&line, request).text().to_lowercase()
    };
    let unfinished = b"POST /api/v1/timestamp HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    for flag in ["--tls-read-timeout", "--tls-write-timeout"] {
        let answer = ask(&[flag, "300ms"], unfinished);
        assert!(answer.contains("http/1.1 408"), "{flag}: {answer}");
    }
    let whole = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = ask(&["--tls-keep-alive", "0"], whole);
    assert!(answer.contains("connection: close"), "{answer}");
}
