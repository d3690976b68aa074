//! What Fulcio writes into a certificate about the identity that it saw.
//!
//! | Extension | Value | Meaning |
//! |---|---|---|
//! | subjectAltName | rfc822Name, URI, or otherName …57264.1.7 | who |
//! | 1.3.6.1.4.1.57264.1.1 | the raw text | issuer, deprecated |
//! | 1.3.6.1.4.1.57264.1.8 | DER UTF8String | issuer |
//! | 1.3.6.1.4.1.57264.1.2 to .6 | the raw text | GitHub's claims, deprecated: [`Claim`] |
//! | 1.3.6.1.4.1.57264.1.9 to .23 | DER UTF8String | the build's claims: [`Claim`] |
//! | 1.3.6.1.4.1.57264.1.24 | DER UTF8String | the token's subject |
//!
//! Source: Fulcio's `docs/oid-info.md`. Extensions from .8 on must be one DER string with nothing
//! after it; a reader that took the rest as text could be shown another issuer than it checks.

mod authority;
mod claims;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::asn1::ObjectIdentifier;

use crate::certificate::{Certificate, Extension};
use crate::read::{self, MalformedDer, Reader};
use crate::{oid, write};

pub use authority::{AuthorityRefused, check_authority};
pub use claims::{Claim, Claims};

/// A subject alternative name as Fulcio writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectAlternativeName {
    /// An e-mail address.
    Email(String),
    /// A URI: a workflow, a SPIFFE ID, a service account.
    Uri(String),
    /// Anything else, as `user!domain`.
    OtherName(String),
    /// A DNS name. Fulcio writes none; certificates of one's own authority have them.
    Dns(String),
    /// An address as text, `192.0.2.1` or `2001:db8::1`. Fulcio writes none.
    Ip(String),
}

impl SubjectAlternativeName {
    /// The name without its kind, as policies compare it.
    pub fn value(&self) -> &str {
        match self {
            Self::Email(value)
            | Self::Uri(value)
            | Self::OtherName(value)
            | Self::Dns(value)
            | Self::Ip(value) => value,
        }
    }
}

impl SubjectAlternativeName {
    /// The GeneralName (RFC 5280 section 4.2.1.6).
    fn to_general_name(&self) -> Result<Vec<u8>, IdentityError> {
        Ok(match self {
            Self::Email(email) => ia5(EMAIL, email)?,
            Self::Uri(uri) => ia5(URI, uri)?,
            Self::OtherName(other) => {
                let value = write::element(read::constructed(0), &[&write::utf8_string(other)]);
                let kind = write::object_identifier(oid::FULCIO_OTHER_NAME);
                write::element(OTHER_NAME, &[&kind, &value])
            }
            Self::Dns(name) => ia5(DNS, name)?,
            Self::Ip(address) => {
                let octets = match address.parse().map_err(|_| IdentityError::NotText)? {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                write::element(IP, &[&octets])
            }
        })
    }
}

/// The identity in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub name: SubjectAlternativeName,
    /// The OIDC issuer that vouched for it.
    pub issuer: String,
    /// The token's raw subject; absent from certificates made before 2026.
    pub subject: Option<String>,
}

/// Why a certificate holds no identity that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The extension's bytes.
    #[error("the certificate's identity: {0}")]
    Der(#[from] MalformedDer),
    /// No subject alternative name of a kind that Fulcio writes.
    #[error(
        "the certificate has no subject alternative name that is an e-mail address, a URI or Fulcio's other name"
    )]
    NoName,
    /// More than one name: which one was checked would depend on the reader.
    #[error("the certificate has {count} subject alternative names; expected exactly one")]
    SeveralNames {
        /// How many.
        count: usize,
    },
    /// No issuer extension.
    #[error("the certificate does not say which OIDC issuer vouched for its identity")]
    NoIssuer,
    /// An issuer that is to be written and is empty.
    #[error("extensions must have a non-empty issuer url")]
    EmptyIssuer,
    /// Text that is not UTF-8, or not ASCII where only that is allowed.
    #[error("the certificate's identity is not text")]
    NotText,
}

impl Identity {
    /// Reads the identity of a leaf certificate.
    pub fn of(certificate: &Certificate) -> Result<Self, IdentityError> {
        let names = certificate
            .extension(oid::SUBJECT_ALTERNATIVE_NAME)
            .ok_or(IdentityError::NoName)?;
        let issuer = match certificate.extension(oid::FULCIO_ISSUER_V2) {
            Some(value) => utf8_string(value)?,
            None => match certificate.extension(oid::FULCIO_ISSUER) {
                Some(value) => text(value)?,
                None => return Err(IdentityError::NoIssuer),
            },
        };
        let subject = certificate
            .extension(oid::FULCIO_SUBJECT)
            .map(utf8_string)
            .transpose()?;
        Ok(Self {
            name: name(names)?,
            issuer,
            subject,
        })
    }

    /// The extensions for this identity, in the order of the certificate profile: the critical
    /// subject alternative name, then .1, .8 and .24.
    ///
    /// Errors: an e-mail address or URI outside ASCII, which an IA5String cannot hold, and an empty
    /// issuer.
    pub fn extensions(&self) -> Result<Vec<Extension>, IdentityError> {
        self.extensions_with(Claims::NONE)
    }

