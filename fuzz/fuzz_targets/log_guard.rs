//! A guard that is read is written so that it reads the same: whoever keeps it has nothing to add to it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_log::Guard;

fuzz_target!(|content: &[u8]| {
    if let Some(guard) = Guard::parse(content) {
        assert_eq!(Guard::parse(guard.to_text().as_bytes()), Some(guard));
    }
});
