//! What an operator may choose, and authorities that cannot start.

use serde_json::json;
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, sha256};
use waxwing_encoding::base64;
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::chain::ChainError;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampAuthorityError};
use waxwing_tsa::{Service, Settings};

use crate::bytes::{children, content, element};
use crate::world::{
    CERTIFICATE, JSON, Made, QUERY, SHA_256, SHA_384, World, clock, name, query, random,
    signed_data, tst_info, validity,
};

const ONE: &[u8] = &[6, 3, 0x2a, 3, 4];
const OTHER: &[u8] = &[6, 3, 0x2a, 3, 5];

fn started(authority: TimestampAuthority) -> Result<(), TimestampAuthorityError> {
    Service::new(authority, clock(), random()).map(|_| ())
}

#[tokio::test]
async fn the_status_is_201_where_it_was_asked_for() {
    let mut settings = Settings::default();
    settings.created = true;
    let world = World::with(|authority| authority, settings, None);
    let answer = world.post(QUERY, query(SHA_256, &[7; 32], &[])).await;
    assert_eq!(answer.status.as_u16(), 201);
    let ordinary = World::new()
        .post(QUERY, query(SHA_256, &[7; 32], &[]))
        .await;
    assert_eq!(ordinary.status.as_u16(), 200);
    // Refusals are what they were.
    world
        .refuses(QUERY, "garbage", 400, "Error generating")
        .await;
}

#[tokio::test]
async fn other_policies_than_the_accepted_ones_are_refused() {
    let mut settings = Settings::default();
    settings.accepted_policies = vec![ObjectIdentifier::new_unwrap("1.2.3.4")];
    let default = ObjectIdentifier::new_unwrap("1.2.3.6");
    let world = World::with(|authority| authority.with_policy(default), settings, None);
    let policy = |response: &[u8]| children(&tst_info(response))[1].to_vec();
    let request = |policy: &[u8]| query(SHA_256, &[7; 32], &[policy]);
    let own = [6, 3, 0x2a, 3, 6];
    for (asked, expected) in [(ONE, ONE), (&own, &own), (&[], &own)] {
        let response = world.stamp(QUERY, request(asked)).await;
        assert_eq!(policy(&response), expected);
    }
    let message = "unaccepted policy: requested TSA policy is not supported by the TSA";
    world.refuses(QUERY, request(OTHER), 400, message).await;
    let json = |policy: &str| {
        let hash = base64::encode(&[7; 32]);
        json!({"artifactHash": hash, "hashAlgorithm": "sha256", "tsaPolicyOID": policy}).to_string()
    };
    world.refuses(JSON, json("1.2.3.5"), 400, message).await;
    world.stamp(JSON, json("1.2.3.4")).await;
    // Without a list any policy will do.
    World::new().stamp(QUERY, request(OTHER)).await;
}

#[tokio::test]
async fn the_chain_is_embedded_in_the_order_of_a_set() {
    let made = Made::new(KeyType::EcdsaP256, Some(Purpose::TimeStamping));
    let mut certificates = vec![made.leaf.certificate.der().to_vec()];
    certificates.extend(made.above.iter().map(|link| link.der().to_vec()));
    certificates.sort();
    let authority = made.authority().with_chain_in_responses();
    let world = World::of(authority, Settings::default(), None);
    let response = world
        .stamp(QUERY, query(SHA_256, &[7; 32], &[CERTIFICATE]))
        .await;
    let embedded = content(signed_data(&response)[3]).to_vec();
    assert_eq!(embedded, certificates.concat());
    let response = world.stamp(QUERY, query(SHA_256, &[7; 32], &[])).await;
    assert_eq!(signed_data(&response)[3], [0xa0, 0]);
}

/// A P-384 key with its own hash, and with SHA-256 as the public authority uses it.
#[tokio::test]
async fn the_hash_of_the_signer_is_a_choice() {
    let made = || Made::new(KeyType::EcdsaP384, None).authority();
    let with_sha_256 = made().with_hash(HashAlgorithm::Sha256).unwrap();
    for (authority, hash, signature) in [(made(), SHA_384, 3), (with_sha_256, SHA_256, 2)] {
        let world = World::of(authority, Settings::default(), None);
        let response = world.stamp(QUERY, query(SHA_256, &[7; 32], &[])).await;
        let fields = signed_data(&response);
        let hash = element(0x30, &[hash]);
        assert_eq!(fields[1], element(0x31, &[&hash]));
        let signer = children(children(fields[4])[0]);
        assert_eq!(signer[2], hash);
        let ecdsa = [
            0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, signature,
        ];
        assert_eq!(signer[4], ecdsa);
    }
    let p_256 = Made::new(KeyType::EcdsaP256, None).authority();
    assert!(p_256.with_hash(HashAlgorithm::Sha512).is_err());
}

#[tokio::test]
async fn the_largest_body_is_a_choice() {
    let mut settings = Settings::default();
    settings.largest_body = 100;
    let world = World::with(|authority| authority, settings, None);
    let cap = "the request body is longer than 100 bytes";
    world.refuses(QUERY, vec![0x30; 101], 400, cap).await;
    world
        .stamp(QUERY, query(SHA_256, &sha256(b"data"), &[]))
        .await;
}

