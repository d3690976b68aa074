//! What Go's rules allow, the compiler takes; and a quoted text matches itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_verify::{Pattern, PatternError};

fuzz_target!(|text: &str| {
    match Pattern::new(text) {
        Ok(pattern) => {
            assert_eq!(pattern.as_str(), text);
            let _ = pattern.is_match(text);
        }
        Err(PatternError::Untranslated { reason }) => panic!("{text:?}: {reason}"),
        Err(_) => {}
    }
    if !text.is_empty() && !text.contains("\\E") && !text.ends_with('\\') {
        if let Ok(quoted) = Pattern::new(&format!("^\\Q{text}\\E$")) {
            assert!(quoted.is_match(text));
        }
    }
});
