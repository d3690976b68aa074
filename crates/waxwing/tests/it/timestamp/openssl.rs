//! `openssl ts` reads what ours asks and writes, and ours reads openssl's.

use std::fs;
use std::path::Path;

use waxwing_testkit::peers::openssl::{self, Openssl};

use super::{Chain, FILE_SIGNER, STAMP, Start, cli, serve};
use crate::configured::server::Ask;
use crate::program::printed;

pub(super) fn verifies(openssl: &Openssl, folder: &Path, data: &str) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        "ts",
        "-verify",
        "-in",
        &path("response.tsr"),
        "-data",
        &path(data),
        "-CAfile",
        &path("root.pem"),
        "-untrusted",
        &path("chain.pem"),
    ];
    openssl.run(&arguments, b"").text()
}

pub(super) fn write_chain(folder: &Path, chain: &str) {
    fs::write(folder.join("chain.pem"), chain).unwrap();
    let root = chain.rfind("-----BEGIN").unwrap();
    fs::write(folder.join("root.pem"), &chain[root..]).unwrap();
}

#[test]
fn openssl_verifies_what_timestamp_cli_was_given() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let (folder, server) = serve(&[]);
    let folder = folder.path();
    write_chain(
        folder,
        &server.get("/api/v1/timestamp/certchain").is(200).text(),
    );
    fs::write(folder.join("artifact"), "an artifact\n").unwrap();
    fs::write(folder.join("other"), "another\n").unwrap();
    let url = server.url();
    for flags in [
        &[][..],
        &["--hash", "sha384"],
        &["--hash", "sha512", "--nonce=false"],
        &["--certificate=false"],
    ] {
        let stamp = [
            "--timestamp_server",
            &url,
            "timestamp",
            "--artifact",
            "artifact",
        ];
        let done = cli(folder, &[&stamp, flags].concat());
        assert!(done.status.success(), "{}", printed(&done));
        let accepted = verifies(&openssl, folder, "artifact");
        assert!(
            accepted.contains("Verification: OK"),
            "{flags:?}: {accepted}"
        );
        let refused = verifies(&openssl, folder, "other");
        assert!(refused.contains("message imprint mismatch"), "{refused}");
    }
}

#[test]
fn timestamp_server_answers_openssls_requests() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let (folder, server) = serve(&["--include-chain-in-response"]);
    let folder = folder.path();
    write_chain(
        folder,
        &server.get("/api/v1/timestamp/certchain").is(200).text(),
    );
    fs::write(folder.join("artifact"), "an artifact\n").unwrap();
    let artifact = folder.join("artifact").display().to_string();
    for hash in ["-sha256", "-sha384", "-sha512"] {
        let query = openssl.run(&["ts", "-query", "-data", &artifact, hash, "-cert"], b"");
        let answer = Ask::new(STAMP)
            .header("content-type", "application/timestamp-query")
            .body(&query.stdout)
            .of(server.address())
            .is(200);
        fs::write(folder.join("response.tsr"), &answer.body).unwrap();
        let accepted = verifies(&openssl, folder, "artifact");
        assert!(accepted.contains("Verification: OK"), "{hash}: {accepted}");
    }
}

/// An authority that is openssl's own: its responses carry a policy, an accuracy and attributes of its
/// making.
#[test]
fn timestamp_cli_verifies_what_openssl_stamped() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let kind = waxwing_crypto::KeyType::EcdsaP256;
    let chain = Chain::new(kind, waxwing_pki::issue::Purpose::TimeStamping);
    chain.write(folder);
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(folder.join("artifact"), "an artifact\n").unwrap();
    fs::write(folder.join("serial"), "0a\n").unwrap();
    fs::write(folder.join("leaf.pem"), chain.leaf.certificate.to_pem()).unwrap();
    let above: String = chain.above.iter().map(|above| above.to_pem()).collect();
    fs::write(folder.join("above.pem"), above).unwrap();
    let configuration = format!(
        "[tsa]\nserial = {}\nsigner_cert = {}\ncerts = {}\nsigner_key = {}\nsigner_digest = sha256\n\
         default_policy = 1.2.3.4\ndigests = sha256, sha384\naccuracy = secs:2, millisecs:500\n\
         ess_cert_id_alg = sha256\n",
        path("serial"),
        path("leaf.pem"),
        path("above.pem"),
        path("tsa.key"),
    );
    fs::write(folder.join("tsa.cnf"), configuration).unwrap();
    let query = [
        "ts",
        "-query",
        "-data",
        &path("artifact"),
        "-sha256",
        "-cert",
        "-out",
        &path("q"),
    ];
    assert!(openssl.run(&query, b"").succeeded());
    let reply = [
        "ts",
        "-reply",
        "-config",
        &path("tsa.cnf"),
        "-section",
        "tsa",
        "-queryfile",
        &path("q"),
        "-out",
        &path("response.tsr"),
    ];
    let made = openssl.run(&reply, b"");
    assert!(made.succeeded(), "{}", made.text());
    let shown = printed(&cli(folder, &["inspect", "--timestamp", "response.tsr"]));
    for line in ["Accuracy:      2.500000 s", "Policy:        1.2.3.4"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    let verify = |more: &[&str]| {
        let start = [
            "verify",
            "--artifact",
            "artifact",
            "--timestamp",
            "response.tsr",
        ];
        cli(
            folder,
            &[&start, &["--certificate-chain", "above.pem"][..], more].concat(),
        )
    };
    let done = verify(&["--oid", "1.2.3.4", "--common-name", "stamps"]);
    assert!(done.status.success(), "{}", printed(&done));
    let refused = verify(&["--oid", "1.2.3.5"]);
    assert_eq!(refused.status.code(), Some(1));
    // The same key behind our server is the same authority to openssl.
    let server = Start::at(folder).flags(&FILE_SIGNER).server();
    let stamp = [
        "--timestamp_server",
        &server.url(),
        "timestamp",
        "--artifact",
        "artifact",
    ];
    assert!(cli(folder, &stamp).status.success());
    write_chain(
        folder,
        &server.get("/api/v1/timestamp/certchain").is(200).text(),
    );
    let accepted = verifies(&openssl, folder, "artifact");
    assert!(accepted.contains("Verification: OK"), "{accepted}");
}
