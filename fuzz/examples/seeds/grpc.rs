//! Requests by gRPC; the first byte says which message.

use std::error::Error;

use prost::Message;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_entries::{dsse, hashedrekord};
use waxwing_protos::common::v1::{PublicKeyDetails, X509Certificate};
use waxwing_protos::fulcio::{v1beta, v2};
use waxwing_protos::intoto;
use waxwing_protos::rekor::v2 as rekor;

/// Each by the name of its seed.
#[expect(deprecated, reason = "older clients send them")]
pub(crate) fn requests(
    proposal: &hashedrekord::Proposal,
    envelope: &dsse::Proposal,
) -> Result<Vec<(&'static str, Vec<u8>)>, Box<dyn Error>> {
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    let proof = key.sign(b"name")?;
    let token = v2::credentials::Credentials::OidcIdentityToken("a.b.c".to_owned());
    let public_key = v2::PublicKey {
        algorithm: v2::PublicKeyAlgorithm::Ecdsa.into(),
        content: key.public_key().to_pem(),
    };
    let certificate = v2::CreateSigningCertificateRequest {
        credentials: Some(v2::Credentials {
            credentials: Some(token),
        }),
        key: Some(
            v2::create_signing_certificate_request::Key::PublicKeyRequest(v2::PublicKeyRequest {
                public_key: Some(public_key),
                proof_of_possession: proof.clone(),
            }),
        ),
    };
    let legacy = v1beta::CreateSigningCertificateRequest {
        public_key: Some(v1beta::PublicKey {
            algorithm: "ecdsa".to_owned(),
            content: key.public_key().spki_der().to_vec(),
        }),
        signed_email_address: proof,
        certificate_signing_request: Vec::new(),
    };
    let verifier = |verifier: &hashedrekord::Verifier| rekor::Verifier {
        verifier: Some(match verifier {
            hashedrekord::Verifier::Certificate(certificate) => {
                rekor::verifier::Verifier::X509Certificate(X509Certificate {
                    raw_bytes: certificate.der().to_vec(),
                })
            }
            hashedrekord::Verifier::PublicKey(key) => {
                rekor::verifier::Verifier::PublicKey(rekor::PublicKey {
                    raw_bytes: key.spki_der().to_vec(),
                })
            }
        }),
        key_details: PublicKeyDetails::PkixEcdsaP256Sha256.into(),
    };
    let hashed = rekor::HashedRekordRequestV002 {
        digest: proposal.digest.as_bytes().to_vec(),
        signature: Some(rekor::Signature {
            content: proposal.signature.clone(),
            verifier: Some(verifier(&proposal.verifier)),
        }),
    };
    let signatures = envelope
        .signatures
        .iter()
        .map(|signature| intoto::Signature {
            sig: signature.clone(),
            keyid: String::new(),
        });
    let verifiers = envelope
        .verifiers
        .iter()
        .map(|each| verifier(&each.verifier));
    let sealed = rekor::DsseRequestV002 {
        envelope: Some(intoto::Envelope {
            payload: envelope.payload.clone(),
            payload_type: envelope.payload_type.clone(),
            signatures: signatures.collect(),
        }),
        verifiers: verifiers.collect(),
    };
    let entry = |spec| rekor::CreateEntryRequest { spec: Some(spec) }.encode_to_vec();
    use rekor::create_entry_request::Spec;
    let messages = [
        ("certificate.bin", 0, certificate.encode_to_vec()),
        ("legacy.bin", 1, legacy.encode_to_vec()),
        (
            "hashedrekord.bin",
            2,
            entry(Spec::HashedRekordRequestV002(hashed)),
        ),
        ("dsse.bin", 2, entry(Spec::DsseRequestV002(sealed))),
    ];
    let seeds = messages.into_iter();
    Ok(seeds
        .map(|(name, which, message)| (name, [&[which], message.as_slice()].concat()))
        .collect())
}
