//! Whom cosign trusts: ours and the real ones over the same files, and ours where there is no network.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::Value;
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::hex;
use waxwing_testkit::peers::{self, Peer};

use crate::program::{printed, waxwing};
use crate::trust::{World, accepted};
use crate::up::token;

const IDENTITY: &str = "me@example.com";

/// A cosign, ours or another.
#[derive(Clone)]
struct Cosign(PathBuf);

impl Cosign {
    fn ours() -> Self {
        Self(waxwing())
    }

    fn real(peer: Peer) -> Option<Self> {
        let program = peers::require(peer)?.program("usr/bin/cosign");
        Some(Self(program))
    }

    /// Runs it in a folder, with `home` in it as its home.
    fn run(&self, folder: &Path, home: &str, line: &[&str], variables: &[(&str, &str)]) -> Output {
        let is_ours = self.0 == waxwing();
        let home = folder.join(home);
        fs::create_dir_all(&home).unwrap();
        Command::new(&self.0)
            .args(is_ours.then_some("cosign"))
            .args(line)
            .current_dir(folder)
            .env_clear()
            .env("HOME", home)
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

impl World {
    fn mirror(&self) -> String {
        format!("{}/tuf", self.running.url)
    }

    fn initialize(&self, cosign: &Cosign, home: &str) {
        let mirror = self.mirror();
        let line = [
            "initialize",
            "--mirror",
            &mirror,
            "--root",
            "data/client/root.json",
        ];
        let output = cosign.run(self.path(), home, &line, &[]);
        accepted(&output);
        assert_eq!(printed(&output), "", "who succeeds says nothing");
    }

    fn sign(&self, cosign: &Cosign, home: &str) {
        let token = token(self.path());
        let line = [
            "sign-blob",
            "--yes",
            "--identity-token",
            &token,
            "--bundle",
            "b.json",
            "artifact",
        ];
        accepted(&cosign.run(self.path(), home, &line, &[]));
    }

    fn verify(
        &self,
        cosign: &Cosign,
        home: &str,
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Output {
        let issuer = format!("{}/oidc", self.running.url);
        let line = [
            "verify-blob",
            "--bundle",
            "b.json",
            "--use-signed-timestamps",
            "--certificate-identity",
            IDENTITY,
            "--certificate-oidc-issuer",
            &issuer,
            "artifact",
        ];
        let line = [&line, flags].concat();
        cosign.run(self.path(), home, &line, variables)
    }
}

fn refused(output: &Output, words: &str) {
    let said = printed(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(words), "{said}");
}

/// A proxy that serves nobody, and counts who came.
struct DeadEnd {
    url: String,
    came: Arc<AtomicU32>,
}

impl DeadEnd {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::<AtomicU32>::default();
        let counter = Arc::clone(&came);
        thread::spawn(move || {
            for connection in listener.incoming() {
                drop(connection);
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { url, came }
    }

    fn variables(&self) -> [(&str, &str); 2] {
        ["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, self.url.as_str()))
    }

    fn came(&self) -> u32 {
        self.came.swap(0, Ordering::SeqCst)
    }
}

#[test]
fn each_cosign_goes_on_where_the_other_stopped() {
    let Some(real) = Cosign::real(Peer::Cosign) else {
        return;
    };
    let (world, ours) = (World::new(), Cosign::ours());
    world.initialize(&ours, "by-us");
    world.initialize(&real, "by-them");
    let files = |home: &str| {
        let cache = world.path().join(home).join(".sigstore/root");
        let mut files = Vec::new();
        let mut folders = vec![cache.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push(path.strip_prefix(&cache).unwrap().to_owned()),
                }
            }
        }
        files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
        files.sort();
        files
    };
    assert_eq!(files("by-us"), files("by-them"));
    // Byte for byte, but for the time at which it was.
    for file in files("by-us") {
        let read = |home: &str| {
            let cache = world.path().join(home).join(".sigstore/root");
            fs::read_to_string(cache.join(&file)).unwrap()
        };
        match read("by-us").contains("lastTimestamp") {
            true => assert_eq!(
                read("by-us").split_once("20").unwrap().0,
                read("by-them").split_once("20").unwrap().0
            ),
            false => assert_eq!(read("by-us"), read("by-them"), "{}", file.display()),
        }
    }
    for (signer, home) in [(&ours, "by-them"), (&real, "by-us")] {
        world.sign(signer, home);
        for (verifier, home) in [
            (&ours, "by-them"),
            (&real, "by-us"),
            (&ours, "by-us"),
            (&real, "by-them"),
        ] {
            accepted(&world.verify(verifier, home, &[], &[]));
        }
    }
    // Neither believes who knows nothing of the instance.
    fs::write(world.path().join("artifact"), "another\n").unwrap();
    let output = world.verify(&ours, "by-them", &[], &[]);
    refused(&output, "the signature does not verify");
    world.running.stop();
}

#[test]
fn an_older_cosign_has_its_own_files_beside_ours() {
    let Some(older) = Cosign::real(Peer::CosignTrixie) else {
        return;
    };
    let (world, ours) = (World::new(), Cosign::ours());
    let mirror = world.mirror();
    let line = [
        "initialize",
        "--mirror",
        &mirror,
        "--root",
        "data/client/root.json",
    ];
    accepted(&older.run(world.path(), "home", &line, &[]));
    // It names the repository, and keeps its root where nobody else looks.
    let output = ours.run(
        world.path(),
        "home",
        &["initialize", "--mirror", &mirror],
        &[],
    );
    refused(&output, "no root of trust for http://127.0.0.1");
    world.initialize(&ours, "home");
    world.sign(&ours, "home");
    accepted(&world.verify(&ours, "home", &[], &[]));
    accepted(&older.run(world.path(), "home", &line, &[]));
    world.running.stop();
}

#[test]
fn initialize_ends_as_the_original_does() {
    let Some(real) = Cosign::real(Peer::Cosign) else {
        return;
    };
    let (world, ours) = (World::new(), Cosign::ours());
    let mirror = world.mirror();
    let root_url = format!("{mirror}/1.root.json");
    let nothing = format!("{}/nothing", world.running.url);
    let root = fs::read(world.path().join("data/client/root.json")).unwrap();
    let digest = |hash: HashAlgorithm| hex::encode(hash.digest(&root).as_bytes());
    let right = digest(HashAlgorithm::Sha256);
    let wrong = digest(HashAlgorithm::Sha256).replace(&right[..2], "zz");
    let other = format!(
        "{}{}",
        if right.starts_with('0') { '1' } else { '0' },
        &right[1..]
    );
    let long = format!("sha512:{}", digest(HashAlgorithm::Sha512));
    let named = format!("sha256:{right}");
    let file = ["--root", "data/client/root.json"];
    let url = ["--root", root_url.as_str()];
    let sum = |sum| ["--root-checksum", sum];
    for (flags, expected) in [
        ([&file[..], &[]].concat(), 0),
        ([&url[..], &sum(&right)].concat(), 0),
        ([&url[..], &sum(&named)].concat(), 0),
        ([&url[..], &sum(&long)].concat(), 0),
        ([&file[..], &sum(&right)].concat(), 0),
        ([&url[..], &[]].concat(), 0),
        ([&file[..], &["more"]].concat(), 0),
        ([&file[..], &["--mirror", &nothing]].concat(), 1),
        ([&url[..], &sum(&other)].concat(), 1),
        ([&file[..], &sum(&other)].concat(), 1),
        ([&url[..], &sum(&wrong)].concat(), 1),
        ([&url[..], &sum("md5:00")].concat(), 1),
        ([&["--root", "nosuch"][..], &[]].concat(), 1),
        (
            [&["--root", "data/client/trusted_root.json"][..], &[]].concat(),
            1,
        ),
        (vec![], 1),
    ] {
        for cosign in [&real, &ours] {
            let home = tempfile::tempdir_in(world.path()).unwrap();
            let home = home.path().display().to_string();
            let line = [&["initialize", "--mirror", &mirror][..], &flags].concat();
            let output = cosign.run(world.path(), &home, &line, &[]);
            let said = printed(&output);
            assert_eq!(output.status.code(), Some(expected), "{line:?}: {said}");
            // A root that nothing vouches for, and words that mean nothing.
            let warns = flags == url || flags.contains(&"more") && cosign.0 == waxwing();
            let warned = said.contains("WARNING");
            assert!(expected != 0 || warned == warns, "{line:?}: {said}");
        }
    }
    // What the original passes over: somebody thinks that a root is compared.
    let alone = ["initialize", "--mirror", &mirror, "--root-checksum", &right];
    refused(
        &ours.run(world.path(), "home", &alone, &[]),
        "--root-checksum without --root",
    );
    world.running.stop();
}

#[test]
fn the_public_instance_and_its_staging_instance_are_known_by_name() {
    let (folder, ours, proxy) = (tempfile::tempdir().unwrap(), Cosign::ours(), DeadEnd::new());
    for (flags, mirror) in [
        (&[][..], "https://tuf-repo-cdn.sigstore.dev"),
        (&["--staging"][..], "https://tuf-repo-cdn.sigstage.dev"),
    ] {
        let line = [&["initialize"][..], flags].concat();
        let output = ours.run(folder.path(), "home", &line, &proxy.variables());
        refused(
            &output,
            &format!("the TUF repository {mirror} cannot be read"),
        );
        assert!(proxy.came() > 0, "connections are counted");
        assert!(
            !folder
                .path()
                .join("home/.sigstore/root/remote.json")
                .exists()
        );
    }
}

#[test]
fn the_variables_say_what_is_trusted_and_how_often_it_is_asked_for() {
    let (world, ours) = (World::new(), Cosign::ours());
    let mirror = world.mirror();
    let variables = [
        ("TUF_MIRROR", mirror.as_str()),
        ("TUF_ROOT_JSON", "data/client/root.json"),
        ("TUF_ROOT", "elsewhere"),
    ];
    world.initialize(&ours, "home");
    world.sign(&ours, "home");
    accepted(&world.verify(&ours, "none", &[], &variables));
    assert!(world.path().join("elsewhere").is_dir());
    assert!(!world.path().join("none/.sigstore").exists());
    refused(
        &world.verify(&ours, "none", &[], &variables[..1]),
        "no root of trust for",
    );
    let proxy = DeadEnd::new();
    let with = |more: &[(&'static str, &'static str)]| {
        let variables = [&proxy.variables()[..], more].concat();
        let output = world.verify(&ours, "home", &[], &variables);
        (output, proxy.came())
    };
    let (output, came) = with(&[]);
    accepted(&output);
    assert_eq!((printed(&output).as_str(), came), ("Verified OK\n", 0));
    let (output, came) = with(&[("WAXWING_TRUST_FRESH_FOR", "0")]);
    accepted(&output);
    assert!(came > 0, "it asked");
    assert!(
        printed(&output).contains("WARNING: trusting the cache of"),
        "{}",
        printed(&output)
    );
    let (output, _) = with(&[("WAXWING_TRUST_FRESH_FOR", "an hour")]);
    refused(&output, "WAXWING_TRUST_FRESH_FOR is \"an hour\"");
    world.running.stop();
}

#[test]
fn offline_nobody_is_asked() {
    let (world, ours) = (World::new(), Cosign::ours());
    world.initialize(&ours, "home");
    world.sign(&ours, "home");
    let proxy = DeadEnd::new();
    let always = ("WAXWING_TRUST_FRESH_FOR", "0");
    let variables = [&proxy.variables()[..], &[always]].concat();
    let file = ["--trusted-root", "data/client/trusted_root.json"];
    for (home, flags, said) in [
        ("home", &["--offline"][..], "Offline: trusting the cache of"),
        ("none", &file[..], ""),
    ] {
        let output = world.verify(&ours, home, flags, &variables);
        accepted(&output);
        assert!(printed(&output).contains(said), "{}", printed(&output));
        assert_eq!(proxy.came(), 0, "{flags:?}");
    }
    accepted(&world.verify(&ours, "home", &[], &variables));
    assert!(proxy.came() > 0, "connections are counted");
    world.running.stop();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests read their environment")]
fn a_public_bundle_verifies_with_no_setup_and_no_network() {
    let Ok(folder) = std::env::var("WAXWING_CONFORMANCE") else {
        assert!(
            std::env::var("CI").is_err(),
            "WAXWING_CONFORMANCE is not set"
        );
        return;
    };
    let folder = Path::new(&folder).canonicalize().unwrap();
    let cases = fs::read(folder.join("cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let mut cases = cases["cases"].as_array().unwrap().iter();
    let case = cases
        .find(|case| case["name"] == "happy-path-v0.3")
        .unwrap();
    let text = |field: &str| case[field].as_str().unwrap();
    let path = |field| folder.join(text(field)).display().to_string();
    let (bundle, artifact) = (path("bundle"), path("artifact"));
    let line = [
        "verify-blob",
        "--bundle",
        &bundle,
        "--certificate-identity",
        text("certificate_identity"),
        "--certificate-oidc-issuer",
        text("certificate_oidc_issuer"),
        &artifact,
    ];
    let (scratch, ours, proxy) = (tempfile::tempdir().unwrap(), Cosign::ours(), DeadEnd::new());
    let run = |line: &[&str]| ours.run(scratch.path(), "home", line, &proxy.variables());
    let offline = [&line[..], &["--offline"]].concat();
    let output = run(&offline);
    accepted(&output);
    let said = printed(&output);
    assert!(
        said.contains(
            "Offline: trusting what this program carries of https://tuf-repo-cdn.sigstore.dev"
        ),
        "{said}"
    );
    assert!(said.ends_with("Verified OK\n"), "{said}");
    assert_eq!(proxy.came(), 0);
    // Who does not say so wants to know what was revoked since.
    refused(&run(&line), "trust what is known already with --offline");
    assert!(proxy.came() > 0, "connections are counted");
}
