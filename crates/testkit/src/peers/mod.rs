//! The programs that others wrote, judging what ours made.
//!
//! `.ci/peers` installs them; [`require`] finds one; [`Installed::verify`] asks it about a bundle:
//!
//! ```text
//! cosign verify-blob --bundle B --trusted-root R --use-signed-timestamps --certificate-identity I … ARTIFACT
//! ```
//!
//! Every check of every peer is on: an SCT, a log entry with its inclusion proof, an RFC 3161 timestamp, the exact
//! identity and the exact issuer, one of each at least. There is no way to ask for less, so that an acceptance always
//! means the same. Two peers cannot be told to demand the timestamp where the log's own time would do (Rekor v1
//! entries): sigstore-go and sigstore-python. For entries of Rekor v2 all of them demand it.
//!
//! A refusal proves something only with its reason: tests name the words that they expect
//! ([`Verdict::assert_refused`]), since a peer that could not even read its trusted root refuses too.

pub mod amazon;
mod command;
pub mod fault;
pub mod file_server;
pub mod grpc;
pub mod machine;
pub mod oidc_provider;
pub mod openssl;
mod process;
pub mod promtool;
mod python;
mod server;
pub mod signing;
pub mod tessera;
#[cfg(test)]
mod tests;
pub mod torchwood;

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// What a peer is asked to verify.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The file that was signed.
    pub artifact: &'a Path,
    /// The bundle, as JSON.
    pub bundle: &'a Path,
    /// The trusted root, as JSON.
    pub trusted_root: &'a Path,
    /// The subject alternative name that the certificate must have, exactly.
    pub identity: &'a str,
    /// The issuer that the certificate must name, exactly.
    pub issuer: &'a str,
}

/// A [`Case`] that asks for something else than an identity and a timestamp.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The files, and whom to expect.
    pub case: Case<'a>,
    /// A key, in PEM, that is trusted in the place of the identity.
    pub key: Option<&'a Path>,
    /// The log's own time is the only one in the bundle: cosign is asked without the flag that demands a timestamp.
    pub log_time: bool,
}

impl<'a> From<&Case<'a>> for Question<'a> {
    fn from(case: &Case<'a>) -> Self {
        Self {
            case: *case,
            key: None,
            log_time: false,
        }
    }
}

/// A program that others wrote and that verifies bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// cosign as Debian sid has it: 3.x.
    Cosign,
    /// cosign as Debian trixie has it: 2.5, which knows Rekor v1 alone.
    CosignTrixie,
    /// sigstore-go's command for verification.
    SigstoreGo,
    /// sigstore-python's command line.
    SigstorePython,
    /// The libraries of sigstore-js under `tests/peers/verify.mjs`.
    SigstoreJs,
}

impl Peer {
    /// Every peer.
    pub const ALL: [Self; 5] = [
        Self::Cosign,
        Self::CosignTrixie,
        Self::SigstoreGo,
        Self::SigstorePython,
        Self::SigstoreJs,
    ];

    /// The folder that `.ci/peers` installs it into, and its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosign => "cosign-sid",
            Self::CosignTrixie => "cosign-trixie",
            Self::SigstoreGo => "sigstore-go",
            Self::SigstorePython => "sigstore-python",
            Self::SigstoreJs => "sigstore-js",
        }
    }
}

/// The peer if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`: there a test that was left out would look like one that passed.
pub fn require(peer: Peer) -> Option<Installed> {
    let (home, version) = installed(peer.name())?;
    Some(Installed {
        peer,
        home,
        version,
    })
}

/// The folder of what `.ci/peers` installs under that name, and the line that says what it is; as
/// [`require`] where it is missing.
fn installed(name: &str) -> Option<(PathBuf, String)> {
    let home = peers_folder().join(name);
    // The installation writes this file last: without it the folder may be half of a peer.
    match fs::read_to_string(home.join("installed.txt")) {
        Ok(installed) => Some((home, installed.trim().to_owned())),
        Err(error) => {
            skip(name, &error.to_string());
            None
        }
    }
}

