//! A timestamp server whose key is in AWS KMS, as moto has it.

use std::fs;
use std::path::Path;

use waxwing_testkit::peers::amazon::{self, Amazon};
use waxwing_testkit::peers::openssl;

use super::openssl::{verifies, write_chain};
use super::{Start, cli};
use crate::fulcio::openssl as run_openssl;
use crate::program::printed;

/// A key of the service, and `chain.pem` over it, made by openssl.
fn certify(folder: &Path, amazon: &Amazon, spec: &str) {
    fs::write(folder.join("key.pub"), amazon.key(spec, "alias/tsa")).unwrap();
    fs::write(
        folder.join("for.leaf"),
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n",
    )
    .unwrap();
    for line in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout root.key -out root.pem -days 30 \
         -subj /O=test/CN=root -addext basicConstraints=critical,CA:TRUE",
        "x509 -new -force_pubkey key.pub -CA root.pem -CAkey root.key -subj /O=test/CN=kms -days 20 \
         -extfile for.leaf -out leaf.pem",
    ] {
        run_openssl(folder, line);
    }
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    write_chain(folder, &(read("leaf.pem") + &read("root.pem")));
}

const KMS_SIGNER: [&str; 6] = [
    "--timestamp-signer",
    "kms",
    "--kms-key-resource",
    "awskms:///alias/tsa",
    "--certificate-chain-path",
    "chain.pem",
];

#[test]
fn openssl_verifies_timestamps_by_a_key_in_a_service() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    for (spec, hash) in [
        ("ECC_NIST_P256", "sha256"),
        ("ECC_NIST_P384", "sha256"),
        ("RSA_2048", "sha256"),
        ("RSA_2048", "sha512"),
    ] {
        let Some(amazon) = amazon::serve() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        certify(folder, &amazon, spec);
        fs::write(folder.join("artifact"), "an artifact\n").unwrap();
        fs::write(folder.join("other"), "another\n").unwrap();
        let variables = amazon.variables();
        let start = Start::at(folder).variables(&variables).flags(&KMS_SIGNER);
        let server = start.flags(&["--timestamp-signer-hash", hash]).server();
        assert!(server.said("Ready: ").starts_with("CN=kms, until "));
        let url = server.url();
        let ask = [
            "--timestamp_server",
            &url,
            "timestamp",
            "--artifact",
            "artifact",
        ];
        let output = cli(folder, &[&ask[..], &["--out", "response.tsr"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        let accepted = verifies(&openssl, folder, "artifact");
        assert!(
            accepted.contains("Verification: OK"),
            "{spec}, {hash}: {accepted}"
        );
        let refused = verifies(&openssl, folder, "other");
        assert!(refused.contains("message imprint mismatch"), "{refused}");
        // Which algorithm the signature is by, openssl does not ask.
        let verify =
            "verify --artifact artifact --timestamp response.tsr --certificate-chain chain.pem";
        let output = cli(folder, &verify.split(' ').collect::<Vec<_>>());
        let said = printed(&output);
        assert_eq!(output.status.code(), Some(0), "{spec}, {hash}: {said}");
    }
}

#[test]
fn while_the_service_is_away_nothing_is_stamped_and_the_operator_hears_why() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path(), &amazon, "ECC_NIST_P256");
    let server = {
        let variables = amazon.variables();
        Start::at(folder.path())
            .variables(&variables)
            .flags(&KMS_SIGNER)
            .server()
    };
    server.stamp().is(200);
    drop(amazon);
    let answer = server.stamp().is(500).text();
    assert!(
        answer.contains("Error generating timestamp response"),
        "{answer}"
    );
    assert!(!answer.contains("awskms"), "{answer}");
    let said = server.stop();
    assert!(
        said.contains("WARNING: not signed: awskms:///alias/tsa: "),
        "{said}"
    );
    assert!(!said.contains(amazon::SECRET), "{said}");
}

#[test]
fn a_chain_over_another_key_is_refused() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path(), &amazon, "ECC_NIST_P256");
    let chain = fs::read(folder.path().join("chain.pem")).unwrap();
    amazon.key("ECC_NIST_P256", "alias/other");
    let variables = amazon.variables();
    let mut flags = KMS_SIGNER;
    flags[3] = "awskms:///alias/other";
    let refused = Start::at(folder.path())
        .variables(&variables)
        .flags(&flags)
        .refusal();
    assert!(
        refused.contains("key is not that of its certificate"),
        "{refused}"
    );
    fs::remove_file(folder.path().join("chain.pem")).unwrap();
    let refused = Start::at(folder.path())
        .variables(&variables)
        .flags(&KMS_SIGNER)
        .refusal();
    assert!(refused.contains("chain.pem"), "{refused}");
    fs::write(folder.path().join("chain.pem"), chain).unwrap();
    let server = Start::at(folder.path())
        .variables(&variables)
        .flags(&KMS_SIGNER)
        .server();
    server.stamp().is(200);
}
