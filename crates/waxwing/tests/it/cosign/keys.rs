//! Key pairs: made, imported and read by one program, used by the other.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{Bench, PASSWORD};
use crate::program::printed;

#[test]
fn a_key_pair_of_ours_signs_with_cosign_and_one_of_cosign_signs_with_ours() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair --output-key-prefix ours");
    bench.theirs(&bench.sid, "generate-key-pair --output-key-prefix theirs");
    let mode = std::fs::metadata(bench.path("ours.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // The public key of either, told by the other.
    for pair in ["ours", "theirs"] {
        let public = bench.read(&format!("{pair}.pub"));
        let line = format!("public-key --key {pair}.key");
        assert_eq!(bench.ours(&line).stdout, public);
        assert_eq!(bench.theirs(&bench.sid, &line).stdout, public);
    }

    bench.theirs(
        &bench.sid,
        "sign-blob --key ours.key --use-signing-config=false --tlog-upload=false --bundle a.json blob",
    );
    bench.ours("verify-blob --key ours.pub --insecure-ignore-tlog --bundle a.json blob");
    bench.ours_refuses(
        "verify-blob --key ours.pub --insecure-ignore-tlog --bundle a.json other",
        "the signature over the artifact",
    );
    bench.ours_refuses(
        "verify-blob --key theirs.pub --insecure-ignore-tlog --bundle a.json blob",
        "signature",
    );

    bench.ours("sign-blob --key theirs.key --tlog-upload=false --bundle b.json blob");
    // cosign 2.5 wants the public Sigstore's trusted root for such a bundle: legacy.rs asks it.
    let verify = "verify-blob --insecure-ignore-tlog --bundle b.json";
    bench.theirs(&bench.sid, &format!("{verify} --key theirs.pub blob"));
    let words = "failed to verify signature";
    bench.theirs_refuses(&bench.sid, &format!("{verify} --key ours.pub blob"), words);
    bench.theirs_refuses(
        &bench.sid,
        &format!("{verify} --key theirs.pub other"),
        words,
    );
}

#[test]
fn a_wrong_password_is_told_and_the_right_one_opens_the_key() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let line = "public-key --key cosign.key";
    bench.ours_refuses_with(line, &[("COSIGN_PASSWORD", "wrong")], "password");
    bench.ours_with(line, &[("COSIGN_PASSWORD", PASSWORD)]);
    // A pair that is there is not written over where nobody can be asked.
    let before = bench.read("cosign.key");
    let again = bench.run(
        &crate::program::waxwing(),
        &["cosign"],
        "generate-key-pair",
        &[],
    );
    assert!(!again.status.success(), "{}", printed(&again));
    assert_eq!(bench.read("cosign.key"), before);
}

#[test]
fn keys_of_openssl_are_imported_and_sign() {
    let Some(bench) = Bench::new() else { return };
    let made = [
        (
            "p256",
            "ecparam -name prime256v1 -genkey -noout -out p256.pem",
        ),
        (
            "p384",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem",
        ),
        (
            "p521",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.pem",
        ),
        (
            "encrypted",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass env:COSIGN_PASSWORD -out encrypted.pem",
        ),
        ("rsa", "genrsa -traditional -out rsa.pem 2048"),
        ("ed25519", "genpkey -algorithm ed25519 -out ed25519.pem"),
    ];
    for (name, line) in made {
        let openssl = Command::new("openssl")
            .args(line.split(' '))
            .env("COSIGN_PASSWORD", PASSWORD)
            .current_dir(bench.folder())
            .output()
            .unwrap();
        assert!(openssl.status.success(), "{}", printed(&openssl));
        bench.ours(&format!(
            "import-key-pair --key {name}.pem --output-key-prefix {name}"
        ));
        let public = bench.ours(&format!("public-key --key {name}.key")).stdout;
        let theirs = bench.theirs(&bench.sid, &format!("public-key --key {name}.key"));
        assert_eq!(theirs.stdout, public, "{name}");
        let bundle = format!("--bundle {name}.json");
        bench.ours(&format!(
            "sign-blob --key {name}.key --tlog-upload=false {bundle} blob"
        ));
        let verify = format!("verify-blob --key {name}.pub --insecure-ignore-tlog {bundle}");
        if name == "p384" || name == "p521" {
            // cosign 3.1.1 does not even verify what it has signed itself with such a key.
            let sign = format!(
                "sign-blob --yes --key {name}.key --use-signing-config=false --tlog-upload=false"
            );
            bench.theirs(&bench.sid, &format!("{sign} --bundle theirs.json blob"));
            for bundle in [name, "theirs"] {
                let verify = verify.replace(&format!("{name}.json"), &format!("{bundle}.json"));
                bench.theirs_refuses(&bench.sid, &format!("{verify} blob"), "invalid signature");
                bench.ours(&format!("{verify} blob"));
            }
        } else {
            bench.theirs(&bench.sid, &format!("{verify} blob"));
        }
        bench.theirs_refuses(
            &bench.sid,
            &format!("{verify} other"),
            "failed to verify signature",
        );
        bench.ours(&format!("{verify} blob"));
        bench.ours_refuses(&format!("{verify} other"), "signature");
    }
    bench.ours_refuses("import-key-pair --key blob --output-key-prefix x", "PEM");
}

#[test]
fn keys_come_from_variables_and_those_elsewhere_are_refused_by_name() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let key = String::from_utf8(bench.read("cosign.key")).unwrap();
    let sign = "sign-blob --key env://KEY --tlog-upload=false --bundle b.json blob";
    bench.ours_with(sign, &[("KEY", &key)]);
    bench.ours_refuses(sign, "KEY");
    bench.theirs(
        &bench.sid,
        "verify-blob --key cosign.pub --insecure-ignore-tlog --bundle b.json blob",
    );
    for elsewhere in ["awskms:///alias/x", "k8s://default/x", "pkcs11:token=x"] {
        bench.ours_refuses(
            &format!("sign-blob --key {elsewhere} --tlog-upload=false --bundle b.json blob"),
            elsewhere.split(':').next().unwrap(),
        );
    }
}
