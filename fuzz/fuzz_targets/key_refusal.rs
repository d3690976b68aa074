//! What is told of a refusal is one short line without our secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_keys::fuzzing::refusal;

fuzz_target!(|body: &[u8]| {
    let told = refusal(body, "hvs.Secret");
    assert!(!told.contains("hvs.Secret"));
    assert!(told.chars().count() <= 300);
    assert!(!told.chars().any(char::is_control));
});
