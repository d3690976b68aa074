//! Each flag: what changes with its value, and what is refused.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use waxwing_crypto::KeyType;

use super::{Fulcio, PASSWORD, World, authority, certificate, chain, issuing, openssl, refused};
use crate::configured::server::Ask;
use crate::program::{printed, run, waxwing};

#[test]
fn what_a_kind_of_authority_needs_is_asked_for_in_the_originals_words() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    authority(folder, "ca");
    // Whatever stands before the sentence that is expected is what was missing in the line before.
    for (flags, expected) in [
        ("", "required flag \"ca\" not set"),
        (
            "--ca=x",
            "--ca=x is not a valid selection. Try: pkcs11ca, googleca, fileca, or ephemeralca",
        ),
        (
            "--ca=fileca",
            "fileca-cert must be set to certificate path when using fileca",
        ),
        (
            "--ca=fileca --fileca-cert=a",
            "fileca-key must be set to private key path when using fileca",
        ),
        (
            "--ca=fileca --fileca-cert=a --fileca-key=b",
            "fileca-key-passwd must be set to encryption password for private key file when using fileca",
        ),
        (
            "--ca=pkcs11ca",
            "hsm-caroot-id must be set when using pkcs11ca",
        ),
        (
            "--ca=pkcs11ca --hsm-caroot-id=7",
            "the module of config/crypto11.conf with the key PKCS11CA and the root \"7\" (\"\") is not asked",
        ),
        (
            "--ca=pkcs11ca --hsm-caroot-id=8 --pkcs11-config-path=c --hsm-key-label=l --aws-hsm-root-ca-path=r",
            "the module of c with the key l and the root \"8\" (\"r\") is not asked",
        ),
        (
            "--ca=googleca",
            "gcp_private_ca_parent must be set when using googleca",
        ),
        (
            "--ca=googleca --gcp_private_ca_parent=projects/p",
            "--ca=googleca is not here yet: Google's service with the pool \"projects/p\"",
        ),
        ("--ca=kmsca", "kms-resource must be set when using kmsca"),
        (
            "--ca=kmsca --kms-resource=awskms://k",
            "kms-cert-chain-path must be set when using kmsca",
        ),
        (
            "--ca=kmsca --kms-resource=awskms://k --kms-cert-chain-path=c",
            "kms-cert-chain-path: opening c: ",
        ),
        (
            "--ca=kmsca --kms-resource=k --kms-cert-chain-path=ca.pem",
            "\"k\" is in no key management service",
        ),
        (
            "--ca=tinkca",
            "tink-kms-resource must be set when using tinkca",
        ),
        (
            "--ca=tinkca --tink-kms-resource=gcp-kms://k",
            "tink-cert-chain-path must be set when using tinkca",
        ),
        (
            "--ca=tinkca --tink-kms-resource=gcp-kms://k --tink-cert-chain-path=c",
            "tink-keyset-path must be set when using tinkca",
        ),
        (
            "--ca=tinkca --tink-kms-resource=gcp-kms://k --tink-cert-chain-path=c --tink-keyset-path=s",
            "the keyset \"s\" of \"gcp-kms://k\" under the chain \"c\" is not asked to sign; use --ca=fileca",
        ),
    ] {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let said = refused(folder, &flags, &[]);
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
    let said = refused(
        folder,
        &[
            "--ca=googleca",
            "--gcp_private_ca_parent=p",
            "--gcp_private_ca_version=v1",
        ],
        &[],
    );
    assert!(
        said.contains("gcp_private_ca_version is deprecated"),
        "{said}"
    );
}

#[test]
fn an_authority_of_the_moment_needs_nothing_and_ends_with_the_program() {
    let world = World::new();
    let flags = ["--ca=ephemeralca", "--ct-log-url="];
    let root =
        |fulcio: &Fulcio| chain(&fulcio.certificate(&world.token()).is(200).json()).remove(1);
    let (first, second) = (world.fulcio(&flags), world.fulcio(&flags));
    assert_ne!(root(&first), root(&second));
    assert_eq!(root(&first), root(&first));
    // Without a log the answer says that there is no promise.
    let answer = first.certificate(&world.token()).json();
    let detached = &answer["signedCertificateDetachedSct"];
    assert_eq!(detached["signedCertificateTimestamp"], "");
    // The log does not know this root; so the flag is what made the difference.
    world
        .fulcio(&flags[..1])
        .certificate(&world.token())
        .is(500);
}

