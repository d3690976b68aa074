//! TSTInfo, what an authority attests (RFC 3161 section 2.4.2).
//!
//! ```text
//! SEQUENCE { 1, policy, imprint, serial number, time, accuracy?, ordering?, nonce?, [0] tsa?, [1] extensions? }
//! ```

use der::asn1::ObjectIdentifier;
use waxwing_crypto::Digest;
use waxwing_encoding::time::UnixTime;

use crate::read::{self, MalformedDer, Reader};
use crate::timestamp::TimestampError;
use crate::timestamp::request::message_imprint;

/// What an authority attests, or claims to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampInfo {
    policy: ObjectIdentifier,
    imprint: Digest,
    serial_number: Vec<u8>,
    time: UnixTime,
    accuracy: Option<Accuracy>,
    ordering: bool,
    nonce: Option<Vec<u8>>,
    extensions: bool,
}

/// By how much the time may be off, to either side. What is absent is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accuracy {
    /// Seconds.
    pub seconds: u64,
    /// Milliseconds, at most 999.
    pub milliseconds: u16,
    /// Microseconds, at most 999.
    pub microseconds: u16,
}

impl TimestampInfo {
    pub(super) fn from_der(info: &[u8]) -> Result<Self, TimestampError> {
        let mut fields = Reader::new(Reader::only(info, read::SEQUENCE, "TSTInfo")?.value);
        fields.number("the version")?;
        let policy = fields.object_identifier("the policy")?;
        let imprint = message_imprint(&mut fields)?;
        let serial_number = fields.element(read::INTEGER, "the serial number")?.value;
        let time = fields.time("genTime")?;
        let accuracy = fields.optional(read::SEQUENCE, "accuracy")?;
        let accuracy = accuracy.map(|accuracy| Accuracy::read(accuracy.value));
        let ordering = fields.optional(read::BOOLEAN, "ordering")?;
        let nonce = fields.optional(read::INTEGER, "the nonce")?;
        fields.optional(read::constructed(0), "tsa")?;
        let extensions = fields.optional(read::constructed(1), "extensions")?;
        fields.finish("TSTInfo")?;
        Ok(Self {
            policy,
            imprint,
            serial_number: serial_number.to_vec(),
            time,
            accuracy: accuracy.transpose()?,
            ordering: ordering.is_some_and(|flag| flag.value != [0]),
            nonce: nonce.map(|nonce| nonce.value.to_vec()),
            extensions: extensions.is_some(),
        })
    }

    /// Under which policy the timestamp was made.
    pub fn policy(&self) -> ObjectIdentifier {
        self.policy
    }

    /// The digest that was stamped.
    pub fn imprint(&self) -> &Digest {
        &self.imprint
    }

    /// The timestamp's number: the content of its INTEGER.
    pub fn serial_number(&self) -> &[u8] {
        &self.serial_number
    }

    /// The time.
    pub fn time(&self) -> UnixTime {
        self.time
    }

    /// How accurate the time is, if the authority says so.
    pub fn accuracy(&self) -> Option<Accuracy> {
        self.accuracy
    }

    /// Whether any two timestamps of the authority can be ordered by their times alone.
    pub fn ordering(&self) -> bool {
        self.ordering
    }

    /// The nonce of the request: the content of its INTEGER.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Whether there are extensions.
    pub fn has_extensions(&self) -> bool {
        self.extensions
    }
}

impl Accuracy {
    fn read(fields: &[u8]) -> Result<Self, MalformedDer> {
        let mut fields = Reader::new(fields);
        let mut accuracy = Self::default();
        if fields.starts_with(read::INTEGER) {
            accuracy.seconds = fields.number("seconds")?;
        }
        accuracy.milliseconds = Self::thousandths(&mut fields, 0)?;
        accuracy.microseconds = Self::thousandths(&mut fields, 1)?;
        fields.finish("Accuracy")?;
        Ok(accuracy)
    }

    /// `[number] INTEGER (1..999)`, tagged implicitly; 0 if it is absent. Some write the zero out.
    fn thousandths(fields: &mut Reader<'_>, number: u8) -> Result<u16, MalformedDer> {
        let field = fields.optional(read::primitive(number), "a part of a second")?;
        match field.map(|field| field.value) {
            None => Ok(0),
            Some([low]) if *low < 0x80 => Ok((*low).into()),
            Some([high, low]) if matches!(u16::from_be_bytes([*high, *low]), 0x80..=999) => {
                Ok(u16::from_be_bytes([*high, *low]))
            }
            Some(_) => Err(MalformedDer {
                expected: "a part of a second",
                found: "a number outside 0 to 999",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_is_read_in_seconds_and_their_parts() {
        let accuracy = |seconds, milliseconds, microseconds| Accuracy {
            seconds,
            milliseconds,
            microseconds,
        };
        for (der, expected) in [
            (&[][..], accuracy(0, 0, 0)),
            (&[2, 1, 1], accuracy(1, 0, 0)),
            (&[2, 1, 1, 0x80, 1, 5], accuracy(1, 5, 0)),
            (
                &[0x80, 2, 0x03, 0xe7, 0x81, 2, 0, 0x80],
                accuracy(0, 999, 128),
            ),
            (&[0x81, 1, 7], accuracy(0, 0, 7)),
            (&[2, 1, 1, 0x80, 1, 0], accuracy(1, 0, 0)),
        ] {
            assert_eq!(Accuracy::read(der), Ok(expected), "{der:02x?}");
        }
        for der in [
            &[0x80, 2, 0x03, 0xe8][..],
            &[0x80, 2, 0, 0x7f],
            &[0x80, 1, 0xff],
            &[0x81, 1, 7, 0x80, 1, 5],
            &[2, 1, 0xff],
        ] {
            assert!(Accuracy::read(der).is_err(), "{der:02x?}");
        }
    }
}
