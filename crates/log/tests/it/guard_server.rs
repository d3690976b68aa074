//! The guard with a server: what it notices, what the log does without it, and servers that are none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tempfile::TempDir;
use waxwing_log::fsck::ProblemKind;
use waxwing_log::{
    AddError, Driver, DriverError, Format, GuardPlace, GuardServerError, Leaf, LocalDriver,
    LocalSettings, LogError, Refusal,
};
use waxwing_net::{Client, Routes};

use crate::bench::{Bench, add};
use crate::fsck::{check, copy_all};
use crate::suite::{Storage, behaviour};

const ADDRESS: &str = "http://localhost";

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Down,
    Hangs,
    /// It is to be asked again after half a minute.
    Later,
    NeedsPassword,
    NoTag,
    WeakTag,
    IgnoresIfMatch,
    /// `If-Match` holds where there is nothing, as with WsgiDAV: allowed, since nobody relies on it.
    MatchesNothing,
    IgnoresIfNoneMatch,
    OverwritesAlways,
    Page,
    NoFolder,
    NoPut,
    /// Does what it is asked for, and answers something else.
    LosesAnswers,
    /// Names no tag in the answer to a PUT, which is allowed.
    QuietAboutTags,
}

/// A server as RFC 9110 section 13 has it, apart from its fault.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    fault: Option<Fault>,
    version: u64,
    records: BTreeMap<String, (u64, Bytes)>,
    puts: usize,
}

impl Server {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    fn fail(&self, fault: impl Into<Option<Fault>>) {
        self.kept().fault = fault.into();
    }

    fn client(&self) -> Client {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let retry = waxwing_net::Retry {
            first_wait: Duration::from_millis(1),
            ..waxwing_net::Retry::default()
        };
        Client::in_process(Routes::new().with(ADDRESS, router).unwrap()).with_retry(retry)
    }

    fn place(&self) -> GuardPlace {
        let url = format!("{ADDRESS}/guards");
        let guards = GuardPlace::named(&url, &self.client()).unwrap();
        guards.below("log")
    }

    /// Puts another record in place of what is there.
    fn replace(&self, record: &Bytes) {
        let mut kept = self.kept();
        kept.version += 1;
        let replaced = (kept.version, record.clone());
        kept.records.insert("/guards/log".to_owned(), replaced);
    }

    /// The size that the record says.
    fn size(&self) -> Option<u64> {
        let kept = self.kept();
        let (_, body) = kept.records.get("/guards/log")?;
        let text = str::from_utf8(body).unwrap().to_owned();
        Some(text.lines().nth(1).unwrap().parse().unwrap())
    }
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    if server.kept().fault == Some(Fault::Hangs) {
        std::future::pending::<()>().await;
    }
    server
        .kept()
        .answer(&parts.method, parts.uri.path(), &parts.headers, body)
}

impl Kept {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response {
        match self.fault {
            Some(Fault::Down) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Fault::Later) => {
                let later = [(header::RETRY_AFTER, "30")];
                return (StatusCode::SERVICE_UNAVAILABLE, later).into_response();
            }
            Some(Fault::NeedsPassword) => return StatusCode::UNAUTHORIZED.into_response(),
            Some(Fault::Page) => return "<html>Welcome to the hotel</html>".into_response(),
            Some(Fault::NoPut) if *method == Method::PUT => {
                return StatusCode::METHOD_NOT_ALLOWED.into_response();
            }
            Some(Fault::NoFolder) if *method == Method::PUT => {
                return StatusCode::CONFLICT.into_response();
            }
            _ => {}
        }
        let there = self.records.get(path).cloned();
        if *method == Method::GET {
            return match there {
                Some((version, body)) => (self.tag(version), body).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            };
        }
        assert_eq!(*method, Method::PUT);
        let is_match = headers.get(header::IF_MATCH).is_none_or(|wanted| {
            there
                .as_ref()
                .is_some_and(|(version, _)| wanted.as_bytes() == tag(*version).as_bytes())
        });
        let is_none_match = headers.get(header::IF_NONE_MATCH).is_none_or(|wanted| {
            assert_eq!(wanted.as_bytes(), b"*");
            there.is_none()
        });
        let holds = match self.fault {
            Some(Fault::OverwritesAlways) => true,
            Some(Fault::IgnoresIfMatch) => is_none_match,
            Some(Fault::MatchesNothing) => is_none_match && (is_match || there.is_none()),
            Some(Fault::IgnoresIfNoneMatch) => is_match,
            _ => is_match && is_none_match,
        };
        if !holds {
            return StatusCode::PRECONDITION_FAILED.into_response();
        }
        self.version += 1;
        self.puts += 1;
        self.records.insert(path.to_owned(), (self.version, body));
        match self.fault {
            Some(Fault::LosesAnswers) => StatusCode::BAD_GATEWAY.into_response(),
            Some(Fault::QuietAboutTags) => StatusCode::NO_CONTENT.into_response(),
            _ => (StatusCode::NO_CONTENT, self.tag(self.version)).into_response(),
        }
    }

    fn tag(&self, version: u64) -> HeaderMap {
        let value = match self.fault {
            Some(Fault::NoTag) => return HeaderMap::new(),
            Some(Fault::WeakTag) => format!("W/{}", tag(version)),
            _ => tag(version),
        };
        HeaderMap::from_iter([(header::ETAG, value.parse().unwrap())])
    }
}

fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

fn settings(directory: &Path, guard: GuardPlace, format: Format) -> LocalSettings {
    let mut settings = LocalSettings::new(directory.join("log"), format);
    settings.guard = Some(guard);
    settings.slot_bytes = 64 << 10;
    settings
}

fn driver(directory: &Path, server: &Server) -> LocalDriver {
    LocalDriver::new(settings(directory, server.place(), Format::TlogTiles))
}

/// Two logs under one server.
struct Guarded {
    _directory: TempDir,
    drivers: [LocalDriver; 2],
}

impl Guarded {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let guards = Server::default().place();
        let driver = |format| {
            let name = format!("{format:?}");
            let path = directory.path().join(&name);
            LocalDriver::new(settings(&path, guards.below(&name), format))
        };
        let drivers = [driver(Format::TlogTiles), driver(Format::StaticCt)];
        Self {
            drivers,
            _directory: directory,
        }
    }
}

impl Storage for Guarded {
    fn hand(&self) -> Arc<dyn Driver> {
        Arc::new(self.drivers[0].clone())
    }

    fn hand_for(&self, format: Format) -> Arc<dyn Driver> {
        match format {
            Format::TlogTiles => self.hand(),
            Format::StaticCt => Arc::new(self.drivers[1].clone()),
        }
    }
}

behaviour!(Guarded::new());

/// A log of three entries that was closed.
async fn written(bench: &Bench, directory: &Path, server: &Server) {
    let log = bench.open(Arc::new(driver(directory, server))).await;
    for number in 0..3 {
        add(&log, number).await;
    }
    log.close().await;
    assert_eq!(server.size(), Some(3));
}

#[tokio::test]
async fn a_directory_that_was_set_back_is_refused() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let [directory, copy] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    written(&bench, directory.path(), &server).await;
    copy_all(directory.path(), copy.path());
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    add(&log, 3).await;
    log.close().await;
    drop(log);
    assert_eq!(server.size(), Some(4));

    let old = bench.try_open(Arc::new(driver(copy.path(), &server))).await;
    let refused = old.unwrap_err();
    let LogError::Refused(Refusal::RolledBack { known: 4, found: 3 }) = refused else {
        panic!("{refused}");
    };
    // fsck says so of the old directory, and nothing of the new one.
    let verifiers = bench.signer.verifiers();
    for (path, expected) in [
        (copy.path(), Some(ProblemKind::GuardAhead)),
        (directory.path(), None),
    ] {
        let settings = settings(path, server.place(), Format::TlogTiles);
        let verifiers = verifiers.clone();
        let report = tokio::task::spawn_blocking(move || check(settings, &verifiers));
        let found = report.await.unwrap();
        let kinds: Vec<_> = found.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, Vec::from_iter(expected), "{}", path.display());
    }
    bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
}

#[tokio::test]
async fn of_two_copies_that_are_written_one_stops() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let [directory, copy] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    written(&bench, directory.path(), &server).await;
    copy_all(directory.path(), copy.path());
    let one = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    let other = bench.open(Arc::new(driver(copy.path(), &server))).await;
    add(&one, 10).await;
    one.close().await;
    drop(one);
    assert_eq!(server.size(), Some(4));
    // Its guard goes out behind the answer, which was given; then nothing more is.
    add(&other, 11).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let bytes = b"later".to_vec();
    let refused = other.add(&bytes, Leaf::Bytes(bytes.clone())).await;
    assert!(
        matches!(refused, Err(AddError::Stopped { .. })),
        "{refused:?}"
    );
    let error = other.stopped().unwrap();
    let LogError::Driver(DriverError::GuardMoved(moved)) = &*error else {
        panic!("{error}");
    };
    assert_eq!(moved.place, "http://localhost/guards/log");
    assert_eq!(
        (moved.found.unwrap().size, moved.known.unwrap().size),
        (4, 3)
    );
    assert!(
        error
            .to_string()
            .contains("another copy of this log is being written"),
        "{error}"
    );
    // What the first has let out stands.
    assert_eq!(server.size(), Some(4));
    let again = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    assert_eq!(add(&again, 12).await.index, 4);
}

