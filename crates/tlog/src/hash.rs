//! A node of a Merkle tree: 32 bytes of SHA-256, written in base64 as checkpoints and proofs do:
//! `47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`, or in hexadecimal with `{:x}`.

use std::fmt;

use waxwing_encoding::base64::{self, Base64Error};
use waxwing_encoding::hex;

/// The hash of a leaf, a node or a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// The hash with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash with these bytes; `None` unless there are 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads standard base64 with padding; `None` unless it holds 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_slice(&decode_base64(text).ok()?)
    }

    /// Reads hexadecimal; `None` unless it holds 32 bytes.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_slice(&hex::decode(text).ok()?)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64::encode(&self.0))
    }
}

impl fmt::LowerHex for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self:x})")
    }
}

/// Reads base64 in its one spelling. The decoder below also takes several padded texts one after the
/// other, `AQ==Ag==`; such a text is longer than what its bytes are written as.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let bytes = base64::decode(text)?;
    let written = bytes.len().div_ceil(3) * 4;
    if written != text.len() {
        return Err(Base64Error::Malformed {
            reason: "padding inside the text",
            position: text.find('=').unwrap_or(written),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_written_forms_are_read_again_and_other_lengths_refused() {
        let hash = Hash::new([0xa5; 32]);
        assert_eq!(Hash::from_base64(&hash.to_string()), Some(hash));
        assert_eq!(Hash::from_hex(&format!("{hash:x}")), Some(hash));
        assert_eq!(Hash::from_slice(&[0; 31]), None);
        assert_eq!(Hash::from_base64("AQI="), None);
        assert_eq!(Hash::from_hex("a5"), None);
        assert!(decode_base64("AQ==Ag==").is_err());
    }
}
