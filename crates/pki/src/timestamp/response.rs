//! Making a TimeStampResp (RFC 3161 section 2.4.2) with a CMS signature (RFC 5652).
//!
//! The shape is that of Sigstore's timestamp authority byte for byte, because some clients read no
//! other: SHA-256 without parameters in the signer, NULL in the imprint, accuracy of one second, the
//! authority's name in `tsa`, `certificates` present even when empty.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{HashAlgorithm, KeyError, KeyType, PrivateKey, PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::issue::{Authority, SerialNumber};
use crate::read;
use crate::timestamp::request::{TimestampRequest, write_message_imprint};
use crate::{algorithm, oid, write};

/// The key and certificate that sign timestamps, and how. The key is one in memory, or whatever stands for one that
/// is elsewhere: then [`prepare`](Self::prepare) says what it has to sign.
#[derive(Debug)]
pub struct TimestampAuthority<K = PrivateKey> {
    key: K,
    public_key: PublicKey,
    leaf: Certificate,
    chain: Vec<Certificate>,
    policy: ObjectIdentifier,
    algorithm: SignatureAlgorithm,
    fixed: Fixed,
}

/// What is the same in every response, written once.
#[derive(Debug)]
struct Fixed {
    /// The signer's hash.
    hash: HashAlgorithm,
    /// The end of TSTInfo: `[0] { [4] name }`.
    name: Vec<u8>,
    /// The front of SignedData: version 3, the hashes.
    signed_data: Vec<u8>,
    /// `certificates` of a response that was asked for them.
    certificates: Vec<u8>,
    /// The front of SignerInfo: version 1, issuer and serial number, the hash.
    signer_info: Vec<u8>,
    /// The algorithm of the signature.
    signature_algorithm: Vec<u8>,
    content_type: Vec<u8>,
    /// The attribute that binds the certificate, by the hash of the request.
    signing_certificates: Vec<(HashAlgorithm, Vec<u8>)>,
}

/// What the authority adds to a request.
#[derive(Debug, Clone, Copy)]
pub struct TimestampDetails {
    /// The time that is attested; written in whole seconds.
    pub time: UnixTime,
    /// The timestamp's number.
    pub serial: SerialNumber,
}

/// A response without its signature.
#[derive(Debug)]
pub struct UnsignedTimestamp {
    /// TSTInfo.
    info: Vec<u8>,
    /// The attributes as they are signed: a SET.
    attributes: Vec<u8>,
    /// Whether certificates were asked for.
    certificates: bool,
}

impl TimestampAuthority {
    /// `chain` is what stands above the leaf, its root last. Signs with the hash that goes with the
    /// key, under Sigstore's policy, and gives the leaf alone where certificates are asked for.
    /// [`TimestampAuthority::check`] says whether others will take its timestamps.
    pub fn new(leaf: Authority, chain: Vec<Certificate>) -> Self {
        let Authority { certificate, key } = leaf;
        let (public_key, algorithm) = (key.public_key().clone(), key.algorithm());
        Self::with_key(key, public_key, algorithm, certificate, chain)
    }

    /// Signs with this hash where the key could do with several (`--timestamp-signer-hash`). Sigstore's
    /// own authority has a P-384 key and SHA-256.
    pub fn with_hash(self, hash: HashAlgorithm) -> Result<Self, KeyError> {
        let key = self.public_key.key_type();
        let kind = match key {
            KeyType::Rsa(_) => oid::RSA_ENCRYPTION,
            _ => oid::EC_PUBLIC_KEY,
        };
        let algorithm = algorithm::signature(kind, key, Some(hash))
            .filter(|algorithm| algorithm.key_details(key).is_some());
        let algorithm = algorithm.ok_or(KeyError::Digest {
            found: hash,
            expected: self.key.algorithm().hash(),
        })?;
        // What was chosen of the certificates stays.
        let certificates = self.fixed.certificates;
        let fixed = Fixed::new(&self.leaf, algorithm);
        Ok(Self {
            fixed: Fixed {
                certificates,
                ..fixed
            },
            algorithm,
            ..self
        })
    }

