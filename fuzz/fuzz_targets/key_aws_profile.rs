//! What a profile of AWS is read as, it is read as again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_keys::fuzzing::aws_profile;

fuzz_target!(|text: &str| {
    for is_config in [false, true] {
        let Some(settings) = aws_profile(text, is_config) else {
            continue;
        };
        let mut written = "[default]\n".to_owned();
        for (name, value) in &settings {
            assert!(!name.is_empty() && !value.contains('\n'));
            written.push_str(&format!("{name}={value}\n"));
        }
        assert_eq!(aws_profile(&written, is_config), Some(settings));
    }
});
