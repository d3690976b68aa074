//! The system's `openssl`, as the second opinion: it checks what we sign, with every algorithm that
//! OpenSSL 3.0 has.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use waxwing_crypto::{HashAlgorithm, SignatureAlgorithm};

use crate::pairs;

#[test]
fn openssl_verifies_what_we_sign() {
    let folder = std::env::temp_dir().join(format!("waxwing-crypto-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (key_file, signature_file) = (path("key.pem"), path("signature"));
    let (message_file, other_file) = (path("message"), path("other"));
    std::fs::write(&message_file, b"message").unwrap();
    std::fs::write(&other_file, b"messagf").unwrap();
    for (key, algorithm) in pairs() {
        let hash = match algorithm.hash() {
            Some(HashAlgorithm::Sha256) => "-sha256",
            Some(HashAlgorithm::Sha384) => "-sha384",
            Some(_) if algorithm != SignatureAlgorithm::Ed25519ph => "-sha512",
            // What OpenSSL 3.0 lacks, or does not do with this command.
            _ => continue,
        };
        let mut arguments = vec!["dgst", hash, "-verify", &key_file];
        if algorithm == SignatureAlgorithm::RsaPssSha256 {
            arguments.extend(["-sigopt", "rsa_padding_mode:pss"]);
            arguments.extend(["-sigopt", "rsa_pss_saltlen:32"]);
            arguments.extend(["-sigopt", "rsa_mgf1_md:sha256"]);
        }
        arguments.extend(["-signature", &signature_file]);
        std::fs::write(&key_file, key.public_key().to_pem()).unwrap();
        let digest = algorithm.hash().unwrap().digest(b"message");
        for signature in [
            key.sign_with(algorithm, b"message").unwrap(),
            key.sign_digest_with(algorithm, &digest).unwrap(),
        ] {
            std::fs::write(&signature_file, signature).unwrap();
            let run = |message: &str| openssl(&[arguments.as_slice(), &[message]].concat());
            let Some(verified) = run(&message_file) else {
                std::fs::remove_dir_all(&folder).unwrap();
                return;
            };
            assert!(verified, "{algorithm:?}");
            assert_eq!(run(&other_file), Some(false), "{algorithm:?}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Whether it ends with 0; `None` where it is not installed, which in CI is a failure: there a test
/// that was left out would look like one that passed.
fn openssl(arguments: &[&str]) -> Option<bool> {
    let run = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    match run {
        Ok(output) => Some(output.status.success()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let here = std::env::var_os("CI").is_none_or(|value| value != "true");
            assert!(here, "openssl is not installed: {error}");
            let _ = writeln!(std::io::stderr(), "left out: openssl is not installed");
            None
        }
        Err(error) => panic!("openssl cannot be run: {error}"),
    }
}
