//! The watch over the clock, with time servers of our own on the loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use waxwing_crypto::SystemRandom;
use waxwing_encoding::time::UnixTime;
use waxwing_tsa::ntp::{NtpError, NtpServer, TimeServer};
use waxwing_tsa::{ClockState, ClockWatch, Settings, WatchSettings, WhenOff};

use crate::world::{NOW, QUERY, SHA_256, World, clock, query};

const SILENT: i64 = i64::MIN;

/// A server whose clock can be set: milliseconds that it is ahead, or [`SILENT`].
struct Server {
    address: SocketAddr,
    ahead: Arc<AtomicI64>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    async fn start(ahead: i64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: socket.local_addr().unwrap(),
            ahead: Arc::new(AtomicI64::new(ahead)),
            asked: Arc::default(),
        };
        let (ahead, asked) = (Arc::clone(&server.ahead), Arc::clone(&server.asked));
        tokio::spawn(async move {
            let mut packet = [0; 100];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                assert_eq!((length, packet[0]), (48, 0x23));
                asked.fetch_add(1, Ordering::Relaxed);
                let ahead = ahead.load(Ordering::Relaxed);
                if ahead == SILENT {
                    continue;
                }
                let now = NOW * 1000 + 789 + ahead;
                let seconds = (now.div_euclid(1000) + 2_208_988_800) as u32;
                let fraction = (now.rem_euclid(1000) as u64) << 32;
                let fraction = fraction.div_ceil(1000) as u32;
                let time = [seconds.to_be_bytes(), fraction.to_be_bytes()].concat();
                let cookie = &packet[40..48];
                let head = [&[0x24, 2, 6, 0xe9][..], &[0; 20]].concat();
                let answer = [&head[..], cookie, &time, &time].concat();
                // First one to another question, as somebody would send who guesses.
                let mut guessed = answer.clone();
                guessed[24] ^= 1;
                socket.send_to(&guessed, from).await.unwrap();
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        server
    }

    fn client(&self) -> NtpServer {
        NtpServer::new(
            self.address.to_string(),
            Duration::from_millis(200),
            clock(),
            Arc::new(SystemRandom),
        )
    }
}

async fn servers(ahead: [i64; 4]) -> Vec<Server> {
    let mut servers = Vec::new();
    for ahead in ahead {
        servers.push(Server::start(ahead).await);
    }
    servers
}

fn watch(servers: &[Server], when_off: WhenOff) -> Arc<ClockWatch> {
    let settings = WatchSettings {
        when_off,
        ..WatchSettings::default()
    };
    let clients = servers.iter().map(Server::client);
    let clients = clients.map(|client| Arc::new(client) as Arc<dyn TimeServer>);
    let random = Arc::new(SystemRandom);
    Arc::new(ClockWatch::new(clients.collect(), settings, random))
}

fn world(watch: &Arc<ClockWatch>) -> World {
    let watch = Some(Arc::clone(watch));
    World::with(|authority| authority, Settings::default(), watch)
}

fn good() -> Vec<u8> {
    query(SHA_256, &[7; 32], &[])
}

#[tokio::test]
async fn a_server_says_how_far_it_is_ahead() {
    assert_eq!(
        clock().now(),
        UnixTime::from_milliseconds(NOW as u64 * 1000 + 789).unwrap()
    );
    for ahead in [0, 1, -1, 1500, -90_000, 10_000_000] {
        let server = Server::start(ahead).await;
        assert_eq!(server.client().ask().await.unwrap().ahead, ahead);
    }
}

#[tokio::test]
async fn a_server_that_is_silent_or_not_there_is_given_up() {
    let server = Server::start(SILENT).await;
    let error = server.client().ask().await.unwrap_err();
    assert_eq!(error.to_string(), "no answer within 200 ms");
    let wait = Duration::from_millis(200);
    // The port was free a moment ago.
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let nowhere = NtpServer::new(&address, wait, clock(), Arc::new(SystemRandom));
    assert_eq!(nowhere.name(), address);
    let error = nowhere.ask().await.unwrap_err();
    assert!(matches!(error, NtpError::Io(_)), "{error}");
}

#[tokio::test]
async fn no_timestamps_are_given_while_the_clock_is_off() {
    let servers = servers([0, 6000, -6000, 90_000]).await;
    let watch = watch(&servers, WhenOff::Refuse);
    let world = world(&watch);
    // Before the first round the clock is believed.
    assert_eq!(watch.state(), ClockState::NotAsked);
    world.stamp(QUERY, good()).await;
    // One server of four may be wrong.
    assert_eq!(watch.round().await, ClockState::Good { agreeing: 3 });
    world.stamp(QUERY, good()).await;
    servers[1].ahead.store(6001, Ordering::Relaxed);
    let state = watch.round().await;
    let server = servers[3].address.to_string();
    let ahead = 90_000;
    assert_eq!(state, ClockState::Off { server, ahead });
    let message = format!(
        "this authority's clock is off: {} is 90000 ms ahead of it",
        servers[3].address
    );
    world.refuses(QUERY, good(), 503, &message).await;
    // What is wrong with the request itself is said first.
    world
        .refuses(QUERY, "garbage", 400, "Error generating")
        .await;
    servers[1].ahead.store(-6000, Ordering::Relaxed);
    watch.round().await;
    world.stamp(QUERY, good()).await;
}

#[tokio::test]
async fn servers_that_are_silent_are_asked_again_and_stop_only_the_strict() {
    let servers = servers([0, 0, SILENT, SILENT]).await;
    let lenient = watch(&servers, WhenOff::Refuse);
    let state = lenient.round().await;
    assert!(
        matches!(&state, ClockState::TooFew { answered: 2, threshold: 3, reason }
            if reason.ends_with("no answer within 200 ms")),
        "{state:?}"
    );
    assert_eq!(servers[0].asked.load(Ordering::Relaxed), 1);
    assert_eq!(servers[2].asked.load(Ordering::Relaxed), 3);
    world(&lenient).stamp(QUERY, good()).await;

    let strict = watch(&servers, WhenOff::RefuseUnlessGood);
    let strictly = world(&strict);
    let message = "this authority's clock was not compared with time servers yet";
    strictly.refuses(QUERY, good(), 503, message).await;
    strict.round().await;
    let message = "2 time servers answered, 3 must confirm this authority's clock: 127.0.0.1:";
    strictly.refuses(QUERY, good(), 503, message).await;
    servers[2].ahead.store(0, Ordering::Relaxed);
    assert_eq!(strict.round().await, ClockState::Good { agreeing: 3 });
    strictly.stamp(QUERY, good()).await;
}

#[tokio::test]
async fn the_originals_way_is_to_stamp_all_the_same() {
    let servers = servers([90_000; 4]).await;
    let watch = watch(&servers, WhenOff::Stamp);
    let state = watch.round().await;
    assert!(
        matches!(state, ClockState::Off { ahead: 90_000, .. }),
        "{state:?}"
    );
    world(&watch).stamp(QUERY, good()).await;
}

#[tokio::test]
async fn it_asks_again_after_each_period() {
    let servers = servers([0; 4]).await;
    let settings = WatchSettings {
        period: Duration::from_millis(5),
        ..WatchSettings::default()
    };
    let clients = servers.iter().map(Server::client);
    let clients = clients.map(|client| Arc::new(client) as Arc<dyn TimeServer>);
    let watch = ClockWatch::new(clients.collect(), settings, Arc::new(SystemRandom));
    let enough = async {
        while servers[0].asked.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = watch.run() => {}
        done = tokio::time::timeout(Duration::from_secs(20), enough) => done.unwrap(),
    }
    assert_eq!(watch.state(), ClockState::Good { agreeing: 4 });
}
