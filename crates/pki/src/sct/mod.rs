//! Signed certificate timestamps (RFC 6962 section 3.2 and 3.3): a CT log's promise to publish a
//! certificate, embedded in it.
//!
//! ```text
//! list:  u16 length { u16 length, SCT }*
//! SCT:   00 | log id (32) | u64 milliseconds | u16 length, extensions | 04 03 | u16 length, signature
//! signed: 00 00 | u64 milliseconds | 00 01 | SHA-256 of the issuer's key | u24 length, TBS | u16 length, extensions
//! ```
//!
//! The extensions are part of what is signed: in a log of the static-ct-api they hold the leaf's
//! index, `00 0005 0000000070`, and verifiers that left them out broke on such logs.

mod response;

use waxwing_crypto::{KeyType, PublicKey, SignatureAlgorithm, SignatureError};
use waxwing_encoding::hex;
use waxwing_encoding::time::{TimeError, UnixTime};
use waxwing_encoding::tls::{Reader as TlsReader, TlsError, put_number, put_vector};

use crate::certificate::{Certificate, tbs_without_extensions};
use crate::oid;
use crate::read::{self, MalformedDer, Reader};

pub use response::{AddChainResponse, ResponseError};

/// Most SCTs that are read in one list.
const MOST_SCTS: usize = 32;

/// One timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCertificateTimestamp {
    /// SHA-256 of the log's public key.
    pub log_id: [u8; 32],
    /// When the log took the certificate, in milliseconds.
    pub timestamp: u64,
    /// What the log adds, byte for byte.
    pub extensions: Vec<u8>,
    /// The hash and signature algorithm of TLS 1.2: `0403` is ECDSA and `0401` RSA, both with
    /// SHA-256, which is all that RFC 6962 knows; `0503` is ECDSA with SHA-384, `0603` with SHA-512.
    pub algorithm: [u8; 2],
    /// The signature.
    pub signature: Vec<u8>,
}

/// Why a timestamp or a list of them is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SctError {
    /// The certificate has none.
    #[error("the certificate has no list of signed certificate timestamps")]
    Missing,
    /// The list's DER, or the certificate's.
    #[error("the signed certificate timestamps: {0}")]
    Der(#[from] MalformedDer),
    /// The list's inside.
    #[error("the signed certificate timestamps: {0}")]
    Tls(#[from] TlsError),
    /// Another version than v1.
    #[error("a signed certificate timestamp of version {found}; expected 0 (v1)")]
    Version {
        /// The version's number.
        found: u64,
    },
    /// More than are read.
    #[error("more than {MOST_SCTS} signed certificate timestamps")]
    TooMany,
    /// Its time cannot be.
    #[error("the signed certificate timestamp's time: {0}")]
    Time(#[from] TimeError),
    /// A pair of hash and signature that is not in the table.
    #[error(
        "the signed certificate timestamp's algorithm is 0x{}; expected 0403, 0401, 0503 or 0603",
        hex::encode(found)
    )]
    UnknownAlgorithm {
        /// The two bytes of the pair.
        found: [u8; 2],
    },
    /// A pair that does not go with the log's key.
    #[error(
        "the signed certificate timestamp's algorithm 0x{} does not go with the log's key, {key:?}",
        hex::encode(found)
    )]
    KeyAlgorithm {
        /// The two bytes of the pair.
        found: [u8; 2],
        /// The kind of the log's key.
        key: KeyType,
    },
    /// A pair that the log's key could use, and that the trusted root does not say it uses.
    #[error("the signed certificate timestamp is signed with {found:?}; expected {expected:?}")]
    OtherAlgorithm {
        /// What the pair means with the log's key.
        found: SignatureAlgorithm,
        /// What the trusted root says.
        expected: SignatureAlgorithm,
    },
    /// The signature does not hold.
    #[error("the signed certificate timestamp: {0}")]
    Signature(#[from] SignatureError),
}

