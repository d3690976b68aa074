//! A request that was read is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_pki::timestamp::TimestampRequest;

fuzz_target!(|der: &[u8]| {
    let Ok(request) = TimestampRequest::from_der(der) else {
        return;
    };
    let written = request.to_der();
    let again = TimestampRequest::from_der(&written);
    assert_eq!(again.as_ref(), Ok(&request));
    assert_eq!(again.map(|again| again.to_der()), Ok(written));
});