/// Charts have every flag, and leave out by an empty value.
#[test]
fn an_empty_path_is_none() {
    let world = World::new();
    let fulcio = world.fulcio(&[
        "--ct-log-public-key-path=",
        "--ct-log.tls-ca-cert=",
        "--grpc-tls-certificate=",
        "--grpc-tls-key=",
        "--fileca-key-passwd-file=",
    ]);
    fulcio.certificate(&world.token()).is(200);
    let said = fulcio.stop();
    assert!(
        said.contains("--ct-log-public-key-path is not set"),
        "{said}"
    );
    // What is needed is not left out by it: as in the original it counts as set, and is no file.
    let said = world.refused(&["--fileca-cert="]);
    assert!(said.contains("--ca=fileca: : "), "{said}");
}

#[test]
fn a_password_can_be_in_a_file() {
    let world = World::new();
    world.write("less.yaml", &world.base_without(&["fileca-key-passwd"]));
    fs::write(world.file("password"), format!("{PASSWORD}\n")).unwrap();
    fs::write(world.file("empty"), "\nword").unwrap();
    let with = |flag: &'static str| ["--config", "less.yaml", flag];
    let fulcio = Fulcio::start(world.path(), &with("--fileca-key-passwd-file=password"));
    fulcio.certificate(&world.token()).is(200);
    let said = refused(world.path(), &with("--fileca-key-passwd-file=empty"), &[]);
    assert!(said.contains("the first line is empty"), "{said}");
    let said = world.refused(&["--fileca-key-passwd-file=password"]);
    assert!(
        said.contains("are both set; only one can be meant"),
        "{said}"
    );
}

