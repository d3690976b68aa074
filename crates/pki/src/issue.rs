//! Making certificates: the authorities of an instance and the leaf of Fulcio's profile.
//!
//! The order of the extensions is part of the profile (`docs/certificate-specification.md` of
//! Fulcio): key usage, extended key usage, subject key identifier, authority key identifier, subject
//! alternative name, Fulcio's own, and last the poison or the SCT list.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{KeyError, PrivateKey, PublicKey, SignatureAlgorithm, sha1};
use waxwing_encoding::time::UnixTime;

use crate::certificate::{Certificate, CertificateError, Extension};
use crate::fulcio::{Claims, Identity, IdentityError};
use crate::name::DistinguishedName;
use crate::read;
use crate::{algorithm, oid, write};

/// Why a certificate could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The authority's key.
    #[error("the authority's key: {0}")]
    Key(#[from] KeyError),
    /// The identity cannot be written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What was made is not readable again: a mistake of ours, caught before it leaves.
    #[error("the new certificate: {0}")]
    Unreadable(#[from] CertificateError),
}

/// Twenty random bytes, made positive: at most 20 octets in DER (RFC 5280 section 4.1.2.2).
#[derive(Debug, Clone, Copy)]
pub struct SerialNumber([u8; 20]);

impl SerialNumber {
    /// Takes random bytes and clears the top bit.
    pub fn new(mut random: [u8; 20]) -> Self {
        random[0] &= 0x7f;
        Self(random)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The first and the last second of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// notBefore.
    pub not_before: UnixTime,
    /// notAfter.
    pub not_after: UnixTime,
}

/// What an authority's certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Issuing or being a Fulcio leaf.
    CodeSigning,
    /// Signing RFC 3161 timestamps.
    TimeStamping,
}

impl Purpose {
    pub(crate) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::CodeSigning => oid::CODE_SIGNING,
            Self::TimeStamping => oid::TIME_STAMPING,
        }
    }
}

/// A certificate and its private key: the authority that signs the next one.
#[derive(Debug)]
pub struct Authority {
    /// The authority's certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
}

