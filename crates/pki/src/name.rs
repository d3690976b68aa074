//! Distinguished names (RFC 5280 section 4.1.2.4): two attributes are written and read, the
//! organization and the common name. Comparing names compares their bytes.
//!
//! ```text
//! SEQUENCE { SET { SEQUENCE { 2.5.4.10, UTF8String "sigstore.dev" } }, … }
//! ```

use der::asn1::ObjectIdentifier;

use crate::read::{MalformedDer, Reader, SEQUENCE, SET};
use crate::{oid, write};

/// The two attributes that Sigstore's authorities carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistinguishedName {
    /// The organization, O.
    pub organization: String,
    /// The common name, CN. sigstore-python refuses a trusted root whose authority has none.
    pub common_name: String,
}

impl DistinguishedName {
    /// DER, the organization first.
    pub fn to_der(&self) -> Vec<u8> {
        let attribute = |kind: ObjectIdentifier, value: &str| {
            let attribute = [write::object_identifier(kind), write::utf8_string(value)];
            write::set_of(vec![write::sequence(&[&attribute[0], &attribute[1]])])
        };
        write::sequence(&[
            &attribute(oid::ORGANIZATION, &self.organization),
            &attribute(oid::COMMON_NAME, &self.common_name),
        ])
    }

    /// Reads the two attributes out of DER; absent ones are empty, others are passed over.
    pub fn from_der(der: &[u8]) -> Result<Self, MalformedDer> {
        let mut name = Self::default();
        let mut parts = Reader::new(Reader::only(der, SEQUENCE, "Name")?.value);
        while !parts.is_empty() {
            let mut attributes = parts.enter(SET, "RelativeDistinguishedName")?;
            while !attributes.is_empty() {
                let mut attribute = attributes.enter(SEQUENCE, "AttributeTypeAndValue")?;
                let kind = attribute.object_identifier("the attribute's type")?;
                let value = attribute.any("the attribute's value")?.value;
                let text = || String::from_utf8_lossy(value).into_owned();
                match kind {
                    oid::ORGANIZATION => name.organization = text(),
                    oid::COMMON_NAME => name.common_name = text(),
                    _ => {}
                }
            }
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_name_is_read_again() {
        let name = DistinguishedName {
            organization: "example.com".into(),
            common_name: "root ü".into(),
        };
        assert_eq!(DistinguishedName::from_der(&name.to_der()), Ok(name));
        assert_eq!(
            DistinguishedName::from_der(&[0x30, 0]),
            Ok(DistinguishedName::default())
        );
        assert!(DistinguishedName::from_der(&[0x30, 1, 0]).is_err());
    }
}