    /// Stamps a request: the DER of a granted TimeStampResp.
    pub fn respond(
        &self,
        request: &TimestampRequest,
        details: TimestampDetails,
    ) -> Result<Vec<u8>, KeyError> {
        let unsigned = self.prepare(request, details);
        let signature = self
            .key
            .sign_with(self.algorithm, unsigned.to_be_signed())?;
        Ok(self.complete(unsigned, &signature))
    }
}

impl<K> TimestampAuthority<K> {
    /// The same as [`TimestampAuthority::new`] with any key, whose public half is `public_key` and which signs
    /// by `algorithm`.
    pub fn with_key(
        key: K,
        public_key: PublicKey,
        algorithm: SignatureAlgorithm,
        leaf: Certificate,
        chain: Vec<Certificate>,
    ) -> Self {
        Self {
            key,
            public_key,
            fixed: Fixed::new(&leaf, algorithm),
            leaf,
            chain,
            policy: oid::SIGSTORE_TSA_POLICY,
            algorithm,
        }
    }

    /// The same authority, with its key seen as another kind.
    pub fn map_key<J>(self, map: impl FnOnce(K) -> J) -> TimestampAuthority<J> {
        TimestampAuthority {
            key: map(self.key),
            public_key: self.public_key,
            leaf: self.leaf,
            chain: self.chain,
            policy: self.policy,
            algorithm: self.algorithm,
            fixed: self.fixed,
        }
    }

    /// The key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// What it signs by.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Gives the whole chain where certificates are asked for (`--include-chain-in-response`).
    #[must_use]
    pub fn with_chain_in_responses(mut self) -> Self {
        let mut certificates: Vec<&[u8]> = self.certificates().map(Certificate::der).collect();
        // A SET OF: in the order of the encodings.
        certificates.sort_unstable();
        self.fixed.certificates = write::element(read::constructed(0), &certificates);
        self
    }

    /// Stamps under this policy where the request names none (`--default-policy-oid`).
    #[must_use]
    pub fn with_policy(self, policy: ObjectIdentifier) -> Self {
        Self { policy, ..self }
    }

    /// The policy of timestamps whose requests name none.
    pub fn policy(&self) -> ObjectIdentifier {
        self.policy
    }

