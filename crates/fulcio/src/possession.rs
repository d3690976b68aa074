//! That whoever asks holds the key: a signature over their name, or a signing request signed by its
//! own key (PKCS#10).

use waxwing_crypto::{KeyType, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureError};
use waxwing_encoding::pem::{self, PemError};
use waxwing_pki::csr::{self, SigningRequestError};

use crate::algorithms::NotPermitted;

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
    /// An RSA key whose exponent is even or small.
    #[error("the RSA key's exponent must be odd and above 65536")]
    Exponent,
    /// A kind of key or a hash that is not on the list.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
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

/// The key of a public key request and the algorithm of the proof: `content` is PEM (`PUBLIC KEY` or
/// `RSA PUBLIC KEY`) or DER, `proof` a signature over `name` with the key's own hash: SHA-256 for
/// P-256, SHA-384 for P-384, SHA-512 for P-521.
pub fn proved_key(
    content: &[u8],
    proof: &[u8],
    name: &str,
) -> Result<(PublicKey, SignatureAlgorithm), KeyRefused> {
    if content.is_empty() {
        return Err(KeyRefused::Missing);
    }
    let key = read_key(content)?;
    check_exponent(&key)?;
    let algorithm = algorithm_of(&key)?;
    key.verify(algorithm, name.as_bytes(), proof)
        .map_err(KeyRefused::Proof)?;
    Ok((key, algorithm))
}

/// The key of a certificate signing request in PEM, whose own signature is the proof, and the
/// algorithm of that signature.
pub fn requested_key(request: &[u8]) -> Result<(PublicKey, SignatureAlgorithm), KeyRefused> {
    let block = pem::decode(&String::from_utf8_lossy(request))?;
    if !matches!(
        block.label.as_str(),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"
    ) {
        return Err(KeyRefused::Label { found: block.label });
    }
    let (key, algorithm) = csr::verified_key_and_algorithm(&block.der)?;
    check_exponent(&key)?;
    algorithm_of(&key)?;
    Ok((key, algorithm))
}

fn read_key(content: &[u8]) -> Result<PublicKey, KeyRefused> {
    let text = std::str::from_utf8(content).ok();
    let Some(text) = text.filter(|text| text.contains("-----BEGIN ")) else {
        return Ok(PublicKey::from_spki_der(content)?);
    };
    let block = pem::decode(text).map_err(PublicKeyError::from)?;
    match block.label.as_str() {
        "RSA PUBLIC KEY" => Ok(PublicKey::from_pkcs1_der(&block.der)?),
        "PUBLIC KEY" => Ok(PublicKey::from_spki_der(&block.der)?),
        _ => Err(PublicKeyError::Label { found: block.label }.into()),
    }
}

/// RSA exponents must be odd and above 2^16, as the original's key check has it.
fn check_exponent(key: &PublicKey) -> Result<(), KeyRefused> {
    if !matches!(key.key_type(), KeyType::Rsa(_)) {
        return Ok(());
    }
    // RSAPublicKey (RFC 8017 appendix A.1.1) is two INTEGERs, of which the exponent is the last. It
    // was parsed before; what is looked for here is the element that ends where the key ends.
    let bits = key.bits();
    let exponent = (1..=16).find_map(|length| {
        let (_, tail) = bits.split_at_checked(bits.len().checked_sub(length + 2)?)?;
        let header = [2, u8::try_from(length).ok()?];
        tail.strip_prefix(&header)
    });
    let number = exponent.map(|bytes| {
        let digits = bytes.iter().skip_while(|byte| **byte == 0);
        digits.fold(0_u128, |number, byte| number << 8 | u128::from(*byte))
    });
    match number {
        Some(number) if number % 2 == 1 && number > 1 << 16 => Ok(()),
        _ => Err(KeyRefused::Exponent),
    }
}

/// The algorithms of the registry's own for each kind of key, but for ML-DSA, which is experimental
/// there and not on Fulcio's list.
fn algorithm_of(key: &PublicKey) -> Result<SignatureAlgorithm, KeyRefused> {
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
            let proved = proved_key(key.public_key().to_pem().as_bytes(), &proof, "subject");
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
            let pem = key.public_key().to_pem().into_bytes();
            let proof = key.sign(b"me@example.com").unwrap();
            let (proved, _) = proved_key(&pem, &proof, "me@example.com").unwrap();
            assert_eq!(&proved, key.public_key());
            assert!(matches!(
                proved_key(&pem, &proof, "you@example.com"),
                Err(KeyRefused::Proof(SignatureError::Mismatch))
            ));
            let other = PrivateKey::generate(kind).unwrap();
            let other = other.public_key().to_pem().into_bytes();
            assert!(matches!(
                proved_key(&other, &proof, "me@example.com"),
                Err(KeyRefused::Proof(SignatureError::Mismatch))
            ));
        }
        assert!(matches!(
            requested_key(b"-----BEGIN PUBLIC KEY-----\nAQI=\n-----END PUBLIC KEY-----\n"),
            Err(KeyRefused::Label { .. })
        ));
    }
}
