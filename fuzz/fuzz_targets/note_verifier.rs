//! A verifier key that is read is written again as the same key, and opens no note that nobody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::note::{Note, NoteSignature, NoteVerifier};

fuzz_target!(|text: &str| {
    let Ok(verifier) = NoteVerifier::parse(text) else {
        return;
    };
    assert_eq!(
        NoteVerifier::parse(&verifier.to_string()).as_ref(),
        Ok(&verifier)
    );
    let line = NoteSignature::new(verifier.name(), verifier.key_id(), vec![0xff; 72]);
    let note = Note::new("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    if let (Ok(line), Ok(note)) = (line, note) {
        assert!(note.with_signature(line).open(&[verifier]).is_err());
    }
});
