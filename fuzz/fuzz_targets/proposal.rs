//! A proposal is written so that it reads the same, and its leaf is RFC 8785: sorting and writing it
//! once more changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::canonical_json;
use waxwing_entries::hashedrekord::Proposal;

fuzz_target!(|json: &[u8]| {
    let Ok(proposal) = Proposal::from_json(json) else {
        return;
    };
    let written = proposal.to_json().expect("what was read can be written");
    let again = Proposal::from_json(&written).expect("what was written can be read");
    assert_eq!(again, proposal);
    assert_eq!(again.to_json().ok(), Some(written));

    let body = proposal.canonical_body().expect("what was read has a leaf");
    let value: serde_json::Value = serde_json::from_slice(&body).expect("a leaf is JSON");
    assert_eq!(canonical_json::to_vec(&value).ok().as_ref(), Some(&body));
    if let Ok(entry) = proposal.check() {
        assert_eq!(entry.body(), body);
    }
});
