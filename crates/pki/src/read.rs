//! Reading DER (X.690) element by element, keeping the bytes as they came.
//!
//! ```text
//! 30 03 | 02 01 00        tag and length | value        an element: `raw` is all of it
//! ```
//!
//! Structures that a signature covers must never be written again to be checked: a certificate with
//! an explicit `BOOLEAN FALSE` would come out shorter, and its signature would break. So every
//! element keeps its raw bytes. `der` reads tags and lengths and refuses indefinite and padded ones.

use der::asn1::{GeneralizedTime, ObjectIdentifier, UtcTime};
use der::{Decode, Header, Reader as _, SliceReader};
use waxwing_encoding::time::UnixTime;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The context-specific tag `[number]` of a constructed element.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The context-specific tag `[number]` of a primitive element.
pub(crate) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// Bytes that are not the DER structure they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed DER: {found} where {expected} is expected")]
pub struct MalformedDer {
    /// The element that should be there.
    pub expected: &'static str,
    /// What is there instead.
    pub found: &'static str,
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    /// Tag, length and value.
    pub(crate) raw: &'a [u8],
}

/// Reads elements from the front of a byte string.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The only element of `bytes`, which must have this tag.
    pub(crate) fn only(
        bytes: &'a [u8],
        tag: u8,
        expected: &'static str,
    ) -> Result<Element<'a>, MalformedDer> {
        let mut reader = Self::new(bytes);
        let element = reader.element(tag, expected)?;
        reader.finish(expected)?;
        Ok(element)
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self, expected: &'static str) -> Result<Element<'a>, MalformedDer> {
        let malformed = |_| MalformedDer {
            expected,
            found: "no well-formed element",
        };
        // One pass over tag and length: certificates are some hundred elements, and are read for every
        // entry, promise and leaf.
        let (length, value) = SliceReader::new(self.rest)
            .and_then(|mut reader| {
                let header = Header::decode(&mut reader)?;
                let value = reader.read_slice(header.length())?;
                Ok((usize::try_from(reader.position())?, value))
            })
            .map_err(malformed)?;
        let (raw, rest) = self.rest.split_at(length);
        self.rest = rest;
        let tag = raw.first().copied().unwrap_or_default();
        Ok(Element { tag, value, raw })
    }

    /// The next element, which must have this tag.
    pub(crate) fn element(
        &mut self,
        tag: u8,
        expected: &'static str,
    ) -> Result<Element<'a>, MalformedDer> {
        match self.optional(tag, expected)? {
            Some(element) => Ok(element),
            None if self.rest.is_empty() => Err(MalformedDer {
                expected,
                found: "the end",
            }),
            None => Err(MalformedDer {
                expected,
                found: "another tag",
            }),
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        expected: &'static str,
    ) -> Result<Option<Element<'a>>, MalformedDer> {
        if self.starts_with(tag) {
            return self.any(expected).map(Some);
        }
        Ok(None)
    }

    /// The inside of the next element.
    pub(crate) fn enter(&mut self, tag: u8, expected: &'static str) -> Result<Self, MalformedDer> {
        Ok(Self::new(self.element(tag, expected)?.value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether the next element has this tag.
    pub(crate) fn starts_with(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// Refuses elements that nobody read.
    pub(crate) fn finish(self, structure: &'static str) -> Result<(), MalformedDer> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(MalformedDer {
            expected: structure,
            found: "something after its end",
        })
    }

    pub(crate) fn object_identifier(
        &mut self,
        expected: &'static str,
    ) -> Result<ObjectIdentifier, MalformedDer> {
        let element = self.element(OBJECT_IDENTIFIER, expected)?;
        ObjectIdentifier::from_bytes(element.value).map_err(|_| MalformedDer {
            expected,
            found: "a malformed OBJECT IDENTIFIER",
        })
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bits(&mut self, expected: &'static str) -> Result<&'a [u8], MalformedDer> {
        match self.element(BIT_STRING, expected)?.value.split_first() {
            Some((0, bytes)) => Ok(bytes),
            _ => Err(MalformedDer {
                expected,
                found: "a BIT STRING with unused bits",
            }),
        }
    }

    /// A UTCTime or a GeneralizedTime without a fraction.
    pub(crate) fn time(&mut self, expected: &'static str) -> Result<UnixTime, MalformedDer> {
        let element = self.any(expected)?;
        let malformed = MalformedDer {
            expected,
            found: "a malformed time",
        };
        let since_epoch = match element.tag {
            UTC_TIME => UtcTime::from_der(element.raw).map(|time| time.to_unix_duration()),
            GENERALIZED_TIME => {
                GeneralizedTime::from_der(element.raw).map(|time| time.to_unix_duration())
            }
            _ => {
                return Err(MalformedDer {
                    expected,
                    found: "another tag",
                });
            }
        };
        UnixTime::from_duration(since_epoch.map_err(|_| malformed.clone())?).map_err(|_| malformed)
    }

    /// A non-negative INTEGER that fits 64 bits.
    pub(crate) fn number(&mut self, expected: &'static str) -> Result<u64, MalformedDer> {
        let element = self.element(INTEGER, expected)?;
        u64::from_der(element.raw).map_err(|_| MalformedDer {
            expected,
            found: "an INTEGER out of range",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_keeps_its_bytes_and_refusals_say_what_was_expected() {
        let bytes = [0x30, 0x03, 0x02, 0x01, 0x07];
        let element = Reader::only(&bytes, SEQUENCE, "a test").unwrap();
        assert_eq!(element.raw, bytes);
        assert_eq!(Reader::new(element.value).number("a number"), Ok(7));
        for (bytes, found) in [
            (&[0x31, 0x00][..], "another tag"),
            (&[][..], "the end"),
            (&[0x30, 0x80, 0x00, 0x00][..], "no well-formed element"),
            (&[0x30, 0x81, 0x01, 0x00][..], "no well-formed element"),
            (&[0x30, 0x02, 0x05][..], "no well-formed element"),
            (&[0x30, 0x00, 0x00][..], "something after its end"),
        ] {
            let error = Reader::only(bytes, SEQUENCE, "a test").unwrap_err();
            assert_eq!(
                error,
                MalformedDer {
                    expected: "a test",
                    found
                },
                "{bytes:02x?}"
            );
        }
    }
}
