//! One extension of a certificate (RFC 5280 section 4.2).

use der::asn1::ObjectIdentifier;

/// One extension, its value undecoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Which extension.
    pub oid: ObjectIdentifier,
    /// Whether a reader that does not know it must refuse the certificate.
    pub critical: bool,
    /// The content of its OCTET STRING.
    pub value: Vec<u8>,
}
