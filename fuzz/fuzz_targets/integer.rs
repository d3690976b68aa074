//! Numbers of any length go to decimal digits and back to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::integer::{from_decimal, to_decimal};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(content) = from_decimal(text)
    {
        let written = to_decimal(&content).expect("what was read is not too long");
        assert_eq!(from_decimal(&written), Ok(content));
        let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
        assert_eq!(written.trim_start_matches(['-', '0']), digits);
    }
    if let Ok(text) = to_decimal(bytes)
        && let Ok(content) = from_decimal(&text)
    {
        // The shortest content of the same number.
        assert!(content.len() <= bytes.len().max(1));
        assert_eq!(to_decimal(&content), Ok(text));
    }
});
