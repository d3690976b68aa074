//! A policy that asks for anything is not met by a checkpoint that nobody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::note::Note;
use waxwing_tlog::witness_policy::WitnessPolicy;

fuzz_target!(|bytes: &[u8]| {
    let Ok(policy) = WitnessPolicy::parse(bytes) else {
        return;
    };
    let note = Note::new("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    let Ok(note) = note else {
        return;
    };
    // Only comments and keys may hold this word in another meaning; a policy that is met has it.
    if let Ok(seen) = policy.check(&note) {
        assert!(seen.is_empty());
        assert!(bytes.windows(4).any(|word| word == b"none"));
    }
});
