//! OpenSSL's opinion of the responses, where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use waxwing_crypto::sha256;

use crate::world::{CERTIFICATE, NONCE, NOW, QUERY, SHA_256, World, query};

const DATA: &[u8] = b"signature";

/// Whether `openssl` is there. Without it there is nothing to test, except where tests are run to
/// protect everybody.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn installed() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    let required = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !required, "CI=true, and openssl is not installed");
    if !found {
        println!("openssl is not installed: skipped");
    }
    found
}

struct Files(TempDir);

impl Files {
    fn new(world: &World) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("root.pem", world.root.to_pem());
        files.write("leaf.pem", world.leaf.to_pem());
        files.write("data", DATA);
        files.write("other", b"another signature");
        files
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.0.path()).join(name)
    }

    /// `openssl ts -verify`, at the time of the test.
    fn verifies(&self, arguments: &[(&str, &str)]) -> bool {
        let mut command = Command::new("openssl");
        command.args(["ts", "-verify", "-attime", &NOW.to_string()]);
        for (option, file) in arguments {
            command.arg(option).arg(self.path(file));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.success(),
            said.contains("Verification: OK"),
            "{said}"
        );
        output.status.success()
    }
}

#[tokio::test]
async fn openssl_accepts_the_response_and_refuses_it_for_other_data() {
    if !installed() {
        return;
    }
    let world = World::new();
    let files = Files::new(&world);
    let request = query(SHA_256, &sha256(DATA), &[NONCE, CERTIFICATE]);
    files.write("request", &request);
    files.write("response", world.stamp(QUERY, request).await);
    let response = ("-in", "response");
    let root = ("-CAfile", "root.pem");
    assert!(files.verifies(&[response, root, ("-data", "data")]));
    assert!(!files.verifies(&[response, root, ("-data", "other")]));
    // The request has the nonce too.
    assert!(files.verifies(&[response, root, ("-queryfile", "request")]));
    files.write(
        "request",
        query(SHA_256, &sha256(DATA), &[&[2, 1, 1], CERTIFICATE]),
    );
    assert!(!files.verifies(&[response, root, ("-queryfile", "request")]));
}

#[tokio::test]
async fn openssl_accepts_a_response_without_certificate_if_it_is_given_one() {
    if !installed() {
        return;
    }
    let world = World::new();
    let files = Files::new(&world);
    let request = query(SHA_256, &sha256(DATA), &[]);
    files.write("response", world.stamp(QUERY, request).await);
    let (response, data) = (("-in", "response"), ("-data", "data"));
    let (root, leaf) = (("-CAfile", "root.pem"), ("-untrusted", "leaf.pem"));
    assert!(files.verifies(&[response, root, leaf, data]));
    assert!(!files.verifies(&[response, root, data]));
}

#[tokio::test]
async fn openssl_refuses_a_response_under_another_root_and_a_changed_one() {
    if !installed() {
        return;
    }
    let world = World::new();
    let files = Files::new(&world);
    let request = query(SHA_256, &sha256(DATA), &[CERTIFICATE]);
    let mut response = world.stamp(QUERY, request).await;
    files.write("response", &response);
    files.write("foreign.pem", World::new().root.to_pem());
    *response.last_mut().unwrap() ^= 1;
    files.write("changed", response);
    let data = ("-data", "data");
    let root = ("-CAfile", "root.pem");
    assert!(files.verifies(&[("-in", "response"), root, data]));
    assert!(!files.verifies(&[("-in", "changed"), root, data]));
    assert!(!files.verifies(&[("-in", "response"), ("-CAfile", "foreign.pem"), data]));
}

#[tokio::test]
async fn openssls_own_request_is_read() {
    if !installed() {
        return;
    }
    let world = World::new();
    let files = Files::new(&world);
    for options in [
        &["-sha256", "-cert"][..],
        &["-sha512", "-cert", "-no_nonce"],
    ] {
        let mut command = Command::new("openssl");
        command.args(["ts", "-query"]).args(options);
        command.arg("-data").arg(files.path("data"));
        command.arg("-out").arg(files.path("request"));
        assert!(command.output().unwrap().status.success());
        let request = std::fs::read(files.path("request")).unwrap();
        files.write("response", world.stamp(QUERY, request).await);
        let (response, query) = (("-in", "response"), ("-queryfile", "request"));
        assert!(
            files.verifies(&[response, ("-CAfile", "root.pem"), query]),
            "{options:?}"
        );
    }
}
