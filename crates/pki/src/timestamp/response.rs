//! Making a TimeStampResp (RFC 3161 section 2.4.2) with a CMS signature (RFC 5652).
//!
//! The shape is that of Sigstore's timestamp authority byte for byte, because some clients read no
//! other: SHA-256 without parameters in the signer, NULL in the imprint, accuracy of one second, the
//! authority's name in `tsa`, `certificates` present even when empty.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{HashAlgorithm, KeyError};
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::issue::{Authority, SerialNumber};
use crate::read;
use crate::timestamp::request::{TimestampRequest, write_message_imprint};
use crate::{algorithm, oid, write};

/// The key and certificate that sign timestamps.
#[derive(Debug)]
pub struct TimestampAuthority {
    leaf: Authority,
    chain: Vec<Certificate>,
}

/// What the authority adds to a request.
#[derive(Debug, Clone, Copy)]
pub struct TimestampDetails {
    /// The time that is attested; written in whole seconds.
    pub time: UnixTime,
    /// The timestamp's number.
    pub serial: SerialNumber,
}

impl TimestampAuthority {
    /// `chain` is what stands above the leaf, its root last.
    pub fn new(leaf: Authority, chain: Vec<Certificate>) -> Self {
        Self { leaf, chain }
    }

    /// The certificates, leaf first.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf.certificate).chain(&self.chain)
    }

    /// Stamps a request: the DER of a granted TimeStampResp.
    pub fn respond(
        &self,
        request: &TimestampRequest,
        details: TimestampDetails,
    ) -> Result<Vec<u8>, KeyError> {
        let certificate = &self.leaf.certificate;
        let info = tst_info(request, details, certificate);
        // With P-384 the authority still hashes with SHA-256 by default; ours has a P-256 key.
        let hash = self
            .leaf
            .key
            .algorithm()
            .hash()
            .unwrap_or(HashAlgorithm::Sha256);
        let attributes = signed_attributes(&info, details.time, certificate, request, hash);
        let signature = self.leaf.key.sign(&attributes)?;
        let signer_info = write::sequence(&[
            &write::integer(&[1]),
            &write::sequence(&[certificate.issuer_der(), &serial_of(certificate)]),
            &algorithm::write_hash(hash),
            &retag(&attributes, read::constructed(0)),
            &algorithm::write_signature(self.leaf.key.algorithm()),
            &write::octet_string(&signature),
        ]);
        let embedded: &[u8] = if request.certificate {
            certificate.der()
        } else {
            &[]
        };
        let signed_data = write::sequence(&[
            &write::integer(&[3]),
            &write::set_of(vec![algorithm::write_hash(hash)]),
            &write::sequence(&[
                &write::object_identifier(oid::TST_INFO),
                &write::element(read::constructed(0), &[&write::octet_string(&info)]),
            ]),
            &write::element(read::constructed(0), &[embedded]),
            &write::set_of(vec![signer_info]),
        ]);
        let content_info = write::sequence(&[
            &write::object_identifier(oid::SIGNED_DATA),
            &write::element(read::constructed(0), &[&signed_data]),
        ]);
        let granted = write::sequence(&[&write::integer(&[0])]);
        Ok(write::sequence(&[&granted, &content_info]))
    }
}

fn tst_info(
    request: &TimestampRequest,
    details: TimestampDetails,
    certificate: &Certificate,
) -> Vec<u8> {
    let policy = request.policy.unwrap_or(oid::SIGSTORE_TSA_POLICY);
    let one_second = write::sequence(&[&write::integer(&[1])]);
    let nonce = request
        .nonce
        .as_deref()
        .map(|nonce| write::element(read::INTEGER, &[nonce]));
    let directory_name = write::element(read::constructed(4), &[certificate.subject_der()]);
    write::sequence(&[
        &write::integer(&[1]),
        &write::object_identifier(policy),
        &write_message_imprint(&request.digest),
        &write::integer(details.serial.as_bytes()),
        &write::generalized_time(details.time),
        &one_second,
        &nonce.unwrap_or_default(),
        &write::element(read::constructed(0), &[&directory_name]),
    ])
}

/// The attributes as they are signed: a SET in DER order. In the message the same bytes stand under
/// the tag `[0]`.
fn signed_attributes(
    info: &[u8],
    time: UnixTime,
    certificate: &Certificate,
    request: &TimestampRequest,
    hash: HashAlgorithm,
) -> Vec<u8> {
    let attribute = |kind: ObjectIdentifier, value: Vec<u8>| {
        write::sequence(&[&write::object_identifier(kind), &write::set_of(vec![value])])
    };
    let digest = hash.digest(info);
    write::set_of(vec![
        attribute(oid::CONTENT_TYPE, write::object_identifier(oid::TST_INFO)),
        attribute(oid::SIGNING_TIME, write::time(time)),
        attribute(oid::MESSAGE_DIGEST, write::octet_string(digest.as_bytes())),
        attribute(
            oid::SIGNING_CERTIFICATE_V2,
            signing_certificate(certificate, request),
        ),
    ])
}

/// SigningCertificateV2 (RFC 5035): binds the signature to this certificate. The hash is the
/// request's, left out where it is the default SHA-256.
fn signing_certificate(certificate: &Certificate, request: &TimestampRequest) -> Vec<u8> {
    let hash = request.digest.algorithm();
    let identifier = match hash {
        HashAlgorithm::Sha256 => Vec::new(),
        other => algorithm::write_hash(other),
    };
    let digest = hash.digest(certificate.der());
    let issuer = write::element(read::constructed(4), &[certificate.issuer_der()]);
    let issuer_serial = write::sequence(&[&write::sequence(&[&issuer]), &serial_of(certificate)]);
    let identified = write::sequence(&[
        &identifier,
        &write::octet_string(digest.as_bytes()),
        &issuer_serial,
    ]);
    write::sequence(&[&write::sequence(&[&identified])])
}

fn serial_of(certificate: &Certificate) -> Vec<u8> {
    write::element(read::INTEGER, &[certificate.serial()])
}

fn retag(element: &[u8], tag: u8) -> Vec<u8> {
    let mut element = element.to_vec();
    if let Some(first) = element.first_mut() {
        *first = tag;
    }
    element
}
