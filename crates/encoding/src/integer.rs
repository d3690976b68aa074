//! Numbers of any length: the content of an INTEGER (X.690 section 8.3) and its decimal digits.
//!
//! ```text
//! 00 ff    255        80    -128
//! ```

/// The most digits, and the most bytes, that are read: both ways take time in the square of them.
const MOST_DIGITS: usize = 1000;
const MOST_BYTES: usize = 512;

/// Why a number is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntegerError {
    /// Not digits, with a sign before them or not.
    #[error("{found:?} is no decimal number")]
    NotDecimal {
        /// What is there.
        found: String,
    },
    /// More digits than are read.
    #[error("a number of {digits} digits; at most {MOST_DIGITS} are read")]
    TooManyDigits {
        /// How many there are.
        digits: usize,
    },
    /// More bytes than are read.
    #[error("a number of {bytes} bytes; at most {MOST_BYTES} are read")]
    TooManyBytes {
        /// How many there are.
        bytes: usize,
    },
}

/// The decimal digits of an INTEGER's content, with a sign if it is negative.
pub fn to_decimal(content: &[u8]) -> Result<String, IntegerError> {
    if content.len() > MOST_BYTES {
        let bytes = content.len();
        return Err(IntegerError::TooManyBytes { bytes });
    }
    let negative = content.first().is_some_and(|first| *first >= 0x80);
    let mut magnitude = match negative {
        true => negated(content),
        false => content.to_vec(),
    };
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut remainder = 0_u16;
        for byte in &mut magnitude {
            let value = remainder << 8 | u16::from(*byte);
            // Both fit: the remainder is below 10.
            *byte = (value / 10) as u8;
            remainder = value % 10;
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    if digits.is_empty() {
        digits.push('0');
    }
    if negative {
        digits.push('-');
    }
    Ok(digits.iter().rev().collect())
}

/// The shortest content of the INTEGER that the digits say.
pub fn from_decimal(text: &str) -> Result<Vec<u8>, IntegerError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits {
        let found = text.to_owned();
        return Err(IntegerError::NotDecimal { found });
    }
    if digits.len() > MOST_DIGITS {
        let digits = digits.len();
        return Err(IntegerError::TooManyDigits { digits });
    }
    let mut content = vec![0_u8];
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in content.iter_mut().rev() {
            let value = u16::from(*byte) * 10 + carry;
            *byte = value as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            content.insert(0, carry as u8);
        }
    }
    // Room for the sign.
    content.insert(0, 0);
    if negative {
        content = negated(&content);
    }
    let redundant = |content: &[u8]| match content {
        [0, next, ..] => *next < 0x80,
        [0xff, next, ..] => *next >= 0x80,
        _ => false,
    };
    while redundant(&content) {
        content.remove(0);
    }
    Ok(content)
}

/// The two's complement.
fn negated(content: &[u8]) -> Vec<u8> {
    let mut negated: Vec<u8> = content.iter().map(|byte| !byte).collect();
    for byte in negated.iter_mut().rev() {
        let (sum, overflowed) = byte.overflowing_add(1);
        *byte = sum;
        if !overflowed {
            break;
        }
    }
    negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        for (text, content) in [
            ("0", &[0][..]),
            ("7", &[7]),
            ("127", &[0x7f]),
            ("128", &[0, 0x80]),
            ("255", &[0, 0xff]),
            ("256", &[1, 0]),
            ("65536", &[1, 0, 0]),
            ("1123343434", &[0x42, 0xf4, 0xdc, 0x4a]),
            ("18446744073709551616", &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("-1", &[0xff]),
            ("-128", &[0x80]),
            ("-129", &[0xff, 0x7f]),
        ] {
            assert_eq!(from_decimal(text).unwrap(), content, "{text}");
            assert_eq!(to_decimal(content).as_deref(), Ok(text));
        }
        assert_eq!(from_decimal("+0012").unwrap(), [12]);
        assert_eq!(from_decimal("-0").unwrap(), [0]);
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", "-", "+", "0x12", "1 2", "١", "--1", "1e3", "1.0"] {
            let found = text.to_owned();
            assert_eq!(from_decimal(text), Err(IntegerError::NotDecimal { found }));
        }
        assert!(from_decimal(&"9".repeat(MOST_DIGITS)).is_ok());
        let digits = MOST_DIGITS + 1;
        let refused = from_decimal(&"9".repeat(digits));
        assert_eq!(refused, Err(IntegerError::TooManyDigits { digits }));
        assert!(to_decimal(&[1; MOST_BYTES]).is_ok());
        let bytes = MOST_BYTES + 1;
        let refused = to_decimal(&vec![1; bytes]);
        assert_eq!(refused, Err(IntegerError::TooManyBytes { bytes }));
    }
}
