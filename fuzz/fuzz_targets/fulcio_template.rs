//! A template that was read gives the same text each time, no longer than it may be, and none that
//! depends on data that it does not name.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use waxwing_fulcio::identity::template::{LONGEST_RESULT, Template};

fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse(text) else {
        return;
    };
    let data = |name: &str| match name.len() % 3 {
        0 => None,
        1 => Some(Cow::Borrowed("value {{.b}}")),
        _ => Some(Cow::Borrowed("")),
    };
    let first = template.render(&data);
    assert_eq!(first, template.render(&data));
    if let Ok(result) = first {
        assert!(result.len() <= LONGEST_RESULT);
    }
    if !text.contains("{{") {
        assert_eq!(template.render(&|_| None).as_deref(), Ok(text));
    }
});
