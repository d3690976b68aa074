//! Who signs: keys and chains in files, and what is refused at the start.

use std::fs;
use std::path::Path;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_pki::issue::Purpose;
use waxwing_testkit::peers::openssl;

use super::{Chain, FILE_SIGNER, Start, has, serve};

fn start(folder: &Path) -> Start<'_> {
    Start::at(folder).flags(&FILE_SIGNER)
}

/// A folder with `tsa.key` and `chain.pem`.
fn operator(kind: KeyType) -> (tempfile::TempDir, Chain) {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new(kind, Purpose::TimeStamping);
    chain.write(folder.path());
    (folder, chain)
}

#[test]
fn a_key_in_a_file_signs_under_its_chain() {
    for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Rsa(2048)] {
        let (folder, chain) = operator(kind);
        let server = start(folder.path()).server();
        let stamped = server.stamp().is(200);
        assert!(has(&stamped, chain.leaf.certificate.der()), "{kind:?}");
        assert!(server.said("Ready: ").starts_with("CN=stamps, until 2090"));
        let given = server.get("/api/v1/timestamp/certchain").is(200).text();
        let written = fs::read_to_string(folder.path().join("chain.pem")).unwrap();
        assert_eq!(given, written);
    }
    // The other of the two is another authority.
    let (_folder, server) = serve(&[]);
    assert!(server.said("Ready: ").starts_with("CN=Test TSA"));
}

#[test]
fn the_hash_of_the_signer_is_a_flag() {
    let ecdsa_with = |last: u8| [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last];
    let (folder, _) = operator(KeyType::EcdsaP384);
    for (flags, last) in [
        (&[][..], 2),
        (&["--timestamp-signer-hash", "sha384"], 3),
        (&["--timestamp-signer-hash", "SHA384"], 3),
    ] {
        let server = start(folder.path()).flags(flags).server();
        // Without a certificate, whose own signature names an algorithm too.
        let mut query = crate::configured::server::query("an artifact");
        query["certificates"] = serde_json::json!(false);
        let stamped = server.post(&query).is(200);
        assert!(has(&stamped, &ecdsa_with(last)), "{flags:?}");
        assert!(!has(&stamped, &ecdsa_with(5 - last)), "{flags:?}");
    }
    let (folder, _) = operator(KeyType::EcdsaP256);
    let refused = start(folder.path())
        .flags(&["--timestamp-signer-hash", "sha512"])
        .refusal();
    assert!(
        refused.contains(
            "--timestamp-signer-hash Sha512 does not go with a key of the kind EcdsaP256"
        ),
        "{refused}"
    );
    start(folder.path()).server();
}

/// Every form that a key file can have, and the password of those that have one.
#[test]
fn keys_are_read_in_every_form() {
    let (folder, chain) = operator(KeyType::EcdsaP256);
    let path = folder.path().join("tsa.key");
    let plain = fs::read_to_string(&path).unwrap();
    let with =
        |password: &'static str| start(folder.path()).flags(&["--file-signer-passwd", password]);
    let sigstore = chain
        .leaf
        .key
        .to_sigstore_pem(b"word", &waxwing_crypto::SystemRandom);
    fs::write(&path, sigstore.unwrap().as_bytes()).unwrap();
    with("word").server().stamp().is(200);
    let variables = [("TIMESTAMP_SERVER_FILE_SIGNER_PASSWD", "word")];
    start(folder.path()).variables(&variables).server();
    let refused = with("wrong").refusal();
    assert!(
        refused.contains("tsa.key: ") && refused.contains("password"),
        "{refused}"
    );
    assert!(!refused.contains("wrong"), "{refused}");
    let refused = start(folder.path()).refusal();
    assert!(
        refused.contains("tsa.key: the key is encrypted; --file-signer-passwd"),
        "{refused}"
    );
    let Some(openssl) = openssl::require() else {
        return;
    };
    for arguments in [
        &[
            "pkcs8",
            "-topk8",
            "-v2",
            "aes-256-cbc",
            "-passout",
            "pass:word",
        ][..],
        &["ec", "-no_public"],
        &["ec"],
    ] {
        let written = openssl.run(arguments, plain.as_bytes());
        assert!(written.succeeded(), "{}", written.text());
        fs::write(&path, &written.stdout).unwrap();
        with("word").server().stamp().is(200);
    }
    // OpenSSL's older encryption, which stands in the head of the block.
    let older = openssl.run(
        &["ec", "-aes256", "-passout", "pass:word"],
        plain.as_bytes(),
    );
    assert!(older.succeeded(), "{}", older.text());
    assert!(String::from_utf8_lossy(&older.stdout).contains("DEK-Info: "));
    fs::write(&path, &older.stdout).unwrap();
    with("word").server().stamp().is(200);
    let refused = with("wrong").refusal();
    assert!(refused.contains("tsa.key: "), "{refused}");
    let refused = start(folder.path()).refusal();
    assert!(refused.contains("--file-signer-passwd"), "{refused}");
}

