//! A reference to a key has one spelling, and no name in it leads elsewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_keys::{KeyReference, LONGEST};

fuzz_target!(|text: &str| {
    let Ok(read) = KeyReference::parse(text) else {
        return;
    };
    assert!(KeyReference::has_scheme(text) && text.len() <= LONGEST);
    let written = read.to_string();
    assert!(written.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    assert!(!written.contains(['@', '?', '#', '%', '\\']));
    assert!(written.split('/').all(|word| word != "." && word != ".."));
    assert_eq!(KeyReference::parse(&written), Ok(read));
});
