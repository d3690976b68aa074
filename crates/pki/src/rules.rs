//! What one certificate says about its own use: read once, with the certificate.
//!
//! | Extension | Read as |
//! |---|---|
//! | basicConstraints | whether it is an authority, and its path length |
//! | keyUsage | the bits of its first byte |
//! | extKeyUsage | the purposes, and whether there are no others |
//! | nameConstraints | [`NameConstraints`] |
//! | any other | refused when critical, unless [`is_known`] |

use der::asn1::ObjectIdentifier;

use crate::extension::Extension;
use crate::name_constraints::NameConstraints;
use crate::oid;
use crate::read::{self, MalformedDer, Reader};

/// The bits of RFC 5280 section 4.2.1.3 that are asked for here.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_CERT_SIGN: u8 = 0x04;

/// What a path needs to know about one certificate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) authority: bool,
    pub(crate) path_length: Option<u64>,
    /// The first byte of the bits; `None` without the extension.
    pub(crate) key_usage: Option<u8>,
    /// `None` without the extension.
    pub(crate) purposes: Option<Vec<ObjectIdentifier>>,
    pub(crate) purposes_are_critical: bool,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) unknown_critical: Option<ObjectIdentifier>,
}

impl Rules {
    pub(crate) fn read(extensions: &[Extension]) -> Result<Self, MalformedDer> {
        let mut rules = Self::default();
        for extension in extensions {
            let value = extension.value.as_slice();
            match extension.oid {
                oid::BASIC_CONSTRAINTS => {
                    (rules.authority, rules.path_length) = basic_constraints(value)?;
                }
                oid::KEY_USAGE => rules.key_usage = Some(key_usage(value)?),
                oid::EXTENDED_KEY_USAGE => {
                    rules.purposes = Some(purposes(value)?);
                    rules.purposes_are_critical = extension.critical;
                }
                oid::NAME_CONSTRAINTS => {
                    rules.name_constraints = Some(NameConstraints::read(value)?);
                }
                other if extension.critical && !is_known(other) => {
                    rules.unknown_critical.get_or_insert(other);
                }
                _ => {}
            }
        }
        Ok(rules)
    }

    pub(crate) fn is_for(&self, purpose: ObjectIdentifier) -> bool {
        let purposes = self.purposes.as_deref().unwrap_or_default();
        purposes.contains(&purpose)
    }
}

/// Extensions that may be critical although [`Rules`] keeps nothing of them.
///
/// The subject alternative name is read by whoever asks for the name, and by name constraints; Go
/// would refuse a critical one that holds only an other name, and its Sigstore library makes the
/// same exception as this. Certificate policies mean nothing by themselves: without a policy that
/// the verifier asks for, the outcome of RFC 5280 section 6.1 depends on them only through
/// policyConstraints, inhibitAnyPolicy and policyMappings. Go computes those three; here they are
/// refused when critical, as no authority of Sigstore has them and refusing is the safe side.
fn is_known(extension: ObjectIdentifier) -> bool {
    [oid::SUBJECT_ALTERNATIVE_NAME, oid::CERTIFICATE_POLICIES].contains(&extension)
}

/// `SEQUENCE { BOOLEAN DEFAULT FALSE, INTEGER OPTIONAL }`. A FALSE that is written out is against
/// DER and yet common, so it is read; a path length without TRUE is common too and means nothing.
fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u64>), MalformedDer> {
    let structure = "BasicConstraints";
    let mut fields = Reader::new(Reader::only(value, read::SEQUENCE, structure)?.value);
    let authority = match fields.optional(read::BOOLEAN, "cA")?.map(|flag| flag.value) {
        None | Some([0]) => false,
        Some([0xff]) => true,
        Some(_) => {
            return Err(MalformedDer {
                expected: "cA",
                found: "a BOOLEAN that is neither TRUE nor FALSE",
            });
        }
    };
    let mut path_length = None;
    if fields.starts_with(read::INTEGER) {
        path_length = Some(fields.number("pathLenConstraint")?);
    }
    fields.finish(structure)?;
    Ok((authority, path_length))
}

fn key_usage(value: &[u8]) -> Result<u8, MalformedDer> {
    let malformed = MalformedDer {
        expected: "KeyUsage",
        found: "a malformed BIT STRING",
    };
    match Reader::only(value, read::BIT_STRING, "KeyUsage")?.value {
        [unused @ 0..=7, bits @ .., last] if last.trailing_zeros() >= u32::from(*unused) => {
            Ok(*bits.first().unwrap_or(last))
        }
        [0] => Ok(0),
        _ => Err(malformed),
    }
}

fn purposes(value: &[u8]) -> Result<Vec<ObjectIdentifier>, MalformedDer> {
    let mut list = Reader::new(Reader::only(value, read::SEQUENCE, "ExtKeyUsageSyntax")?.value);
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(list.object_identifier("a key purpose")?);
    }
    Ok(purposes)
}