impl Authority {
    /// A root: self-signed, no path length, no extended key usage.
    pub fn root(
        key: PrivateKey,
        name: &DistinguishedName,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Self, IssueError> {
        let name = name.to_der();
        let mut extensions = authority_extensions(None);
        extensions.push(subject_key_identifier(key.public_key()));
        let public = key.public_key();
        let algorithm = key.algorithm();
        let tbs = tbs(
            algorithm,
            serial,
            &name,
            validity,
            &name,
            public,
            &extensions,
        );
        Ok(Self {
            certificate: sign(&key, &tbs)?,
            key,
        })
    }

    /// An intermediate below this authority: path length 0, for one purpose.
    pub fn intermediate(
        &self,
        key: PrivateKey,
        name: &DistinguishedName,
        serial: SerialNumber,
        validity: Validity,
        purpose: Purpose,
    ) -> Result<Self, IssueError> {
        let mut extensions = authority_extensions(Some(0));
        extensions.push(extended_key_usage(purpose, false));
        let certificate = self.issue(
            key.public_key(),
            &name.to_der(),
            serial,
            validity,
            extensions,
        )?;
        Ok(Self { certificate, key })
    }

    /// The certificate of a timestamp authority's own key (RFC 3161 section 2.3: exactly one
    /// extended key usage, critical).
    pub fn timestamp_leaf(
        &self,
        key: PrivateKey,
        name: &DistinguishedName,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Self, IssueError> {
        let extensions = vec![
            key_usage(DIGITAL_SIGNATURE),
            extended_key_usage(Purpose::TimeStamping, true),
        ];
        let certificate = self.issue(
            key.public_key(),
            &name.to_der(),
            serial,
            validity,
            extensions,
        )?;
        Ok(Self { certificate, key })
    }

    /// The precertificate of a code signing leaf (RFC 6962 section 3.1): the leaf with the critical
    /// poison in the place of the SCT list. It is signed by the issuing key itself.
    pub fn precertificate(&self, leaf: &CodeSigningLeaf<'_>) -> Result<Certificate, IssueError> {
        self.code_signing(leaf, Ending::Poison)
    }

    /// The code signing leaf with its SCT list: the same bytes as the precertificate but for the
    /// last extension and the signature.
    pub fn code_signing_leaf(
        &self,
        leaf: &CodeSigningLeaf<'_>,
        sct_list: &[u8],
    ) -> Result<Certificate, IssueError> {
        self.code_signing(leaf, Ending::SctList(sct_list))
    }

    /// The code signing leaf of an instance without a CT log, or of a backend whose promises stand
    /// beside the certificate: it ends with Fulcio's own extensions.
    pub fn code_signing_leaf_without_scts(
        &self,
        leaf: &CodeSigningLeaf<'_>,
    ) -> Result<Certificate, IssueError> {
        self.code_signing(leaf, Ending::Nothing)
    }

    /// A certificate below this authority that says exactly what `profile` says: the general door,
    /// for profiles that Fulcio does not make, and for the test kit's faulty ones. Nothing is added
    /// and no rule applied; what comes out is only sure to be readable.
    pub fn certify(&self, profile: &CertificateProfile<'_>) -> Result<Certificate, IssueError> {
        let tbs = tbs(
            self.key.algorithm(),
            profile.serial,
            self.certificate.subject_der(),
            profile.validity,
            profile.subject,
            profile.public_key,
            profile.extensions,
        );
        sign(&self.key, &tbs)
    }

    fn code_signing(
        &self,
        leaf: &CodeSigningLeaf<'_>,
        ending: Ending<'_>,
    ) -> Result<Certificate, IssueError> {
        let algorithm = self.key.algorithm();
        let tbs = code_signing_tbs(&self.certificate, algorithm, leaf, ending)?;
        assemble(&tbs, algorithm, &self.key.sign(&tbs)?)
    }

    fn issue(
        &self,
        key: &PublicKey,
        subject: &[u8],
        serial: SerialNumber,
        validity: Validity,
        mut extensions: Vec<Extension>,
    ) -> Result<Certificate, IssueError> {
        extensions.extend(key_identifiers(&self.certificate, key));
        let issuer = self.certificate.subject_der();
        let tbs = tbs(
            self.key.algorithm(),
            serial,
            issuer,
            validity,
            subject,
            key,
            &extensions,
        );
        sign(&self.key, &tbs)
    }
}

/// What a code signing certificate ends with.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// The critical poison: this is a precertificate.
    Poison,
    /// The list of SCTs, as TLS has it.
    SctList(&'a [u8]),
    /// Nothing: nobody promised to publish it, or the promise stands beside it.
    Nothing,
}

/// The TBSCertificate of a code signing leaf below `issuer`, whose key signs with `algorithm`: for
/// keys that live elsewhere. [`assemble`] puts the signature over these bytes under them.
pub fn code_signing_tbs(
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
    leaf: &CodeSigningLeaf<'_>,
    ending: Ending<'_>,
) -> Result<Vec<u8>, IssueError> {
    let mut extensions = vec![
        key_usage(DIGITAL_SIGNATURE),
        extended_key_usage(Purpose::CodeSigning, false),
    ];
    extensions.extend(key_identifiers(issuer, leaf.public_key));
    extensions.extend(leaf.identity.extensions_with(leaf.claims)?);
    match ending {
        Ending::Poison => extensions.push(Extension {
            oid: oid::PRECERTIFICATE_POISON,
            critical: true,
            value: vec![read::NULL, 0],
        }),
        Ending::SctList(list) => extensions.push(Extension {
            oid: oid::SCT_LIST,
            critical: false,
            value: write::octet_string(list),
        }),
        Ending::Nothing => {}
    }
    Ok(tbs(
        algorithm,
        leaf.serial,
        issuer.subject_der(),
        leaf.validity,
        &write::sequence(&[]),
        leaf.public_key,
        &extensions,
    ))
}

/// A certificate out of its TBSCertificate and the signature over it. Only that it is readable is
/// checked here, not the signature.
pub fn assemble(
    tbs: &[u8],
    algorithm: SignatureAlgorithm,
    signature: &[u8],
) -> Result<Certificate, IssueError> {
    let signature = write::bit_string(signature);
    let algorithm = algorithm::write_signature(algorithm);
    Ok(Certificate::from_der(&write::sequence(&[
        tbs, &algorithm, &signature,
    ]))?)
}

/// The key identifiers of a certificate below `issuer`.
fn key_identifiers(issuer: &Certificate, subject: &PublicKey) -> [Extension; 2] {
    let own = issuer.subject_key_identifier().unwrap_or_default();
    let authority = Extension {
        oid: oid::AUTHORITY_KEY_IDENTIFIER,
        critical: false,
        value: write::sequence(&[&write::element(read::primitive(0), &[own])]),
    };
    [subject_key_identifier(subject), authority]
}

/// What a code signing certificate says.
#[derive(Debug, Clone)]
pub struct CodeSigningLeaf<'a> {
    /// The signer's key.
    pub public_key: &'a PublicKey,
    /// Who holds it.
    pub identity: &'a Identity,
    /// What is claimed about the build that asked; [`Claims::NONE`] for a person.
    pub claims: &'a Claims,
    /// The certificate's number.
    pub serial: SerialNumber,
    /// When it is valid.
    pub validity: Validity,
}

/// What [`Authority::certify`] is to write.
#[derive(Debug, Clone)]
pub struct CertificateProfile<'a> {
    /// The subject's name in DER: [`DistinguishedName::to_der`], or `30 00` for none.
    pub subject: &'a [u8],
    /// The subject's key.
    pub public_key: &'a PublicKey,
    /// The certificate's number.
    pub serial: SerialNumber,
    /// When it is valid.
    pub validity: Validity,
    /// The extensions, in order, as they are to stand there.
    pub extensions: &'a [Extension],
}

