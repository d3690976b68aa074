//! AWS KMS as others have it: moto is the server, Debian's cosign a second client of the same key, OpenSSL and cosign
//! verify what we had signed, and botocore signs our requests once more.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm as Algorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_keys::{Signer, Surroundings, sigv4};

use crate::amazon::{Amazon, HOST, REFERENCE, SECRET, TOKEN, VARIABLES};
use crate::peer::{Server, command, peer, run, script, server};
use crate::world::{Noon, World, open, open_with, signs, surroundings};

struct Moto {
    python: PathBuf,
    home: tempfile::TempDir,
    server: Server,
}

impl Moto {
    fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// With a certificate and its key, it speaks TLS.
    fn start_with(certificate: &[&Path]) -> Option<Self> {
        let python = peer("kms/bin/python")?;
        let home = tempfile::tempdir().unwrap();
        let server = server(&python, "amazon_services.py", certificate, home.path());
        Some(Self {
            python,
            home,
            server,
        })
    }

    /// Makes a key, and gives its ID and ARN.
    fn key(&self, spec: &str, alias: &str) -> [String; 2] {
        let arguments = [self.server.url.as_str(), spec, alias];
        let made = script(&self.python, "amazon_key.py", &arguments, &json!(null));
        ["id", "arn"].map(|name| made[name].as_str().unwrap().to_owned())
    }

    fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_KMS", &self.server.url),
        ]
    }

    fn surroundings(&self) -> Surroundings {
        surroundings(&self.variables(), &[], &Noon::new())
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// cosign, with what it needs to find the server.
    fn cosign(&self, program: &Path) -> Command {
        let mut command = command(program, self.home.path());
        command.envs(self.variables());
        command
    }
}

