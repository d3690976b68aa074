//! Private keys in the forms from before PKCS#8, and whatever else a PEM file without a password holds.
//!
//! ```text
//! -----BEGIN RSA PRIVATE KEY-----     PKCS#1: RSAPrivateKey (RFC 8017 appendix A.1.2)
//! -----BEGIN EC PRIVATE KEY-----      SEC 1: ECPrivateKey (RFC 5915), which must name its curve
//! -----BEGIN PRIVATE KEY-----         PKCS#8
//! ```
//!
//! `EC PARAMETERS`, which OpenSSL puts before an EC key, is passed over. Refused: encrypted forms (another
//! door reads those), and curves and sizes outside the registry.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode, Reader, Sequence, SliceReader};
use waxwing_encoding::pem;
use zeroize::Zeroizing;

use crate::spki::{Algorithm, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use crate::{KeyError, KeyType, PrivateKey};

/// How many blocks a file may have.
const MOST_BLOCKS: usize = 4;

/// RFC 5915 section 3.
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    key: &'a OctetStringRef,
    #[asn1(context_specific = "0", optional = "true")]
    curve: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", optional = "true")]
    public: Option<AnyRef<'a>>,
}

/// RFC 5958 section 2, without attributes.
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: Algorithm<'a>,
    key: &'a OctetStringRef,
}

impl PrivateKey {
    /// Reads an unencrypted private key in PEM, in any of the three forms.
    pub fn from_plain_pem(text: &str) -> Result<Self, KeyError> {
        let blocks = pem::decode_all(text, MOST_BLOCKS)?;
        let mut blocks = blocks.into_iter();
        let block = blocks.find(|block| block.label != "EC PARAMETERS");
        let block = block.ok_or(pem::PemError::NoBlock)?;
        let der = Zeroizing::new(block.der);
        match block.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8_der(&der),
            "RSA PRIVATE KEY" => {
                check_size(&der)?;
                let wrapped = wrap(RSA_ENCRYPTION, AnyRef::NULL, &der)?;
                Self::from_pkcs8_der(&wrapped)
            }
            "EC PRIVATE KEY" => {
                let key = EcPrivateKey::from_der(&der).map_err(|_| KeyError::Pkcs8)?;
                let curve = key.curve.ok_or(KeyError::Curve)?;
                let wrapped = wrap(ID_EC_PUBLIC_KEY, AnyRef::from(&curve), &der)?;
                Self::from_pkcs8_der(&wrapped)
            }
            _ => Err(KeyError::Plain { found: block.label }),
        }
    }
}

/// Says which size an RSA key has, if it is not one of the registry's: the provider only says no.
fn check_size(der: &[u8]) -> Result<(), KeyError> {
    let malformed = |_| KeyError::Pkcs8;
    let mut reader = SliceReader::new(der).map_err(malformed)?;
    let modulus = reader.sequence(|reader: &mut SliceReader<'_>| {
        u8::decode(reader)?;
        let modulus = UintRef::decode(reader)?;
        while !reader.is_finished() {
            AnyRef::decode(reader)?;
        }
        Ok::<_, der::Error>(modulus.as_bytes())
    });
    let modulus = modulus.map_err(malformed)?;
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = modulus.len() * 8 - leading as usize;
    match bits {
        2048 | 3072 | 4096 => Ok(()),
        _ => Err(KeyError::Kind {
            key: KeyType::Rsa(bits),
        }),
    }
}

/// The same key as PKCS#8.
fn wrap(
    oid: ObjectIdentifier,
    parameters: AnyRef<'_>,
    key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = |_| KeyError::Pkcs8;
    let info = PrivateKeyInfo {
        version: 0,
        algorithm: Algorithm {
            oid,
            parameters: Some(parameters),
        },
        key: OctetStringRef::new(key).map_err(malformed)?,
    };
    info.to_der().map(Zeroizing::new).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that OpenSSL 3.0 made: `ecparam -genkey`, `genrsa -traditional`, `genrsa`, `genpkey`.
    macro_rules! of_openssl {
        ($name:literal) => {
            include_str!(concat!("../tests/data/", $name, ".pem"))
        };
    }

    #[test]
    fn what_openssl_writes_is_read_in_each_form() {
        for (pem, kind) in [
            (of_openssl!("sec1-p256"), KeyType::EcdsaP256),
            (of_openssl!("sec1-p384"), KeyType::EcdsaP384),
            (of_openssl!("sec1-p521"), KeyType::EcdsaP521),
            (of_openssl!("pkcs1-rsa-2048"), KeyType::Rsa(2048)),
            (of_openssl!("pkcs8-rsa-2048"), KeyType::Rsa(2048)),
            (of_openssl!("pkcs8-ed25519"), KeyType::Ed25519),
        ] {
            let key = PrivateKey::from_plain_pem(pem).unwrap();
            assert_eq!(key.public_key().key_type(), kind, "{pem}");
            let signature = key.sign(b"message").unwrap();
            let algorithm = key.algorithm();
            let verified = key.public_key().verify(algorithm, b"message", &signature);
            verified.unwrap();
        }
    }

    #[test]
    fn what_is_no_plain_key_of_the_registry_is_refused() {
        let public = of_openssl!("sec1-p521").replace("EC PRIVATE KEY", "PUBLIC KEY");
        for (pem, expected) in [
            (of_openssl!("sec1-secp256k1"), "1.3.132.0.10"),
            (of_openssl!("pkcs1-rsa-1024"), "Rsa(1024)"),
            (of_openssl!("ec-parameters-alone"), "no PEM block"),
            (&public, "PEM type \"PUBLIC KEY\""),
        ] {
            let refused = PrivateKey::from_plain_pem(pem).unwrap_err().to_string();
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
    }
}
