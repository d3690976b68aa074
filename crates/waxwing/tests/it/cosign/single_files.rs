//! A TUF repository without `trusted_root.json`, as there were before trusted roots: ours and the real cosigns
//! begin with the same one, and each verifies what the others signed by it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path as Asked, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tuf::repository::{
    FirstRoot, Period, Quorum, Renewal, Repository, TargetEdit, first_root,
};

use super::older_log::serve;
use super::rekor_v1::Log;
use super::{AT_INSTANCE, Bench, key_of, pem_of};
use crate::program::{printed, waxwing};
use crate::up::Running;

/// A file of the repository: its path, its usage, its status, its content.
type File = (&'static str, &'static str, &'static str, String);

/// Three cosigns, each with a home of its own.
const HOMES: [&str; 3] = ["of-ours", "of-sid", "of-trixie"];

struct World {
    bench: Bench,
    running: Running,
    log: Arc<Log>,
    log_url: String,
}

impl World {
    fn new() -> Option<Self> {
        let bench = Bench::new()?;
        let running = bench.instance();
        let log = Log::new();
        Some(Self {
            log_url: log.serve(),
            bench,
            running,
            log,
        })
    }

    /// Files for everything that is trusted here.
    fn files(&self) -> Vec<File> {
        let root = self.bench.read("data/client/trusted_root.json");
        let root: Value = serde_json::from_slice(&root).unwrap();
        let pem = |services: &str, number: usize| {
            let certificates = &root[services][0]["certChain"]["certificates"];
            pem_of("CERTIFICATE", &certificates[number]["rawBytes"])
        };
        let fulcio = |number| pem("certificateAuthorities", number);
        vec![
            ("fulcio_v1.crt.pem", "Fulcio", "Active", fulcio(1)),
            (
                "fulcio_intermediate_v1.crt.pem",
                "Fulcio",
                "Active",
                fulcio(0),
            ),
            ("rekor.pub", "Rekor", "Active", self.log.key_pem()),
            ("ctfe.pub", "CTFE", "Active", key_of(&root["ctlogs"][0])),
            (
                "tsa_leaf.crt.pem",
                "TSA",
                "Active",
                pem("timestampAuthorities", 0),
            ),
            (
                "tsa_root.crt.pem",
                "TSA",
                "Active",
                pem("timestampAuthorities", 1),
            ),
        ]
    }

    /// Serves a repository with these files, and leaves its root in `root.json`.
    fn publish(&self, files: &[File]) -> String {
        let edits = files.iter().map(|(path, usage, status, content)| {
            let said = json!({"usage": usage, "status": status, "uri": self.running.url});
            TargetEdit::Set {
                path: (*path).to_owned(),
                content: content.clone().into_bytes(),
                custom: (!usage.is_empty()).then(|| json!({"sigstore": said})),
            }
        });
        let files = repository(&edits.collect::<Vec<_>>());
        fs::write(self.bench.path("root.json"), &files["1.root.json"]).unwrap();
        let router = Router::new().route("/{*path}", get(file));
        serve(router.with_state(Arc::new(files)))
    }

    /// Runs one of the three.
    fn run(&self, home: &str, line: &str) -> Output {
        let (program, first) = self.program(home);
        let home = self.bench.path(home);
        fs::create_dir_all(&home).unwrap();
        let variables = [("HOME", home.to_str().unwrap())];
        self.bench.run(&program, first, line, &variables)
    }

    fn program(&self, home: &str) -> (PathBuf, &'static [&'static str]) {
        match home {
            "of-sid" => (self.bench.sid.program("usr/bin/cosign"), &[]),
            "of-trixie" => (self.bench.trixie.program("usr/bin/cosign"), &[]),
            _ => (waxwing(), &["cosign"]),
        }
    }

    #[track_caller]
    fn runs(&self, home: &str, line: &str) -> Output {
        let output = self.run(home, line);
        assert!(
            output.status.success(),
            "{home} {line}: {}",
            printed(&output)
        );
        output
    }

    #[track_caller]
    fn refuses(&self, home: &str, line: &str, words: &str) {
        let output = self.run(home, line);
        let said = printed(&output);
        assert!(!output.status.success(), "{home} {line}: {said}");
        assert!(
            said.contains(words),
            "{home} {line}: expected {words:?}: {said}"
        );
    }

    fn initialize(&self, mirror: &str) -> String {
        format!("initialize --mirror {mirror} --root root.json")
    }

    fn sign(&self, bundle: &str) -> String {
        format!(
            "sign-blob --yes --identity-token token --fulcio-url {} --rekor-url {} --bundle {bundle} {OLD} blob",
            self.running.url, self.log_url
        )
    }

    fn verify(&self, bundle: &str, blob: &str) -> String {
        format!(
            "verify-blob --new-bundle-format=false --certificate-identity me@example.com \
             --certificate-oidc-issuer {}/oidc --bundle {bundle} {blob}",
            self.running.url
        )
    }
}

