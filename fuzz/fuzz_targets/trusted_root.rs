//! A trusted root that was read is written so that it reads the same, and from then on the writing
//! stays the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_model::TrustedRoot;

fuzz_target!(|json: &[u8]| {
    let Ok(mut document) = TrustedRoot::from_json(json) else {
        return;
    };
    // Logs of an unknown algorithm are named and not kept.
    document.passed_over.clear();
    let written = document.to_json().expect("what was read can be written");
    let again = TrustedRoot::from_json(&written).expect("what was written can be read");
    assert_eq!(again, document);
    assert_eq!(again.to_json().ok(), Some(written));
});
