//! Reading and verifying a TimeStampResp.
//!
//! Three algorithm slots differ and each is checked where it belongs: the imprint's hash (over what
//! was stamped), the signer's digest algorithm (over TSTInfo), and the hash inside the signature
//! algorithm (over the signed attributes). The attributes are verified as they came, re-tagged from
//! `[0]` to SET (RFC 5652 section 5.4), never encoded anew.

use waxwing_crypto::{Digest, HashAlgorithm, SignatureError};
use waxwing_encoding::time::UnixTime;

use crate::certificate::{Certificate, CertificateError};
use crate::chain::{self, ChainError, TrustedChain};
use crate::issue::Purpose;
use crate::read::{self, Element, MalformedDer, Reader};
use crate::timestamp::info::TimestampInfo;
use crate::timestamp::request::{TimestampRequest, TimestampRequestError};
use crate::{algorithm, oid};

/// Largest response that is read, in bytes.
const LARGEST_RESPONSE: usize = 256 * 1024;

/// Most certificates that are read out of one response.
const MOST_CERTIFICATES: usize = 16;

/// A response that was read and not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    info: TimestampInfo,
    /// The info as it was signed.
    info_der: Vec<u8>,
    certificates: Vec<Certificate>,
    signer: Signer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signer {
    issuer: Vec<u8>,
    serial: Vec<u8>,
    digest: HashAlgorithm,
    /// The signed attributes under the tag SET.
    attributes: Vec<u8>,
    signature_algorithm: der::asn1::ObjectIdentifier,
    signature: Vec<u8>,
}

/// What [`Timestamp::verify`] proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedTimestamp<'a> {
    info: &'a TimestampInfo,
    signer: &'a Certificate,
}

impl<'a> VerifiedTimestamp<'a> {
    /// The attested time.
    pub fn time(self) -> UnixTime {
        self.info.time()
    }

    /// All that is attested.
    pub fn info(self) -> &'a TimestampInfo {
        self.info
    }

    /// The certificate of the key that signed.
    pub fn signer(self) -> &'a Certificate {
        self.signer
    }
}

/// Why a timestamp is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// More bytes than are read.
    #[error("a timestamp of {length} bytes; at most {LARGEST_RESPONSE} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not the DER of a response.
    #[error("the timestamp: {0}")]
    Der(#[from] MalformedDer),
    /// The authority did not grant the request.
    #[error("the timestamp authority answered with status {status}; expected 0 (granted)")]
    NotGranted {
        /// PKIStatus.
        status: u64,
    },
    /// Not signed data over a TSTInfo.
    #[error("the timestamp holds {found}; expected {expected}")]
    ContentType {
        /// The content's identifier.
        found: der::asn1::ObjectIdentifier,
        /// The identifier that must stand there.
        expected: der::asn1::ObjectIdentifier,
    },
    /// The imprint's hash or digest.
    #[error("the timestamp's imprint: {0}")]
    Imprint(#[from] TimestampRequestError),
    /// A certificate inside the timestamp.
    #[error("a certificate in the timestamp: {0}")]
    Certificate(#[from] CertificateError),
    /// A hash that is weak or unknown.
    #[error("the timestamp's signer uses the hash {found}; expected SHA-256, SHA-384 or SHA-512")]
    Hash {
        /// Its object identifier.
        found: der::asn1::ObjectIdentifier,
    },
    /// A signed attribute that must be there once.
    #[error("the timestamp's signer has no single attribute {attribute}")]
    Attribute {
        /// Which attribute.
        attribute: &'static str,
    },
    /// The stamped digest is not that of the message.
    #[error(
        "the timestamp was made for other bytes: its imprint is not the digest of the signature"
    )]
    OtherMessage,
    /// The stamped digest is not the one that was asked for.
    #[error("the timestamp answers another request: its imprint is another digest")]
    OtherDigest,
    /// The nonce is not the one that was asked for.
    #[error("the timestamp answers another request: its nonce differs")]
    Nonce,
    /// The policy is not the one that was asked for.
    #[error("the timestamp was made under the policy {found}; expected {expected}")]
    Policy {
        /// The policy that is named.
        found: der::asn1::ObjectIdentifier,
        /// The policy that was asked for.
        expected: der::asn1::ObjectIdentifier,
    },
    /// TSTInfo is not what the attributes speak of.
    #[error("the timestamp's message digest is not that of its content")]
    MessageDigest,
    /// The attribute signingCertificateV2 names another certificate.
    #[error("the timestamp names another signing certificate than the authority's")]
    SigningCertificate,
    /// The signer is not the trusted authority's leaf.
    #[error("the timestamp's signer is not this authority's certificate")]
    OtherSigner,
    /// The signature does not hold.
    #[error("the timestamp's signature: {0}")]
    Signature(#[from] SignatureError),
    /// The authority's certificate chain.
    #[error("the timestamp authority's certificate: {0}")]
    Chain(#[from] ChainError),
    /// The leaf may do more, or less, than stamp.
    #[error(
        "the timestamp authority's certificate must have one critical extended key usage, timeStamping"
    )]
    Purpose,
}

