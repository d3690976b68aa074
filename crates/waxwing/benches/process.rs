//! Whole processes: what a person waits for, beside the least that it could be.
//!
//! ```text
//! cargo bench -p waxwing --bench process
//! ```
//!
//! | process | floor |
//! |---|---|
//! | `cosign verify-blob` of one bundle: four files, seven signatures | a process that does nothing |
//! | `cosign sign-blob` without a key at `waxwing up` on this machine | the same signature by a client that has its connections open |
//! | `cosign verify-blob` of a gigabyte | `openssl dgst -sha256` of it |
//!
//! In turns, so that whatever else the machine does falls on both. Every answer is checked.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use waxwing_client::{By, IdentityToken, Signer, What};
use waxwing_crypto::{HashAlgorithm, KeyType, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_model::SigningConfig;
use waxwing_net::{Client, Settings};
use waxwing_testkit::virtual_sigstore::{IDENTITY, ISSUER, VirtualSigstore};

const ARTIFACT: &[u8] = b"a small artifact";

const RUNS: usize = 200;

/// How often the large file is read: each takes a second or more.
const LARGE_RUNS: usize = 5;

const LARGE: u64 = 1 << 30;

fn main() {
    verify();
    sign();
    hash();
}

fn verify() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    bundle_of(folder, ARTIFACT);
    fs::write(folder.join("artifact"), ARTIFACT).unwrap();
    let mut empty = Command::new("true");
    let (mut verifying, mut doing_nothing) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        verifying.push(timed(&mut verify_blob(folder)));
        doing_nothing.push(timed(&mut empty));
    }
    let (verifying, doing_nothing) = (median(verifying), median(doing_nothing));
    println!(
        "cosign verify-blob {verifying:?}, an empty process {doing_nothing:?}, above it {:?}",
        verifying.saturating_sub(doing_nothing)
    );
}

/// Leaves the bundle of an artifact, and the trusted root that verifies it.
fn bundle_of(folder: &Path, artifact: &[u8]) {
    let sigstore = VirtualSigstore::new(UnixTime::parse("2026-06-01T12:00:00Z").unwrap());
    let (bundle, root) = (sigstore.bundle(artifact, None), sigstore.trusted_root());
    fs::write(folder.join("bundle"), bundle.to_json().unwrap()).unwrap();
    fs::write(folder.join("trusted_root"), root.to_json().unwrap()).unwrap();
}

fn verify_blob(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    command
        .args(["cosign", "verify-blob", "--bundle", "bundle"])
        .args(["--trusted-root", "trusted_root", "--use-signed-timestamps"])
        .args(["--certificate-identity", IDENTITY])
        .args(["--certificate-oidc-issuer", ISSUER, "artifact"])
        .current_dir(folder);
    command
}

/// The clock of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        #[expect(clippy::disallowed_methods, reason = "a bench signs now")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixTime::from_duration(now.unwrap()).unwrap()
    }
}

fn sign() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("artifact"), ARTIFACT).unwrap();
    let _instance = up(folder);
    let token = Command::new(env!("CARGO_BIN_EXE_waxwing"))
        .args(["token", "--data", "data", "--as", "me@example.com"])
        .current_dir(folder)
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let config = fs::read(folder.join("data/client/signing_config.json")).unwrap();
    let signer = Signer {
        client: Client::network(Settings::default()).unwrap(),
        timestamp_client: Client::network(Settings::default()).unwrap(),
        config: SigningConfig::from_json(&config).unwrap(),
        verifier: None,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let identity = IdentityToken::new(token.trim()).unwrap();
    let digest = HashAlgorithm::Sha256.digest(ARTIFACT);
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let round_trips = || {
        let began = Instant::now();
        let by = By::Identity(&identity, KeyType::EcdsaP256);
        let signed = runtime.block_on(signer.sign(What::Digest(digest), by, &mut |_| {}));
        assert_eq!(signed.unwrap().bundle.entries.len(), 1);
        began.elapsed()
    };
    round_trips();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    command
        .args(["cosign", "sign-blob", "--yes", "--identity-token"])
        .arg(token.trim())
        .args(["--signing-config", "data/client/signing_config.json"])
        .args(["--trusted-root", "data/client/trusted_root.json"])
        .args(["--bundle", "signed.json", "artifact"])
        .current_dir(folder);
    let (mut signing, mut asking) = (Vec::new(), Vec::new());
    for _ in 0..RUNS / 2 {
        signing.push(timed(&mut command));
        asking.push(round_trips());
    }
    assert!(folder.join("signed.json").exists());
    let (signing, asking) = (median(signing), median(asking));
    println!(
        "cosign sign-blob without a key {signing:?}, its round trips {asking:?}, above them {:?}",
        signing.saturating_sub(asking)
    );
}

/// An instance that ends with the bench.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn up(folder: &Path) -> Up {
    let mut process = Command::new(env!("CARGO_BIN_EXE_waxwing"))
        .args(["up", "--data", "data", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut lines = lines.by_ref().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("Ready ")));
    Up(process)
}

fn hash() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Of zeros that take no room on the disk: what is measured is reading and hashing, and no disk.
    let file = File::create(folder.join("artifact")).unwrap();
    file.set_len(LARGE).unwrap();
    bundle_of(folder, &vec![0; usize::try_from(LARGE).unwrap()]);
    let mut digest = Command::new("openssl");
    digest
        .args(["dgst", "-sha256", "artifact"])
        .current_dir(folder);
    let (mut verifying, mut digesting) = (Vec::new(), Vec::new());
    for _ in 0..LARGE_RUNS {
        verifying.push(timed(&mut verify_blob(folder)));
        digesting.push(timed(&mut digest));
    }
    let (verifying, digesting) = (median(verifying), median(digesting));
    println!(
        "cosign verify-blob of a gigabyte {verifying:?}, openssl dgst {digesting:?}: {:.0}% of its speed",
        100.0 * digesting.as_secs_f64() / verifying.as_secs_f64()
    );
}

/// Runs it; the answer is checked.
fn timed(command: &mut Command) -> Duration {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = quiet.status().unwrap();
    let took = began.elapsed();
    assert!(status.success());
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
