//! A configuration as a tree: JSON and YAML, with the line of each key; names that nobody knows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_serve::document::{Document, SettingError};

fuzz_target!(|text: &[u8]| {
    let Ok(document) = Document::read(text) else {
        return;
    };
    let Ok(mut table) = document.table() else {
        return;
    };
    let members = document
        .value()
        .as_object()
        .map_or(0, |members| members.len());
    let known = ["listen", "limits", "fulcio"];
    let mut there = 0;
    for name in known {
        let Some(setting) = table.setting(name) else {
            there += usize::from(document.value().get(name).is_some());
            continue;
        };
        there += 1;
        let _ = (setting.text(), setting.truth(), setting.number(1, 9));
        for item in setting.list().unwrap_or_default() {
            let _ = item.table().map(|table| table.end());
        }
    }
    match table.end() {
        Ok(()) => assert_eq!(members, there),
        Err(SettingError::Unknown { line, .. }) => {
            assert!(members > there);
            // Lines are those of the text.
            let lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).count();
            assert!(line <= lines + 1, "{line} of {lines}");
        }
        Err(error) => panic!("{error}"),
    }
});
