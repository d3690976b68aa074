//! MD5 (RFC 1321), for one thing alone: the keys of OpenSSL's older encryption follow from it, and the
//! provider does not have it. Nothing is verified, named or compared by it, and nothing here writes by it.

use zeroize::Zeroizing;

/// How far each step of a round turns, four to a round.
const TURNS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// The sines of 1 to 64, as section 3.4 wants them: `floor(2^32 * abs(sin(i)))`.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// The digest of `parts`, one after the other.
pub(crate) fn md5(parts: &[&[u8]]) -> Zeroizing<[u8; 16]> {
    let mut message = Zeroizing::new(parts.concat());
    let bits = (message.len() as u64).wrapping_mul(8);
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&bits.to_le_bytes());
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.chunks_exact(64) {
        let mixed = mix(state, block);
        for (word, mixed) in state.iter_mut().zip(mixed) {
            *word = word.wrapping_add(mixed);
        }
    }
    let mut digest = Zeroizing::new([0; 16]);
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

fn mix([mut a, mut b, mut c, mut d]: [u32; 4], block: &[u8]) -> [u32; 4] {
    let mut words = Zeroizing::new([0; 16]);
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        let mut four = [0; 4];
        four.copy_from_slice(bytes);
        *word = u32::from_le_bytes(four);
    }
    for (step, sine) in SINES.iter().enumerate() {
        let round = step / 16;
        let (mixed, place) = match round {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        // Both places are below the lengths of their tables.
        let word = words.get(place % 16).copied().unwrap_or_default();
        let turns = TURNS.get(round).and_then(|turns| turns.get(step % 4));
        let turns = turns.copied().unwrap_or_default();
        let sum = a.wrapping_add(mixed).wrapping_add(*sine).wrapping_add(word);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(turns));
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use waxwing_encoding::hex;

    use super::*;

    /// RFC 1321 appendix A.5, and the lengths around a block's end, by `md5sum`.
    #[test]
    fn it_is_the_digest_of_the_rfc() {
        for (text, expected) in [
            (String::new(), "d41d8cd98f00b204e9800998ecf8427e"),
            ("a".to_owned(), "0cc175b9c0f1b6a831c399e269772661"),
            ("abc".to_owned(), "900150983cd24fb0d6963f7d28e17f72"),
            (
                "message digest".to_owned(),
                "f96b697d7cb7938d525a2f31aaf161d0",
            ),
            (
                "abcdefghijklmnopqrstuvwxyz".to_owned(),
                "c3fcd3d76192e4007dfb496cca67e13b",
            ),
            ("1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"),
            ("x".repeat(55), "04364420e25c512fd958a70738aa8f72"),
            ("x".repeat(56), "668a72d5ba17f08e62dabcafad6db14b"),
            ("x".repeat(64), "c1bb4f81d892b2d57947682aeb252456"),
        ] {
            let (first, second) = text.as_bytes().split_at(text.len() / 3);
            assert_eq!(hex::encode(&*md5(&[first, second])), expected, "{text}");
        }
    }
}
