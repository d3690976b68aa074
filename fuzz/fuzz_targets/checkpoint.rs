//! A checkpoint has one spelling: what is read is written again, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::checkpoint::Checkpoint;

fuzz_target!(|text: &str| {
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
    }
});
