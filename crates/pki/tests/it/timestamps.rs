//! A timestamp is made and verified, and each of its bindings broken once.

use waxwing_crypto::{HashAlgorithm, KeyType};
use waxwing_pki::chain::{ChainError, TrustedChain};
use waxwing_pki::issue::{Authority, Purpose};
use waxwing_pki::timestamp::{
    Accuracy, Timestamp, TimestampAuthority, TimestampDetails, TimestampError, TimestampRequest,
};
use waxwing_pki::{Certificate, ObjectIdentifier};

use crate::authorities::{Authorities, at, key, name, serial, years};
use crate::profiles::{CODE_SIGNING, Draft, TIME_STAMPING, code_signing_root, purposes};

struct Stamper {
    authority: TimestampAuthority,
    certificates: Vec<Certificate>,
    chain: TrustedChain,
}

impl Stamper {
    fn new() -> Self {
        let root = Authority::root(
            key(KeyType::EcdsaP384),
            &name("r"),
            serial(),
            years("2026", "2036"),
        );
        let root = root.unwrap();
        let leaf = root
            .timestamp_leaf(
                key(KeyType::EcdsaP256),
                &name("stamps"),
                serial(),
                years("2026", "2035"),
            )
            .unwrap();
        let authority = TimestampAuthority::new(leaf, vec![root.certificate]);
        let certificates: Vec<_> = authority.certificates().cloned().collect();
        Self {
            authority,
            chain: TrustedChain::new(certificates.clone()).unwrap(),
            certificates,
        }
    }

    /// The authority without its leaf, as some trusted roots have it.
    fn chain_above(&self) -> TrustedChain {
        TrustedChain::new(self.certificates[1..].to_vec()).unwrap()
    }

    fn stamp(&self, request: &TimestampRequest, time: &str) -> Vec<u8> {
        let details = TimestampDetails {
            time: at(time),
            serial: serial(),
        };
        self.authority.respond(request, details).unwrap()
    }
}

fn request(hash: HashAlgorithm, certificate: bool) -> TimestampRequest {
    let digest = hash.digest(b"signature");
    TimestampRequest {
        digest,
        policy: None,
        nonce: Some(vec![9, 8, 7]),
        certificate,
    }
}

#[test]
fn a_timestamp_verifies_with_every_hash_with_and_without_its_certificate() {
    let stamper = Stamper::new();
    for hash in [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        for certificate in [false, true] {
            let response = stamper.stamp(&request(hash, certificate), "2026-06-01T12:00:00.7Z");
            let timestamp = Timestamp::from_der(&response).unwrap();
            assert_eq!(timestamp.check_nonce(&[9, 8, 7]), Ok(()));
            assert_eq!(timestamp.check_nonce(&[9, 8]), Err(TimestampError::Nonce));
            let verified = timestamp.verify(b"signature", &stamper.chain).unwrap();
            assert_eq!(verified.time(), at("2026-06-01T12:00:00Z"));
            assert_eq!(verified.signer(), &stamper.certificates[0]);
            assert_eq!(verified.info(), timestamp.claims());
            let digest = hash.digest(b"signature");
            let chain = &stamper.chain;
            assert_eq!(timestamp.verify_digest(&digest, chain), Ok(verified));
            assert_eq!(
                timestamp.verify(b"signaturf", &stamper.chain),
                Err(TimestampError::OtherMessage)
            );
        }
    }
}

#[test]
fn what_is_attested_can_be_read() {
    let stamper = Stamper::new();
    let request = request(HashAlgorithm::Sha384, true);
    let response = stamper.stamp(&request, "2026-06-01T12:00:00Z");
    let timestamp = Timestamp::from_der(&response).unwrap();
    let claims = timestamp.claims();
    assert_eq!(claims.policy().to_string(), "1.3.6.1.4.1.57264.2");
    assert_eq!(claims.imprint(), &request.digest);
    assert_eq!(claims.serial_number().len(), 20);
    assert_eq!(claims.time(), at("2026-06-01T12:00:00Z"));
    let one_second = Accuracy {
        seconds: 1,
        ..Accuracy::default()
    };
    assert_eq!(claims.accuracy(), Some(one_second));
    assert_eq!((claims.ordering(), claims.has_extensions()), (false, false));
    assert_eq!(claims.nonce(), Some(&[9, 8, 7][..]));
    assert_eq!(timestamp.certificates(), &stamper.certificates[..1]);
    let token = Timestamp::token_der(&response).unwrap();
    assert!(response.ends_with(token) && token.len() > 200);
}

#[test]
fn a_response_answers_the_request_that_it_was_made_for_and_no_other() {
    let stamper = Stamper::new();
    let asked = TimestampRequest {
        policy: Some(ObjectIdentifier::new_unwrap("1.2.3.4")),
        ..request(HashAlgorithm::Sha256, true)
    };
    let response = stamper.stamp(&asked, "2026-06-01T12:00:00Z");
    let timestamp = Timestamp::from_der(&response).unwrap();
    assert_eq!(timestamp.answers(&asked), Ok(()));
    let other = |change: &dyn Fn(&mut TimestampRequest)| {
        let mut other = asked.clone();
        change(&mut other);
        timestamp.answers(&other).unwrap_err()
    };
    let digest = HashAlgorithm::Sha256.digest(b"signaturf");
    let refused = other(&|other| other.digest = digest);
    assert_eq!(refused, TimestampError::OtherDigest);
    let refused = other(&|other| other.nonce = Some(vec![9, 8]));
    assert_eq!(refused, TimestampError::Nonce);
    let policy = ObjectIdentifier::new_unwrap("1.2.3.5");
    let refused = other(&|other| other.policy = Some(policy));
    assert!(matches!(refused, TimestampError::Policy { expected, .. } if expected == policy));
    // What was not asked for may be anything.
    let open = TimestampRequest {
        policy: None,
        nonce: None,
        ..asked
    };
    assert_eq!(timestamp.answers(&open), Ok(()));
}

