//! Clients that know nothing of an instance but its root of trust, which they follow by TUF.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use waxwing_testkit::peers::{self, Peer};

use crate::program::{printed, run, waxwing};
use crate::up::{Running, token};

/// An instance that runs, and a file that is to be signed at it.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) running: Running,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("artifact"), "an artifact\n").unwrap();
        let running = Running::start(folder.path());
        Self { folder, running }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs lines of a shell after those that `waxwing env` prints.
    fn shell(&self, program: &Path, lines: &str, variables: &[(&str, &str)]) -> Output {
        let env = run(&waxwing(), self.path(), ["env", "--data", "data"]);
        assert!(env.status.success(), "{}", printed(&env));
        let script = format!(
            "set -e\n{}\n{lines}",
            String::from_utf8(env.stdout).unwrap()
        );
        let folder = program.parent().unwrap().display().to_string();
        Command::new("/bin/sh")
            .args(["-c", &script])
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

pub(crate) fn accepted(output: &Output) {
    assert!(output.status.success(), "{}", printed(output));
}

fn program(peer: Peer, name: &str) -> Option<PathBuf> {
    let installed = peers::require(peer)?;
    Some(installed.program(name))
}

const VERIFY: &str = "cosign verify-blob --bundle b.json --use-signed-timestamps \
                      --certificate-identity me@example.com --certificate-oidc-issuer $ISSUER";

#[test]
fn cosign_signs_and_verifies_with_what_env_prints_and_nothing_else() {
    let Some(cosign) = program(Peer::Cosign, "usr/bin/cosign") else {
        return;
    };
    let world = World::new();
    let issuer = format!("{}/oidc", world.running.url);
    // The literal token, which cosign takes only if it is signed by RSA.
    let token = token(world.path());
    let variables = [("TOKEN", token.as_str()), ("ISSUER", issuer.as_str())];
    let sign = "cosign sign-blob --yes --identity-token $TOKEN --bundle b.json artifact";
    accepted(&world.shell(&cosign, sign, &variables));
    accepted(&world.shell(&cosign, &format!("{VERIFY} artifact"), &variables));
    fs::write(world.path().join("other"), "another artifact\n").unwrap();
    let refused = world.shell(&cosign, &format!("{VERIFY} other"), &variables);
    assert!(!refused.status.success());
    // Initialised as its documentation says, it needs only its own cache.
    let url = format!("{}/tuf", world.running.url);
    let again = [("ISSUER", issuer.as_str()), ("URL", url.as_str())];
    let lines = format!(
        "unset TUF_MIRROR TUF_ROOT_JSON\nTUF_ROOT=$HOME/own; export TUF_ROOT\n\
         cosign initialize --mirror $URL --root $URL/root.json\n{VERIFY} artifact"
    );
    accepted(&world.shell(&cosign, &lines, &again));
}

#[test]
fn an_older_cosign_is_initialised_and_finds_every_key() {
    let Some(cosign) = program(Peer::CosignTrixie, "usr/bin/cosign") else {
        return;
    };
    let world = World::new();
    let url = format!("{}/tuf", world.running.url);
    let lines = "cosign initialize --mirror $URL --root data/client/root.json";
    let output = world.shell(&cosign, lines, &[("URL", &url)]);
    accepted(&output);
    let said = printed(&output);
    for target in [
        "trusted_root.json",
        "fulcio_v1.crt.pem",
        "fulcio_intermediate_v1.crt.pem",
        "rekor_v1.pub",
        "ctfe_v1.pub",
        "tsa_root_v1.crt.pem",
    ] {
        assert!(said.contains(target), "{said}");
    }
    // Another root is not the one that this repository begins with.
    let root = fs::read_to_string(world.path().join("data/client/root.json")).unwrap();
    let at = root.find("\"sig\"").unwrap() + 20;
    let digit = if root.as_bytes()[at] == b'0' {
        "1"
    } else {
        "0"
    };
    let spoiled = format!("{}{digit}{}", &root[..at], &root[at + 1..]);
    fs::write(world.path().join("spoiled.json"), spoiled).unwrap();
    let lines = "TUF_ROOT=$HOME/fresh; export TUF_ROOT\ncosign initialize --mirror $URL --root spoiled.json";
    let refused = world.shell(&cosign, lines, &[("URL", &url)]);
    assert!(!refused.status.success(), "{}", printed(&refused));
}

#[test]
fn sigstore_python_trusts_the_instance_by_its_root() {
    let Some(sigstore) = program(Peer::SigstorePython, "bin/sigstore") else {
        return;
    };
    let world = World::new();
    let url = format!("{}/tuf", world.running.url);
    let issuer = format!("{}/oidc", world.running.url);
    let token = token(world.path());
    let variables = [
        ("TOKEN", token.as_str()),
        ("URL", url.as_str()),
        ("ISSUER", issuer.as_str()),
    ];
    let lines = "command sigstore --instance $URL trust-instance data/client/root.json\n\
                 command sigstore --instance $URL sign --identity-token $TOKEN --bundle b.json artifact\n\
                 command sigstore --instance $URL verify identity --bundle b.json \
                   --cert-identity me@example.com --cert-oidc-issuer $ISSUER artifact\n\
                 sigstore verify identity --bundle b.json \
                   --cert-identity me@example.com --cert-oidc-issuer $ISSUER artifact";
    accepted(&world.shell(&sigstore, lines, &variables));
}
