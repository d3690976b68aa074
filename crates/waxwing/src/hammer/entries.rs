//! The entries of a run: distinct, made from a seed, and cheap.
//!
//! ```text
//! 8 bytes seed | 8 bytes number | noise up to the size
//! ```
//!
//! The noise keeps file systems and networks from compressing the load away. Making 1 KiB takes about
//! a tenth of the time of hashing it.

use bytes::{Bytes, BytesMut};

/// The smallest entry: seed and number, without noise.
pub(super) const SMALLEST_ENTRY: usize = 16;

/// Makes the entries of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entries {
    seed: u64,
    size: usize,
}

impl Entries {
    /// Entries of `size` bytes, at least [`SMALLEST_ENTRY`].
    pub(super) fn new(seed: u64, size: usize) -> Self {
        let size = size.max(SMALLEST_ENTRY);
        Self { seed, size }
    }

    /// The entry with that number, the same each time.
    pub(super) fn bytes(&self, number: u64) -> Bytes {
        let mut entry = BytesMut::with_capacity(self.size + 8);
        entry.extend_from_slice(&self.seed.to_be_bytes());
        entry.extend_from_slice(&number.to_be_bytes());
        let mut noise = Dice::new(self.seed ^ number.rotate_left(32));
        while entry.len() < self.size {
            entry.extend_from_slice(&noise.next().to_le_bytes());
        }
        entry.truncate(self.size);
        entry.freeze()
    }
}

/// SplitMix64: not for secrets, and fast.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and not including, 1.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number below `end`, which is not 0. The bias is far below what a load shows.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_distinct_repeatable_and_of_their_size() {
        for size in [16, 17, 23, 24, 1024] {
            let entries = Entries::new(7, size);
            let mut seen = std::collections::HashSet::new();
            for number in 0..1000 {
                let entry = entries.bytes(number);
                assert_eq!(entry.len(), size);
                assert_eq!(entry, Entries::new(7, size).bytes(number));
                assert!(seen.insert(entry));
            }
            assert!(!seen.contains(&Entries::new(8, size).bytes(0)));
        }
    }

    #[test]
    fn dice_fall_everywhere() {
        let mut dice = Dice::new(1);
        let mut thrown = [0; 6];
        for _ in 0..6000 {
            thrown[dice.below(6) as usize] += 1;
            assert!((0.0..1.0).contains(&dice.fraction()));
        }
        assert!(
            thrown.iter().all(|count| (800..1200).contains(count)),
            "{thrown:?}"
        );
    }
}
