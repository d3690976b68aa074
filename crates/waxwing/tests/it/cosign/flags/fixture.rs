//! What the lines are about: keys, certificates, signatures and bundles of every kind, made once; each run
//! gets a copy of them, so that none sees what another left.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::fulcio::{Claim, Claims};
use waxwing_testkit::peers::Installed;
use waxwing_testkit::virtual_sigstore::VirtualSigstore;

use super::outcome::{Outcome, names};
use crate::cosign::{AT_INSTANCE, Bench, PASSWORD, chain_of, key_of};
use crate::program::{printed, waxwing};
use crate::up::{Running, token};

/// The files, the instance, and one over TLS.
pub(super) struct Fixture {
    bench: Bench,
    /// A home for each program, in which it is told to follow the instance.
    homes: TempDir,
    running: Running,
    tls: Running,
    tls_folder: TempDir,
}

/// Who runs a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Sid,
    Trixie,
    Ours,
}

/// A certificate authority of one's own over `cosign.pub`, and another that has nothing to do with it.
const AUTHORITIES: &str = "
req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=root -keyout root.key -out root.pem -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=middle -keyout middle.key -out middle.csr
x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile middle.ext -out middle.pem
req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr
x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 30 -force_pubkey cosign.pub -extfile leaf.ext -out leaf.pem
x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 30 -extfile leaf.ext -out stranger.pem
req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr
x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile server.ext -out server.pem
req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=other -keyout other-root.key -out other-root.pem -addext basicConstraints=critical,CA:TRUE
genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.pem
dgst -sha512 -sign plain.pem -out sha512.raw blob
dgst -sha256 -sign plain.pem -out sha256.raw blob
pkey -in plain.pem -pubout -out plain.pub
base64 -A -in sha512.raw -out sha512.sig
base64 -A -in sha256.raw -out sha256.sig
base64 -A -in leaf.pem -out leaf.b64
";

impl Fixture {
    /// `None` where a cosign is not installed.
    pub(super) fn new() -> Option<Self> {
        let bench = Bench::new()?;
        bench.ours("generate-key-pair");
        bench.ours("generate-key-pair --output-key-prefix other");
        certify(&bench);
        let running = bench.instance();
        let tls_folder = tempfile::tempdir().unwrap();
        for name in ["server.pem", "server.key"] {
            fs::copy(bench.path(name), tls_folder.path().join(name)).unwrap();
        }
        let secure = "--listen 127.0.0.1:0 --tls-certificate server.pem --tls-key server.key";
        let secure: Vec<&str> = secure.split(' ').collect();
        let tls = Running::with(tls_folder.path(), &secure);
        let fixture = Self {
            homes: tempfile::tempdir().unwrap(),
            bench,
            running,
            tls,
            tls_folder,
        };
        fixture.fill();
        Some(fixture)
    }

