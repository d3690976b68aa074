//! What an issuer has a device show is fit for a terminal, and leads where the issuer is as safe as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_client::login::fuzzing::device_answer;

fuzz_target!(|json: &[u8]| {
    let Some((code, url, interval, seconds)) = device_answer(json, "https://i") else {
        return;
    };
    assert!(!code.is_empty() && code.len() <= 64);
    assert!(code.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    assert!(url.starts_with("https://") && url.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    assert!((1..=60).contains(&interval) && (1..=3600).contains(&seconds));
});
