//! Lower-case hexadecimal, the form of entry identifiers and digests.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// The text is not hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not hexadecimal: an odd length or a character outside 0-9 and a-f")]
pub struct HexError;

/// Writes `bytes` in lower case.
pub fn encode(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Reads lower or upper case.
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| HexError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases_are_read_and_lower_is_written() {
        assert_eq!(encode(&[0xab, 0x01]), "ab01");
        assert_eq!(decode("AB01"), Ok(vec![0xab, 0x01]));
        for text in ["ab0", "zz", "0x01", "a b0"] {
            assert_eq!(decode(text), Err(HexError), "{text}");
        }
    }
}
