//! Private keys under a password in OpenSSL's older form (RFC 1421 section 4.6.1.1 and 4.6.1.3, with AES):
//!
//! ```text
//! -----BEGIN EC PRIVATE KEY-----
//! Proc-Type: 4,ENCRYPTED
//! DEK-Info: AES-256-CBC,1EE56FE067D83265FE430391EDFA6586
//!
//! <base64 of the encrypted key>
//! -----END EC PRIVATE KEY-----
//! ```
//!
//! What `openssl ec -aes256`, step-cli and Go's `x509.EncryptPEMBlock` write. The key of the cipher is MD5
//! over password and the first half of the vector, once: who has the file tries passwords as fast as
//! their machine hashes. It is read because keys lie about in this form; nothing is written in it.
//! Refused: ciphers other than AES in CBC mode.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256};
use md5::{Digest as _, Md5};
use waxwing_encoding::{base64, hex, pem};
use zeroize::Zeroizing;

use crate::encrypted_key::{LARGEST_KEY, decrypt_cbc};
use crate::{KeyError, PrivateKey};

const HEADER: &str = "DEK-Info: ";

/// The first block of a text that is encrypted so.
struct Encrypted<'a> {
    label: &'a str,
    cipher: &'a str,
    vector: &'a str,
    body: String,
}

impl PrivateKey {
    /// Whether a PEM text holds a key in this form, which takes a password.
    pub fn is_dek_info_pem(text: &str) -> bool {
        text.lines().any(|line| line.starts_with(HEADER))
    }

    /// Reads a PEM block with the header `DEK-Info` with its password.
    pub fn from_dek_info_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        if text.len() > 2 * LARGEST_KEY {
            return Err(KeyError::Encryption {
                found: format!("a file of {} bytes", text.len()),
            });
        }
        let block = read(text).ok_or(KeyError::Pkcs8)?;
        let (cipher, length) = match block.cipher {
            "AES-128-CBC" => (&AES_128, 16),
            "AES-192-CBC" => (&AES_192, 24),
            "AES-256-CBC" => (&AES_256, 32),
            other => {
                return Err(KeyError::Encryption {
                    found: format!("DEK-Info {other}"),
                });
            }
        };
        let vector = hex::decode(block.vector).map_err(|_| KeyError::Pkcs8)?;
        let vector: [u8; 16] = vector.try_into().map_err(|_| KeyError::Pkcs8)?;
        let data = base64::decode(&block.body).map_err(|_| KeyError::Pkcs8)?;
        let key = derived(password, &vector, length);
        let der = decrypt_cbc(cipher, &key, vector, &data)?;
        // With a wrong password some padding is right by chance, and what follows is no key.
        let plain = Zeroizing::new(pem::encode(block.label, &der));
        Self::from_plain_pem(&plain).map_err(|error| match error {
            KeyError::Pkcs8 => KeyError::Password,
            other => other,
        })
    }
}

/// The digest of `parts`, one after the other; for this and nothing else.
fn md5_of(parts: &[&[u8]]) -> Zeroizing<[u8; 16]> {
    let mut digest = Md5::new();
    parts.iter().for_each(|part| digest.update(part));
    Zeroizing::new(digest.finalize().into())
}

/// `EVP_BytesToKey` with one turn of MD5: each piece is the digest of the piece before it, the password
/// and the salt.
fn derived(password: &[u8], vector: &[u8; 16], length: usize) -> Zeroizing<Vec<u8>> {
    let salt: Vec<u8> = vector.iter().take(8).copied().collect();
    let mut key = Zeroizing::new(Vec::with_capacity(48));
    let mut piece = md5_of(&[password, &salt]);
    key.extend_from_slice(&*piece);
    while key.len() < length {
        piece = md5_of(&[&*piece, password, &salt]);
        key.extend_from_slice(&*piece);
    }
    key.truncate(length);
    key
}

fn read(text: &str) -> Option<Encrypted<'_>> {
    let mut lines = text.lines().map(str::trim_end);
    let mut label = None;
    let stated = lines.by_ref().find_map(|line| {
        if let Some(found) = line.strip_prefix("-----BEGIN ") {
            label = found.strip_suffix("-----");
        }
        line.strip_prefix(HEADER)
    });
    let (cipher, vector) = stated?.split_once(',')?;
    let end = format!("-----END {}-----", label?);
    // Between the headers and the body is an empty line.
    let mut body = String::new();
    lines.find(|line| line.is_empty())?;
    for line in lines {
        if line == end {
            return Some(Encrypted {
                label: label?,
                cipher,
                vector,
                body,
            });
        }
        body.push_str(line);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyType;

    /// `openssl ec -aes256 -passout pass:word`, and of RSA with AES-128.
    const EC: &str = include_str!("../tests/it/dek_info_ec_aes256.pem");
    const RSA: &str = include_str!("../tests/it/dek_info_rsa_aes128.pem");

    #[test]
    fn the_password_opens_the_key_and_no_other_does() {
        for (text, expected) in [(EC, KeyType::EcdsaP256), (RSA, KeyType::Rsa(2048))] {
            assert!(PrivateKey::is_dek_info_pem(text));
            let key = PrivateKey::from_dek_info_pem(text, b"word").unwrap();
            assert_eq!(key.public_key().key_type(), expected);
            for wrong in [&b"Word"[..], b"", b"word "] {
                let refused = PrivateKey::from_dek_info_pem(text, wrong).unwrap_err();
                assert_eq!(refused, KeyError::Password);
            }
        }
        let plain = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        assert!(!PrivateKey::is_dek_info_pem(&plain.to_pem().unwrap()));
    }

    #[test]
    fn what_is_cut_or_of_another_cipher_is_refused() {
        let refused = |text: &str| PrivateKey::from_dek_info_pem(text, b"word").unwrap_err();
        let other = refused(&EC.replace("AES-256-CBC", "DES-EDE3-CBC"));
        let found = "DEK-Info DES-EDE3-CBC".to_owned();
        assert_eq!(other, KeyError::Encryption { found });
        // Another length of the key is another key.
        assert_eq!(refused(&EC.replace("256", "128")), KeyError::Password);
        for text in [
            EC.replace("\n\n", "\n"),
            EC.replace("-----END", "----END"),
            EC.replace("CBC,", "CBC"),
            EC.replace("CBC,", "CBC,00"),
            EC.replace("CBC,", "CBC,x"),
            EC.replace("-----BEGIN", "BEGIN"),
        ] {
            assert_eq!(refused(&text), KeyError::Pkcs8, "{text}");
        }
        let long = format!("{EC}{}", "x".repeat(2 * LARGEST_KEY));
        assert!(matches!(refused(&long), KeyError::Encryption { .. }));
    }
}
