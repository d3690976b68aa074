//! A Fulcio whose key is in AWS KMS, as moto has it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use waxwing_testkit::peers::amazon::{self, Amazon};

use super::road::is_verified_by_all;
use super::{Fulcio, World, chain, openssl, refused};

/// `NAME.pem`: a certificate over a new key of the service, made by openssl, and the root.
fn certify(world: &World, amazon: &Amazon, spec: &str, name: &str) {
    let key = amazon.key(spec, &format!("alias/{name}"));
    fs::write(world.file("key.pub"), key).unwrap();
    let line = "x509 -new -force_pubkey key.pub -CA root.pem -CAkey root.key -subj /O=test/CN=kms \
                -days 20 -extfile purposes -out kms.leaf";
    openssl(world.path(), line);
    let read = |file: &str| fs::read_to_string(world.file(file)).unwrap();
    let chain = read("kms.leaf") + &read("root.pem");
    fs::write(world.file(&format!("{name}.pem")), chain).unwrap();
}

fn flags(name: &str) -> [String; 5] {
    [
        "--config=base.yaml".to_owned(),
        "--ca=kmsca".to_owned(),
        format!("--kms-resource=awskms:///alias/{name}"),
        format!("--kms-cert-chain-path={name}.pem"),
        "--log_type=prod".to_owned(),
    ]
}

fn start(world: &World, amazon: &Amazon, name: &str) -> Fulcio {
    let flags = flags(name);
    let flags = flags.each_ref().map(String::as_str);
    Fulcio::with(world.path(), &flags, &amazon.variables())
}

#[test]
fn whoever_gets_a_certificate_by_a_key_in_a_service_is_verified_by_all() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let world = World::new();
    certify(&world, &amazon, "ECC_NIST_P256", "p256");
    is_verified_by_all(&world, start(&world, &amazon, "p256"), "p256.pem");
}

#[test]
fn keys_of_every_kind_issue_and_openssl_verifies_the_path() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let world = World::new();
    for (spec, name) in [
        ("ECC_NIST_P384", "p384"),
        ("ECC_NIST_P521", "p521"),
        ("RSA_3072", "rsa"),
    ] {
        certify(&world, &amazon, spec, name);
        let fulcio = start(&world, &amazon, name);
        let answer = fulcio.certificate(&world.token()).is(200).json();
        let certificates = chain(&answer);
        assert_eq!(certificates.len(), 3, "{spec}");
        fs::write(world.file("leaf.pem"), certificates[0].to_pem()).unwrap();
        // The leaf's own key, the embedded promise and the name are checked where clients are; here the signatures.
        let line = format!("verify -CAfile root.pem -untrusted {name}.pem -purpose any leaf.pem");
        openssl(world.path(), &line);
        fulcio.stop();
    }
}

#[test]
fn a_chain_over_another_key_is_refused() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let world = World::new();
    certify(&world, &amazon, "ECC_NIST_P256", "one");
    certify(&world, &amazon, "ECC_NIST_P256", "other");
    let mut all = flags("one");
    all[3] = "--kms-cert-chain-path=other.pem".to_owned();
    let all = all.each_ref().map(String::as_str);
    let said = refused(world.path(), &all, &amazon.variables());
    assert!(
        said.contains("--ca=kmsca: awskms:///alias/one under other.pem"),
        "{said}"
    );
    let missing = flags("nobody");
    fs::copy(world.file("one.pem"), world.file("nobody.pem")).unwrap();
    let missing = missing.each_ref().map(String::as_str);
    let said = refused(world.path(), &missing, &amazon.variables());
    assert!(said.contains("awskms:///alias/nobody: "), "{said}");
    assert!(said.contains("NotFoundException"), "{said}");
    assert!(!said.contains(amazon::SECRET), "{said}");
    let fulcio = start(&world, &amazon, "one");
    fulcio.certificate(&world.token()).is(200);
}

#[test]
fn while_the_service_is_away_the_caller_hears_little_and_the_operator_why() {
    let Some(amazon) = amazon::serve() else {
        return;
    };
    let world = World::new();
    certify(&world, &amazon, "ECC_NIST_P256", "p256");
    let mut all = flags("p256").to_vec();
    all.extend([
        "--gcp-kms-retries=1".to_owned(),
        "--gcp-kms-timeout=2".to_owned(),
    ]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let fulcio = Fulcio::with(world.path(), &all, &amazon.variables());
    fulcio.certificate(&world.token()).is(200);
    drop(amazon);
    let answer = fulcio.certificate(&world.token()).is(500).text();
    assert!(
        answer.contains("error communicating with CA backend"),
        "{answer}"
    );
    assert!(!answer.contains("awskms"), "{answer}");
    let said = fulcio.stop();
    let told = said.lines().find(|line| line.contains("not signed: "));
    let told = told.unwrap_or_else(|| panic!("{said}"));
    assert!(
        told.contains("awskms:///alias/p256") && told.contains("\"severity\":\"warn\""),
        "{told}"
    );
}

/// A service that counts who asks, and answers 503, or nothing at all.
fn silent(answers: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let (ready, started) = mpsc::channel();
    thread::spawn(move || {
        ready.send(()).unwrap();
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            count.fetch_add(1, Ordering::SeqCst);
            if answers {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let answer = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes());
            } else {
                held.push(stream);
            }
        }
    });
    started.recv().unwrap();
    (url, asked)
}

#[test]
fn how_often_and_how_long_a_service_is_asked_are_flags() {
    let world = World::new();
    fs::copy(world.file("ca.pem"), world.file("x.pem")).unwrap();
    let run = |url: &str, flag: &str| {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "B"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_KMS", url),
        ];
        let mut all = flags("x").to_vec();
        all.push(flag.to_owned());
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        refused(world.path(), &all, &variables)
    };
    for retries in [1, 2] {
        let (url, asked) = silent(true);
        let said = run(&url, &format!("--gcp-kms-retries={retries}"));
        assert!(said.contains("503"), "{said}");
        assert_eq!(asked.load(Ordering::SeqCst), retries + 1, "{said}");
    }
    let (url, _) = silent(false);
    let began = Instant::now();
    let said = run(&url, "--gcp-kms-timeout=1");
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(1) && took < Duration::from_secs(10),
        "{took:?}: {said}"
    );
}
