//! Private keys under a password as cosign keeps them.
//!
//! ```text
//! -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----        base64 of this, without white space:
//! {"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"<32 bytes>"},
//!  "cipher":{"name":"nacl/secretbox","nonce":"<24 bytes>"},"ciphertext":"<tag and PKCS#8>"}
//! ```
//!
//! The box is NaCl's `secretbox`: XSalsa20, whose first 32 bytes key a Poly1305 over the ciphertext. The
//! provider has neither; the three crates that do are of the generation that is in the tree already.
//!
//! Refused: other parameters of scrypt than the three that were ever written (a file could ask for
//! terabytes of memory), other ciphers, nonces of another length, and unknown members.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use serde::{Deserialize, Serialize};
use waxwing_encoding::{base64, pem};
use zeroize::Zeroizing;

use crate::{KeyError, PrivateKey, Random};

/// The label that is written, and the one of the first versions.
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// `N`, as its logarithm, of what is written; `r` is 8 and `p` is 1 in all.
const LOG_N: u8 = 16;
const R: u32 = 8;
const P: u32 = 1;

/// What was written before, what is written, and what was written for a while.
const KNOWN_LOG_N: [u8; 3] = [15, LOG_N, 17];

/// Largest file that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// How many bytes of key stream key the authenticator, and how many its tag has.
const AUTHENTICATOR_KEY: usize = 32;
const TAG: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kdf: Derivation,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    name: String,
    params: Parameters,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

impl PrivateKey {
    /// Whether a PEM text begins with a block of this form, which takes a password.
    pub fn is_sigstore_pem(text: &str) -> bool {
        pem::decode(text).is_ok_and(|block| [LABEL, OLD_LABEL].contains(&&*block.label))
    }

    /// Reads the PEM block that cosign keeps a private key in.
    ///
    /// Takes 32, 64 or 128 MiB of memory and some tens to hundreds of milliseconds.
    pub fn from_sigstore_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        if text.len() > LARGEST {
            return Err(refused(format!("a file of {} bytes", text.len())));
        }
        let block = pem::decode(text)?;
        if ![LABEL, OLD_LABEL].contains(&&*block.label) {
            return Err(KeyError::Label { found: block.label });
        }
        let document: Document =
            serde_json::from_slice(&block.der).map_err(|error| refused(error.to_string()))?;
        if document.kdf.name != "scrypt" {
            return Err(refused(format!(
                "the key derivation {:?}",
                document.kdf.name
            )));
        }
        if document.cipher.name != "nacl/secretbox" {
            return Err(refused(format!("the cipher {:?}", document.cipher.name)));
        }
        let Parameters { n, r, p } = document.kdf.params;
        let mut known = KNOWN_LOG_N.into_iter();
        let log_n = known.find(|log_n| (n, r, p) == (1 << log_n, R, P));
        let log_n = log_n.ok_or_else(|| refused(format!("scrypt with N={n}, r={r}, p={p}")))?;
        let bytes = |what: &str, text: &str| {
            base64::decode(text).map_err(|error| refused(format!("{what} that is {error}")))
        };
        let salt = bytes("a salt", &document.kdf.salt)?;
        let nonce = bytes("a nonce", &document.cipher.nonce)?;
        let nonce: [u8; 24] = nonce
            .as_slice()
            .try_into()
            .map_err(|_| refused(format!("a nonce of {} bytes", nonce.len())))?;
        let sealed = bytes("a ciphertext", &document.ciphertext)?;
        let key = derive(password, &salt, log_n)?;
        let der = open(&key, &nonce, &sealed).ok_or(KeyError::Password)?;
        Self::from_pkcs8_der(&der)
    }

    /// Writes the key in this form. `random` gives salt and nonce.
    pub fn to_sigstore_pem(
        &self,
        password: &[u8],
        random: &dyn Random,
    ) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut nonce) = ([0; 32], [0; 24]);
        random.fill(&mut salt);
        random.fill(&mut nonce);
        let key = derive(password, &salt, LOG_N)?;
        let block = pem::decode(&self.to_pem()?)?;
        let der = Zeroizing::new(block.der);
        let document = Document {
            kdf: Derivation {
                name: "scrypt".to_owned(),
                params: Parameters {
                    n: 1 << LOG_N,
                    r: R,
                    p: P,
                },
                salt: base64::encode(&salt),
            },
            cipher: Cipher {
                name: "nacl/secretbox".to_owned(),
                nonce: base64::encode(&nonce),
            },
            ciphertext: base64::encode(&seal(&key, &nonce, &der)),
        };
        let json = serde_json::to_vec(&document).map_err(|_| KeyError::Provider)?;
        Ok(Zeroizing::new(pem::encode(LABEL, &json)))
    }
}

fn refused(found: String) -> KeyError {
    KeyError::SigstoreKey { found }
}

fn derive(password: &[u8], salt: &[u8], log_n: u8) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let parameters = scrypt::Params::new(log_n, R, P).map_err(|_| KeyError::Provider)?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &parameters, key.as_mut()).map_err(|_| KeyError::Provider)?;
    Ok(key)
}

/// The tag, then the ciphertext.
fn seal(key: &[u8; 32], nonce: &[u8; 24], message: &[u8]) -> Vec<u8> {
    let mut cipher = XSalsa20::new(key.into(), nonce.into());
    let mut authenticator_key = Zeroizing::new([0; AUTHENTICATOR_KEY]);
    cipher.apply_keystream(authenticator_key.as_mut());
    let mut text = message.to_vec();
    cipher.apply_keystream(&mut text);
    let mut sealed = tag(&authenticator_key, &text);
    sealed.extend_from_slice(&text);
    sealed
}