fn openssl_verifies(key: &Path, hash: &str, signature: &Path, message: &Path) {
    let mut command = Command::new("openssl");
    let hash = format!("-{hash}");
    command.args(["dgst", &hash, "-verify"]).arg(key);
    command.arg("-signature").arg(signature).arg(message);
    assert!(run(&mut command).contains("Verified OK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_what_moto_signs_for_us() {
    let Some(moto) = Moto::start() else { return };
    for (spec, algorithm, hash) in [
        ("ECC_NIST_P256", Algorithm::EcdsaP256Sha256, "sha256"),
        ("ECC_NIST_P384", Algorithm::EcdsaP384Sha384, "sha384"),
        ("ECC_NIST_P521", Algorithm::EcdsaP521Sha512, "sha512"),
        ("RSA_2048", Algorithm::RsaPkcs1Sha256, "sha256"),
        ("RSA_4096", Algorithm::RsaPkcs1Sha256, "sha256"),
    ] {
        let alias = format!("alias/{spec}");
        let [id, arn] = moto.key(spec, &alias);
        let mut keys = Vec::new();
        for name in [alias, id, arn] {
            let reference = format!("awskms:///{name}");
            let signer = open(&reference, &moto.surroundings()).await.unwrap();
            assert_eq!(signer.algorithm(), algorithm);
            let signature = signer.sign(b"a message").await.unwrap();
            let key = signer.public_key().to_pem();
            let key_file = moto.file("key.pem", key.as_bytes());
            let message = moto.file("message", b"a message");
            let signature = moto.file("signature", &signature);
            openssl_verifies(&key_file, hash, &signature, &message);
            keys.push(key);
        }
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn moto_has_keys_that_are_refused() {
    let Some(moto) = Moto::start() else { return };
    for (spec, words) in [
        (
            "SYMMETRIC_DEFAULT",
            "the key is for ENCRYPT_DECRYPT; expected one for SIGN_VERIFY",
        ),
        ("ECC_SECG_P256K1", "ECDSA on the curve 1.3.132.0.10"),
    ] {
        moto.key(spec, &format!("alias/{spec}"));
        let opened = open(&format!("awskms:///alias/{spec}"), &moto.surroundings()).await;
        let told = opened.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    }
    let opened = open("awskms:///alias/nobody", &moto.surroundings()).await;
    let told = opened.unwrap_err().to_string();
    assert!(told.contains("NotFoundException"), "{told}");
}

/// Both versions of cosign get the same public key and signatures that verify with it, and accept ours.
#[tokio::test(flavor = "multi_thread")]
async fn cosign_shares_the_key() {
    let Some(moto) = Moto::start() else { return };
    let key = "awskms:///alias/shared";
    for spec in ["ECC_NIST_P256", "RSA_2048"] {
        let alias = format!("alias/{spec}");
        moto.key(spec, &alias);
        let key = key.replace("alias/shared", &alias);
        let signer = open(&key, &moto.surroundings()).await.unwrap();
        for name in ["cosign-sid", "cosign-trixie"] {
            let Some(cosign) = peer(&format!("{name}/usr/bin/cosign")) else {
                return;
            };
            cosign_agrees(&moto, &cosign, &key, &*signer).await;
        }
    }
}

async fn cosign_agrees(moto: &Moto, cosign: &Path, key: &str, signer: &dyn Signer) {
    let printed = run(moto.cosign(cosign).args(["public-key", "--key", key]));
    assert_eq!(printed, signer.public_key().to_pem());

    let message = moto.file("message", b"a message");
    let theirs = moto.home.path().join("theirs");
    let mut command = moto.cosign(cosign);
    command.args(["sign-blob", "--yes", "--key", key, "--tlog-upload=false"]);
    // Version 3 writes a bundle unless it is told not to, and asks for a signing config otherwise.
    if cosign.to_string_lossy().contains("cosign-sid") {
        command.args(["--new-bundle-format=false", "--use-signing-config=false"]);
    }
    command.arg("--output-signature").arg(&theirs).arg(&message);
    run(&mut command);
    let theirs = std::fs::read_to_string(&theirs).unwrap();
    let theirs = waxwing_encoding::base64::decode(theirs.trim()).unwrap();
    signer
        .public_key()
        .verify(signer.algorithm(), b"a message", &theirs)
        .unwrap();

    let ours = signer.sign(b"a message").await.unwrap();
    let ours = moto.file("ours", waxwing_encoding::base64::encode(&ours).as_bytes());
    let key_file = moto.file("key.pem", signer.public_key().to_pem().as_bytes());
    let verify = |key: &str, message: &Path| {
        let mut command = moto.cosign(cosign);
        command.args(["verify-blob", "--key", key, "--insecure-ignore-tlog"]);
        command.arg("--signature").arg(&ours).arg(message);
        if cosign.to_string_lossy().contains("cosign-sid") {
            command.arg("--new-bundle-format=false");
        }
        command
    };
    for key in [key, key_file.to_str().unwrap()] {
        run(&mut verify(key, &message));
    }
    let other = moto.file("other", b"another message");
    let refused = verify(key, &other).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{told}");
    let words = match signer.public_key().key_type() {
        KeyType::Rsa(_) => "crypto/rsa: verification error",
        _ => "invalid signature when validating ASN.1 encoded signature",
    };
    assert!(told.contains(words), "{told}");
}

/// A host in the reference is asked by TLS, with the roots that a variable names, by ours and by cosign.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_in_the_reference_is_asked_by_tls() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../net/tests/data");
    let file = |name: &str| data.join(name).canonicalize().unwrap();
    let (root, certificate, key) = (
        file("root.pem"),
        file("server_127.0.0.1.pem"),
        file("server_127.0.0.1.key.pem"),
    );
    let Some(moto) = Moto::start_with(&[&certificate, &key]) else {
        return;
    };
    let host = moto.server.url.strip_prefix("https://").unwrap();
    let root = root.to_str().unwrap();
    let arguments = [&moto.server.url, "ECC_NIST_P256", "alias/x", root];
    script(&moto.python, "amazon_key.py", &arguments, &json!(null));
    let reference = format!("awskms://{host}/alias/x");
    let keys = &moto.variables()[..3];
    let with_roots = [keys, &[("AWS_CA_BUNDLE", root)]].concat();
    let place = surroundings(&with_roots, &[], &Noon::new());
    let signer = open(&reference, &place).await.unwrap();
    signer.sign(b"x").await.unwrap();

    let place = surroundings(keys, &[], &Noon::new());
    let told = open(&reference, &place).await.unwrap_err().to_string();
    assert!(told.contains("UnknownIssuer"), "{told}");
    let other = moto.file("not.pem", b"-----BEGIN X-----\nAAAA\n-----END X-----\n");
    let other = [keys, &[("AWS_CA_BUNDLE", other.to_str().unwrap())]].concat();
    let place = surroundings(&other, &[], &Noon::new());
    let told = open(&reference, &place).await.unwrap_err().to_string();
    assert!(told.contains("not.pem: a PEM block X"), "{told}");

    for name in ["cosign-sid", "cosign-trixie"] {
        let Some(cosign) = peer(&format!("{name}/usr/bin/cosign")) else {
            return;
        };
        let mut command = command(&cosign, moto.home.path());
        command
            .envs(keys.iter().copied())
            .env("SSL_CERT_FILE", root);
        let printed = run(command.args(["public-key", "--key", &reference]));
        assert_eq!(printed, signer.public_key().to_pem());
    }
}

/// RSA keys have several algorithms, of which the hash that is asked for chooses.
#[tokio::test(flavor = "multi_thread")]
async fn an_rsa_key_signs_by_the_hash_that_is_asked_for() {
    let Some(moto) = Moto::start() else { return };
    moto.key("RSA_3072", "alias/x");
    for (hash, name, algorithm) in [
        (HashAlgorithm::Sha256, "sha256", Algorithm::RsaPkcs1Sha256),
        (HashAlgorithm::Sha384, "sha384", Algorithm::RsaPkcs1Sha384),
        (HashAlgorithm::Sha512, "sha512", Algorithm::RsaPkcs1Sha512),
    ] {
        let place = moto.surroundings();
        let signer = open_with("awskms:///alias/x", hash, &place).await.unwrap();
        assert_eq!(signer.algorithm(), algorithm);
        let signature = signer.sign(b"a message").await.unwrap();
        let signature = moto.file("signature", &signature);
        let key = moto.file("key.pem", signer.public_key().to_pem().as_bytes());
        openssl_verifies(&key, name, &signature, &moto.file("message", b"a message"));
    }
}

/// A key without a token, for a service at this address.
fn at(url: &str) -> Vec<(&str, &str)> {
    let endpoint = ("AWS_ENDPOINT_URL", url);
    vec![VARIABLES[0], VARIABLES[1], VARIABLES[3], endpoint]
}

/// Our requests, as they go out, are signed as botocore signs them.
#[tokio::test(flavor = "multi_thread")]
async fn botocore_signs_our_requests_in_the_same_way() {
    let Some(python) = peer("kms/bin/python") else {
        return;
    };
    let world = World::new(KeyType::EcdsaP256);
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    // The third goes over a socket, so that the header Host is the one that was really sent.
    let served = world.serve(Amazon).await;
    let elsewhere = "https://localhost.example:4566";
    for (url, variables) in [
        (HOST, VARIABLES.to_vec()),
        (elsewhere, at(elsewhere)),
        (&served, at(&served)),
    ] {
        let hosts: &[_] = match url.starts_with("https://") {
            true => &[(url, world.router(Amazon))],
            false => &[],
        };
        let place = surroundings(&variables, hosts, &Noon::new());
        let signer = open(REFERENCE, &place).await.unwrap();
        signs(&*signer, &world.key).await.unwrap();
        for asked in world.asked() {
            assert_eq!(url.split_once("//").unwrap().1, asked.host);
            let token = asked.headers.get("x-amz-security-token");
            assert!(token.is_none_or(|token| token == TOKEN));
            // The two that botocore adds by itself are left to it.
            let headers = ["content-type", "x-amz-target"]
                .map(|name| (name.to_owned(), asked.header(name).to_owned()));
            questions.push(json!({
                "time": asked.header("x-amz-date"), "id": "AKIDEXAMPLE", "secret": SECRET, "token": token,
                "region": "us-east-1", "service": "kms", "url": format!("{url}/"), "body": asked.body,
                "headers": std::collections::BTreeMap::from(headers),
            }));
            expected.push(asked.header("authorization").to_owned());
        }
    }
    // STS is asked for the caller's identity as by every client of it.
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    let signing = sigv4::Signing {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: SECRET,
        region: "eu-west-1",
        service: "sts",
        time: UnixTime::parse("2026-11-29T01:02:03.5Z").unwrap(),
    };
    let date = signing.date();
    let host = "sts.eu-west-1.amazonaws.com";
    let headers = [
        ("x-amz-date", date.as_str()),
        ("host", host),
        ("content-type", kind),
    ];
    expected.push(signing.authorization("POST", &headers, body.as_bytes()));
    questions.push(json!({
        "time": date, "id": "AKIDEXAMPLE", "secret": SECRET, "token": null, "region": "eu-west-1", "service": "sts",
        "url": format!("https://{host}/"), "body": body, "headers": {"content-type": kind},
    }));
    assert_eq!(expected.len(), 7);
    let theirs = script(&python, "amazon_signature.py", &[], &json!(questions));
    assert_eq!(theirs, json!(expected));
}