#[test]
fn an_authority_that_others_would_refuse_does_not_start() {
    let (folder, chain) = operator(KeyType::EcdsaP256);
    let path = |name: &str| folder.path().join(name);
    let repaired = || {
        chain.write(folder.path());
        start(folder.path()).server().stamp().is(200);
    };
    let refused = |expected: &str| {
        let refused = start(folder.path()).refusal();
        assert!(refused.contains(expected), "{refused}");
    };
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    fs::write(path("tsa.key"), other.to_pem().unwrap().as_bytes()).unwrap();
    refused("key is not that of its certificate");
    repaired();
    fs::write(path("chain.pem"), chain.leaf.certificate.to_pem()).unwrap();
    refused("has 1 certificates; expected its own and at least a root");
    repaired();
    let backwards: String = chain.above.iter().map(|above| above.to_pem()).collect();
    fs::write(path("chain.pem"), backwards).unwrap();
    refused("key is not that of its certificate");
    repaired();
    fs::write(path("tsa.key"), "no key").unwrap();
    refused("tsa.key: ");
    repaired();
    fs::remove_file(path("chain.pem")).unwrap();
    refused("opening chain.pem");
    repaired();
}

#[test]
fn an_intermediate_for_something_else_is_let_through_by_no_switch() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new(KeyType::EcdsaP256, Purpose::CodeSigning);
    chain.write(folder.path());
    let refused = start(folder.path()).refusal();
    assert!(
        refused.contains("an intermediate, is not for timeStamping"),
        "{refused}"
    );
    let lax = ["--enforce-intermediate-eku=false"];
    let refused = start(folder.path()).flags(&lax).refusal();
    assert!(
        refused.contains("the timestamp authority's chain"),
        "{refused}"
    );
}

/// One that says nothing of its purpose is let through by the switch; openssl makes it.
#[test]
fn a_silent_intermediate_is_let_through_by_the_switch() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let certify = |name: &str, issuer: Option<&str>, extensions: &[&str]| {
        let (key, certificate) = (path(&format!("{name}.key")), path(&format!("{name}.pem")));
        let subject = format!("/O=test/CN={name}");
        let mut line =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout"
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>();
        line.extend([key, "-out".into(), certificate, "-subj".into(), subject]);
        if let Some(issuer) = issuer {
            let (certificate, key) = (
                path(&format!("{issuer}.pem")),
                path(&format!("{issuer}.key")),
            );
            line.extend(["-CA".into(), certificate, "-CAkey".into(), key]);
        }
        for extension in extensions {
            line.extend(["-addext".to_owned(), (*extension).to_owned()]);
        }
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let made = openssl.run(&line, b"");
        assert!(made.succeeded(), "{}", made.text());
    };
    let authority = [
        "basicConstraints=critical,CA:true",
        "keyUsage=critical,keyCertSign",
    ];
    let stamps = [
        "basicConstraints=critical,CA:false",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=critical,timeStamping",
    ];
    certify("root", None, &authority);
    certify("silent", Some("root"), &authority);
    certify("stamps", Some("silent"), &stamps);
    let chain =
        ["stamps", "silent", "root"].map(|name| fs::read(path(&format!("{name}.pem"))).unwrap());
    fs::write(path("chain.pem"), chain.concat()).unwrap();
    fs::rename(path("stamps.key"), path("tsa.key")).unwrap();
    let refused = start(folder.path()).refusal();
    assert!(
        refused.contains("an intermediate, is not for timeStamping"),
        "{refused}"
    );
    let lax = ["--enforce-intermediate-eku=false"];
    start(folder.path()).flags(&lax).server().stamp().is(200);
}

#[test]
fn what_a_signer_needs_and_who_is_not_here_is_said() {
    let (folder, _) = operator(KeyType::EcdsaP256);
    let awskms = "awskms:///alias/tsa";
    let tink = ["--timestamp-signer", "tink", "--tink-key-resource"];
    for (flags, expected) in [
        (
            &["--timestamp-signer", "file"][..],
            "needs --file-signer-key-path",
        ),
        (&["--timestamp-signer", "kms"], "needs --kms-key-resource"),
        (
            &[
                "--timestamp-signer",
                "kms",
                "--kms-key-resource",
                "vault://key",
            ],
            "--timestamp-signer kms needs --certificate-chain-path",
        ),
        (
            &[
                "--timestamp-signer",
                "kms",
                "--certificate-chain-path",
                "chain.pem",
                "--kms-key-resource",
                "vault://key",
            ],
            "\"vault://key\" is in no key management service",
        ),
        (&tink[..2], "needs --tink-key-resource"),
        (
            &[tink[0], tink[1], tink[2], "gcp-kms://key"],
            "needs --tink-keyset-path",
        ),
        (
            &[
                tink[0],
                tink[1],
                tink[2],
                "x://key",
                "--tink-keyset-path",
                "keyset",
            ],
            "expected a key at one of aws-kms://, gcp-kms://, hcvault://",
        ),
        (
            &[
                tink[0],
                tink[1],
                tink[2],
                "hcvault://key",
                "--tink-keyset-path",
                "keyset",
                "--tink-hcvault-token",
                "t",
            ],
            "Tink keysets are not supported yet",
        ),
        (&["--timestamp-signer", "paper"], "invalid value 'paper'"),
    ] {
        let refused = Start::at(folder.path()).flags(flags).refusal();
        assert!(refused.contains(expected), "{refused}");
    }
    // As in the original, flags of a signer that is not asked for change nothing.
    Start::at(folder.path())
        .flags(&["--kms-key-resource", awskms])
        .server();
}
