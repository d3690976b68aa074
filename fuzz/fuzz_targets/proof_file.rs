//! A proof file has one spelling: what is read is written again, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::proof_file::{self, TlogProof};

fuzz_target!(|text: &str| {
    let Ok(proof) = TlogProof::parse(text) else {
        return;
    };
    assert_eq!(proof.to_string(), text);
    let without_extra = proof_file::write(proof.index(), proof.hashes(), proof.checkpoint());
    assert_eq!(without_extra == text, proof.extra().is_none());
});
