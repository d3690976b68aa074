//! Nothing wrong: every algorithm, every kind of entry, every version.

use waxwing_crypto::{KeyType, SignatureAlgorithm as Algorithm};
use waxwing_model::bundle::{Content, Version};

use crate::vectors::draft::{IN_TOTO, hex_digest, statement};
use crate::vectors::index::Terms;
use crate::vectors::kit::{ARTIFACT, key, now};
use crate::vectors::record::Kind;
use crate::vectors::{Cases, Draft};

const REGISTRY: &str = "algorithm registry of sigstore's protobuf-specs";
const VERSIONS: &str = "bundle format of sigstore's protobuf-specs";
const REKOR: &str = "Rekor's entry types";

pub(super) fn add(cases: &mut Cases<'_>) {
    algorithms(cases);
    kinds(cases);
    versions(cases);
}

fn algorithms(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    for (name, about, kind, algorithm) in [
        (
            "message-p256",
            "an artifact signed with ECDSA P-256",
            KeyType::EcdsaP256,
            Algorithm::EcdsaP256Sha256,
        ),
        (
            "message-p384",
            "an artifact signed with ECDSA P-384 and SHA-384",
            KeyType::EcdsaP384,
            Algorithm::EcdsaP384Sha384,
        ),
        (
            "message-p384-sha256",
            "an artifact signed with ECDSA P-384 and SHA-256, as older clients did",
            KeyType::EcdsaP384,
            Algorithm::EcdsaP384Sha256,
        ),
        (
            "message-p521",
            "an artifact signed with ECDSA P-521 and SHA-512",
            KeyType::EcdsaP521,
            Algorithm::EcdsaP521Sha512,
        ),
        (
            "message-rsa",
            "an artifact signed with RSA of 2048 bits, PKCS #1 v1.5",
            KeyType::Rsa(2048),
            Algorithm::RsaPkcs1Sha256,
        ),
        (
            "message-rsa-pss",
            "an artifact signed with RSA of 2048 bits, PSS",
            KeyType::Rsa(2048),
            Algorithm::RsaPssSha256,
        ),
        (
            "message-ed25519ph",
            "an artifact signed with Ed25519ph",
            KeyType::Ed25519,
            Algorithm::Ed25519ph,
        ),
    ] {
        let draft = Draft::message_by(kit, key(kind), algorithm);
        cases.accepted(name, REGISTRY, about, draft);
    }
    for (name, about, kind, algorithm) in [
        (
            "envelope-p384",
            "an envelope signed with ECDSA P-384 and SHA-384",
            KeyType::EcdsaP384,
            Algorithm::EcdsaP384Sha384,
        ),
        (
            "envelope-rsa",
            "an envelope signed with RSA of 2048 bits",
            KeyType::Rsa(2048),
            Algorithm::RsaPkcs1Sha256,
        ),
        (
            "envelope-ed25519",
            "an envelope signed with Ed25519, which hashes nothing first",
            KeyType::Ed25519,
            Algorithm::Ed25519,
        ),
    ] {
        let draft = Draft::envelope_by(kit, key(kind), algorithm);
        cases.accepted(name, REGISTRY, about, draft.logged_as(Kind::DsseV1));
    }
    for (name, about, kind, algorithm) in [
        (
            "key-envelope-ml-dsa-65",
            "an envelope signed with ML-DSA-65 by a known key",
            KeyType::MlDsa65,
            Algorithm::MlDsa65,
        ),
        (
            "key-envelope-ml-dsa-87",
            "an envelope signed with ML-DSA-87 by a known key",
            KeyType::MlDsa87,
            Algorithm::MlDsa87,
        ),
    ] {
        let draft = Draft::envelope_by(kit, key(kind), algorithm);
        cases
            .accepted(name, REGISTRY, about, draft.managed_key())
            .with_own_key();
    }
    let key_draft = Draft::message(kit).managed_key();
    cases
        .accepted(
            "key-message",
            VERSIONS,
            "an artifact signed by a known key",
            key_draft,
        )
        .with_own_key();
    let key_draft = Draft::message(kit)
        .managed_key()
        .logged_as(Kind::HashedRekordV1);
    cases
        .accepted(
            "key-message-rekor-v1",
            VERSIONS,
            "an artifact signed by a known key, logged in Rekor v1",
            key_draft,
        )
        .with_own_key();
}

