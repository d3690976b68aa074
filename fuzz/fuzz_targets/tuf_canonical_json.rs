//! A document that has a canonical form has it whatever the white space, and no fraction in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::olpc_json;

fuzz_target!(|json: &[u8]| {
    let Ok(value) = olpc_json::from_slice(json) else {
        return;
    };
    let canonical = olpc_json::to_vec(&value).expect("what was read has a canonical form");
    let pretty = serde_json::to_vec_pretty(&value).expect("a value can be written");
    let again = olpc_json::from_slice(&pretty).expect("what was written can be read");
    assert_eq!(again, value);
    assert_eq!(olpc_json::to_vec(&again), Ok(canonical));
    // Where no string has a control character the canonical form is JSON itself.
    let text = olpc_json::to_vec(&value).expect("as before");
    if text.iter().all(|byte| *byte >= 0x20) {
        assert_eq!(olpc_json::from_slice(&text), Ok(value));
    }
});