impl SignedCertificateTimestamp {
    /// Reads one SCT.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SctError> {
        let mut fields = TlsReader::new(bytes);
        let version = fields.number(1)?;
        if version != 0 {
            return Err(SctError::Version { found: version });
        }
        let sct = Self {
            log_id: fields.array()?,
            timestamp: fields.number(8)?,
            extensions: fields.vector(2)?.to_vec(),
            algorithm: fields.array()?,
            signature: fields.vector(2)?.to_vec(),
        };
        fields.finish()?;
        Ok(sct)
    }

    /// Writes one SCT.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SctError> {
        let mut out = vec![0];
        out.extend_from_slice(&self.log_id);
        put_number(&mut out, 8, self.timestamp);
        put_vector(&mut out, 2, &self.extensions)?;
        out.extend_from_slice(&self.algorithm);
        put_vector(&mut out, 2, &self.signature)?;
        Ok(out)
    }

    /// When the log took the certificate.
    pub fn time(&self) -> Result<UnixTime, SctError> {
        Ok(UnixTime::from_milliseconds(self.timestamp)?)
    }

    /// Checks the log's signature over this certificate or precertificate.
    ///
    /// `issuer` is the key of the direct parent: the same certificate under another parent is
    /// another promise.
    pub fn verify(
        &self,
        certificate: &Certificate,
        issuer: &PublicKey,
        log: &PublicKey,
    ) -> Result<(), SctError> {
        let algorithm = self.algorithm_with(log.key_type())?;
        self.verify_entry(&Entry::new(certificate)?, issuer, log, algorithm)
    }

    /// Checks the log's signature over the entry of a certificate, which several promises can share.
    ///
    /// `issuer` is the key of the direct parent, `log_algorithm` what the trusted root says of the
    /// log's key.
    pub fn verify_entry(
        &self,
        entry: &Entry,
        issuer: &PublicKey,
        log: &PublicKey,
        log_algorithm: SignatureAlgorithm,
    ) -> Result<(), SctError> {
        let algorithm = self.algorithm_with(log.key_type())?;
        if algorithm != log_algorithm {
            return Err(SctError::OtherAlgorithm {
                found: algorithm,
                expected: log_algorithm,
            });
        }
        let signed = signed_bytes(self.timestamp, &entry.bytes(issuer)?, &self.extensions)?;
        Ok(log.verify(algorithm, &signed, &self.signature)?)
    }

    /// Checks the log's signature over this certificate as it is, without any promise in it: the
    /// entry of RFC 6962 section 3.1 that `add-chain` makes.
    pub fn verify_detached(
        &self,
        certificate: &Certificate,
        log: &PublicKey,
    ) -> Result<(), SctError> {
        let algorithm = self.algorithm_with(log.key_type())?;
        let entry = certificate_entry(certificate)?;
        let signed = signed_bytes(self.timestamp, &entry, &self.extensions)?;
        Ok(log.verify(algorithm, &signed, &self.signature)?)
    }

    /// What the pair of hash and signature means with a key of this kind.
    fn algorithm_with(&self, key: KeyType) -> Result<SignatureAlgorithm, SctError> {
        let found = self.algorithm;
        let candidates: &[SignatureAlgorithm] = match found {
            [4, 3] => &[
                SignatureAlgorithm::EcdsaP256Sha256,
                SignatureAlgorithm::EcdsaP384Sha256,
                SignatureAlgorithm::EcdsaP521Sha256,
            ],
            [4, 1] => &[SignatureAlgorithm::RsaPkcs1Sha256],
            [5, 3] => &[SignatureAlgorithm::EcdsaP384Sha384],
            [6, 3] => &[SignatureAlgorithm::EcdsaP521Sha512],
            _ => return Err(SctError::UnknownAlgorithm { found }),
        };
        let mut candidates = candidates.iter().copied();
        candidates
            .find(|candidate| candidate.key_details(key).is_some())
            .ok_or(SctError::KeyAlgorithm { found, key })
    }
}

/// What a log signs of one certificate or precertificate, whoever its issuer: the TBSCertificate
/// without poison and SCT list. Made once, and used for every promise in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    tbs: Vec<u8>,
}

impl Entry {
    /// Takes the two extensions out.
    pub fn new(certificate: &Certificate) -> Result<Self, SctError> {
        let removed = [oid::SCT_LIST, oid::PRECERTIFICATE_POISON];
        let tbs = tbs_without_extensions(certificate.tbs_der(), &removed)?;
        Ok(Self { tbs })
    }

    /// The entry under one issuer: type 1, the hash of the issuer's key, the TBSCertificate (RFC 6962
    /// section 3.2).
    pub fn bytes(&self, issuer: &PublicKey) -> Result<Vec<u8>, SctError> {
        let mut entry = Vec::with_capacity(self.tbs.len() + 37);
        entry.extend_from_slice(&[0, 1]);
        entry.extend_from_slice(&issuer.sha256_of_spki());
        put_vector(&mut entry, 3, &self.tbs)?;
        Ok(entry)
    }
}

/// The SCT list of a certificate.
pub fn embedded(certificate: &Certificate) -> Result<Vec<SignedCertificateTimestamp>, SctError> {
    let value = certificate
        .extension(oid::SCT_LIST)
        .ok_or(SctError::Missing)?;
    let list = Reader::only(value, read::OCTET_STRING, "the SCT list")?.value;
    let mut outer = TlsReader::new(list);
    let mut list = TlsReader::new(outer.vector(2)?);
    outer.finish()?;
    let mut scts = Vec::new();
    while !list.is_empty() {
        if scts.len() == MOST_SCTS {
            return Err(SctError::TooMany);
        }
        scts.push(SignedCertificateTimestamp::from_bytes(list.vector(2)?)?);
    }
    Ok(scts)
}

/// The TLS list for [`crate::issue::Authority::code_signing_leaf`].
pub fn list(scts: &[SignedCertificateTimestamp]) -> Result<Vec<u8>, SctError> {
    let mut inside = Vec::new();
    for sct in scts {
        put_vector(&mut inside, 2, &sct.to_bytes()?)?;
    }
    let mut out = Vec::new();
    put_vector(&mut out, 2, &inside)?;
    Ok(out)
}

/// Whether this is a precertificate: whether it carries the poison.
pub fn is_precertificate(certificate: &Certificate) -> bool {
    certificate.extension(oid::PRECERTIFICATE_POISON) == Some(&[read::NULL, 0])
}

/// The entry that a log signs for a certificate or its precertificate: type 1, the hash of the
/// issuer's key, and the TBSCertificate without poison and SCT list (RFC 6962 section 3.2).
pub fn precertificate_entry(
    certificate: &Certificate,
    issuer: &PublicKey,
) -> Result<Vec<u8>, SctError> {
    Entry::new(certificate)?.bytes(issuer)
}

/// The entry that a log signs for a certificate as it is: type 0.
pub fn certificate_entry(certificate: &Certificate) -> Result<Vec<u8>, SctError> {
    let mut entry = vec![0, 0];
    put_vector(&mut entry, 3, certificate.der())?;
    Ok(entry)
}

/// The bytes under the log's signature: version, type, time, entry, extensions.
pub fn signed_bytes(timestamp: u64, entry: &[u8], extensions: &[u8]) -> Result<Vec<u8>, SctError> {
    let mut out = Vec::with_capacity(entry.len() + extensions.len() + 12);
    out.extend_from_slice(&[0, 0]);
    put_number(&mut out, 8, timestamp);
    out.extend_from_slice(entry);
    put_vector(&mut out, 2, extensions)?;
    Ok(out)
}
