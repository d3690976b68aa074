//! Targets metadata that was read can be signed, and what is signed stays as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fuzz::tuf;
use waxwing_tuf::metadata::Targets;

fuzz_target!(|json: &[u8]| tuf::signed_and_read::<Targets>(json));
