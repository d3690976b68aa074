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

/// The first element: its tag, its content, and what follows it.
pub(crate) fn split(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let (start, length) = match der[1] {
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        short => (2, usize::from(short)),
    };
    (der[0], &der[start..start + length], &der[start + length..])
}

/// The elements inside of the first one, tags and lengths included.
pub(crate) fn children(der: &[u8]) -> Vec<&[u8]> {
    let (_, mut rest, _) = split(der);
    let mut children = Vec::new();
    while !rest.is_empty() {
        let after = split(rest).2;
        let (child, _) = rest.split_at(rest.len() - after.len());
        children.push(child);
        rest = after;
    }
    children
}
