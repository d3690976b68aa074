//! That whoever asks holds the key: a signature over their name, or a signing request signed by its
//! own key (PKCS#10).

use waxwing_crypto::{KeyType, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureError};
use waxwing_encoding::pem::{self, PemError};
use waxwing_pki::csr::{self, SigningRequestError};

/// Why a key is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefused {
    /// Neither a key nor a signing request.
    #[error("the request has neither publicKeyRequest nor certificateSigningRequest")]
    Missing,
    /// The key cannot be read, or is of a kind that is not allowed.
    #[error("the public key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The proof does not hold.
    #[error("the proof of possession: {0}")]
    Proof(SignatureError),
    /// The signing request is not PEM, or of another label.
    #[error("the certificate signing request: {0}")]
    Pem(#[from] PemError),
    /// A PEM block of another label.
    #[error("expected a PEM block CERTIFICATE REQUEST, found {found}")]
    Label {
        /// The label found.
        found: String,
    },
    /// The signing request.
    #[error(transparent)]
    SigningRequest(#[from] SigningRequestError),
}

/// The key of a public key request: `content` is PEM, `proof` a signature over `name` with the
/// key's own hash: SHA-256 for P-256, SHA-384 for P-384, SHA-512 for P-521.
pub fn proved_key(content: &str, proof: &[u8], name: &str) -> Result<PublicKey, KeyRefused> {
    let key = PublicKey::from_pem(content)?;
    let algorithm = allowed(&key)?;
    key.verify(algorithm, name.as_bytes(), proof)
        .map_err(KeyRefused::Proof)?;
    Ok(key)
}

/// The key of a certificate signing request in PEM, whose own signature is the proof.
pub fn requested_key(request: &str) -> Result<PublicKey, KeyRefused> {
    let block = pem::decode(request)?;
    if !matches!(
        block.label.as_str(),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"
    ) {
        return Err(KeyRefused::Label { found: block.label });
    }
    let key = csr::verified_key(&block.der)?;
    allowed(&key)?;
    Ok(key)
}

/// The algorithms that Fulcio allows by default are the registry's own for each kind of key, but for
/// ML-DSA, which is experimental there and not on the list.
fn allowed(key: &PublicKey) -> Result<SignatureAlgorithm, KeyRefused> {
    let found = |kind: KeyType| PublicKeyError::Algorithm {
        found: format!("{kind:?}"),
    };
    let algorithm = match key.key_type() {
        KeyType::MlDsa44 | KeyType::MlDsa65 | KeyType::MlDsa87 => None,
        kind => SignatureAlgorithm::default_for(kind),
    };
    Ok(algorithm.ok_or_else(|| found(key.key_type()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_crypto::PrivateKey;

    #[test]
    fn keys_outside_the_list_get_no_certificate() {
        for kind in [KeyType::EcdsaP521, KeyType::Rsa(2048), KeyType::MlDsa65] {
            let key = PrivateKey::generate(kind).unwrap();
            let proof = key.sign(b"subject").unwrap();
            let proved = proved_key(&key.public_key().to_pem(), &proof, "subject");
            let refused = matches!(
                proved,
                Err(KeyRefused::PublicKey(PublicKeyError::Algorithm { .. }))
            );
            assert_eq!(refused, kind == KeyType::MlDsa65, "{kind:?}: {proved:?}");
            assert_eq!(proved.is_ok(), !refused, "{kind:?}");
        }
    }

    #[test]
    fn only_the_holder_of_the_key_proves_possession() {
        for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Ed25519] {
            let key = PrivateKey::generate(kind).unwrap();
            let pem = key.public_key().to_pem();
            let proof = key.sign(b"me@example.com").unwrap();
            let proved = proved_key(&pem, &proof, "me@example.com").unwrap();
            assert_eq!(&proved, key.public_key());
            assert!(matches!(
                proved_key(&pem, &proof, "you@example.com"),
                Err(KeyRefused::Proof(SignatureError::Mismatch))
            ));
            let other = PrivateKey::generate(kind).unwrap().public_key().to_pem();
            assert!(matches!(
                proved_key(&other, &proof, "me@example.com"),
                Err(KeyRefused::Proof(SignatureError::Mismatch))
            ));
        }
        assert!(matches!(
            requested_key("-----BEGIN PUBLIC KEY-----\nAQI=\n-----END PUBLIC KEY-----\n"),
            Err(KeyRefused::Label { .. })
        ));
    }
}