fn kinds(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    cases.accepted(
        "entry-hashedrekord-v1",
        REKOR,
        "an artifact in a hashedrekord 0.0.1",
        Draft::message(kit).logged_as(Kind::HashedRekordV1),
    );
    let envelope = Draft::envelope(kit);
    for (name, about, kind) in [
        (
            "entry-hashedrekord-v2-envelope",
            "an envelope in a hashedrekord 0.0.2",
            Kind::HashedRekordV2,
        ),
        ("entry-dsse-v1", "an envelope in a dsse 0.0.1", Kind::DsseV1),
        ("entry-dsse-v2", "an envelope in a dsse 0.0.2", Kind::DsseV2),
        (
            "entry-intoto-v1",
            "an envelope in an intoto 0.0.1, which holds the hash of the envelope as Go writes it",
            Kind::IntotoV1,
        ),
        (
            "entry-intoto-v2-with-payload",
            "an envelope in an intoto 0.0.2 that repeats the payload",
            Kind::IntotoV2WithPayload,
        ),
    ] {
        cases.accepted(name, REKOR, about, envelope.clone().logged_as(kind));
    }
    cases.accepted(
        "entry-intoto-v2",
        "sigstore-conformance #402",
        "an envelope in an intoto 0.0.2 as Rekor makes it canonical: without the payload",
        envelope.logged_as(Kind::IntotoV2),
    );
    let named = Draft::envelope(kit).edited(|bundle| {
        if let Content::Envelope(envelope) = &mut bundle.content {
            envelope.key_id = "a key".into();
        }
    });
    cases.accepted(
        "envelope-with-key-id",
        "DSSE protocol",
        "the envelope names its key, which nothing signs and nobody has to believe",
        named,
    );
    let digest = hex_digest(waxwing_crypto::HashAlgorithm::Sha512, ARTIFACT);
    let subjects =
        serde_json::json!([{"name": "pkg:npm/artifact@1.0.0", "digest": {"sha512": digest}}]);
    cases.accepted(
        "statement-sha512",
        "npm's provenance",
        "a statement whose one subject has a SHA-512 alone",
        Draft::envelope_of(kit, IN_TOTO, &statement(&subjects)),
    );
}

fn versions(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let draft = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    for (name, about, version) in [
        (
            "version-0.1",
            "version 0.1, with promise and proof",
            Version::V0_1,
        ),
        ("version-0.2", "version 0.2", Version::V0_2),
    ] {
        cases.accepted(name, VERSIONS, about, draft.clone().version(version));
    }
    cases.accepted(
        "version-0.3-old-spelling",
        VERSIONS,
        "version 0.3 in the spelling of its first months",
        draft.clone().json(|bundle| {
            bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3".into();
        }),
    );
    cases
        .accepted(
            "time-of-the-log",
            VERSIONS,
            "no timestamp, but the promise of a log of Rekor v1",
            draft.edited(|bundle| bundle.timestamps.clear()),
        )
        .under(Terms {
            log_time: true,
            ..Terms::default()
        });
    for (name, about, seconds) in [
        (
            "time-first-second",
            "stamped in the first second of the certificate",
            0,
        ),
        (
            "time-last-second",
            "stamped in the last second of the certificate",
            600,
        ),
    ] {
        let draft = Draft::message(kit).stamped(&[now(seconds)]);
        cases.accepted(name, "RFC 5280 section 4.1.2.5", about, draft);
    }
}