/// What makes newer cosigns sign as older ones did.
const OLD: &str = "--use-signing-config=false --new-bundle-format=false";

/// The files of a repository, by their paths.
fn repository(edits: &[TargetEdit]) -> BTreeMap<String, Vec<u8>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let expires = UnixTime::from_duration(now).unwrap().plus_seconds(86_400);
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let quorum = || Quorum::new([key.public_key()], 1).unwrap();
    let mut root = first_root(&FirstRoot {
        root: quorum(),
        timestamp: quorum(),
        snapshot: quorum(),
        targets: quorum(),
        consistent_snapshot: true,
        expires,
    })
    .unwrap();
    root.sign(&key).unwrap();
    let (mut repository, mut files) = Repository::create(root).unwrap();
    let (mut targets, contents) = repository.draft_targets(edits, expires).unwrap();
    targets.sign(&key).unwrap();
    files.extend(contents);
    files.extend(repository.publish_targets(targets).unwrap());
    let period = Period {
        expires,
        renew_before: expires,
    };
    let renewal = Renewal {
        snapshot: period,
        timestamp: period,
    };
    files.extend(repository.refresh(&[&key], &renewal).unwrap());
    files
        .into_iter()
        .map(|file| (file.path, file.bytes))
        .collect()
}

async fn file(
    State(files): State<Arc<BTreeMap<String, Vec<u8>>>>,
    Asked(path): Asked<String>,
) -> Response {
    match files.get(&path) {
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What `initialize` printed of the repository, without where it is kept, and the targets in order.
fn root_status(output: &Output) -> Value {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let json = said.strip_prefix("Root status: \n ").expect(&said);
    let mut status: Value = serde_json::from_str(json).unwrap();
    let local = status["local"].take();
    assert!(
        Path::new(local.as_str().unwrap()).ends_with(".sigstore/root"),
        "{local}"
    );
    let targets = status["targets"].as_array_mut().unwrap();
    targets.sort_by_key(Value::to_string);
    status
}

#[test]
fn all_three_begin_with_it_and_verify_what_each_signs_by_it() {
    let Some(world) = World::new() else { return };
    let mirror = world.publish(&world.files());
    let statuses = HOMES.map(|home| root_status(&world.runs(home, &world.initialize(&mirror))));
    assert_eq!(statuses[0], statuses[1]);
    assert_eq!(statuses[0], statuses[2]);
    assert_eq!(statuses[0]["remote"], json!(mirror));
    assert_eq!(statuses[0]["metadata"]["root.json"]["version"], json!(1));
    for signer in HOMES {
        let bundle = format!("{signer}.json");
        let line = world.sign(&bundle);
        match signer {
            "of-trixie" => world.runs(signer, &line.replace("--use-signing-config=false ", "")),
            _ => world.runs(signer, &line),
        };
    }
    for signer in HOMES {
        let bundle = format!("{signer}.json");
        for verifier in HOMES {
            world.runs(verifier, &world.verify(&bundle, "blob"));
        }
        world.refuses("of-ours", &world.verify(&bundle, "other"), "artifact");
    }
    world.running.stop();
}

/// Signs by ours, and has each of the three verify it; whether they do, in their order.
fn verdicts(world: &World, files: &[File]) -> [(bool, String); 3] {
    let mirror = world.publish(files);
    HOMES.map(|home| {
        let initialized = world.run(home, &world.initialize(&mirror));
        if !initialized.status.success() {
            return (false, printed(&initialized));
        }
        let verified = world.run(home, &world.verify("b.json", "blob"));
        (verified.status.success(), printed(&verified))
    })
}

#[test]
fn what_is_said_of_a_file_counts_and_only_what_is_active() {
    let Some(world) = World::new() else { return };
    let good = world.files();
    let with = |path: &'static str, file: File| {
        let mut files = good.clone();
        files.retain(|(known, ..)| *known != path);
        files.push(file);
        files
    };
    world.runs("of-ours", &world.initialize(&world.publish(&good)));
    world.runs("of-ours", &world.sign("b.json"));
    let rekor = || world.log.key_pem();
    let stranger = || Log::new().key_pem();
    let nameless = good
        .iter()
        .map(|(path, _, _, content)| (*path, "", "", content.clone()));
    let nonsense = "nonsense".to_owned();
    for (fault, files, expected) in [
        ("none", good.clone(), [""; 3]),
        ("old names alone", nameless.collect(), [""; 3]),
        (
            "a second key",
            with("other.pub", ("other.pub", "Rekor", "Active", stranger())),
            [""; 3],
        ),
        (
            "an unknown usage",
            with("x.pub", ("x.pub", "Unknown", "Active", nonsense.clone())),
            [""; 3],
        ),
        // Theirs take what has expired, and say so: nothing says when it did.
        (
            "an expired log",
            with("rekor.pub", ("rekor.pub", "Rekor", "Expired", rekor())),
            [
                "WARNING: the transparency log rekor.pub does not count: its status is \"Expired\"",
                "",
                "",
            ],
        ),
        (
            "another log",
            with("rekor.pub", ("rekor.pub", "Rekor", "Active", stranger())),
            [
                "0 of 1 transparency log entries verified",
                "rekor log public key not found for payload",
                "rekor log public key not found for payload",
            ],
        ),
        (
            "a broken key",
            with(
                "rekor.pub",
                ("rekor.pub", "Rekor", "Active", nonsense.clone()),
            ),
            [
                "rekor.pub: no PEM block",
                "PEM decoding failed",
                "PEM decoding failed",
            ],
        ),
        (
            "a broken certificate",
            with(
                "fulcio_v1.crt.pem",
                ("fulcio_v1.crt.pem", "Fulcio", "Active", nonsense),
            ),
            [
                "fulcio_v1.crt.pem: no PEM block",
                "error during PEM decoding",
                "error during PEM decoding",
            ],
        ),
        (
            "nothing",
            vec![("x.pub", "Unknown", "Active", rekor())],
            [
                "none says that it is active and for Fulcio",
                "no matching targets by custom metadata",
                "no matching targets by custom metadata",
            ],
        ),
    ] {
        for ((is_verified, said), words) in verdicts(&world, &files).iter().zip(expected) {
            assert_eq!(*is_verified, words.is_empty(), "{fault}: {said}");
            assert!(said.contains(words), "{fault}: {said}");
        }
    }
    world.running.stop();
}

#[test]
fn a_log_of_rekor_v2_is_called_by_the_host_of_its_uri() {
    let Some(world) = World::new() else { return };
    let root = world.bench.read("data/client/trusted_root.json");
    let root: Value = serde_json::from_slice(&root).unwrap();
    let mut files = world.files();
    files.retain(|(path, ..)| *path != "rekor.pub");
    files.push(("rekor_v2.pub", "Rekor", "Active", key_of(&root["tlogs"][0])));
    world
        .bench
        .ours(&format!("sign-blob {AT_INSTANCE} --bundle b.json blob"));
    let verify = format!("{} --use-signed-timestamps", world.verify("b.json", "blob"));
    let verify = verify.replace("--new-bundle-format=false ", "");
    world.runs("of-ours", &world.initialize(&world.publish(&files)));
    world.runs("of-ours", &verify);
    // The original wants a trusted root for bundles of the new format.
    world.runs("of-sid", &world.initialize(&world.publish(&files)));
    world.refuses("of-sid", &verify, "trusted_root.json");
    // Without its address the log has no name that a checkpoint could have.
    let nameless: Vec<File> = files
        .into_iter()
        .map(|(path, usage, status, content)| match path {
            "rekor_v2.pub" => ("rekor.pub", "", "", content),
            _ => (path, usage, status, content),
        })
        .collect();
    world.runs("of-ours", &world.initialize(&world.publish(&nameless)));
    world.refuses(
        "of-ours",
        &verify,
        "0 of 1 transparency log entries verified",
    );
    world.running.stop();
}
