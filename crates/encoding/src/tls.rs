//! The TLS presentation language (RFC 8446 section 3), as far as RFC 6962 uses it: big-endian
//! numbers and vectors with a length in front.
//!
//! ```text
//! 00 08 | 00 00 05 00 00 00 00 70      a vector with a two-byte length
//! ```

/// The bytes end too early, or go on after the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Fewer bytes than a number or a vector's length asks for.
    #[error("{wanted} bytes wanted, {left} left")]
    Truncated {
        /// Bytes asked for.
        wanted: usize,
        /// Bytes that remain.
        left: usize,
    },
    /// Bytes after the last field.
    #[error("{left} bytes after the end")]
    Trailing {
        /// How many.
        left: usize,
    },
    /// The bytes do not fit the length in front of them.
    #[error("{length} bytes are too long for their length field")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
}

/// Reads fields from the front of a byte string.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], TlsError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(TlsError::Truncated {
                wanted: length,
                left: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// The next `N` bytes, as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], TlsError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// A number of `width` bytes, at most 8.
    pub fn number(&mut self, width: usize) -> Result<u64, TlsError> {
        let bytes = self.bytes(width)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// A vector whose length is a number of `width` bytes.
    pub fn vector(&mut self, width: usize) -> Result<&'a [u8], TlsError> {
        let length = self.number(width)?;
        self.bytes(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses bytes that nobody read.
    pub fn finish(self) -> Result<(), TlsError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(TlsError::Trailing {
            left: self.rest.len(),
        })
    }
}

/// Appends the low `width` bytes of `number`.
pub fn put_number(out: &mut Vec<u8>, width: usize, number: u64) {
    let bytes = number.to_be_bytes();
    out.extend_from_slice(bytes.split_at(8 - width.min(8)).1);
}

/// Appends `bytes` behind their length as a number of `width` bytes.
pub fn put_vector(out: &mut Vec<u8>, width: usize, bytes: &[u8]) -> Result<(), TlsError> {
    if width < 8 && bytes.len() as u64 >> (8 * width) != 0 {
        return Err(TlsError::TooLong {
            length: bytes.len(),
        });
    }
    put_number(out, width, bytes.len() as u64);
    out.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_again() {
        let mut out = Vec::new();
        put_number(&mut out, 5, 0x70);
        put_vector(&mut out, 3, b"abc").unwrap();
        assert_eq!(out, [0, 0, 0, 0, 0x70, 0, 0, 3, b'a', b'b', b'c']);
        let mut reader = Reader::new(&out);
        assert_eq!(reader.number(5), Ok(0x70));
        assert_eq!(reader.vector(3), Ok(b"abc".as_slice()));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn short_and_long_inputs_are_refused() {
        let mut reader = Reader::new(&[0, 3, 1]);
        assert_eq!(
            reader.vector(2),
            Err(TlsError::Truncated { wanted: 3, left: 1 })
        );
        assert_eq!(
            Reader::new(&[0]).finish(),
            Err(TlsError::Trailing { left: 1 })
        );
        assert_eq!(
            put_vector(&mut Vec::new(), 1, &[0; 256]),
            Err(TlsError::TooLong { length: 256 })
        );
    }
}
