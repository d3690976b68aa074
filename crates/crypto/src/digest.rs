//! Digests: SHA-256, SHA-384 and SHA-512 (FIPS 180-4).

use aws_lc_rs::digest as provider;

/// A hash function that a signature or a log entry may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The length of a digest in bytes.
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(crate) fn provider(self) -> &'static provider::Algorithm {
        match self {
            Self::Sha256 => &provider::SHA256,
            Self::Sha384 => &provider::SHA384,
            Self::Sha512 => &provider::SHA512,
        }
    }

    /// The digest of `message`.
    pub fn digest(self, message: &[u8]) -> Digest {
        Digest::of(self, &provider::digest(self.provider(), message))
    }
}

/// A digest and the function that made it. Comparing takes time that depends on the content, which
/// is right: digests here are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    algorithm: HashAlgorithm,
    bytes: [u8; 64],
}

impl Digest {
    /// A digest computed elsewhere; `None` unless `bytes` has the function's length.
    pub fn new(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != algorithm.length() {
            return None;
        }
        let mut digest = Self {
            algorithm,
            bytes: [0; 64],
        };
        for (slot, byte) in digest.bytes.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        Some(digest)
    }

    fn of(algorithm: HashAlgorithm, found: &provider::Digest) -> Self {
        let mut bytes = [0; 64];
        for (slot, byte) in bytes.iter_mut().zip(found.as_ref()) {
            *slot = *byte;
        }
        Self { algorithm, bytes }
    }

    /// The function.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The bytes, as many as the function gives.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.algorithm.length()).0
    }
}

/// Hashes a message that arrives in parts.
#[derive(Clone)]
pub struct Hasher {
    algorithm: HashAlgorithm,
    context: provider::Context,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Hasher({:?})", self.algorithm)
    }
}

impl Hasher {
    /// Starts with the empty message.
    pub fn new(algorithm: HashAlgorithm) -> Self {
        let context = provider::Context::new(algorithm.provider());
        Self { algorithm, context }
    }

    /// Appends to the message.
    pub fn update(&mut self, part: &[u8]) {
        self.context.update(part);
    }

    /// The digest of all that was appended.
    pub fn finish(self) -> Digest {
        Digest::of(self.algorithm, &self.context.finish())
    }
}

/// SHA-256 of `message`.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(provider::digest(&provider::SHA256, message).as_ref());
    bytes
}

/// SHA-256 of the concatenation of `parts`, without making it: the shape of Merkle tree hashes.
///
/// Up to some length the parts are copied behind one another after all: a hash in one call takes no
/// memory from the heap, where one in parts does three times, which is as much as hashing a node.
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    match parts.iter().map(|part| part.len()).sum() {
        0..=128 => sha256_gathered::<128>(parts),
        129..=1280 => sha256_gathered::<1280>(parts),
        _ => sha256_streamed(parts),
    }
}

/// The parts have at most `N` bytes together.
fn sha256_gathered<const N: usize>(parts: &[&[u8]]) -> [u8; 32] {
    let mut buffer = [0; N];
    let mut free = buffer.as_mut_slice();
    for part in parts {
        let Some((place, rest)) = free.split_at_mut_checked(part.len()) else {
            return sha256_streamed(parts);
        };
        place.copy_from_slice(part);
        free = rest;
    }
    let left = free.len();
    let (message, _) = buffer.split_at(N - left);
    sha256(message)
}

fn sha256_streamed(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = provider::Context::new(&provider::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// SHA-1 of `message`, for the subject key identifier of RFC 5280 section 4.2.1.2 and nothing else:
/// that value is a name, not a promise.
pub fn sha1(message: &[u8]) -> [u8; 20] {
    let digest = provider::digest(&provider::SHA1_FOR_LEGACY_USE_ONLY, message);
    let mut bytes = [0; 20];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_encoding::hex;

    /// FIPS 180-4 examples for the message "abc".
    #[test]
    fn the_examples_of_fips_180_4() {
        for (algorithm, start) in [
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea"),
            (HashAlgorithm::Sha384, "cb00753f45a35e8b"),
            (HashAlgorithm::Sha512, "ddaf35a193617aba"),
        ] {
            let digest = algorithm.digest(b"abc");
            assert!(hex::encode(digest.as_bytes()).starts_with(start));
            assert_eq!(digest.as_bytes().len(), algorithm.length());
            assert_eq!(Digest::new(algorithm, digest.as_bytes()), Some(digest));
            assert_eq!(Digest::new(algorithm, &[0; 31]), None);
        }
        assert_eq!(
            sha256(b"abc").as_slice(),
            HashAlgorithm::Sha256.digest(b"abc").as_bytes()
        );
        assert!(hex::encode(&sha1(b"abc")).starts_with("a9993e364706816a"));
    }

    #[test]
    fn parts_of_every_length_give_the_hash_of_the_whole() {
        let message: Vec<u8> = (0..4000_u32).map(|number| number as u8).collect();
        for length in (0..200).chain(1250..1300).chain([4000]) {
            for cut in [0, 1, 33, length / 2, length] {
                let (left, right) = message[..length].split_at(cut.min(length));
                assert_eq!(
                    sha256_of_parts(&[left, right]),
                    sha256(&message[..length]),
                    "{length} bytes"
                );
            }
        }
    }
}