#[tokio::test]
async fn an_older_head_of_the_same_log_is_no_other_writer() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    let mut older = Vec::new();
    for number in 0..4 {
        let log = bench
            .open(Arc::new(driver(directory.path(), &server)))
            .await;
        add(&log, number).await;
        log.close().await;
        older.push(server.kept().records["/guards/log"].1.clone());
    }
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    // The server is set back to a backup of itself, or a write of long ago comes late.
    for (turn, record) in [(0, &older[1]), (1, &older[3])] {
        add(&log, 10 + turn).await;
        server.replace(record);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let added = add(&log, 20 + turn).await;
        assert_eq!(added.index, 5 + 2 * turn);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert_eq!(server.size(), Some(6 + 2 * turn));
    }
    // A head that the log never had is another copy's, though it be a short one.
    let other = str::from_utf8(&older[1]).unwrap();
    let root = other.lines().nth(2).unwrap();
    let longer = str::from_utf8(&older[2]).unwrap().lines().nth(2).unwrap();
    add(&log, 12).await;
    server.replace(&other.replace(root, longer).into());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let bytes = b"later".to_vec();
    let refused = log.add(&bytes, Leaf::Bytes(bytes.clone())).await;
    assert!(
        matches!(refused, Err(AddError::Stopped { .. })),
        "{refused:?}"
    );
    let error = log.stopped().unwrap();
    assert!(
        matches!(&*error, LogError::Driver(DriverError::GuardMoved(_))),
        "{error}"
    );
}

/// Opens a log under a server with a fault, and says what came of it; then without the fault, which is accepted.
async fn refusal(fault: Fault, begun: bool) -> String {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    if begun {
        written(&bench, directory.path(), &server).await;
    }
    let before = server.size();
    server.fail(fault);
    let refused = bench
        .try_open(Arc::new(driver(directory.path(), &server)))
        .await;
    let refused = match refused {
        Err(LogError::Driver(DriverError::Unavailable { source, .. })) => source.to_string(),
        other => panic!("{fault:?}: {:?}", other.map(|_| "opened")),
    };
    // Trying out a server does no harm to what it keeps.
    let entries = |size: Option<u64>| size.unwrap_or_default();
    assert_eq!(entries(before), entries(server.size()), "{fault:?}");
    server.fail(None);
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    add(&log, 7).await;
    log.close().await;
    assert_eq!(server.size(), Some(if begun { 4 } else { 1 }));
    refused
}

