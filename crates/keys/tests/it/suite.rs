//! One behaviour for keys in every service: what each is asked when its service is honest, and what is said when it lies.
//! Every lie is told under its name, our secrets are not told with it, and without the lie the same key signs.

use std::sync::{Arc, Mutex};

use axum::Router;
use waxwing_crypto::KeyType;

use crate::world::{Fault, Noon, World, open, signs, surroundings, trap};
use crate::{amazon, azure, google_cloud, hashicorp};

/// A service, and its own words.
struct Provider {
    reference: &'static str,
    variables: Vec<(&'static str, &'static str)>,
    hosts: fn(&Arc<World>) -> Vec<(&'static str, Router)>,
    secrets: &'static [&'static str],
    /// Whether its credentials here end.
    ends: bool,
    /// When the signature is under another name.
    other_name: &'static str,
    /// When the key is switched off, at opening and at signing.
    disabled: [&'static str; 2],
    /// When its version has gone, likewise; where it is nothing to signing, that goes on.
    gone: [Option<&'static str>; 2],
    /// When it is for encryption.
    encrypts: &'static str,
    /// When it signs by something unknown.
    unknown: &'static str,
    /// When the public key is of another kind than it says.
    other_kind: &'static str,
}

fn providers() -> Vec<Provider> {
    vec![
        Provider {
            reference: amazon::REFERENCE,
            variables: amazon::VARIABLES.to_vec(),
            hosts: |world| vec![(amazon::HOST, world.router(amazon::Amazon))],
            secrets: &[amazon::SECRET, amazon::TOKEN],
            ends: false,
            other_name: "AWS KMS answered with a signature of the key",
            disabled: [
                "AWS KMS refused to give the public key (400): DisabledException: the key is disabled; check",
                "AWS KMS refused to sign (400): DisabledException: the key is disabled; check",
            ],
            gone: [
                Some("KMSInvalidStateException: the key is pending deletion"),
                Some("KMSInvalidStateException: the key is pending deletion"),
            ],
            encrypts: "the key is for ENCRYPT_DECRYPT; expected one for SIGN_VERIFY",
            unknown: "the key signs by SM2DSA; expected ECDSA",
            other_kind: "the key signs by EcdsaP384Sha384, and the key is a EcdsaP256 key",
        },
        Provider {
            reference: hashicorp::REFERENCE,
            variables: hashicorp::VARIABLES.to_vec(),
            hosts: |world| {
                let router = world.router(hashicorp::Hashicorp("transit"));
                vec![(hashicorp::HOST, router)]
            },
            secrets: &[hashicorp::TOKEN],
            ends: false,
            other_name: "Vault answered with the signature \"vault:v3:",
            disabled: [
                "Vault refused to describe the key (400): 1 error occurred: the key is soft deleted; check",
                "Vault refused to sign (400): 1 error occurred: the key is soft deleted; check",
            ],
            gone: [Some("the engine has no version 2 of it"), None],
            encrypts: "the key is for aes256-gcm96; expected one for signatures",
            unknown: "the key is for ml-dsa; expected one for signatures",
            other_kind: "the service says that it is a EcdsaP384 key, and it is a EcdsaP256 key",
        },
        Provider {
            reference: google_cloud::REFERENCE,
            variables: Vec::new(),
            hosts: google_cloud::hosts,
            secrets: &[google_cloud::TOKEN],
            ends: true,
            other_name: "Google Cloud KMS answered for the version projects/p/locations/global/keyRings/r/cryptoKeys/k/\
                         cryptoKeyVersions/3; expected",
            disabled: [
                "no version of the key is enabled; expected one that is",
                "Google Cloud KMS refused to sign (400): FAILED_PRECONDITION: the version is DISABLED; check",
            ],
            gone: [
                Some(
                    "refused to give the public key (400): FAILED_PRECONDITION: the version is DESTROYED",
                ),
                Some("refused to sign (400): FAILED_PRECONDITION: the version is DESTROYED"),
            ],
            encrypts: "the key is for RSA_DECRYPT_OAEP_2048_SHA256; expected one for ASYMMETRIC_SIGN",
            unknown: "the key signs by EC_SIGN_SECP256K1_SHA256; expected ECDSA",
            other_kind: "the key signs by EcdsaP384Sha384, and the key is a EcdsaP256 key",
        },
        Provider {
            reference: azure::REFERENCE,
            variables: azure::VARIABLES.to_vec(),
            hosts: azure::hosts,
            secrets: &[azure::TOKEN, azure::SECRET],
            ends: true,
            other_name: "Azure Key Vault answered for the key https://v-1.vault.azure.net/keys/k-1/ff; expected",
            disabled: [
                "the key is disabled; expected one that is enabled",
                "Azure Key Vault refused to sign (403): Forbidden: the key is disabled; check",
            ],
            gone: [
                Some(
                    "Azure Key Vault refused to give the key (404): KeyNotFound: no such version; check",
                ),
                Some("Azure Key Vault refused to sign (404): KeyNotFound: no such version; check"),
            ],
            encrypts: "the key is for encrypt, decrypt; expected one for sign",
            unknown: "the key signs by ECDSA on the curve P-256K; expected ECDSA",
            other_kind: "x and y are not those of a point on that curve",
        },
    ]
}

struct Opened {
    world: Arc<World>,
    place: waxwing_keys::Surroundings,
    elsewhere: Arc<Mutex<u32>>,
}

impl Provider {
    fn start(&self) -> Opened {
        let world = World::new(KeyType::EcdsaP256);
        let elsewhere = Arc::default();
        let mut hosts = (self.hosts)(&world);
        hosts.push(("https://elsewhere.example", trap(&elsewhere)));
        let place = surroundings(&self.variables, &hosts, &Noon::new());
        Opened {
            world,
            place,
            elsewhere,
        }
    }

    fn assert_told(&self, fault: Fault, told: &str, words: &str) {
        let reference = self.reference;
        assert!(told.starts_with(&format!("{reference}: ")), "{told}");
        assert!(told.contains(words), "{reference} {fault:?}: {told}");
        for secret in self.secrets {
            assert!(!told.contains(secret), "{reference} {fault:?}: {told}");
        }
    }
}

/// What is common to opening and signing.
const COMMON: [(Fault, &str); 6] = [
    (Fault::Huge, "is longer than the 262144 bytes"),
    (Fault::Page, "answered a page for people (200)"),
    (
        Fault::Elsewhere,
        "redirects to https://elsewhere.example/, which is not followed: it is another host",
    ),
    (Fault::Silence, "no complete answer of"),
    (Fault::Forbidden, "you may not"),
    (Fault::Shapeless, "bytes of something else; expected"),
];

#[tokio::test]
async fn what_is_wrong_when_a_key_is_opened_is_told() {
    for provider in providers() {
        let own = [
            (Fault::Disabled, provider.disabled[0]),
            (Fault::Gone, provider.gone[0].unwrap()),
            (Fault::Encrypts, provider.encrypts),
            (Fault::Unknown, provider.unknown),
            (Fault::OtherKind, provider.other_kind),
            (
                Fault::Weak,
                "the key's algorithm is RSA with 1024 bits; expected",
            ),
        ];
        for (fault, words) in COMMON.into_iter().chain(own) {
            let opened = provider.start();
            opened.world.lie(fault);
            let told = open(provider.reference, &opened.place).await.unwrap_err();
            provider.assert_told(fault, &told.to_string(), words);
            if fault == Fault::Forbidden {
                assert!(told.to_string().contains("(403)"), "{told}");
                assert!(told.to_string().contains("(secret)"), "{told}");
            }
            assert_eq!(*opened.elsewhere.lock().unwrap(), 0);
            opened.world.lie(Fault::None);
            let signer = open(provider.reference, &opened.place).await.unwrap();
            signs(&*signer, &opened.world.key).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_wrong_when_a_key_signs_is_told() {
    let mismatch = "gave a signature that the key's public half does not verify";
    for provider in providers() {
        let mut own = vec![
            (Fault::OtherKey, mismatch),
            (Fault::HashedTwice, mismatch),
            (Fault::OtherName, provider.other_name),
            (Fault::Disabled, provider.disabled[1]),
        ];
        own.extend(provider.gone[1].map(|words| (Fault::Gone, words)));
        for (fault, words) in COMMON.into_iter().chain(own) {
            let opened = provider.start();
            let signer = open(provider.reference, &opened.place).await.unwrap();
            opened.world.lie(fault);
            let told = signer.sign(b"x").await.unwrap_err();
            provider.assert_told(fault, &told.to_string(), words);
            assert_eq!(*opened.elsewhere.lock().unwrap(), 0);
            opened.world.lie(Fault::None);
            signs(&*signer, &opened.world.key).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_busy_service_is_asked_again_and_not_for_ever() {
    for provider in providers() {
        let opened = provider.start();
        opened.world.lie(Fault::Busy(2));
        let signer = open(provider.reference, &opened.place).await.unwrap();
        opened.world.asked();
        opened.world.lie(Fault::Busy(3));
        signs(&*signer, &opened.world.key).await.unwrap();
        let asked = opened.world.asked();
        let bodies: Vec<&String> = asked.iter().map(|asked| &asked.body).collect();
        assert_eq!(bodies.len(), 4, "{}", provider.reference);
        assert!(bodies.iter().all(|body| *body == bodies[0]));

        opened.world.lie(Fault::Busy(4));
        let told = signer.sign(b"x").await.unwrap_err().to_string();
        provider.assert_told(Fault::Busy(4), &told, "refused to sign");
        assert_eq!(opened.world.asked().len(), 4);
    }
}

/// Credentials that end are found anew when they are no longer taken before that; once, because a service that takes
/// nobody's would be asked for ever. Vault's token is a text that somebody wrote, and stays.
#[tokio::test]
async fn credentials_that_are_no_longer_taken_are_found_anew() {
    for provider in providers() {
        let opened = provider.start();
        let signer = open(provider.reference, &opened.place).await.unwrap();
        opened.world.asked();
        opened.world.lie(Fault::Stale(1));
        let signed = signs(&*signer, &opened.world.key).await;
        if provider.ends {
            signed.unwrap();
            assert_eq!(opened.world.asked().len(), 2);
            opened.world.lie(Fault::Stale(2));
            let told = signer.sign(b"x").await.unwrap_err().to_string();
            provider.assert_told(Fault::Stale(2), &told, "refused to sign (401)");
        } else {
            let told = signed.unwrap_err().to_string();
            provider.assert_told(Fault::Stale(1), &told, "refused to sign (40");
            assert_eq!(opened.world.asked().len(), 1);
        }
        opened.world.lie(Fault::None);
        signs(&*signer, &opened.world.key).await.unwrap();
    }
}

/// Nothing of a key's surroundings shows where somebody prints it.
#[tokio::test]
async fn a_printed_key_shows_no_secret() {
    for provider in providers() {
        let opened = provider.start();
        let signer = open(provider.reference, &opened.place).await.unwrap();
        signs(&*signer, &opened.world.key).await.unwrap();
        let shown = format!("{signer:?} {:?}", opened.place);
        assert!(shown.contains("RemoteKey"), "{shown}");
        for secret in provider.secrets {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