impl Timestamp {
    /// Reads a TimeStampResp.
    pub fn from_der(der: &[u8]) -> Result<Self, TimestampError> {
        if der.len() > LARGEST_RESPONSE {
            return Err(TimestampError::TooLarge { length: der.len() });
        }
        let mut content_info = Reader::new(granted(der)?.value);
        expect_type(&mut content_info, oid::SIGNED_DATA)?;
        let mut content = content_info.enter(read::constructed(0), "the content")?;
        let mut signed_data = content.enter(read::SEQUENCE, "SignedData")?;

        signed_data.number("the version")?;
        signed_data.element(read::SET, "digestAlgorithms")?;
        let mut encapsulated = signed_data.enter(read::SEQUENCE, "EncapsulatedContentInfo")?;
        expect_type(&mut encapsulated, oid::TST_INFO)?;
        let mut wrapped = encapsulated.enter(read::constructed(0), "eContent")?;
        let info = wrapped.element(read::OCTET_STRING, "eContent")?.value;
        let certificates = signed_data.optional(read::constructed(0), "certificates")?;
        signed_data.optional(read::constructed(1), "crls")?;
        let mut signers = signed_data.enter(read::SET, "signerInfos")?;
        let signer = signers.element(read::SEQUENCE, "SignerInfo")?;
        signers.finish("signerInfos with one member")?;
        signed_data.finish("SignedData")?;

        Ok(Self {
            info: TimestampInfo::from_der(info)?,
            info_der: info.to_vec(),
            certificates: read_certificates(certificates)?,
            signer: read_signer(signer)?,
        })
    }

    /// The token alone, a CMS ContentInfo, out of a TimeStampResp.
    pub fn token_der(response: &[u8]) -> Result<&[u8], TimestampError> {
        Ok(granted(response)?.raw)
    }

    /// What the authority claims; believe it after [`verify`](Self::verify) only.
    pub fn claims(&self) -> &TimestampInfo {
        &self.info
    }

    /// The time that the authority claims; believe it after [`verify`](Self::verify) only.
    pub fn claimed_time(&self) -> UnixTime {
        self.info.time()
    }

    /// The certificates that came along, in their order. Nobody has vouched for them.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether the response carries this nonce (RFC 3161 section 2.4.2: it must when asked).
    pub fn check_nonce(&self, nonce: &[u8]) -> Result<(), TimestampError> {
        if self.info.nonce() == Some(nonce) {
            return Ok(());
        }
        Err(TimestampError::Nonce)
    }

    /// Whether this answers that request (RFC 3161 section 2.4.2): the digest, the nonce and the policy are
    /// those that were asked for.
    pub fn answers(&self, request: &TimestampRequest) -> Result<(), TimestampError> {
        if *self.info.imprint() != request.digest {
            return Err(TimestampError::OtherDigest);
        }
        if let Some(nonce) = &request.nonce {
            self.check_nonce(nonce)?;
        }
        let found = self.info.policy();
        match request.policy {
            Some(expected) if expected != found => Err(TimestampError::Policy { found, expected }),
            _ => Ok(()),
        }
    }

