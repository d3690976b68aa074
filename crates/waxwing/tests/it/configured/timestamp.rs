//! The section `tsa`, with a time server that tells what a test wants.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::timestamp::Timestamp;

use super::server::{Answer, Server, query, until};

const STAMP: &str = "/api/v1/timestamp";

fn stamp(server: &Server) -> Answer {
    server.post(STAMP, &query("an artifact"))
}

fn has(answer: &Answer, bytes: &[u8]) -> bool {
    answer
        .body
        .windows(bytes.len())
        .any(|window| window == bytes)
}

fn der(identifier: &str) -> Vec<u8> {
    let identifier = ObjectIdentifier::new(identifier).unwrap();
    identifier.as_bytes().to_vec()
}

#[test]
fn policies_are_the_operators() {
    let (own, other, third) = ("1.2.3.4.5", "1.2.3.4.6", "1.2.3.4.7");
    let asking = |policy: &str| {
        let mut query = query("an artifact");
        query["tsaPolicyOID"] = json!(policy);
        query
    };
    let server = Server::start(&format!(
        "tsa: {{policy: {own}, accepted-policies: [{other}]}}"
    ));
    let stamped = stamp(&server).is(200);
    assert!(has(&stamped, &der(own)) && !has(&stamped, &der("1.3.6.1.4.1.57264.2")));
    server.post(STAMP, &asking(other)).is(200);
    let refused = server.post(STAMP, &asking(third)).is(400);
    assert!(
        refused.text().contains("unaccepted policy"),
        "{}",
        refused.text()
    );
    let server = server.again("");
    server.post(STAMP, &asking(third)).is(200);
    assert!(has(&stamp(&server), &der("1.3.6.1.4.1.57264.2")));
}

#[test]
fn a_request_may_be_as_long_as_the_operator_says() {
    let server = Server::start("tsa: {max-request-body-size: 40}");
    let refused = stamp(&server).is(400);
    assert!(
        refused.text().contains("longer than 40 bytes"),
        "{}",
        refused.text()
    );
    let server = server.again("");
    stamp(&server).is(200);
}

#[test]
fn the_whole_chain_and_the_old_status_are_given_to_who_wants_them() {
    let server = Server::start("");
    let alone = stamp(&server).is(200);
    let server = server.again("tsa: {include-chain: true, use-http-201: true}");
    let whole = stamp(&server).is(201);
    assert!(Timestamp::from_der(&whole.body).is_ok());
    assert!(
        whole.body.len() > alone.body.len() + 300,
        "{}",
        whole.body.len()
    );
}

/// A time server that is so many seconds ahead, and does not answer the first packets.
pub(crate) struct FakeTime {
    pub(crate) address: String,
    ahead: Arc<AtomicI64>,
    silent: Arc<AtomicU32>,
    asked: Arc<AtomicU32>,
}

impl FakeTime {
    pub(crate) fn new(ahead: i64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let this = Self {
            address: socket.local_addr().unwrap().to_string(),
            ahead: Arc::new(AtomicI64::new(ahead)),
            silent: Arc::default(),
            asked: Arc::default(),
        };
        let (ahead, silent, asked) = (this.ahead.clone(), this.silent.clone(), this.asked.clone());
        thread::spawn(move || {
            let mut packet = [0; 64];
            while let Ok((_, peer)) = socket.recv_from(&mut packet) {
                asked.fetch_add(1, Ordering::SeqCst);
                let less = |left: u32| left.checked_sub(1);
                if silent
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                    .is_ok()
                {
                    continue;
                }
                let answer = answer(&packet, ahead.load(Ordering::SeqCst));
                let _ = socket.send_to(&answer, peer);
            }
        });
        this
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// RFC 4330: version 4, mode 4, stratum 1; the client's time repeated; ours as received and sent.
fn answer(asked: &[u8], ahead: i64) -> [u8; 48] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seconds = now.as_secs() as i64 + 2_208_988_800 + ahead;
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let mut packet = [0; 48];
    packet[0] = 0x24;
    packet[1] = 1;
    packet[24..32].copy_from_slice(&asked[40..48]);
    for at in [16, 32, 40] {
        packet[at..at + 4].copy_from_slice(&(seconds as u32).to_be_bytes());
        packet[at + 4..at + 8].copy_from_slice(&(fraction as u32).to_be_bytes());
    }
    packet
}

fn servers(names: &[&FakeTime], more: &str) -> String {
    let names: Vec<&str> = names.iter().map(|server| server.address.as_str()).collect();
    format!(
        "tsa: {{time-servers: {{names: [{}], {more}}}}}",
        names.join(", ")
    )
}

#[test]
fn a_clock_that_the_servers_contradict_gives_no_timestamps_unless_the_operator_wants_it() {
    let time = FakeTime::new(30);
    let one = "threshold: 1, period: 100ms";
    let server = Server::start(&servers(&[&time], one));
    until("a refusal", || stamp(&server).status == 503);
    let said = stamp(&server).text();
    assert!(said.contains("this authority's clock is off"), "{said}");
    // Set right again, and asked again after the period.
    time.ahead.store(0, Ordering::SeqCst);
    until("a timestamp", || stamp(&server).status == 200);
    time.ahead.store(30, Ordering::SeqCst);
    let stamping = server.again(&servers(&[&time], &format!("{one}, when-off: stamp")));
    let before = time.asked();
    until("two more rounds", || time.asked() > before + 2);
    stamp(&stamping).is(200);
    let tolerant = stamping.again(&servers(&[&time], &format!("{one}, tolerance: 60s")));
    let before = time.asked();
    until("two more rounds", || time.asked() > before + 2);
    stamp(&tolerant).is(200);
}

#[test]
fn how_many_servers_are_asked_and_must_agree_is_the_operators() {
    let (right, wrong) = (FakeTime::new(0), FakeTime::new(30));
    let server = Server::start(&servers(&[&right, &wrong], "threshold: 2, period: 100ms"));
    until("a refusal", || stamp(&server).status == 503);
    let server = server.again(&servers(&[&right, &wrong], "threshold: 1, period: 100ms"));
    let before = wrong.asked();
    until("a round", || wrong.asked() > before + 1);
    stamp(&server).is(200);
    // One of the two in each round: now and then it is the wrong one.
    let server = server.again(&servers(
        &[&right, &wrong],
        "threshold: 1, asked: 1, period: 20ms",
    ));
    until("a refusal", || stamp(&server).status == 503);
    until("a timestamp", || stamp(&server).status == 200);
}

#[test]
fn silent_servers_are_waited_for_as_the_operator_says() {
    let time = FakeTime::new(0);
    let strict = "threshold: 1, when-off: refuse-unless-good, timeout: 50ms";
    time.silent.store(u32::MAX, Ordering::SeqCst);
    let server = Server::start(&servers(
        &[&time],
        &format!("{strict}, attempts: 2, period: 1h"),
    ));
    until("the round's end", || {
        stamp(&server).text().contains("0 time servers answered")
    });
    stamp(&server).is(503);
    assert_eq!(time.asked(), 2);
    // A third packet would have been answered.
    time.silent.store(2, Ordering::SeqCst);
    let server = server.again(&servers(
        &[&time],
        &format!("{strict}, attempts: 3, period: 1h"),
    ));
    until("a timestamp", || stamp(&server).status == 200);
    assert_eq!(time.asked(), 5);
}