    /// The certificates, leaf first.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.chain)
    }

    /// The public half of the key that signs.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The certificates above the leaf.
    pub(super) fn above(&self) -> &[Certificate] {
        &self.chain
    }

    /// All of a response that the signature is over.
    pub fn prepare(
        &self,
        request: &TimestampRequest,
        details: TimestampDetails,
    ) -> UnsignedTimestamp {
        let info = self.tst_info(request, details);
        UnsignedTimestamp {
            attributes: self.signed_attributes(&info, details.time, request),
            info,
            certificates: request.certificate,
        }
    }

    /// The DER of a granted TimeStampResp, by the signature over [`UnsignedTimestamp::to_be_signed`].
    pub fn complete(&self, unsigned: UnsignedTimestamp, signature: &[u8]) -> Vec<u8> {
        let UnsignedTimestamp {
            info,
            mut attributes,
            certificates,
        } = unsigned;
        let fixed = &self.fixed;
        // The attributes are signed as a SET; in the message the same bytes stand under `[0]`.
        if let Some(tag) = attributes.first_mut() {
            *tag = read::constructed(0);
        }
        let signer_info = write::sequence(&[
            &fixed.signer_info,
            &attributes,
            &fixed.signature_algorithm,
            &write::octet_string(signature),
        ]);
        let certificates: &[u8] = match certificates {
            true => &fixed.certificates,
            false => &[read::constructed(0), 0],
        };
        let signed_data = write::sequence(&[
            &fixed.signed_data,
            &write::sequence(&[
                &write::object_identifier(oid::TST_INFO),
                &write::element(read::constructed(0), &[&write::octet_string(&info)]),
            ]),
            certificates,
            &write::element(read::SET, &[&signer_info]),
        ]);
        let content_info = write::sequence(&[
            &write::object_identifier(oid::SIGNED_DATA),
            &write::element(read::constructed(0), &[&signed_data]),
        ]);
        let granted = write::sequence(&[&write::integer(&[0])]);
        write::sequence(&[&granted, &content_info])
    }

    fn tst_info(&self, request: &TimestampRequest, details: TimestampDetails) -> Vec<u8> {
        let policy = request.policy.unwrap_or(self.policy);
        let one_second = write::sequence(&[&write::integer(&[1])]);
        let nonce = request
            .nonce
            .as_deref()
            .map(|nonce| write::element(read::INTEGER, &[nonce]));
        write::sequence(&[
            &write::integer(&[1]),
            &write::object_identifier(policy),
            &write_message_imprint(&request.digest),
            &write::integer(details.serial.as_bytes()),
            &write::generalized_time(details.time),
            &one_second,
            &nonce.unwrap_or_default(),
            &self.fixed.name,
        ])
    }

    /// The attributes as they are signed: a SET in DER order.
    fn signed_attributes(
        &self,
        info: &[u8],
        time: UnixTime,
        request: &TimestampRequest,
    ) -> Vec<u8> {
        let fixed = &self.fixed;
        let digest = fixed.hash.digest(info);
        let wanted = request.digest.algorithm();
        let mut bound = fixed.signing_certificates.iter();
        let bound = bound.find(|(hash, _)| *hash == wanted);
        // All hashes of requests are there; one that is not would only cost more.
        let bound = bound.map(|(_, attribute)| attribute.clone());
        let bound = bound.unwrap_or_else(|| signing_certificate(&self.leaf, wanted));
        write::set_of(vec![
            fixed.content_type.clone(),
            attribute(oid::SIGNING_TIME, write::time(time)),
            attribute(oid::MESSAGE_DIGEST, write::octet_string(digest.as_bytes())),
            bound,
        ])
    }
}

impl UnsignedTimestamp {
    /// What is signed.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.attributes
    }
}

impl Fixed {
    fn new(leaf: &Certificate, algorithm: SignatureAlgorithm) -> Self {
        let hash = algorithm.hash().unwrap_or(HashAlgorithm::Sha256);
        let directory_name = write::element(read::constructed(4), &[leaf.subject_der()]);
        let written_hash = algorithm::write_hash(hash);
        let hashes = [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ];
        Self {
            hash,
            name: write::element(read::constructed(0), &[&directory_name]),
            signed_data: [
                write::integer(&[3]),
                write::set_of(vec![written_hash.clone()]),
            ]
            .concat(),
            certificates: write::element(read::constructed(0), &[leaf.der()]),
            signer_info: [
                write::integer(&[1]),
                write::sequence(&[leaf.issuer_der(), &serial_of(leaf)]),
                written_hash,
            ]
            .concat(),
            signature_algorithm: algorithm::write_signature(algorithm),
            content_type: attribute(oid::CONTENT_TYPE, write::object_identifier(oid::TST_INFO)),
            signing_certificates: hashes
                .map(|hash| (hash, signing_certificate(leaf, hash)))
                .into(),
        }
    }
}

fn attribute(kind: ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    write::sequence(&[&write::object_identifier(kind), &write::set_of(vec![value])])
}

/// SigningCertificateV2 (RFC 5035): binds the signature to this certificate. The hash is the
/// request's, left out where it is the default SHA-256.
fn signing_certificate(certificate: &Certificate, hash: HashAlgorithm) -> Vec<u8> {
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
    let value = write::sequence(&[&write::sequence(&[&identified])]);
    attribute(oid::SIGNING_CERTIFICATE_V2, value)
}

fn serial_of(certificate: &Certificate) -> Vec<u8> {
    write::element(read::INTEGER, &[certificate.serial()])
}