    /// The extensions for this identity and the claims of its build, in the order of the original:
    /// subject alternative name, .1, .2 to .6, .8, .9 to .23, .24.
    ///
    /// Errors: as for [`extensions`](Self::extensions).
    pub fn extensions_with(&self, claims: &Claims) -> Result<Vec<Extension>, IdentityError> {
        if self.issuer.is_empty() {
            return Err(IdentityError::EmptyIssuer);
        }
        let extension = |oid, critical, value| Extension {
            oid,
            critical,
            value,
        };
        // Critical because the certificate's subject is empty (RFC 5280 section 4.2.1.6).
        let names = write::sequence(&[&self.name.to_general_name()?]);
        let mut extensions = vec![
            extension(oid::SUBJECT_ALTERNATIVE_NAME, true, names),
            extension(oid::FULCIO_ISSUER, false, self.issuer.as_bytes().to_vec()),
        ];
        extensions.extend(claims.extensions(2..=6));
        let issuer = write::utf8_string(&self.issuer);
        extensions.push(extension(oid::FULCIO_ISSUER_V2, false, issuer));
        extensions.extend(claims.extensions(9..=23));
        // The original writes no extension for an empty text.
        if let Some(subject) = self.subject.as_deref().filter(|text| !text.is_empty()) {
            let subject = write::utf8_string(subject);
            extensions.push(extension(oid::FULCIO_SUBJECT, false, subject));
        }
        Ok(extensions)
    }
}

/// A Fulcio extension by its last number: 9 is `1.3.6.1.4.1.57264.1.9`.
pub fn extension_identifier(number: u8) -> Option<ObjectIdentifier> {
    ObjectIdentifier::new(&format!("1.3.6.1.4.1.57264.1.{number}")).ok()
}

/// Every subject alternative name that can be told as text, in order: e-mail addresses, URIs, other
/// names of Fulcio's kind, DNS names and addresses. Names of other kinds are passed over.
pub fn names(certificate: &Certificate) -> Result<Vec<SubjectAlternativeName>, IdentityError> {
    let Some(value) = certificate.extension(oid::SUBJECT_ALTERNATIVE_NAME) else {
        return Ok(Vec::new());
    };
    Ok(general_names(value)?.into_iter().flatten().collect())
}

/// The one name of a Fulcio certificate.
fn name(value: &[u8]) -> Result<SubjectAlternativeName, IdentityError> {
    use SubjectAlternativeName::{Email, OtherName, Uri};
    let mut names = general_names(value)?;
    match (names.len(), names.pop().flatten()) {
        (1, Some(name @ (Email(_) | Uri(_) | OtherName(_)))) => Ok(name),
        (0 | 1, _) => Err(IdentityError::NoName),
        (count, _) => Err(IdentityError::SeveralNames { count }),
    }
}

/// Each GeneralName; `None` stands for one of a kind that is not read.
fn general_names(value: &[u8]) -> Result<Vec<Option<SubjectAlternativeName>>, IdentityError> {
    use SubjectAlternativeName::{Dns, Email, Ip, Uri};
    let names = Reader::only(value, read::SEQUENCE, "GeneralNames")?.value;
    let mut names = Reader::new(names);
    let mut found = Vec::new();
    while !names.is_empty() {
        let element = names.any("a GeneralName")?;
        found.push(match element.tag {
            EMAIL => Some(Email(text(element.value)?)),
            DNS => Some(Dns(text(element.value)?)),
            URI => Some(Uri(text(element.value)?)),
            IP => Some(Ip(address(element.value)?.to_string())),
            OTHER_NAME => other_name(element.value)?,
            _ => None,
        });
    }
    Ok(found)
}

/// The tags of GeneralName (RFC 5280 section 4.2.1.6) that are read.
const OTHER_NAME: u8 = read::constructed(0);
const EMAIL: u8 = read::primitive(1);
const DNS: u8 = read::primitive(2);
const URI: u8 = read::primitive(6);
const IP: u8 = read::primitive(7);

fn address(value: &[u8]) -> Result<IpAddr, MalformedDer> {
    let v4 = <[u8; 4]>::try_from(value).map(|octets| Ipv4Addr::from(octets).into());
    let v6 = <[u8; 16]>::try_from(value).map(|octets| Ipv6Addr::from(octets).into());
    v4.or(v6).map_err(|_| MalformedDer {
        expected: "an address of 4 or 16 bytes",
        found: "another length",
    })
}

fn other_name(value: &[u8]) -> Result<Option<SubjectAlternativeName>, IdentityError> {
    let mut fields = Reader::new(value);
    if fields.object_identifier("the other name's kind")? != oid::FULCIO_OTHER_NAME {
        return Ok(None);
    }
    let value = fields
        .element(read::constructed(0), "the other name's value")?
        .value;
    fields.finish("otherName")?;
    Ok(Some(SubjectAlternativeName::OtherName(utf8_string(value)?)))
}

fn utf8_string(der: &[u8]) -> Result<String, IdentityError> {
    text(Reader::only(der, read::UTF8_STRING, "a UTF8String")?.value)
}

fn text(bytes: &[u8]) -> Result<String, IdentityError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| IdentityError::NotText)
}

fn ia5(tag: u8, value: &str) -> Result<Vec<u8>, IdentityError> {
    if !value.is_ascii() {
        return Err(IdentityError::NotText);
    }
    Ok(write::element(tag, &[value.as_bytes()]))
}
