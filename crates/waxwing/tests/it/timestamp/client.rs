//! `timestamp-cli timestamp` at an authority of its own kind: each flag, each variable, each file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use waxwing_pki::timestamp::Timestamp;

use super::{Server, Start, answering, cli, cli_with, digest, serve};
use crate::program::{printed, run, waxwing};
use crate::up::Running;

/// A server, `artifact` and `chain.pem` in its folder, and what is asked of it there.
pub(super) struct World {
    folder: tempfile::TempDir,
    server: Server,
}

impl World {
    pub(super) fn new() -> Self {
        let (folder, server) = serve(&[]);
        fs::write(folder.path().join("artifact"), "an artifact\n").unwrap();
        let chain = server.get("/api/v1/timestamp/certchain").is(200).text();
        fs::write(folder.path().join("chain.pem"), &chain).unwrap();
        // What Sigstore's documentation calls the chain: without the authority's own certificate.
        let end = "-----END CERTIFICATE-----\n";
        let (leaf, above) = chain.split_once(end).unwrap();
        fs::write(folder.path().join("leaf.pem"), format!("{leaf}{end}")).unwrap();
        fs::write(folder.path().join("above.pem"), above).unwrap();
        let (intermediate, root) = above.split_once(end).unwrap();
        let intermediate = format!("{intermediate}{end}");
        fs::write(folder.path().join("intermediate.pem"), intermediate).unwrap();
        fs::write(folder.path().join("root.pem"), root).unwrap();
        Self { folder, server }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `timestamp-cli timestamp` at the server.
    pub(super) fn stamp(&self, flags: &[&str]) -> Output {
        let url = self.server.url();
        let start = ["--timestamp_server", &url, "timestamp"];
        cli(self.path(), &[&start, flags].concat())
    }

    /// The timestamp that these flags bring.
    pub(super) fn stamped(&self, flags: &[&str]) -> Timestamp {
        let flags = [&["--artifact", "artifact"], flags].concat();
        let done = self.stamp(&flags);
        assert!(done.status.success(), "{}", printed(&done));
        let response = fs::read(self.path().join("response.tsr")).unwrap();
        Timestamp::from_der(&response).unwrap()
    }

    /// `timestamp-cli verify` of the response in the folder; `None` if it is verified, else why not.
    pub(super) fn refused(&self, flags: &[&str]) -> Option<String> {
        let start = [
            "verify",
            "--artifact",
            "artifact",
            "--timestamp",
            "response.tsr",
        ];
        let done = cli(self.path(), &[&start, flags].concat());
        let said = printed(&done);
        match done.status.code() {
            Some(0) => {
                assert_eq!(said, "Successfully verified timestamp response.tsr\n");
                None
            }
            Some(1) => Some(said),
            other => panic!("{other:?}: {said}"),
        }
    }
}

#[test]
fn a_file_is_stamped_and_the_response_is_private_and_verifies() {
    let world = World::new();
    let done = world.stamp(&["--artifact", "artifact"]);
    assert_eq!(done.status.code(), Some(0));
    let said = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let [first, second, third] = lines[..] else {
        panic!("{said}")
    };
    assert_eq!(first, "Generating a new signed timestamp");
    let time = second.strip_prefix("Artifact timestamped at ").unwrap();
    assert!(time.ends_with(" +0000 UTC"), "{time}");
    assert_eq!(third, "Wrote timestamp response to response.tsr");
    assert_eq!(done.stderr, b"");
    let path = world.path().join("response.tsr");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let timestamp = Timestamp::from_der(&fs::read(&path).unwrap()).unwrap();
    let claims = timestamp.claims();
    assert_eq!(claims.imprint().as_bytes(), digest(b"an artifact\n"));
    // Sixty-four bits that nobody has seen, and the certificate.
    assert_eq!(claims.nonce().unwrap().len(), 8);
    assert_eq!(timestamp.certificates().len(), 1);
    assert_eq!(world.refused(&["--certificate-chain", "above.pem"]), None);
    // Verified by its digest: one byte more is another file.
    fs::write(world.path().join("artifact"), "an artifact\n.").unwrap();
    let refused = world
        .refused(&["--certificate-chain", "above.pem"])
        .unwrap();
    assert!(
        refused.contains("other bytes than those of artifact: the SHA-256"),
        "{refused}"
    );
}

#[test]
fn each_flag_of_a_request_changes_it() {
    let world = World::new();
    let plain = world.stamped(&[]);
    let again = world.stamped(&[]);
    assert_ne!(plain.claims().nonce(), again.claims().nonce());
    for (hash, length) in [("sha256", 32), ("sha384", 48), ("sha512", 64)] {
        let stamped = world.stamped(&["--hash", hash]);
        assert_eq!(stamped.claims().imprint().as_bytes().len(), length);
        assert_eq!(world.refused(&["--certificate-chain", "above.pem"]), None);
    }
    let refused = world.stamp(&["--artifact", "artifact", "--hash", "sha1"]);
    assert!(printed(&refused).contains("invalid value 'sha1' for '--hash"));
    assert_eq!(world.stamped(&["--nonce=false"]).claims().nonce(), None);
    let bare = world.stamped(&["--certificate=false"]);
    assert_eq!(bare.certificates(), []);
    let policy = "1.3.6.1.4.1.57264.2";
    let stamped = world.stamped(&["--tsa-policy", policy]);
    assert_eq!(stamped.claims().policy().to_string(), policy);
    let out = world.path().join("other.tsr");
    world.stamped(&["--out", "other.tsr"]);
    assert!(Timestamp::from_der(&fs::read(out).unwrap()).is_ok());
}

#[test]
fn what_an_authority_refuses_leaves_no_file() {
    let world = World::new();
    let asked = |policy: &str| {
        let flags = [
            "--artifact",
            "artifact",
            "--tsa-policy",
            policy,
            "--out",
            "new.tsr",
        ];
        world.stamp(&flags)
    };
    let refused = asked("1.2.3.4");
    assert_eq!(refused.status.code(), Some(1));
    let said = printed(&refused);
    assert!(
        said.contains("answered 400 Bad Request: unaccepted policy"),
        "{said}"
    );
    assert!(!world.path().join("new.tsr").exists());
    assert!(asked("1.3.6.1.4.1.57264.2").status.success());
    let malformed = asked("1.2.x");
    assert!(printed(&malformed).contains("invalid value '1.2.x' for '--tsa-policy <OID>'"));
    // Nor is one replaced where nothing can be written, and nothing is left beside it.
    let flags = ["--artifact", "artifact", "--out", "missing/new.tsr"];
    let refused = printed(&world.stamp(&flags));
    assert!(refused.contains("writing missing/new.tsr"), "{refused}");
    fs::create_dir(world.path().join("missing")).unwrap();
    assert!(world.stamp(&flags).status.success());
    assert_eq!(
        fs::read_dir(world.path().join("missing")).unwrap().count(),
        1
    );
}

#[test]
fn variables_and_files_stand_for_flags() {
    let world = World::new();
    let url = world.server.url();
    let variables = [
        ("TIMESTAMP_TIMESTAMP_SERVER", url.as_str()),
        ("TIMESTAMP_ARTIFACT", "artifact"),
        ("TIMESTAMP_HASH", "sha384"),
        ("TIMESTAMP_OUT", "variable.tsr"),
        ("TIMESTAMP_NONCE", "false"),
    ];
    let read = |name: &str| {
        let response = fs::read(world.path().join(name)).unwrap();
        Timestamp::from_der(&response).unwrap()
    };
    let done = cli_with(world.path(), &variables, &["timestamp"]);
    assert!(done.status.success(), "{}", printed(&done));
    let stamped = read("variable.tsr");
    assert_eq!(stamped.claims().imprint().as_bytes().len(), 48);
    assert_eq!(stamped.claims().nonce(), None);
    // Flags go before variables, and variables before the file.
    let file = format!("timestamp_server: {url}\nHASH: sha512\nout: file.tsr\nnonce: false\n");
    let home = world.path().join(".timestamp.yaml");
    fs::write(&home, &file).unwrap();
    let flags = ["timestamp", "--artifact", "artifact"];
    let done = cli(world.path(), &flags);
    assert!(done.status.success(), "{}", printed(&done));
    let stamped = read("file.tsr");
    assert_eq!(stamped.claims().imprint().as_bytes().len(), 64);
    assert_eq!(stamped.claims().nonce(), None);
    let variables = [("TIMESTAMP_HASH", "sha384")];
    assert!(cli_with(world.path(), &variables, &flags).status.success());
    assert_eq!(read("file.tsr").claims().imprint().as_bytes().len(), 48);
    let flags = ["timestamp", "--artifact", "artifact", "--hash", "sha256"];
    assert!(cli_with(world.path(), &variables, &flags).status.success());
    assert_eq!(read("file.tsr").claims().imprint().as_bytes().len(), 32);
    // By name; a name that is no flag's is passed over, a file that is not there is not.
    fs::rename(&home, world.path().join("settings.yaml")).unwrap();
    let named = [&flags[..], &["--config", "settings.yaml"]].concat();
    assert!(cli(world.path(), &named).status.success());
    fs::write(
        world.path().join("settings.yaml"),
        file.replace("nonce", "once"),
    )
    .unwrap();
    let done = cli(world.path(), &named);
    assert!(done.status.success());
    let warned = printed(&done);
    assert!(
        warned.contains("WARNING: settings.yaml: once is the name of no flag"),
        "{warned}"
    );
    assert!(read("file.tsr").claims().nonce().is_some());
    let missing = [&flags[..], &["--config", "nothing.yaml"]].concat();
    let refused = cli(world.path(), &missing);
    assert_eq!(refused.status.code(), Some(1));
    assert!(printed(&refused).contains("opening nothing.yaml"));
}

#[test]
fn a_bad_value_of_a_file_is_said_to_be_the_files() {
    let world = World::new();
    fs::write(world.path().join("settings.yaml"), "hash: md5\n").unwrap();
    let flags = [
        "timestamp",
        "--artifact",
        "artifact",
        "--config",
        "settings.yaml",
    ];
    let refused = printed(&cli(world.path(), &flags));
    assert!(
        refused.contains("The value of --hash is that of hash in settings.yaml."),
        "{refused}"
    );
}

#[test]
fn the_time_for_an_answer_and_the_address_are_flags() {
    let world = World::new();
    let flags = ["--artifact", "artifact", "--timeout", "1ns"];
    let refused = printed(&world.stamp(&flags));
    assert!(refused.contains("no complete answer of"), "{refused}");
    assert!(
        world
            .stamp(&["--artifact", "artifact", "--timeout", "1m"])
            .status
            .success()
    );
    // A URL with a path of its own is whole.
    let at = |path: &str| {
        let url = format!("{}{path}", world.server.url());
        let flags = [
            "--timestamp_server",
            &url,
            "timestamp",
            "--artifact",
            "artifact",
        ];
        cli(world.path(), &flags)
    };
    assert!(at("/api/v1/timestamp").status.success());
    assert!(at("/").status.success());
    let elsewhere = printed(&at("/elsewhere"));
    assert!(elsewhere.contains("answered 404 Not Found"), "{elsewhere}");
}

/// An answer that is not about what was asked is not written, whoever signed it.
#[test]
fn the_answer_to_another_request_is_refused() {
    let world = World::new();
    let first = world.stamped(&[]);
    let response = fs::read(world.path().join("response.tsr")).unwrap();
    let url = answering(response);
    let start = [
        "--timestamp_server",
        &url,
        "timestamp",
        "--out",
        "replayed.tsr",
    ];
    let ask = |flags: &[&str]| cli(world.path(), &[&start, flags].concat());
    for (flags, expected) in [
        (&["--artifact", "artifact"][..], "its nonce differs"),
        (
            &["--artifact", "chain.pem"],
            "its imprint is another digest",
        ),
        (
            &[
                "--artifact",
                "artifact",
                "--nonce=false",
                "--tsa-policy",
                "1.2.3",
            ],
            "expected 1.2.3",
        ),
    ] {
        let refused = ask(flags);
        assert_eq!(refused.status.code(), Some(1));
        let said = printed(&refused);
        assert!(said.contains(expected), "{said}");
        assert!(!world.path().join("replayed.tsr").exists());
    }
    // Whoever asks without a nonce takes what was made before.
    assert!(
        ask(&["--artifact", "artifact", "--nonce=false"])
            .status
            .success()
    );
    let replayed = fs::read(world.path().join("replayed.tsr")).unwrap();
    assert_eq!(Timestamp::from_der(&replayed).unwrap(), first);
}

#[test]
fn an_instance_and_a_link_of_that_name_do_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    fs::write(folder.path().join("artifact"), "an artifact\n").unwrap();
    let made = run(&waxwing(), folder.path(), ["install", "tools"]);
    assert!(made.status.success(), "{}", printed(&made));
    let tool = folder.path().join("tools/timestamp-cli");
    let stamp = [
        "--timestamp_server",
        &running.url,
        "timestamp",
        "--artifact",
        "artifact",
    ];
    let done = run(&tool, folder.path(), stamp);
    assert!(done.status.success(), "{}", printed(&done));
    // The chain as an instance keeps it, and as it answers.
    let chain = crate::configured::server::Ask::new("GET /api/v1/timestamp/certchain");
    let address = running
        .url
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let chain = chain.of(address).is(200).text();
    fs::write(folder.path().join("chain.pem"), chain).unwrap();
    let verify = [
        "verify",
        "--artifact",
        "artifact",
        "--timestamp",
        "response.tsr",
        "--certificate-chain",
        "chain.pem",
    ];
    let done = run(&tool, folder.path(), verify);
    assert!(done.status.success(), "{}", printed(&done));
    let version = run(&tool, folder.path(), ["version", "--json"]);
    let version: Value = serde_json::from_slice(&version.stdout).unwrap();
    assert!(version["gitVersion"].as_str().unwrap().starts_with('v'));
    let server = folder.path().join("tools/timestamp-server");
    let version = printed(&run(&server, folder.path(), ["version"]));
    assert!(version.contains("GitVersion:"), "{version}");
    let start = Start::at(folder.path());
    assert!(start.server().stamp().is(200).body.len() > 100);
}
