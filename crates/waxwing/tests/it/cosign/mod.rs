//! `waxwing cosign` and the real cosign: what one makes the other takes, what one refuses the other refuses.

mod advisories;
mod ambient;
mod bundles;
mod deprecated;
mod flags;
mod keys;
mod legacy;
mod login;
mod login_requests;
mod login_started;
mod older_log;
mod refusals;
mod rekor_v1;
mod services;
mod signing;
mod single_files;
mod statements;
mod tokens;
mod trusted_root;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use waxwing_testkit::peers::{self, Installed, Peer};

use crate::program::{printed, waxwing};
use crate::up::{Running, token};

const PASSWORD: &str = "correct horse";

/// A folder with an artifact, in which both programs are run.
pub(crate) struct Bench {
    folder: TempDir,
    /// cosign 3.x.
    sid: Installed,
    /// cosign 2.5.
    trixie: Installed,
}

impl Bench {
    /// `None` where a cosign is not installed.
    fn new() -> Option<Self> {
        let (sid, trixie) = (
            peers::require(Peer::Cosign)?,
            peers::require(Peer::CosignTrixie)?,
        );
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("blob"), "an artifact\n").unwrap();
        fs::write(folder.path().join("other"), "another artifact\n").unwrap();
        Some(Self {
            folder,
            sid,
            trixie,
        })
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs a line, such as `sign-blob --key cosign.key blob`; no word of it has a space in it.
    fn run(
        &self,
        program: &Path,
        first: &[&str],
        line: &str,
        variables: &[(&str, &str)],
    ) -> Output {
        Command::new(program)
            .args(first)
            .args(line.split_whitespace())
            .current_dir(self.folder())
            .env_clear()
            .env("HOME", self.folder())
            .env("COSIGN_PASSWORD", PASSWORD)
            .env("NO_PROXY", "127.0.0.1")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// Runs ours, which must succeed.
    #[track_caller]
    fn ours(&self, line: &str) -> Output {
        self.ours_with(line, &[])
    }

    #[track_caller]
    fn ours_with(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let output = self.run(&waxwing(), &["cosign"], line, variables);
        assert!(output.status.success(), "{line}: {}", printed(&output));
        output
    }

    /// Runs ours, which must refuse with these words.
    #[track_caller]
    fn ours_refuses(&self, line: &str, words: &str) {
        self.ours_refuses_with(line, &[], words);
    }

    #[track_caller]
    fn ours_refuses_with(&self, line: &str, variables: &[(&str, &str)], words: &str) {
        let output = self.run(&waxwing(), &["cosign"], line, variables);
        let said = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains(words), "{line}: expected {words:?}: {said}");
    }

    /// Runs a real cosign, which must succeed.
    #[track_caller]
    fn theirs(&self, peer: &Installed, line: &str) -> Output {
        let output = self.run(&peer.program("usr/bin/cosign"), &[], line, &[]);
        let name = peer.peer().name();
        assert!(
            output.status.success(),
            "{name} {line}: {}",
            printed(&output)
        );
        output
    }

    /// Runs a real cosign, which must refuse with these words.
    #[track_caller]
    fn theirs_refuses(&self, peer: &Installed, line: &str, words: &str) {
        let output = self.run(&peer.program("usr/bin/cosign"), &[], line, &[]);
        let said = printed(&output);
        assert_ne!(output.status.code(), Some(0), "{line}: {said}");
        assert!(said.contains(words), "{line}: expected {words:?}: {said}");
    }

    /// An instance in this folder, and a token of its issuer in the file `token`.
    fn instance(&self) -> Running {
        let running = Running::start(self.folder());
        fs::write(self.path("token"), token(self.folder())).unwrap();
        running
    }
}

/// What signing at the instance of [`Bench::instance`] takes.
const AT_INSTANCE: &str = "--yes --identity-token token --trusted-root data/client/trusted_root.json \
                           --signing-config data/client/signing_config.json";

/// Whom to expect of it.
fn expected(running: &Running) -> String {
    format!(
        "--trusted-root data/client/trusted_root.json --certificate-identity me@example.com \
         --certificate-oidc-issuer {}/oidc --use-signed-timestamps",
        running.url
    )
}

/// PEM of what stands in base64 in a trusted root or a bundle.
fn pem_of(label: &str, base64: &Value) -> String {
    let der = waxwing_encoding::base64::decode(base64.as_str().unwrap()).unwrap();
    waxwing_encoding::pem::encode(label, &der)
}

/// The certificates of an authority in a trusted root, in PEM.
fn chain_of(authority: &Value) -> String {
    let certificates = authority["certChain"]["certificates"].as_array().unwrap();
    let certificates = certificates.iter();
    certificates
        .map(|one| pem_of("CERTIFICATE", &one["rawBytes"]))
        .collect()
}

/// The key of a log in a trusted root, in PEM.
fn key_of(log: &Value) -> String {
    pem_of("PUBLIC KEY", &log["publicKey"]["rawBytes"])
}