/// KeyUsage bits (RFC 5280 section 4.2.1.3) as the one byte of their BIT STRING and its unused bits.
const DIGITAL_SIGNATURE: [u8; 2] = [7, 0x80];
const CERTIFICATE_AND_CRL_SIGN: [u8; 2] = [1, 0x06];

fn key_usage(bits: [u8; 2]) -> Extension {
    let value = write::element(read::BIT_STRING, &[&bits]);
    Extension {
        oid: oid::KEY_USAGE,
        critical: true,
        value,
    }
}

fn extended_key_usage(purpose: Purpose, critical: bool) -> Extension {
    let value = write::sequence(&[&write::object_identifier(purpose.oid())]);
    Extension {
        oid: oid::EXTENDED_KEY_USAGE,
        critical,
        value,
    }
}

/// Method 1 of RFC 5280 section 4.2.1.2: SHA-1 of the key's bits.
fn subject_key_identifier(key: &PublicKey) -> Extension {
    let value = write::octet_string(&sha1(key.bits()));
    Extension {
        oid: oid::SUBJECT_KEY_IDENTIFIER,
        critical: false,
        value,
    }
}

fn authority_extensions(path_length: Option<u8>) -> Vec<Extension> {
    let authority = [read::BOOLEAN, 1, 0xff];
    let value = match path_length {
        Some(length) => write::sequence(&[&authority, &write::integer(&[length])]),
        None => write::sequence(&[&authority]),
    };
    vec![
        key_usage(CERTIFICATE_AND_CRL_SIGN),
        Extension {
            oid: oid::BASIC_CONSTRAINTS,
            critical: true,
            value,
        },
    ]
}

fn tbs(
    algorithm: SignatureAlgorithm,
    serial: SerialNumber,
    issuer: &[u8],
    validity: Validity,
    subject: &[u8],
    key: &PublicKey,
    extensions: &[Extension],
) -> Vec<u8> {
    let extensions: Vec<Vec<u8>> = extensions.iter().map(write_extension).collect();
    let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    let validity = [
        write::time(validity.not_before.whole_second()),
        write::time(validity.not_after),
    ];
    write::sequence(&[
        &write::element(read::constructed(0), &[&write::integer(&[2])]),
        &write::integer(&serial.0),
        &algorithm::write_signature(algorithm),
        issuer,
        &write::sequence(&[&validity[0], &validity[1]]),
        subject,
        key.spki_der(),
        &write::element(read::constructed(3), &[&write::sequence(&extensions)]),
    ])
}

fn write_extension(extension: &Extension) -> Vec<u8> {
    let oid = write::object_identifier(extension.oid);
    let value = write::octet_string(&extension.value);
    if extension.critical {
        return write::sequence(&[&oid, &[read::BOOLEAN, 1, 0xff], &value]);
    }
    write::sequence(&[&oid, &value])
}

fn sign(key: &PrivateKey, tbs: &[u8]) -> Result<Certificate, IssueError> {
    assemble(tbs, key.algorithm(), &key.sign(tbs)?)
}