/// A peer that can be asked.
#[derive(Clone, Debug)]
pub struct Installed {
    peer: Peer,
    home: PathBuf,
    version: String,
}

impl Installed {
    /// Asks the peer about `case`, in a home directory that exists for this one question.
    ///
    /// # Panics
    ///
    /// When the peer cannot be started or does not answer in time: neither is an answer.
    pub fn verify(&self, case: &Case<'_>) -> Verdict {
        self.ask(&Question::from(case))
    }

    /// The same for a question that is not the usual one.
    ///
    /// # Panics
    ///
    /// As above.
    pub fn ask(&self, question: &Question<'_>) -> Verdict {
        let case = &question.case;
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        if self.peer == Peer::SigstorePython {
            let root = fs::read_to_string(case.trusted_root).expect("the trusted root can be read");
            let config = command::client_trust_config(&root);
            fs::write(home.path().join(command::TRUST_CONFIG), config)
                .expect("a temporary directory can be written");
        }
        let arguments = command::arguments(self.peer, &self.home, home.path(), question);
        let finished = process::run(&arguments, home.path(), &[]);
        let output = format!(
            "{}{}",
            String::from_utf8_lossy(&finished.stdout),
            String::from_utf8_lossy(&finished.stderr)
        );
        Verdict {
            // The words too: a program that printed its help and exited with 0 has accepted nothing.
            accepted: finished.code == Some(0) && output.contains(command::acceptance(self.peer)),
            code: finished.code,
            output,
        }
    }

    /// The command line that [`Self::verify`] runs, with `$HOME` for the temporary home directory.
    pub fn command(&self, case: &Case<'_>) -> Vec<String> {
        let question = Question::from(case);
        command::arguments(self.peer, &self.home, Path::new("$HOME"), &question)
    }

    /// One of the peer's own files: `usr/bin/cosign`.
    pub fn program(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    /// What was installed: name, package, version and digest, as in the manifest.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Which peer this is.
    pub fn peer(&self) -> Peer {
        self.peer
    }
}

/// What a peer said.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Whether it ended with 0 and said that the bundle verified.
    pub accepted: bool,
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed: standard output, then standard error.
    pub output: String,
}

impl Verdict {
    /// Asserts that the peer accepted.
    ///
    /// # Panics
    ///
    /// When it did not; with all that it printed.
    #[track_caller]
    pub fn assert_accepted(&self) {
        let Self { code, output, .. } = self;
        assert!(self.accepted, "refused with {code:?}:\n{output}");
    }

    /// Asserts that the peer refused with exit code 1 and gave this reason.
    ///
    /// # Panics
    ///
    /// When it accepted, ended in another way, or gave another reason; with all that it printed.
    #[track_caller]
    pub fn assert_refused(&self, reason: &str) {
        let Self { code, output, .. } = self;
        assert!(!self.accepted, "accepted, but expected: {reason}\n{output}");
        assert_eq!(*code, Some(1), "expected: {reason}, found:\n{output}");
        assert!(
            output.contains(reason),
            "expected: {reason}, found:\n{output}"
        );
    }
}

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where `.ci/peers` installs: the same rule as there.
fn peers_folder() -> PathBuf {
    let folder = env::var_os("WAXWING_PEERS").unwrap_or_else(|| "target/peers".into());
    // An absolute path replaces the repository's.
    repository().join(folder)
}

/// Says that a peer is left out, past the test runner, which hides what a passing test prints.
fn skip(name: &str, reason: &str) {
    assert!(
        env::var_os("CI").as_deref() != Some(OsStr::new("true")),
        "{name} is not installed: {reason}; run .ci/peers"
    );
    // If standard error is closed there is nobody to tell.
    let _unheard = writeln!(io::stderr(), "skipped: {name} is not installed: {reason}");
}