#[test]
fn an_authority_needs_a_root_above_its_certificate() {
    let mut made = Made::new(KeyType::EcdsaP256, None);
    let above = std::mem::take(&mut made.above);
    let (certificate, key) = (
        made.leaf.certificate.clone(),
        made.leaf.key.to_pem().unwrap(),
    );
    let refused = Err(TimestampAuthorityError::TooFew { count: 1 });
    assert_eq!(started(made.authority()), refused);
    let key = PrivateKey::from_pem(&key).unwrap();
    let leaf = Authority { certificate, key };
    assert_eq!(started(Made { leaf, above }.authority()), Ok(()));
}

#[test]
fn the_key_must_be_that_of_the_certificate() {
    let mut made = Made::new(KeyType::EcdsaP256, None);
    made.leaf.key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let refused = Err(TimestampAuthorityError::OtherKey);
    assert_eq!(started(made.authority()), refused);
    let good = Made::new(KeyType::EcdsaP256, None);
    assert_eq!(started(good.authority()), Ok(()));
}

#[test]
fn the_certificate_must_be_for_timestamps_alone() {
    let made = Made::new(KeyType::EcdsaP256, None);
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let root = Authority::root(key, &name("root"), SerialNumber::new([1; 20]), validity());
    let root = root.unwrap();
    let above = vec![root.certificate.clone()];
    // An authority for code signing is none of that.
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let serial = SerialNumber::new([2; 20]);
    let purpose = Purpose::CodeSigning;
    let leaf = root.intermediate(key, &name("tsa"), serial, validity(), purpose);
    let leaf = leaf.unwrap();
    let refused = Err(TimestampAuthorityError::LeafPurpose);
    assert_eq!(started(Made { leaf, above }.authority()), refused);
    assert_eq!(started(made.authority()), Ok(()));
}

#[test]
fn the_chain_must_lead_to_its_last_certificate_and_be_valid_now() {
    let mut made = Made::new(KeyType::EcdsaP256, None);
    let foreign = Made::new(KeyType::EcdsaP256, None).above;
    let own = std::mem::replace(&mut made.above, foreign);
    let key = made.leaf.key.to_pem().unwrap();
    let certificate = made.leaf.certificate.clone();
    assert!(matches!(
        started(made.authority()),
        Err(TimestampAuthorityError::Chain(ChainError::Signature { .. }))
    ));
    let key = PrivateKey::from_pem(&key).unwrap();
    let leaf = Authority { certificate, key };
    let above = own;
    assert_eq!(started(Made { leaf, above }.authority()), Ok(()));

    let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let serial = |number| SerialNumber::new([number; 20]);
    let root = Authority::root(key(), &name("root"), serial(1), validity()).unwrap();
    let expired = Validity {
        not_after: validity().not_before.plus_seconds(1),
        ..validity()
    };
    for (validity, valid) in [(expired, false), (validity(), true)] {
        let leaf = root.timestamp_leaf(key(), &name("tsa"), serial(2), validity);
        let (leaf, above) = (leaf.unwrap(), vec![root.certificate.clone()]);
        match started(Made { leaf, above }.authority()) {
            Ok(()) => assert!(valid),
            Err(TimestampAuthorityError::Chain(ChainError::Time { role, .. })) => {
                assert_eq!((role, valid), ("leaf", false));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn intermediates_must_be_for_timestamps() {
    let made = Made::new(KeyType::EcdsaP256, Some(Purpose::CodeSigning));
    let refused = Err(TimestampAuthorityError::IntermediatePurpose { position: 1 });
    assert_eq!(started(made.authority()), refused);
    let made = Made::new(KeyType::EcdsaP256, Some(Purpose::TimeStamping));
    assert_eq!(started(made.authority()), Ok(()));
}

/// One that says nothing may be let through; one that is for something else cannot, since verifiers
/// refuse it.
#[test]
fn an_intermediate_that_is_silent_is_let_through_only_by_the_switch() {
    for (enforced, accepted) in [(true, false), (false, true)] {
        let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let serial = |number| SerialNumber::new([number; 20]);
        // A root may issue a root; the upper one is the anchor.
        let upper = Authority::root(key(), &name("upper"), serial(1), validity()).unwrap();
        let silent = key();
        let mut extensions = upper.certificate.extensions().to_vec();
        extensions.truncate(2);
        let profile = waxwing_pki::issue::CertificateProfile {
            subject: &name("silent").to_der(),
            public_key: silent.public_key(),
            serial: serial(3),
            validity: validity(),
            extensions: &extensions,
        };
        let certificate = upper.certify(&profile).unwrap();
        let silent = Authority {
            certificate,
            key: silent,
        };
        let leaf = silent.timestamp_leaf(key(), &name("tsa"), serial(2), validity());
        let made = Made {
            leaf: leaf.unwrap(),
            above: vec![silent.certificate, upper.certificate],
        };
        let mut settings = Settings::default();
        settings.enforce_intermediate_eku = enforced;
        let started = Service::with(made.authority(), clock(), random(), settings, None);
        match started {
            Ok(_) => assert!(accepted),
            Err(error) => {
                let expected = TimestampAuthorityError::IntermediatePurpose { position: 1 };
                assert_eq!((error, accepted), (expected, false));
            }
        }
    }
}
