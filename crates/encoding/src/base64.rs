//! Standard base64 (RFC 4648 section 4), and the wider reading of it that ProtoJSON allows.
//!
//! Written: always the standard alphabet with padding, `"AQI="`.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

/// Why a text is not base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base64Error {
    /// A character, a length or trailing bits that the alphabet does not allow.
    #[error(
        "not base64: {reason} at character {position}; expected the standard alphabet with padding"
    )]
    Malformed {
        /// What is wrong, in words.
        reason: &'static str,
        /// Where, counted in characters from 0.
        position: usize,
    },
}

impl From<data_encoding::DecodeError> for Base64Error {
    fn from(error: data_encoding::DecodeError) -> Self {
        Self::Malformed {
            reason: match error.kind {
                data_encoding::DecodeKind::Length => "wrong length",
                data_encoding::DecodeKind::Symbol => "a character outside the alphabet",
                data_encoding::DecodeKind::Trailing => "non-zero bits after the last byte",
                data_encoding::DecodeKind::Padding => "wrong padding",
            },
            position: error.position,
        }
    }
}

/// Writes `bytes` in the standard alphabet with padding.
pub fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Writes `bytes` in the URL-safe alphabet without padding, the form of JOSE (RFC 7515).
pub fn encode_url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Reads the standard alphabet with padding, and nothing else: one text for each byte string.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let bytes = BASE64.decode(text.as_bytes())?;
    // The library also reads several padded texts one after the other: `AQ==Ag==`.
    match text.trim_end_matches('=').find('=') {
        None => Ok(bytes),
        Some(position) => Err(Base64Error::Malformed {
            reason: "wrong padding",
            position,
        }),
    }
}

/// Reads what ProtoJSON allows for a `bytes` field: either alphabet, padding present or not.
///
/// Go's `protojson` writes the standard form but reads all four, and so must whoever reads the
/// files that people edited or made with other libraries.
pub fn decode_proto_json(text: &str) -> Result<Vec<u8>, Base64Error> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if padding != 0 && (padding > 2 || !text.len().is_multiple_of(4)) {
        return Err(Base64Error::Malformed {
            reason: "wrong padding",
            position: unpadded.len(),
        });
    }
    let alphabet = if unpadded.bytes().any(|byte| byte == b'-' || byte == b'_') {
        BASE64URL_NOPAD
    } else {
        BASE64_NOPAD
    };
    Ok(alphabet.decode(unpadded.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_form_has_one_spelling() {
        assert_eq!(encode(&[1, 2]), "AQI=");
        assert_eq!(decode("AQI="), Ok(vec![1, 2]));
        for (text, reason) in [
            ("AQI", "wrong length"),
            ("AQJ=", "non-zero bits after the last byte"),
            ("A-I=", "a character outside the alphabet"),
            ("AQI=\n", "wrong length"),
            ("AQ==Ag==", "wrong padding"),
            ("AQI=AQI=", "wrong padding"),
        ] {
            let Err(Base64Error::Malformed { reason: found, .. }) = decode(text) else {
                panic!("{text} was read");
            };
            assert_eq!(found, reason, "{text}");
        }
    }

    #[test]
    fn proto_json_reads_both_alphabets_with_or_without_padding() {
        for text in ["-_8=", "+/8=", "-_8", "+/8"] {
            assert_eq!(decode_proto_json(text), Ok(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["+/8==", "+_8=", "+/8= ", "===="] {
            assert!(decode_proto_json(text).is_err(), "{text}");
        }
    }
}