/// Keys as openssl and cosign write them, in the place of the one of `ca.pem`.
#[test]
fn keys_are_read_as_openssl_and_cosign_write_them() {
    let world = World::new();
    let folder = world.path();
    openssl(folder, "pkey -in ca.key -passin pass:word -out plain.key");
    let ends_well = |name: &str| {
        let fulcio = world.fulcio(&["--fileca-key", name]);
        assert_eq!(
            issuing(&fulcio.certificate(&world.token()).is(200).json()),
            "ca",
            "{name}"
        );
    };
    for (cipher, function) in [
        ("aes-128-cbc", "hmacWithSHA1"),
        ("aes-192-cbc", "hmacWithSHA256"),
        ("aes-256-cbc", "hmacWithSHA512"),
    ] {
        openssl(
            folder,
            &format!(
                "pkcs8 -topk8 -in plain.key -v2 {cipher} -v2prf {function} -passout pass:word -out e.key"
            ),
        );
        ends_well("e.key");
    }
    // Not encrypted, where the password counts for nothing, as in the original.
    ends_well("plain.key");
    openssl(folder, "ec -in plain.key -out sec1.key");
    ends_well("sec1.key");
    let imported = Command::new(waxwing())
        .args(["cosign", "import-key-pair", "--key", "plain.key"])
        .args(["--output-key-prefix", "imported"])
        .current_dir(folder)
        .env_clear()
        .env("COSIGN_PASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(imported.status.success(), "{}", printed(&imported));
    ends_well("imported.key");
    // OpenSSL's older encryption, which step-cli and Go write too.
    for cipher in ["aes128", "aes192", "aes256"] {
        openssl(
            folder,
            &format!("ec -in plain.key -{cipher} -passout pass:word -out older.key"),
        );
        let older = fs::read_to_string(world.file("older.key")).unwrap();
        assert!(older.contains("DEK-Info: AES-"), "{older}");
        ends_well("older.key");
    }
    // A cipher that is not read, and the line that helps.
    openssl(
        folder,
        "ec -in plain.key -des3 -passout pass:word -out older.key",
    );
    let said = world.refused(&["--fileca-key", "older.key"]);
    let help = "openssl pkcs8 -topk8 -v2 aes-256-cbc";
    assert!(
        said.contains("DEK-Info DES-EDE3-CBC") && said.contains(help),
        "{said}"
    );
    let line = help.strip_prefix("openssl ").unwrap();
    openssl(
        folder,
        &format!("{line} -in older.key -passin pass:word -passout pass:word -out newer.key"),
    );
    ends_well("newer.key");
    let said = world.refused(&["--fileca-key", "e.key", "--fileca-key-passwd=other"]);
    assert!(
        said.contains("the password does not open the encrypted private key"),
        "{said}"
    );
    // A key of another certificate.
    authority(folder, "next");
    let said = world.refused(&["--fileca-key", "next.key"]);
    assert!(said.contains("--ca=fileca: ca.pem: "), "{said}");
}

#[test]
fn whom_to_believe_is_the_configurations_to_say() {
    let world = World::new();
    let other = json!({"oidc-issuers": {"https://issuer.example.com": {
        "issuer-url": "https://issuer.example.com", "client-id": "x", "type": "email",
    }}});
    world.write("other.yaml", &other);
    let issuers = |fulcio: &Fulcio| -> Vec<String> {
        let told = fulcio.get("/api/v2/configuration").is(200).json();
        let told = told["issuers"].as_array().unwrap().iter();
        told.map(|one| one["issuerUrl"].as_str().unwrap().to_owned())
            .collect()
    };
    let fulcio = world.fulcio(&["--config-path=other.yaml"]);
    assert_eq!(issuers(&fulcio), ["https://issuer.example.com"]);
    fulcio.certificate(&world.token()).is(400);
    // Where nobody says anything, and nothing is there: the public ones.
    world.write("less.yaml", &world.base_without(&["config-path"]));
    let fulcio = Fulcio::start(world.path(), &["--config=less.yaml"]);
    assert_eq!(issuers(&fulcio).len(), 3);
    assert!(
        fulcio
            .said()
            .contains("No config at /etc/fulcio-config/config.yaml, using defaults")
    );
    // Where somebody says something that is not there, nobody is believed.
    let said = world.refused(&["--config-path=none.yaml"]);
    assert!(
        said.contains("error loading --config-path=none.yaml"),
        "{said}"
    );
    let said = world.refused(&["--config-path=ca.pem"]);
    assert!(
        said.contains("error loading --config-path=ca.pem"),
        "{said}"
    );
}

#[test]
fn keys_that_are_not_named_get_no_certificate() {
    let world = World::new();
    let (small, large) = (KeyType::EcdsaP256, KeyType::EcdsaP384);
    for (flags, expected) in [
        (vec![], [200, 200]),
        (
            vec!["--client-signing-algorithms=ecdsa-sha2-384-nistp384,ed25519"],
            [400, 200],
        ),
        (
            vec![
                "--client-signing-algorithms=ecdsa-sha2-384-nistp384",
                "--client-signing-algorithms=ecdsa-sha2-256-nistp256",
            ],
            [200, 200],
        ),
    ] {
        let fulcio = world.fulcio(&flags);
        let address = fulcio.address("http");
        let found = [small, large].map(|kind| certificate(&address, &world.token(), kind).status);
        assert_eq!(found, expected, "{flags:?}");
    }
    let said = world.refused(&["--client-signing-algorithms=rsa"]);
    assert!(
        said.contains("the signing algorithm \"rsa\" is not known"),
        "{said}"
    );
}

#[test]
fn the_ct_logs_promise_is_verified_by_the_key_that_is_named() {
    let world = World::new();
    openssl(world.path(), "ec -in root.key -pubout -out other.pub");
    let ask = |flags: &[&str]| {
        let fulcio = world.fulcio(flags);
        let status = fulcio.certificate(&world.token()).status;
        (status, fulcio.stop())
    };
    let (status, said) = ask(&[]);
    assert!(status == 200 && !said.contains("WARN"), "{said}");
    assert_eq!(ask(&["--ct-log-public-key-path=other.pub"]).0, 500);
    world.write(
        "base.yaml",
        &world.base_without(&["ct-log-public-key-path"]),
    );
    let (status, said) = ask(&[]);
    assert_eq!(status, 200);
    assert!(
        said.contains("--ct-log-public-key-path is not set"),
        "{said}"
    );
    let said = world.refused(&["--ct-log-public-key-path=ca.pem"]);
    assert!(said.contains("--ct-log-public-key-path ca.pem"), "{said}");
}

#[test]
fn a_ct_log_behind_tls_is_trusted_under_the_file_that_is_named() {
    let world = World::within(
        "",
        &["--tls-certificate", "chain.pem", "--tls-key", "key.pem"],
    );
    assert!(world.server.url().starts_with("https://"));
    let with = |flags: &[&str], variables: &[(&str, &str)]| {
        let fulcio = world.fulcio_with(flags, variables);
        fulcio.certificate(&world.token()).status
    };
    let ask = |flags| with(flags, &[]);
    assert_eq!(ask(&[]), 500);
    assert_eq!(ask(&["--ct-log.tls-ca-cert=chain.pem"]), 200);
    assert_eq!(ask(&["--ct-log.tls-ca-cert=root.pem"]), 500);
    // In the place of the system's authorities, as this variable makes them.
    let system = [("SSL_CERT_FILE", "chain.pem")];
    assert_eq!(with(&[], &system), 200);
    assert_eq!(with(&["--ct-log.tls-ca-cert=root.pem"], &system), 500);
    let said = world.refused(&["--ct-log.tls-ca-cert=ctlog.pub"]);
    assert!(
        said.contains("failed to append TLS CA certificate"),
        "{said}"
    );
}

/// The head of one request, as a server that refuses it sees it.
fn heard(listener: TcpListener) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(refusal).unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    })
}

