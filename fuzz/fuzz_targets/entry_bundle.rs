//! An entry bundle has one encoding. The first byte of the input is the width, 0 for a full bundle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::bundle;
use waxwing_tlog::tile::Width;

fuzz_target!(|input: &[u8]| {
    let Some((width, bytes)) = input.split_first() else {
        return;
    };
    let width = Width::new((*width).into()).unwrap_or(Width::Full);
    let Ok(entries) = bundle::parse(bytes, width) else {
        return;
    };
    assert_eq!(entries.len(), width.entries());
    assert_eq!(bundle::encode(&entries).as_deref(), Ok(bytes));
});
