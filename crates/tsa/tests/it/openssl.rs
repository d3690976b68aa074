//! OpenSSL's opinion of the responses, where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use waxwing_crypto::{HashAlgorithm, KeyType, sha256};
use waxwing_pki::issue::Purpose;
use waxwing_tsa::Settings;

use crate::world::{CERTIFICATE, Made, NONCE, NOW, QUERY, SHA_256, World, query};

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

/// Each hash of SHA-2, with and without certificate and nonce, and keys of each kind.
#[tokio::test]
async fn openssls_own_request_is_read_and_the_answer_accepted() {
    if !installed() {
        return;
    }
    for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Rsa(2048)] {
        let authority = Made::new(kind, None).authority();
        let world = World::of(authority, Settings::default(), None);
        let files = Files::new(&world);
        for hash in ["-sha256", "-sha384", "-sha512"] {
            for options in [&["-cert"][..], &["-cert", "-no_nonce"], &[]] {
                let mut command = Command::new("openssl");
                command.args(["ts", "-query", hash]).args(options);
                command.arg("-data").arg(files.path("data"));
                command.arg("-out").arg(files.path("request"));
                assert!(command.output().unwrap().status.success());
                let request = std::fs::read(files.path("request")).unwrap();
                files.write("response", world.stamp(QUERY, request).await);
                let (response, query) = (("-in", "response"), ("-queryfile", "request"));
                let (root, leaf) = (("-CAfile", "root.pem"), ("-untrusted", "leaf.pem"));
                assert!(
                    files.verifies(&[response, root, leaf, query]),
                    "{kind:?} {hash} {options:?}"
                );
                let other = ("-data", "other");
                assert!(!files.verifies(&[response, root, leaf, other]));
            }
        }
    }
}

#[tokio::test]
async fn openssls_own_request_by_a_weak_hash_is_refused() {
    if !installed() {
        return;
    }
    let world = World::new();
    let files = Files::new(&world);
    for (hash, taken) in [
        ("-sha1", false),
        ("-sha224", false),
        ("-md5", false),
        ("-sha256", true),
    ] {
        let mut command = Command::new("openssl");
        command.args(["ts", "-query", hash]);
        command.arg("-data").arg(files.path("data"));
        command.arg("-out").arg(files.path("request"));
        assert!(command.output().unwrap().status.success(), "{hash}");
        let request = std::fs::read(files.path("request")).unwrap();
        if taken {
            world.stamp(QUERY, request).await;
        } else {
            // The original knows SHA-1 alone as weak.
            let message = match hash {
                "-sha1" => "Weak hash algorithm in timestamp request",
                _ => "Error generating timestamp response",
            };
            world.refuses(QUERY, request, 400, message).await;
        }
    }
}

/// With P-384 and SHA-256, as the public authority signs, and with the intermediate inside.
#[tokio::test]
async fn openssl_accepts_another_hash_of_the_signer_and_finds_the_chain_inside() {
    if !installed() {
        return;
    }
    let made = || Made::new(KeyType::EcdsaP384, Some(Purpose::TimeStamping)).authority();
    for chain_inside in [true, false] {
        let authority = made().with_hash(HashAlgorithm::Sha256).unwrap();
        let authority = match chain_inside {
            true => authority.with_chain_in_responses(),
            false => authority,
        };
        let world = World::of(authority, Settings::default(), None);
        let files = Files::new(&world);
        let request = query(SHA_256, &sha256(DATA), &[CERTIFICATE]);
        files.write("response", world.stamp(QUERY, request).await);
        let arguments = [
            ("-in", "response"),
            ("-CAfile", "root.pem"),
            ("-data", "data"),
        ];
        assert_eq!(files.verifies(&arguments), chain_inside);
    }
}
