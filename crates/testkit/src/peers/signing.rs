//! The programs that others wrote, signing at an instance of ours without a key.
//!
//! ```text
//! SIGSTORE_ID_TOKEN=… cosign sign-blob --yes --bundle B --trusted-root R --signing-config C ARTIFACT
//! ```
//!
//! Each is told everything by the files that an instance leaves for clients: nothing is asked of the
//! public Sigstore. All of them log to Rekor v2 and fetch a timestamp.

use std::{fs, path::Path};

use super::{Installed, Peer, process, repository};

/// What a peer is asked to sign, and where.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The file to sign.
    pub artifact: &'a Path,
    /// The instance's folder for clients.
    pub client: &'a Path,
    /// The identity token.
    pub token: &'a str,
    /// Sign an in-toto statement about the artifact, and not its digest alone.
    pub attest: bool,
    /// Where the bundle goes.
    pub bundle: &'a Path,
}

/// Those that sign without a key at Rekor v2.
pub const SIGNERS: [Peer; 4] = [
    Peer::Cosign,
    Peer::SigstoreGo,
    Peer::SigstorePython,
    Peer::SigstoreJs,
];

impl Installed {
    /// Asks the peer to sign.
    ///
    /// # Panics
    ///
    /// When it cannot be started, does not end in time, or does not sign; with all that it printed.
    pub fn sign(&self, wish: &Wish<'_>) {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let file = home.path().join("statement.json");
        fs::write(&file, statement(wish.artifact)).expect("a temporary directory can be written");
        let line = self.signing_line(wish, home.path(), &file.display().to_string());
        let finished = process::run(&line, home.path(), &[]);
        let printed = [finished.stdout.as_slice(), &finished.stderr].concat();
        let said = String::from_utf8_lossy(&printed);
        assert_eq!(
            finished.code,
            Some(0),
            "{:?} did not sign: {said}",
            self.peer
        );
        if self.peer == Peer::SigstoreGo {
            // Its bundle goes to the standard output, behind the public key.
            let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
            let mut lines = stdout.lines();
            if let Some(bundle) = lines.find(|line| line.starts_with('{')) {
                fs::write(wish.bundle, bundle).expect("the bundle can be written");
            }
        }
        assert!(
            wish.bundle.is_file(),
            "{:?} left no bundle: {said}",
            self.peer
        );
    }

    fn signing_line(&self, wish: &Wish<'_>, home: &Path, statement: &str) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        let program = |name: &str| path(&self.home.join(name));
        let client = |name: &str| path(&wish.client.join(name));
        let (artifact, bundle) = (path(wish.artifact), path(wish.bundle));
        let token = wish.token.to_owned();
        let mut line: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| line.extend(words.iter().map(|word| (*word).to_owned()));
        // The way to everywhere else stays shut.
        add(&["/usr/bin/env", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1"]);
        match self.peer {
            Peer::Cosign | Peer::CosignTrixie => {
                let variable = format!("SIGSTORE_ID_TOKEN={token}");
                add(&[&variable, &program("usr/bin/cosign")]);
                match wish.attest {
                    false => add(&["sign-blob"]),
                    // What cosign makes of a predicate alone is a statement of version 0.1, which
                    // sigstore-python refuses.
                    true => add(&["attest-blob", "--statement", statement]),
                }
                add(&["--yes", "--bundle", &bundle]);
                add(&["--trusted-root", &client("trusted_root.json")]);
                add(&[
                    "--signing-config",
                    &client("signing_config.json"),
                    &artifact,
                ]);
            }
            Peer::SigstoreGo => {
                add(&[&program("usr/bin/sigstore-go-signing"), "-rekor", "-tsa"]);
                add(&["-id-token", &token, "-s", &client("signing_config.json")]);
                add(&["-t", &client("trusted_root.json"), &artifact]);
            }
            Peer::SigstorePython => {
                add(&[
                    &program("bin/sigstore"),
                    "--trust-config",
                    &client("trust_config.json"),
                ]);
                match wish.attest {
                    false => add(&["sign"]),
                    true => {
                        let slsa = home.join("slsa.json");
                        fs::write(&slsa, SLSA).expect("a temporary directory can be written");
                        let slsa = path(&slsa);
                        add(&[
                            "attest",
                            "--predicate-type",
                            "https://slsa.dev/provenance/v1",
                            "--predicate",
                            &slsa,
                        ]);
                    }
                }
                add(&["--identity-token", &token, "--bundle", &bundle, &artifact]);
            }
            Peer::SigstoreJs => {
                let script = path(&repository().join("tests/peers/sign.mjs"));
                let kind = if wish.attest { "attest" } else { "sign" };
                add(&[&program("node_modules/.bin/node"), &script, kind]);
                add(&[&client("signing_config.json"), &token, &artifact, &bundle]);
            }
        }
        line
    }
}

/// sigstore-python signs statements of SLSA provenance alone, and looks at their form.
const SLSA: &str = r#"{"buildDefinition":{"buildType":"https://example.com/build","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/builder"}}}"#;

/// What is said of an artifact where a statement is signed.
fn statement(artifact: &Path) -> String {
    let content = fs::read(artifact).expect("the artifact can be read");
    let digest = waxwing_encoding::hex::encode(&waxwing_crypto::sha256(&content));
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"artifact","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/predicate","predicate":{{"buildType":"https://example.com/build"}}}}"#
    )
}
