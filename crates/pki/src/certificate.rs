//! X.509 certificates (RFC 5280), read once and kept with their bytes.
//!
//! ```text
//! SEQUENCE {
//!   SEQUENCE { [0] 2, serial, algorithm, issuer, validity, subject, key, [3] extensions }   TBS
//!   algorithm, BIT STRING signature }
//! ```
//!
//! Refused: versions other than 3, an outer algorithm that differs from the signed one, a repeated
//! extension, keys and signature algorithms outside Sigstore's registry, trailing bytes, more than
//! 64 KiB. Reading checks no signature and no date: that is what [`crate::chain`] does.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{PublicKey, PublicKeyError, SignatureError};
use waxwing_encoding::pem::{self, PemError};
use waxwing_encoding::time::UnixTime;

use crate::read::{self, MalformedDer, Reader};
use crate::rules::Rules;
use crate::{algorithm, oid};

pub use crate::extension::Extension;

/// Largest certificate that is read, in bytes; Fulcio's take less than 3000.
pub const LARGEST_CERTIFICATE: usize = 64 * 1024;

/// Why bytes are not a certificate that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// More bytes than are read.
    #[error("a certificate of {length} bytes; at most {LARGEST_CERTIFICATE} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not the DER of a certificate.
    #[error(transparent)]
    Der(#[from] MalformedDer),
    /// Not version 3.
    #[error("a certificate that is not X.509 version 3")]
    Version,
    /// The algorithm beside the signature is not the one inside what is signed.
    #[error("the certificate's two signature algorithms differ")]
    Algorithms,
    /// The same extension twice.
    #[error("the extension {oid} stands in the certificate twice")]
    RepeatedExtension {
        /// Which one.
        oid: ObjectIdentifier,
    },
    /// The subject's key.
    #[error("the certificate's key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// Not PEM, or another label.
    #[error("expected a PEM block CERTIFICATE: {0}")]
    Pem(#[from] PemError),
    /// A PEM block with another label.
    #[error("expected a PEM block CERTIFICATE, found {found}")]
    Label {
        /// The label found.
        found: String,
    },
}

/// A certificate. Equal when the bytes are equal.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_before: UnixTime,
    not_after: UnixTime,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    /// What the extensions say about a path, or why they cannot be read: who asks for no path, as a
    /// CT log does for a leaf, is not bothered.
    rules: Result<Rules, MalformedDer>,
    signature_algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > LARGEST_CERTIFICATE {
            return Err(CertificateError::TooLarge { length: der.len() });
        }
        let mut outer = Reader::new(Reader::only(der, read::SEQUENCE, "Certificate")?.value);
        let tbs = outer.element(read::SEQUENCE, "TBSCertificate")?;
        let signature_algorithm = algorithm::read(&mut outer)?;
        let signature = outer.bits("the certificate's signature")?.to_vec();
        outer.finish("Certificate")?;

        let mut fields = Reader::new(tbs.value);
        let version = fields.optional(read::constructed(0), "the version")?;
        let version = version.map(|version| Reader::new(version.value).number("the version"));
        if version.transpose()? != Some(2) {
            return Err(CertificateError::Version);
        }
        let serial = fields
            .element(read::INTEGER, "the serial number")?
            .value
            .to_vec();
        if algorithm::read(&mut fields)? != signature_algorithm {
            return Err(CertificateError::Algorithms);
        }
        let issuer = fields.element(read::SEQUENCE, "the issuer")?.raw.to_vec();
        let mut validity = fields.enter(read::SEQUENCE, "Validity")?;
        let not_before = validity.time("notBefore")?;
        let not_after = validity.time("notAfter")?;
        validity.finish("Validity")?;
        let subject = fields.element(read::SEQUENCE, "the subject")?.raw.to_vec();
        let key = fields.element(read::SEQUENCE, "SubjectPublicKeyInfo")?;
        fields.optional(read::primitive(1), "issuerUniqueID")?;
        fields.optional(read::primitive(2), "subjectUniqueID")?;
        let extensions = match fields.optional(read::constructed(3), "Extensions")? {
            Some(wrapped) => read_extensions(wrapped.value)?,
            None => Vec::new(),
        };
        fields.finish("TBSCertificate")?;
        Ok(Self {
            der: der.to_vec(),
            tbs: tbs.raw.to_vec(),
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            public_key: PublicKey::from_spki_der(key.raw)?,
            rules: Rules::read(&extensions),
            extensions,
            signature_algorithm,
            signature,
        })
    }

    /// Reads the first PEM block, which must be a `CERTIFICATE`.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let block = pem::decode(text)?;
        if block.label != "CERTIFICATE" {
            return Err(CertificateError::Label { found: block.label });
        }
        Self::from_der(&block.der)
    }

    /// The bytes as they came.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// A PEM block `CERTIFICATE`.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// The DER of TBSCertificate: what the issuer signed.
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// The serial number, big-endian, as in the INTEGER.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The issuer's name in DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The subject's name in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The first second at which the certificate is valid.
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last second at which the certificate is valid.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// The subject's key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Every extension, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The value of one extension.
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let mut extensions = self.extensions.iter();
        let found = extensions.find(|extension| extension.oid == oid);
        found.map(|extension| extension.value.as_slice())
    }

    /// Whether basic constraints make this an authority. Extensions that cannot be read make none.
    pub fn is_authority(&self) -> bool {
        self.rules.as_ref().is_ok_and(|rules| rules.authority)
    }

    /// What the extensions say about a path.
    pub(crate) fn rules(&self) -> &Result<Rules, MalformedDer> {
        &self.rules
    }

    /// The subject key identifier, if there is one.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let value = self.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
        Reader::only(value, read::OCTET_STRING, "the key identifier")
            .ok()
            .map(|id| id.value)
    }

    /// Checks this certificate's signature with the issuer's key. Names and dates are not looked at.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<(), SignatureError> {
        let algorithm = algorithm::signature(self.signature_algorithm, issuer.key_type(), None)
            .ok_or(SignatureError::Mismatch)?;
        issuer.verify(algorithm, &self.tbs, &self.signature)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let serial = waxwing_encoding::hex::encode(&self.serial);
        write!(
            formatter,
            "Certificate(serial {serial}, {} to {})",
            self.not_before, self.not_after
        )
    }
}