    fn fill(&self) {
        let (bench, folder) = (&self.bench, self.bench.folder());
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        for name in ["trusted_root.json", "signing_config.json"] {
            fs::copy(folder.join("data/client").join(name), folder.join(name)).unwrap();
        }
        fs::copy(
            self.tls_folder.path().join("data/client/trusted_root.json"),
            folder.join("other_root.json"),
        )
        .unwrap();
        fs::copy(
            folder.join("data/client/root.json"),
            folder.join("root.json"),
        )
        .unwrap();
        self.roots_without(&["ctlogs", "tlogs"]);
        write("predicate.json", r#"{"a":1}"#);
        write("list.json", "[1]");
        let at_key = AT_INSTANCE.replace("--identity-token token", "--key cosign.key");
        let alone = "--key cosign.key --tlog-upload=false";
        let older = format!("{alone} --new-bundle-format=false");
        for line in [
            format!("sign-blob {AT_INSTANCE} --bundle keyless.json blob"),
            format!("sign-blob {at_key} --bundle key.json blob"),
            format!("sign-blob {alone} --bundle alone.json blob"),
            format!("sign-blob {alone} --bundle other.json other"),
            format!(
                "attest-blob {AT_INSTANCE} --predicate predicate.json --bundle keyless.att blob"
            ),
            format!("attest-blob {at_key} --predicate predicate.json --bundle key.att blob"),
            format!("attest-blob {alone} --predicate predicate.json --bundle alone.att blob"),
            format!("attest-blob {alone} --predicate predicate.json --bundle other.att other"),
            format!("sign-blob {older} --bundle older.json --output-signature blob.sig blob"),
            format!("sign-blob {older} --output-signature other.sig other"),
            format!(
                "attest-blob {older} --statement-version 0.1 --predicate predicate.json --output-signature env.att blob"
            ),
            format!(
                "attest-blob {older} --statement-version 0.1 --predicate predicate.json --output-signature other-env.att other"
            ),
        ] {
            bench.ours(&line);
        }
        let authority = format!("{}/api/v1/timestamp", self.running.url);
        for (name, line) in [
            ("blob.tsr", "sign-blob --output-signature stamped.sig"),
            (
                "env.tsr",
                "attest-blob --statement-version 0.1 --predicate predicate.json --output-signature stamped.att",
            ),
        ] {
            let flag = if name == "blob.tsr" {
                "rfc3161-timestamp"
            } else {
                "rfc3161-timestamp-bundle"
            };
            bench.ours(&format!(
                "{line} --yes {older} --use-signing-config=false --timestamp-server-url {authority} --{flag} {name} blob"
            ));
        }
        let root: serde_json::Value =
            serde_json::from_slice(&bench.read("trusted_root.json")).unwrap();
        write("tsa.pem", &chain_of(&root["timestampAuthorities"][0]));
        write("ca.pem", &chain_of(&root["certificateAuthorities"][0]));
        write("rekor.pub", &key_of(&root["tlogs"][0]));
        write("ct.pub", &key_of(&root["ctlogs"][0]));
        let statement = fs::read(folder.join("alone.att")).unwrap();
        let statement: serde_json::Value = serde_json::from_slice(&statement).unwrap();
        let payload = statement["dsseEnvelope"]["payload"].as_str().unwrap();
        fs::write(
            folder.join("statement.json"),
            waxwing_encoding::base64::decode(payload).unwrap(),
        )
        .unwrap();
        self.workflow();
        self.config_without_log();
        self.with_chain();
        self.vectors();
        for (program, home) in [
            (Program::Sid, "sid"),
            (Program::Trixie, "trixie"),
            (Program::Ours, "ours"),
        ] {
            let home = self.homes.path().join(home);
            fs::create_dir(&home).unwrap();
            let output = self.command(
                program,
                folder,
                &home,
                &format!(
                    "initialize --mirror {}/tuf --root root.json",
                    self.running.url
                ),
            );
            assert!(output.status.success(), "{program:?}: {}", printed(&output));
        }
    }

    /// The instance's trusted root, without its logs of one sort.
    fn roots_without(&self, sorts: &[&str]) {
        for sort in sorts {
            let root = self.bench.read("trusted_root.json");
            let mut root: serde_json::Value = serde_json::from_slice(&root).unwrap();
            root.as_object_mut().unwrap().remove(*sort);
            let path = self.bench.path(&format!("without-{sort}.json"));
            fs::write(path, root.to_string()).unwrap();
        }
    }

    /// A bundle of version 0.3 with a chain of certificates, which version 0.3 has no place for.
    fn with_chain(&self) {
        let bundle = self.bench.read("keyless.json");
        let mut bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        let material = bundle["verificationMaterial"].as_object_mut().unwrap();
        let leaf = material.remove("certificate").unwrap();
        let chain = serde_json::json!({"certificates": [leaf]});
        material.insert("x509CertificateChain".into(), chain);
        fs::write(self.bench.path("chain.json"), bundle.to_string()).unwrap();
    }

    /// The signing config, but for its log.
    fn config_without_log(&self) {
        let config = self.bench.read("signing_config.json");
        let mut config: serde_json::Value = serde_json::from_slice(&config).unwrap();
        let members = config.as_object_mut().unwrap();
        members.remove("rekorTlogUrls");
        members.remove("rekorTlogConfig");
        fs::write(self.bench.path("no-log.json"), config.to_string()).unwrap();
    }

    /// A bundle of a workflow at GitHub, as a Sigstore that is made of keys alone would leave it.
    fn workflow(&self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "what is signed now must be valid now"
        )]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = UnixTime::from_duration(now).unwrap();
        let claims = [
            (Claim::GithubWorkflowTrigger, "push"),
            (Claim::GithubWorkflowSha, "c0ffee"),
            (Claim::GithubWorkflowName, "build"),
            (Claim::GithubWorkflowRepository, "owner/name"),
            (Claim::GithubWorkflowRef, "refs/heads/main"),
        ];
        let claims = claims
            .into_iter()
            .fold(Claims::default(), |all, (claim, text)| {
                all.with(claim, text)
            });
        let sigstore = VirtualSigstore::new(now).with_claims(claims);
        let bundle = sigstore.bundle(&self.bench.read("blob"), None);
        fs::write(self.bench.path("workflow.json"), bundle.to_json().unwrap()).unwrap();
        fs::write(
            self.bench.path("workflow_root.json"),
            sigstore.trusted_root().to_json().unwrap(),
        )
        .unwrap();
    }

    /// A bundle of an older version, without a proof.
    fn vectors(&self) {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        for (version, name) in [("version-0.1", "one.json"), ("version-0.2", "two.json")] {
            let bundle = vectors.join(version).join("bundle.sigstore.json");
            fs::copy(bundle, self.bench.path(name)).unwrap();
        }
    }

    /// `{url}` and the like in a line of the cases.
    fn filled(&self, line: &str) -> String {
        let digest = waxwing_encoding::hex::encode(&waxwing_crypto::sha256(b"an artifact\n"));
        line.replace(
            "{instance}",
            "--trusted-root trusted_root.json --signing-config signing_config.json --yes",
        )
        .replace(
            "{own}",
            "--yes --key cosign.key --tlog-upload=false --use-signing-config=false",
        )
        .replace(
            "{me}",
            "--certificate-identity me@example.com --certificate-oidc-issuer {url}/oidc",
        )
        .replace("{sha256}", &digest)
        .replace("{url}", &self.running.url)
        .replace("{tls}", &self.tls.url)
        .replace("{dead}", "http://127.0.0.1:9")
    }

    /// Runs a line in a copy of the files.
    pub(super) fn run(&self, program: Program, line: &str) -> Outcome {
        let copy = tempfile::tempdir().unwrap();
        let before = names(self.bench.folder());
        for name in &before {
            fs::copy(self.bench.path(name), copy.path().join(name)).unwrap();
        }
        // Tokens of an instance live for a minute.
        if line.contains("--identity-token token") {
            let token = token(self.bench.folder());
            fs::write(copy.path().join("token"), token).unwrap();
        }
        let home = match program {
            Program::Sid => "sid",
            Program::Trixie => "trixie",
            Program::Ours => "ours",
        };
        let home = self.homes.path().join(home);
        let output = self.command(program, copy.path(), &home, &self.filled(line));
        Outcome::new(&output, copy.path(), &before, &self.running.url)
    }

    fn command(
        &self,
        program: Program,
        folder: &Path,
        home: &Path,
        line: &str,
    ) -> std::process::Output {
        let cosign = |peer: &Installed| peer.program("usr/bin/cosign");
        let (path, first): (_, &[&str]) = match program {
            Program::Sid => (cosign(&self.bench.sid), &[]),
            Program::Trixie => (cosign(&self.bench.trixie), &[]),
            Program::Ours => (waxwing(), &["cosign"]),
        };
        // cosign 2.5.0 has no signing configs, and so no flag to do without one.
        let line = match program {
            Program::Trixie => line.replace("--use-signing-config=false", ""),
            _ => line.to_owned(),
        };
        Command::new(path)
            .args(first)
            .args(line.split_whitespace())
            .current_dir(folder)
            .env_clear()
            .env("HOME", home)
            .env("COSIGN_PASSWORD", PASSWORD)
            // As cosign writes statements, so that the rest can be compared.
            .env("COSIGN_STATEMENT_VERSION", "0.1")
            .env(
                "PUBLIC",
                fs::read_to_string(folder.join("cosign.pub")).unwrap_or_default(),
            )
            // Nobody outside this machine is asked, and so nothing can be left in a public log.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Ends both instances.
    pub(super) fn stop(self) {
        self.running.stop();
        self.tls.stop();
    }
}

/// Makes the certificates of [`AUTHORITIES`] for `cosign.pub`.
pub(in crate::cosign) fn certify(bench: &Bench) {
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).unwrap();
    let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
    write(
        "middle.ext",
        &format!("{authority}extendedKeyUsage=codeSigning\n"),
    );
    let leaf = "keyUsage=critical,digitalSignature\nextendedKeyUsage";
    write(
        "leaf.ext",
        &format!("{leaf}=codeSigning\nsubjectAltName=email:me@example.com\n"),
    );
    write(
        "server.ext",
        &format!("{leaf}=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:tsa.example\n"),
    );
    for line in AUTHORITIES.lines().filter(|line| !line.is_empty()) {
        openssl(bench.folder(), line);
    }
    let pem = |name: &str| fs::read_to_string(bench.path(name)).unwrap();
    write("chain.pem", &(pem("middle.pem") + &pem("root.pem")));
}

fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "openssl {line}: {}",
        printed(&output)
    );
}
