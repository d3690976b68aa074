//! Parameters that were read are written so that they read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_issuer::Form;

const NAMES: [&str; 6] = [
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "login",
    "password",
];

fuzz_target!(|query: &[u8]| {
    let Ok(form) = Form::parse(query) else {
        return;
    };
    let written = form.query_of(&NAMES);
    let again = Form::parse(written.as_bytes()).expect("what was written can be read");
    for name in NAMES {
        assert_eq!(again.value(name), form.value(name));
    }
    assert_eq!(again.query_of(&NAMES), written);
});