fn open(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (found, text) = sealed.split_at_checked(TAG)?;
    let mut cipher = XSalsa20::new(key.into(), nonce.into());
    let mut authenticator_key = Zeroizing::new([0; AUTHENTICATOR_KEY]);
    cipher.apply_keystream(authenticator_key.as_mut());
    verify_slices_are_equal(&tag(&authenticator_key, text), found).ok()?;
    let mut message = Zeroizing::new(text.to_vec());
    cipher.apply_keystream(&mut message);
    Some(message)
}

fn tag(key: &[u8; AUTHENTICATOR_KEY], text: &[u8]) -> Vec<u8> {
    Poly1305::new(key.into()).compute_unpadded(text).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyType, SystemRandom};

    /// A key that cosign 3.1.1 made, under the password "waxwing".
    const OF_COSIGN: &str = include_str!("../tests/data/cosign-3.1.1.key");
    const OF_COSIGN_PUBLIC: &str = include_str!("../tests/data/cosign-3.1.1.pub");

    /// The vector of NaCl's own tests (`tests/secretbox.c`), its last bytes.
    #[test]
    fn the_box_is_that_of_nacl() {
        let key = [
            0x1b, 0x27, 0x55, 0x64, 0x73, 0xe9, 0x85, 0xd4, 0x62, 0xcd, 0x51, 0x19, 0x7a, 0x9a,
            0x46, 0xc7, 0x60, 0x09, 0x54, 0x9e, 0xac, 0x64, 0x74, 0xf2, 0x06, 0xc4, 0xee, 0x08,
            0x44, 0xf6, 0x83, 0x89,
        ];
        let nonce = [
            0x69, 0x69, 0x6e, 0xe9, 0x55, 0xb6, 0x2b, 0x73, 0xcd, 0x62, 0xbd, 0xa8, 0x75, 0xfc,
            0x73, 0xd6, 0x82, 0x19, 0xe0, 0x03, 0x6b, 0x7a, 0x0b, 0x37,
        ];
        let message = [0xbe, 0x07, 0x5f, 0xc5, 0x3c, 0x81, 0xf2, 0xd5];
        let sealed = seal(&key, &nonce, &message);
        // The key stream does not depend on the message, so the vector's first bytes are these.
        assert_eq!(
            sealed[TAG..],
            [0x8e, 0x99, 0x3b, 0x9f, 0x48, 0x68, 0x12, 0x73]
        );
        assert_eq!(open(&key, &nonce, &sealed).unwrap().as_slice(), message);
        for place in 0..sealed.len() {
            let mut other = sealed.clone();
            other[place] ^= 1;
            assert!(open(&key, &nonce, &other).is_none(), "{place}");
        }
        assert!(open(&key, &nonce, &sealed[..TAG - 1]).is_none());
    }

    #[test]
    fn a_key_of_cosigns_is_read_and_one_of_ours_reads_back() {
        let key = PrivateKey::from_sigstore_pem(OF_COSIGN, b"waxwing").unwrap();
        assert_eq!(key.public_key().to_pem(), OF_COSIGN_PUBLIC);
        let wrong = PrivateKey::from_sigstore_pem(OF_COSIGN, b"Waxwing").unwrap_err();
        assert_eq!(wrong, KeyError::Password);
        for kind in [KeyType::EcdsaP384, KeyType::Ed25519] {
            let key = PrivateKey::generate(kind).unwrap();
            let pem = key.to_sigstore_pem(b"", &SystemRandom).unwrap();
            assert!(PrivateKey::is_sigstore_pem(&pem));
            let again = PrivateKey::from_sigstore_pem(&pem, b"").unwrap();
            assert_eq!(again.public_key(), key.public_key());
        }
    }

    #[test]
    fn what_could_cost_too_much_or_mean_something_else_is_refused_before_it_is_derived() {
        let json = String::from_utf8(pem::decode(OF_COSIGN).unwrap().der).unwrap();
        let edited = |from: &str, to: &str| {
            assert!(json.contains(from), "{json}");
            let pem = pem::encode(LABEL, json.replace(from, to).as_bytes());
            PrivateKey::from_sigstore_pem(&pem, b"waxwing")
                .unwrap_err()
                .to_string()
        };
        for (from, to, expected) in [
            ("\"N\":65536", "\"N\":1048576", "scrypt with N=1048576"),
            ("\"r\":8", "\"r\":9", "r=9"),
            ("\"p\":1", "\"p\":2", "p=2"),
            ("scrypt", "argon2", "the key derivation \"argon2\""),
            ("nacl/secretbox", "none", "the cipher \"none\""),
            ("\"nonce\":\"", "\"nonce\":\"AAAA", "a nonce of 27 bytes"),
            ("\"ciphertext\":\"", "\"ciphertext\":\"!", "a ciphertext"),
            ("{\"kdf\"", "{\"extra\":1,\"kdf\"", "unknown field"),
        ] {
            let refused = edited(from, to);
            assert!(refused.contains(expected), "{refused}");
        }
        let old = pem::encode(OLD_LABEL, json.as_bytes());
        PrivateKey::from_sigstore_pem(&old, b"waxwing").unwrap();
        let other = pem::encode("PRIVATE KEY", json.as_bytes());
        let refused = PrivateKey::from_sigstore_pem(&other, b"waxwing").unwrap_err();
        assert!(
            refused.to_string().contains("PEM type \"PRIVATE KEY\""),
            "{refused}"
        );
    }
}