#[test]
fn another_authority_is_refused_with_and_without_a_listed_leaf() {
    let (ours, other) = (Stamper::new(), Stamper::new());
    let response = ours.stamp(
        &request(HashAlgorithm::Sha256, true),
        "2026-06-01T12:00:00Z",
    );
    let timestamp = Timestamp::from_der(&response).unwrap();
    assert_eq!(
        timestamp.verify(b"signature", &other.chain),
        Err(TimestampError::OtherSigner)
    );
    assert!(timestamp.verify(b"signature", &ours.chain_above()).is_ok());
    assert!(matches!(
        timestamp.verify(b"signature", &other.chain_above()),
        Err(TimestampError::Chain(ChainError::Signature { .. }))
    ));
}

#[test]
fn the_authority_must_be_valid_at_the_attested_time() {
    let stamper = Stamper::new();
    for (time, accepted) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
    ] {
        let response = stamper.stamp(&request(HashAlgorithm::Sha256, false), time);
        let timestamp = Timestamp::from_der(&response).unwrap();
        let verified = timestamp.verify(b"signature", &stamper.chain);
        match accepted {
            true => assert!(verified.is_ok()),
            false => assert!(matches!(
                verified,
                Err(TimestampError::Chain(ChainError::Time { role: "leaf", .. }))
            )),
        }
    }
}

#[test]
fn a_certificate_for_other_purposes_cannot_stamp() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let subject = key(KeyType::EcdsaP256);
    let identity = crate::authorities::identity();
    let leaf = crate::authorities::leaf_of(&subject, &identity, serial());
    let certificate = authorities
        .issuing
        .code_signing_leaf(&leaf, &[0, 0])
        .unwrap();
    let signer = Authority {
        certificate,
        key: subject,
    };
    let authority = TimestampAuthority::new(signer, authorities.chain());
    let certificates: Vec<_> = authority.certificates().cloned().collect();
    let details = TimestampDetails {
        time: at("2026-06-01T12:05:00Z"),
        serial: serial(),
    };
    let response = authority
        .respond(&request(HashAlgorithm::Sha256, false), details)
        .unwrap();
    assert!(matches!(
        Timestamp::from_der(&response)
            .unwrap()
            .verify(b"signature", &TrustedChain::new(certificates).unwrap()),
        Err(TimestampError::Chain(ChainError::ExtendedKeyUsage {
            role: "leaf",
            ..
        }))
    ));
}

#[test]
fn stamping_must_be_the_one_purpose_and_critical() {
    for (critical, listed, accepted) in [
        (true, &[TIME_STAMPING][..], true),
        (false, &[TIME_STAMPING], false),
        (true, &[TIME_STAMPING, CODE_SIGNING], false),
        (true, &[CODE_SIGNING, TIME_STAMPING], false),
    ] {
        let root = code_signing_root().root();
        let mut purposes = purposes(listed);
        purposes.critical = critical;
        let subject = key(KeyType::EcdsaP256);
        let draft = Draft::leaf().with(purposes).valid(years("2026", "2036"));
        let signer = Authority {
            certificate: draft.certify(&root, &subject),
            key: subject,
        };
        let authority = TimestampAuthority::new(signer, vec![root.certificate]);
        let chain = TrustedChain::new(authority.certificates().cloned().collect()).unwrap();
        let details = TimestampDetails {
            time: at("2026-06-01T12:05:00Z"),
            serial: serial(),
        };
        let response = authority
            .respond(&request(HashAlgorithm::Sha256, false), details)
            .unwrap();
        let timestamp = Timestamp::from_der(&response).unwrap();
        let verified = timestamp.verify(b"signature", &chain);
        match accepted {
            true => assert!(verified.is_ok()),
            false => assert_eq!(verified, Err(TimestampError::Purpose)),
        }
    }
}

/// Every byte of a response, one bit flipped: either it is no response any more, or it is refused,
/// or the bit was one that means nothing (the status text, the version, an unsigned field).
#[test]
fn no_flipped_bit_changes_the_verified_time() {
    let stamper = Stamper::new();
    let response = stamper.stamp(
        &request(HashAlgorithm::Sha256, true),
        "2026-06-01T12:00:00Z",
    );
    let mut refused = 0;
    for position in 0..response.len() {
        let mut flipped = response.clone();
        flipped[position] ^= 1;
        let verified = Timestamp::from_der(&flipped)
            .and_then(|timestamp| Ok(timestamp.verify(b"signature", &stamper.chain)?.time()));
        match verified {
            Ok(time) => assert_eq!(time, at("2026-06-01T12:00:00Z")),
            Err(_) => refused += 1,
        }
    }
    // The embedded certificate is a hint only; the listed leaf is what counts.
    assert!(
        refused > response.len() / 3,
        "{refused} of {}",
        response.len()
    );
}
