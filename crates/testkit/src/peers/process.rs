//! Runs a program by itself: an empty environment, a home directory of its own, no network, a time limit.

use std::{
    env,
    io::{Read, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The slowest peer needs a second of processor time; a loaded machine may take long to give it.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A program that has ended.
pub(super) struct Finished {
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs `arguments` to the end, with `home` as its home and working directory.
///
/// # Panics
///
/// When the program cannot be started, or does not end in time: a test must not take that for an answer.
pub(super) fn run(arguments: &[String], home: &Path, stdin: &[u8]) -> Finished {
    let (program, rest) = arguments
        .split_first()
        .expect("a command line names a program");
    let mut child = command(program, home)
        .args(rest)
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));

    // All three pipes at once: a program that waits for us to read while we wait for it to read never ends.
    let mut input = child.stdin.take().expect("standard input is a pipe");
    let stdin = stdin.to_vec();
    // A program may well end without having read it all: then this fails, and its exit code says the rest.
    let writer = thread::spawn(move || drop(input.write_all(&stdin)));
    let stdout = reader(child.stdout.take().expect("standard output is a pipe"));
    let stderr = reader(child.stderr.take().expect("standard error is a pipe"));

    let code = wait(&mut child);
    let finished = Finished {
        code: code.flatten(),
        stdout: stdout.join().expect("the reader does not panic"),
        stderr: stderr.join().expect("the reader does not panic"),
    };
    writer.join().expect("the writer does not panic");
    assert!(
        code.is_some(),
        "no end after {TIME_LIMIT:?}: {}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&finished.stderr)
    );
    finished
}

/// The program with nothing of our environment but the search path.
///
/// Settings of a person who runs the tests (`COSIGN_…`, `SIGSTORE_…`, `TUF_…`) would change what a peer checks, and a
/// foreign home directory holds trust that nobody gave here.
fn command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .env("NO_COLOR", "1")
        // sigstore-python breaks its lines at the width of the terminal, in the middle of what tests look for.
        .env("COLUMNS", "10000")
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Nothing listens there: who asks the network is refused at once, on a machine with a network as on one without.
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        command.env(proxy, "http://127.0.0.1:9");
    }
    command
}

/// Reads to the end beside us.
fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// Waits for the end; `None` if the program had to be killed.
fn wait(child: &mut Child) -> Option<Option<i32>> {
    let deadline = Instant::now() + TIME_LIMIT;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status.code());
        }
        if Instant::now() >= deadline {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
