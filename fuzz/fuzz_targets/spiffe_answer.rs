//! The token in an agent's answer is a piece of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_client::ambient::svid_in;

fuzz_target!(|frame: &[u8]| {
    if let Some(svid) = svid_in(frame) {
        let found = svid.as_bytes();
        assert!(found.is_empty() || frame.windows(found.len()).any(|piece| piece == found));
    }
});
