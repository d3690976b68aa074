//! A signing config that was read is written so that it reads the same, and from then on the writing
//! stays the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_model::SigningConfig;

fuzz_target!(|json: &[u8]| {
    let Ok(document) = SigningConfig::from_json(json) else {
        return;
    };
    let written = document.to_json().expect("what was read can be written");
    let again = SigningConfig::from_json(&written).expect("what was written can be read");
    assert_eq!(again, document);
    assert_eq!(again.to_json().ok(), Some(written));
});
