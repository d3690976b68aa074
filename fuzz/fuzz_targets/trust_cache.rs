//! What lies in a trust cache, as anybody may have left it: what is read is written so that it reads the
//! same, and no repository's folder lies outside of the cache.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use waxwing_client::trust::record;

fuzz_target!(|bytes: &[u8]| {
    if let Some(time) = record::asked(bytes) {
        assert_eq!(record::asked(&record::of_asked(time)), Some(time));
    }
    let named = record::mirror(bytes);
    if let Ok(mirror) = &named {
        assert_eq!(
            record::mirror(&record::of_mirror(mirror)).as_ref(),
            Ok(mirror)
        );
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    for mirror in named.into_iter().chain([text]) {
        if let Some(name) = record::folder_name(&mirror) {
            let mut parts = Path::new(&name).components();
            assert!(matches!(parts.next(), Some(Component::Normal(part)) if part == name.as_str()));
            assert_eq!(parts.next(), None);
            assert_eq!(record::folder_name(&name).as_ref(), Some(&name));
        }
    }
});