#[tokio::test]
async fn servers_that_keep_no_guard_are_refused_by_name() {
    let cases = [
        (Fault::Down, true, "503"),
        (Fault::Down, false, "503"),
        (
            Fault::NeedsPassword,
            true,
            "https://NAME:PASSWORD@HOST/PATH",
        ),
        (
            Fault::NoTag,
            true,
            "gives no ETag for http://localhost/guards/log; expected a strong ETag",
        ),
        (Fault::NoTag, false, "gives no ETag for"),
        (Fault::WeakTag, true, "gives the ETag W/\""),
        (
            Fault::IgnoresIfMatch,
            true,
            "in spite of an If-Match of another ETag",
        ),
        (
            Fault::IgnoresIfMatch,
            false,
            "in spite of an If-Match of another ETag",
        ),
        (
            Fault::IgnoresIfNoneMatch,
            true,
            "in spite of If-None-Match: *",
        ),
        (
            Fault::OverwritesAlways,
            true,
            "in spite of an If-Match of another ETag",
        ),
        (
            Fault::Page,
            true,
            "http://localhost/guards/log is not a guard of a log; name another place",
        ),
        (
            Fault::NoFolder,
            false,
            "409 Conflict for http://localhost/guards/log: no message; if the folder above",
        ),
        (
            Fault::NoPut,
            true,
            "expected a server that takes files by PUT",
        ),
    ];
    for (fault, begun, expected) in cases {
        let found = refusal(fault, begun).await;
        assert!(found.contains(expected), "{fault:?}, {begun}: {found}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_other_writer() {
    for fault in [
        Fault::LosesAnswers,
        Fault::QuietAboutTags,
        Fault::MatchesNothing,
    ] {
        let (bench, server) = (Bench::tiles(), Server::default());
        let directory = tempfile::tempdir().unwrap();
        written(&bench, directory.path(), &server).await;
        let log = bench
            .open(Arc::new(driver(directory.path(), &server)))
            .await;
        server.fail(fault);
        add(&log, 3).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(server.size(), Some(4), "{fault:?}");
        add(&log, 4).await;
        server.fail(None);
        log.close().await;
        assert!(
            log.stopped()
                .is_none_or(|error| matches!(*error, LogError::Closed)),
            "{fault:?}"
        );
        assert_eq!(server.size(), Some(5), "{fault:?}");
    }
}

#[tokio::test]
async fn the_log_goes_on_without_its_server_and_catches_up_by_itself() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    written(&bench, directory.path(), &server).await;
    let place = server.place();
    let record = place.clone();
    let settings = settings(directory.path(), place, Format::TlogTiles);
    let log = bench.open(Arc::new(LocalDriver::new(settings))).await;
    server.fail(Fault::Down);
    for number in 3..6 {
        add(&log, number).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(server.size(), Some(3));
    assert!(record.behind() > Duration::ZERO);
    server.fail(None);
    // Nothing is added, and it comes all the same.
    for _ in 0..400 {
        if server.size() == Some(6) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.size(), Some(6));
    assert_eq!(record.behind(), Duration::ZERO);
    // Many heads are one write.
    let before = server.kept().puts;
    for number in 6..26 {
        add(&log, number).await;
    }
    log.close().await;
    assert_eq!(server.size(), Some(26));
    assert!(server.kept().puts - before < 10);
}

#[tokio::test]
async fn a_record_that_an_operator_removed_is_made_again() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    written(&bench, directory.path(), &server).await;
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    server.kept().records.clear();
    add(&log, 3).await;
    log.close().await;
    assert_eq!(server.size(), Some(4));
}

#[tokio::test]
async fn what_is_on_this_machine_is_asked_past_any_proxy() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::default();
    let router = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async { axum::serve(listener, router).await });
    // A proxy that would see the password.
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = format!("http://{}", proxy.local_addr().unwrap());
    let mut network = waxwing_net::Settings::default();
    network.proxy.http = Some(http);
    let client = Client::network_when_needed(network);
    let url = format!("http://name:word@{address}/guards/log");
    let place = GuardPlace::named(&url, &client).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(directory.path(), place, Format::TlogTiles);
    let bench = Bench::tiles();
    let opened = bench.open(Arc::new(LocalDriver::new(settings)));
    tokio::select! {
        log = opened => log.close().await,
        asked = proxy.accept() => panic!("the proxy was asked by {:?}", asked.unwrap().1),
    }
    assert_eq!(server.size(), Some(0));
}

#[tokio::test]
async fn who_opens_a_log_twice_is_told_twice_that_there_is_no_guard() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    let driver = Arc::new(driver(directory.path(), &server));
    server.fail(Fault::NoFolder);
    for _ in 0..2 {
        let refused = bench.try_open(driver.clone()).await.unwrap_err();
        assert!(refused.to_string().contains("409 Conflict"), "{refused}");
    }
    server.fail(None);
    bench.open(driver).await;
    assert_eq!(server.size(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_patience_gets_little() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    written(&bench, directory.path(), &server).await;
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    server.fail(Fault::Later);
    add(&log, 3).await;
    let begun = tokio::time::Instant::now();
    log.close().await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

/// A server that hangs holds up who closes a log, and nobody after that.
#[tokio::test(start_paused = true)]
async fn a_log_that_was_closed_is_not_held_by_what_its_server_lacks() {
    let (bench, server) = (Bench::tiles(), Server::default());
    let directory = tempfile::tempdir().unwrap();
    written(&bench, directory.path(), &server).await;
    let log = bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
    server.fail(Fault::Hangs);
    add(&log, 3).await;
    // One write has failed by then, and the next one is due while the log is being closed.
    tokio::time::sleep(Duration::from_millis(6500)).await;
    log.close().await;
    drop(log);
    server.fail(None);
    bench
        .open(Arc::new(driver(directory.path(), &server)))
        .await;
}

#[test]
fn addresses_that_others_could_read_are_refused() {
    let client = Server::default().client();
    for (url, expected) in [
        (
            "http://guards.example/log",
            "expected https, or http on this machine",
        ),
        (
            "ftp://guards.example/log",
            "expected https, or http on this machine",
        ),
        ("https://", "empty host"),
    ] {
        let refused = GuardPlace::named(url, &client).unwrap_err();
        assert!(matches!(refused, GuardServerError::Url(_)), "{refused}");
        assert!(refused.to_string().contains(expected), "{url}: {refused}");
    }
    let place = GuardPlace::named("https://name:word@guards.example/a/?x=secret", &client).unwrap();
    let shown = [
        place.to_string(),
        format!("{place:?}"),
        place.below("b c").to_string(),
    ];
    assert_eq!(
        shown,
        [
            "https://guards.example/a/",
            "GuardPlace { kind: Server(GuardServer(https://guards.example/a/)), behind: Mutex { data: None, poisoned: false, .. } }",
            "https://guards.example/a/b%20c"
        ]
    );
}
