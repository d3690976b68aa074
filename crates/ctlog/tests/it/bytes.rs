//! DER and TLS vectors, written and read apart from the code that is tested.

/// Tag, length, and the parts one after the other.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        length @ 0..0x80 => out.push(length as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

/// The elements inside of the first one, tags and lengths included.
pub(crate) fn children(der: &[u8]) -> Vec<&[u8]> {
    let header = |der: &[u8]| match der[1] {
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        short => (2, usize::from(short)),
    };
    let (start, length) = header(der);
    let mut rest = &der[start..start + length];
    let mut children = Vec::new();
    while !rest.is_empty() {
        let (start, length) = header(rest);
        let (child, after) = rest.split_at(start + length);
        children.push(child);
        rest = after;
    }
    children
}

/// A vector behind its length in `width` bytes.
pub(crate) fn vector(width: usize, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_be_bytes();
    [&length[8 - width..], bytes].concat()
}

/// Reads numbers and vectors from the front.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    pub(crate) fn number(&mut self, width: usize) -> u64 {
        let bytes = self.take(width).iter();
        bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    pub(crate) fn vector(&mut self, width: usize) -> &'a [u8] {
        let length = self.number(width);
        self.take(length as usize)
    }
}
