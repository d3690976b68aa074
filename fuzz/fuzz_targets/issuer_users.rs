//! A users file that was read is written so that it reads the same, and from then on the writing stays the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_issuer::{read_users, write_users};

fuzz_target!(|json: &[u8]| {
    let Ok(users) = read_users(json) else {
        return;
    };
    let written = write_users(users.clone()).expect("what was read can be written");
    let again = read_users(&written).expect("what was written can be read");
    assert_eq!(again, users);
    assert_eq!(
        write_users(again).expect("what was read can be written"),
        written
    );
});
