//! As much DER as the tests need, written apart from the code that they test.

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

/// The content of the first element.
pub(crate) fn content(der: &[u8]) -> &[u8] {
    let (start, length) = header(der);
    &der[start..start + length]
}

/// The elements inside of the first one, tags and lengths included.
pub(crate) fn children(der: &[u8]) -> Vec<&[u8]> {
    let mut rest = content(der);
    let mut children = Vec::new();
    while !rest.is_empty() {
        let (start, length) = header(rest);
        let (child, after) = rest.split_at(start + length);
        children.push(child);
        rest = after;
    }
    children
}

fn header(der: &[u8]) -> (usize, usize) {
    match der[1] {
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        short => (2, usize::from(short)),
    }
}
