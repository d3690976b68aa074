//! A note has one spelling: what is read is written again, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::note::Note;

fuzz_target!(|bytes: &[u8]| {
    let Ok(note) = Note::parse(bytes) else {
        return;
    };
    assert_eq!(note.to_string().as_bytes(), bytes);
    assert!(note.open(&[]).is_err());
});