    /// Verifies this timestamp over `message` with one authority of the trusted root. Where that lists
    /// the signer, the signatures up to the anchor are checked for the first timestamp alone.
    ///
    /// The order: what was stamped, who signed, the signature, the content, the chain at the
    /// attested time. The window in which the trusted root trusts the authority is the caller's to
    /// check.
    pub fn verify<'a>(
        &'a self,
        message: &[u8],
        authority: &'a TrustedChain,
    ) -> Result<VerifiedTimestamp<'a>, TimestampError> {
        let hash = self.info.imprint().algorithm();
        self.verify_digest(&hash.digest(message), authority)
    }

    /// [`verify`](Self::verify) over the digest of a message, by the hash of the claimed imprint: for
    /// messages that are too long to hold.
    pub fn verify_digest<'a>(
        &'a self,
        message: &Digest,
        authority: &'a TrustedChain,
    ) -> Result<VerifiedTimestamp<'a>, TimestampError> {
        if message != self.info.imprint() {
            return Err(TimestampError::OtherMessage);
        }
        let signer = self.signing_certificate(authority.certificates())?;
        self.verify_signature(signer)?;
        self.verify_attributes(signer)?;
        let time = self.info.time();
        authority.verify(signer, &self.certificates, Purpose::TimeStamping, time)?;
        if !chain::is_for_this_purpose_alone(signer, Purpose::TimeStamping)? {
            return Err(TimestampError::Purpose);
        }
        let info = &self.info;
        Ok(VerifiedTimestamp { info, signer })
    }

    /// The leaf of the trusted root where it lists one, else a certificate that came along. A leaf
    /// that is listed must be the signer: another certificate under the same root is not trusted.
    fn signing_certificate<'a>(
        &'a self,
        authority: &'a [Certificate],
    ) -> Result<&'a Certificate, TimestampError> {
        let is_signer = |certificate: &&Certificate| {
            certificate.issuer_der() == self.signer.issuer
                && certificate.serial() == self.signer.serial
        };
        let listed = authority.first().filter(|first| !first.is_authority());
        let candidate = match listed {
            Some(listed) => Some(listed).filter(is_signer),
            None => self.certificates.iter().find(is_signer),
        };
        candidate.ok_or(TimestampError::OtherSigner)
    }

    fn verify_signature(&self, signer: &Certificate) -> Result<(), TimestampError> {
        let key = signer.public_key();
        let algorithm = algorithm::signature(
            self.signer.signature_algorithm,
            key.key_type(),
            Some(self.signer.digest),
        )
        .ok_or(SignatureError::Mismatch)?;
        Ok(key.verify(algorithm, &self.signer.attributes, &self.signer.signature)?)
    }

    fn verify_attributes(&self, signer: &Certificate) -> Result<(), TimestampError> {
        let content_type = self.attribute(oid::CONTENT_TYPE, "contentType")?;
        let mut reader = Reader::new(content_type.raw);
        let found = reader.object_identifier("contentType")?;
        if found != oid::TST_INFO {
            return Err(TimestampError::ContentType {
                found,
                expected: oid::TST_INFO,
            });
        }
        let digest = self.attribute(oid::MESSAGE_DIGEST, "messageDigest")?.value;
        if self.signer.digest.digest(&self.info_der).as_bytes() != digest {
            return Err(TimestampError::MessageDigest);
        }
        // Go's library leaves this one out; without it a second certificate for the same key could
        // be put in the place of the one that the authority meant.
        let named = self.attribute(oid::SIGNING_CERTIFICATE_V2, "signingCertificateV2")?;
        let mut certificates = Reader::new(named.value);
        let mut certificates = certificates.enter(read::SEQUENCE, "ESSCertIDv2 list")?;
        let mut first = certificates.enter(read::SEQUENCE, "ESSCertIDv2")?;
        let mut hash = HashAlgorithm::Sha256;
        if first.starts_with(read::SEQUENCE) {
            let identifier = algorithm::read(&mut first)?;
            hash = algorithm::hash(identifier).ok_or(TimestampError::Hash { found: identifier })?;
        }
        let digest = first.element(read::OCTET_STRING, "certHash")?.value;
        if hash.digest(signer.der()).as_bytes() != digest {
            return Err(TimestampError::SigningCertificate);
        }
        Ok(())
    }

    /// The single value of the attribute that must stand there exactly once.
    fn attribute(
        &self,
        kind: der::asn1::ObjectIdentifier,
        name: &'static str,
    ) -> Result<Element<'_>, TimestampError> {
        let list = Reader::only(&self.signer.attributes, read::SET, "signedAttrs")?;
        let mut list = Reader::new(list.value);
        let mut found = None;
        while !list.is_empty() {
            let mut attribute = list.enter(read::SEQUENCE, "Attribute")?;
            if attribute.object_identifier("the attribute's type")? != kind {
                continue;
            }
            let mut values = attribute.enter(read::SET, "the attribute's values")?;
            let value = values.any("the attribute's value")?;
            if found.is_some() || !values.is_empty() {
                return Err(TimestampError::Attribute { attribute: name });
            }
            found = Some(value);
        }
        found.ok_or(TimestampError::Attribute { attribute: name })
    }
}

