//! A code that a browser brings is one of this login: written anew with its state and issuer, it is read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_client::login::fuzzing::redirect_request;

const STATE: &str = "s";
const ISSUER: &str = "https://i";

fuzz_target!(|head: &[u8]| {
    let Some(code) = redirect_request(head, STATE, ISSUER) else {
        return;
    };
    let encoded: String = code.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let again = |state: &str| {
        let head = format!("GET /?code={encoded}&state={state}&iss={ISSUER} HTTP/1.1\r\n\r\n");
        redirect_request(head.as_bytes(), STATE, ISSUER)
    };
    assert_eq!(again(STATE), Some(code));
    assert_eq!(again("t"), None);
});
