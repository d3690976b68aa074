//! HMAC with SHA-256 (RFC 2104), by which services of Amazon's know who asks them.

use aws_lc_rs::hmac as provider;

/// HMAC-SHA-256 of `message` under `key`.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = provider::Key::new(provider::HMAC_SHA256, key);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(provider::sign(&key, message).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_encoding::hex;

    /// RFC 4231 sections 4.2 to 4.8, without the one whose output is cut off.
    #[test]
    fn the_vectors_of_rfc_4231() {
        let counted: Vec<u8> = (1..=25).collect();
        let vectors: [(&[u8], &[u8], &str); 6] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &counted,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The \
                  key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, message, expected) in vectors {
            assert_eq!(hex::encode(&hmac_sha256(key, message)), expected);
        }
    }
}