fn expect_type(
    fields: &mut Reader<'_>,
    expected: der::asn1::ObjectIdentifier,
) -> Result<(), TimestampError> {
    let found = fields.object_identifier("the content's type")?;
    if found == expected {
        return Ok(());
    }
    Err(TimestampError::ContentType { found, expected })
}

/// The token of a response that grants one.
fn granted(response: &[u8]) -> Result<Element<'_>, TimestampError> {
    let mut response = Reader::new(Reader::only(response, read::SEQUENCE, "TimeStampResp")?.value);
    let mut status = response.enter(read::SEQUENCE, "PKIStatusInfo")?;
    // RFC 3161 also knows 1, granted with modifications.
    let status = status.number("PKIStatus")?;
    if status > 1 {
        return Err(TimestampError::NotGranted { status });
    }
    let token = response.element(read::SEQUENCE, "ContentInfo")?;
    response.finish("TimeStampResp")?;
    Ok(token)
}

fn read_certificates(field: Option<Element<'_>>) -> Result<Vec<Certificate>, TimestampError> {
    let mut list = Reader::new(field.map_or(&[], |field| field.value));
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let element = list.element(read::SEQUENCE, "a certificate")?;
        if certificates.len() == MOST_CERTIFICATES {
            let found = "more than 16 certificates";
            return Err(MalformedDer {
                expected: "certificates",
                found,
            }
            .into());
        }
        certificates.push(Certificate::from_der(element.raw)?);
    }
    Ok(certificates)
}

fn read_signer(signer: Element<'_>) -> Result<Signer, TimestampError> {
    let mut fields = Reader::new(signer.value);
    fields.number("the version")?;
    let mut issuer_and_serial = fields.enter(read::SEQUENCE, "issuerAndSerialNumber")?;
    let issuer = issuer_and_serial
        .element(read::SEQUENCE, "the issuer")?
        .raw
        .to_vec();
    let serial = issuer_and_serial
        .element(read::INTEGER, "the serial number")?
        .value
        .to_vec();
    let identifier = algorithm::read(&mut fields)?;
    let digest = algorithm::hash(identifier).ok_or(TimestampError::Hash { found: identifier })?;
    let mut attributes = fields
        .element(read::constructed(0), "signedAttrs")?
        .raw
        .to_vec();
    if let Some(tag) = attributes.first_mut() {
        *tag = read::SET;
    }
    let signature_algorithm = algorithm::read(&mut fields)?;
    let signature = fields
        .element(read::OCTET_STRING, "the signature")?
        .value
        .to_vec();
    fields.optional(read::constructed(1), "unsignedAttrs")?;
    fields.finish("SignerInfo")?;
    Ok(Signer {
        issuer,
        serial,
        digest,
        attributes,
        signature_algorithm,
        signature,
    })
}
