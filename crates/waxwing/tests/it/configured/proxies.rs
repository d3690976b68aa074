//! `trusted-proxies` and `forwarded-by`: for the limits, the locks against guessing, and the log.

use serde_json::Value;

use super::server::{Answer, Ask, Server, query};

const LIMITED: &str = "limits: {exempt: [], per-address: {tsa: 1 per 1h}}\nlog: json\n";

fn stamp(server: &Server, header: &str, value: &str) -> Answer {
    let body = serde_json::to_vec(&query("an artifact")).unwrap();
    Ask::new("POST /api/v1/timestamp")
        .header("content-type", "application/json")
        .header(header, value)
        .body(&body)
        .of(server.address())
}

/// The peers of the requests for timestamps in the log.
fn peers(server: Server) -> Vec<String> {
    let said = server.running.stop();
    let lines = said
        .lines()
        .filter(|line| line.contains("/api/v1/timestamp"));
    lines
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let peer = line["peer"].as_str().unwrap();
            peer.rsplit_once(':').unwrap().0.to_owned()
        })
        .collect()
}

#[test]
fn a_trusted_proxy_is_believed_about_who_asks() {
    let server = Server::start(&format!("trusted-proxies: [127.0.0.0/8]\n{LIMITED}"));
    let header = "x-forwarded-for";
    stamp(&server, header, "203.0.113.9").is(200);
    let refused = stamp(&server, header, "203.0.113.9").is(429).text();
    assert!(refused.contains("from 203.0.113.9/32"), "{refused}");
    stamp(&server, header, "203.0.113.10").is(200);
    // What the caller made up before the proxy's own word changes nothing.
    stamp(&server, header, "198.51.100.1, 203.0.113.10").is(429);
    // The header that this proxy does not write is the caller's: it is the proxy that asks.
    stamp(&server, "forwarded", "for=203.0.113.99").is(200);
    stamp(&server, "forwarded", "for=203.0.113.98").is(429);
    let expected = [
        "203.0.113.9",
        "203.0.113.9",
        "203.0.113.10",
        "203.0.113.10",
        "127.0.0.1",
        "127.0.0.1",
    ];
    assert_eq!(peers(server), expected);
}

#[test]
fn a_forged_header_changes_nothing() {
    let server = Server::start(&format!("trusted-proxies: [192.0.2.0/24]\n{LIMITED}"));
    stamp(&server, "x-forwarded-for", "203.0.113.9").is(200);
    stamp(&server, "x-forwarded-for", "203.0.113.10").is(429);
    stamp(&server, "forwarded", "for=203.0.113.11").is(429);
    assert_eq!(peers(server), ["127.0.0.1"; 3]);
    let server = Server::start(LIMITED);
    stamp(&server, "x-forwarded-for", "203.0.113.9").is(200);
    stamp(&server, "x-forwarded-for", "203.0.113.10").is(429);
    assert_eq!(peers(server), ["127.0.0.1"; 2]);
}

#[test]
fn the_header_is_the_one_that_the_operator_names() {
    let settings = format!("trusted-proxies: [127.0.0.1]\nforwarded-by: forwarded\n{LIMITED}");
    let server = Server::start(&settings);
    stamp(&server, "forwarded", "for=203.0.113.9;proto=https").is(200);
    stamp(&server, "forwarded", "for=203.0.113.10").is(200);
    stamp(&server, "forwarded", "for=203.0.113.10").is(429);
    stamp(&server, "x-forwarded-for", "203.0.113.11").is(200);
    stamp(&server, "x-forwarded-for", "203.0.113.12").is(429);
    let expected = [
        "203.0.113.9",
        "203.0.113.10",
        "203.0.113.10",
        "127.0.0.1",
        "127.0.0.1",
    ];
    assert_eq!(peers(server), expected);
}

/// Types a code that no device waits with.
fn guess(server: &Server, address: &str) -> u16 {
    let page = Ask::new("GET /oidc/device").of(server.address()).is(200);
    let cookie = page
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let text = page.text();
    let (_, csrf) = text.split_once("name=\"csrf\" value=\"").unwrap();
    let (csrf, _) = csrf.split_once('"').unwrap();
    Ask::new("POST /oidc/device/auth/verify_code")
        .header("x-forwarded-for", address)
        .header("cookie", cookie)
        .form(&format!("csrf={csrf}&user_code=BBBB-BBBB"))
        .of(server.address())
        .status
}

#[test]
fn who_guesses_behind_a_proxy_is_locked_out_alone() {
    let locked = |server: &Server, address: &str| {
        let guesses = (0..13).map(|_| guess(server, address)).collect::<Vec<_>>();
        guesses.contains(&429)
    };
    let server = Server::start("trusted-proxies: [127.0.0.1]");
    assert!(locked(&server, "203.0.113.9"));
    assert_eq!(guess(&server, "203.0.113.10"), 400);
    // Nobody gets around the lock by inventing addresses.
    let server = Server::start("");
    assert!(locked(&server, "203.0.113.9"));
    assert_eq!(guess(&server, "203.0.113.10"), 429);
}
