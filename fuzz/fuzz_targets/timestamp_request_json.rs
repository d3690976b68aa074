//! A request in JSON that is read means the same in DER.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_pki::timestamp::TimestampRequest;
use waxwing_tsa::request_from_json;

fuzz_target!(|json: &[u8]| {
    let Ok(request) = request_from_json(json) else {
        return;
    };
    let again = TimestampRequest::from_der(&request.to_der());
    assert_eq!(again.as_ref(), Ok(&request));
});