fn read_extensions(bytes: &[u8]) -> Result<Vec<Extension>, CertificateError> {
    let mut list = Reader::new(Reader::only(bytes, read::SEQUENCE, "Extensions")?.value);
    let mut extensions: Vec<Extension> = Vec::new();
    while !list.is_empty() {
        let mut fields = list.enter(read::SEQUENCE, "Extension")?;
        let oid = fields.object_identifier("the extension's name")?;
        let critical = fields.optional(read::BOOLEAN, "critical")?;
        let value = fields
            .element(read::OCTET_STRING, "the extension's value")?
            .value
            .to_vec();
        fields.finish("Extension")?;
        if extensions.iter().any(|extension| extension.oid == oid) {
            return Err(CertificateError::RepeatedExtension { oid });
        }
        let critical = critical.is_some_and(|critical| critical.value != [0]);
        extensions.push(Extension {
            oid,
            critical,
            value,
        });
    }
    Ok(extensions)
}

/// The TBSCertificate `tbs` without some extensions, every other byte as it was: what a CT log signs
/// for a certificate (without its SCT list) and for a precertificate (without the poison).
///
/// The whole field `[3]` goes when no extension remains (RFC 6962 section 3.2).
pub(crate) fn tbs_without_extensions(
    tbs: &[u8],
    oids: &[ObjectIdentifier],
) -> Result<Vec<u8>, MalformedDer> {
    let fields = Reader::only(tbs, read::SEQUENCE, "TBSCertificate")?.value;
    let mut reader = Reader::new(fields);
    let mut before = 0;
    let mut extensions: Vec<&[u8]> = Vec::new();
    while !reader.is_empty() {
        let field = reader.any("a field of TBSCertificate")?;
        if field.tag != read::constructed(3) {
            before += field.raw.len();
            continue;
        }
        // The last field: what stands before it is taken over as one piece.
        reader.finish("TBSCertificate")?;
        let list = Reader::only(field.value, read::SEQUENCE, "Extensions")?;
        let mut list = Reader::new(list.value);
        while !list.is_empty() {
            let extension = list.element(read::SEQUENCE, "Extension")?;
            let oid = Reader::new(extension.value).object_identifier("the extension's name")?;
            if !oids.contains(&oid) {
                extensions.push(extension.raw);
            }
        }
        break;
    }
    let before = fields.split_at(before).0;
    if extensions.is_empty() {
        return Ok(crate::write::sequence(&[before]));
    }
    let list = crate::write::sequence(&extensions);
    let field = crate::write::element(read::constructed(3), &[&list]);
    Ok(crate::write::sequence(&[before, &field]))
}