#[test]
fn a_ct_log_is_asked_under_the_name_that_is_given() {
    let world = World::new();
    for (origin, expected) in [
        ("", None),
        ("--ct-log-origin=log.example.com", Some("log.example.com")),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = format!("--ct-log-url=http://{address}/2026");
        let heard = heard(listener);
        let flags: Vec<&str> = [url.as_str(), origin]
            .into_iter()
            .filter(|flag| !flag.is_empty())
            .collect();
        let fulcio = world.fulcio(&flags);
        let refused = fulcio.certificate(&world.token()).is(500).json();
        assert_eq!(refused["message"], "Error entering certificate in CTL");
        let head = heard.join().unwrap();
        assert!(
            head.starts_with("post /2026/ct/v1/add-pre-chain http/1.1\r\n"),
            "{head}"
        );
        let host = format!("\r\nhost: {}\r\n", expected.unwrap_or(&address));
        assert!(head.contains(&host), "{head}");
        assert_eq!(head.matches("\r\nhost:").count(), 1, "{head}");
    }
}

#[test]
fn each_port_is_where_its_flags_say() {
    let world = World::new();
    world.write(
        "base.yaml",
        &world.base_without(&[
            "host",
            "port",
            "grpc-host",
            "grpc-port",
            "metrics-host",
            "metrics-port",
        ]),
    );
    let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [http, grpc, metrics] = free.map(|one| one.local_addr().unwrap().port().to_string());
    let line = |host: &str, port: &str| {
        [
            format!("--{host}=127.0.0.1"),
            format!("--{port}={http}"),
            "--grpc-host=127.0.0.1".to_owned(),
            format!("--grpc-port={grpc}"),
            "--metrics-host=127.0.0.1".to_owned(),
            format!("--metrics-port={metrics}"),
        ]
    };
    // Under the older names too.
    for line in [line("host", "port"), line("http-host", "http-port")] {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let fulcio = world.fulcio(&line);
        assert_eq!(fulcio.address("http"), format!("127.0.0.1:{http}"));
        assert_eq!(fulcio.address("grpc"), format!("127.0.0.1:{grpc}"));
        assert_eq!(fulcio.address("metrics"), format!("127.0.0.1:{metrics}"));
        fulcio.get("/healthz").is(200);
        assert!(fulcio.metrics().contains("fulcio_new_certs 0\n"));
        let elsewhere = fulcio.address("metrics").parse().unwrap();
        Ask::new("GET /healthz").of(elsewhere).is(404);
        // Taken is taken.
        let said = world.refused(&line);
        assert!(
            said.contains(&format!("cannot listen on 127.0.0.1:{http}")),
            "{said}"
        );
    }
    let said = world.refused(&["--host=nowhere.invalid"]);
    assert!(
        said.contains("looking up the host \"nowhere.invalid\""),
        "{said}"
    );
}

#[test]
fn its_log_is_words_or_json_where_the_original_has_it() {
    let world = World::new();
    let run = |flag: &str| {
        let fulcio = world.fulcio(&[flag]);
        fulcio.get("/api/v2/trustBundle").is(200);
        fulcio.stop()
    };
    let said = run("--log_type=dev");
    assert!(
        said.contains("\tINFO\tlistening on http at 127.0.0.1:"),
        "{said}"
    );
    assert!(said.contains(" GET /api/v2/trustBundle 200 "), "{said}");
    let said = run("--log_type=prod");
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let started = lines.iter().find(|line| {
        let message = line["message"].as_str();
        message.is_some_and(|message| message.starts_with("listening on http at "))
    });
    assert_eq!(started.unwrap()["severity"], "info");
    let asked = lines
        .iter()
        .find(|line| line["route"] == "/api/v2/trustBundle");
    assert_eq!(asked.unwrap()["status"], 200);
}

#[test]
fn it_is_called_by_its_own_name_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let installed = run(&waxwing(), folder, ["install", "bin"]);
    assert!(installed.status.success(), "{}", printed(&installed));
    let fulcio = folder.join("bin/fulcio");
    let version = run(&fulcio, folder, ["version", "--json"]);
    let version: Value = serde_json::from_slice(&version.stdout).unwrap();
    assert!(version["gitVersion"].as_str().unwrap().starts_with('v'));
    let said = printed(&run(&fulcio, folder, ["serve"]));
    assert!(said.contains("required flag \"ca\" not set"), "{said}");
    let said = printed(&run(&waxwing(), folder, ["fulcio", "version"]));
    assert!(said.starts_with("fulcio: "), "{said}");
}
