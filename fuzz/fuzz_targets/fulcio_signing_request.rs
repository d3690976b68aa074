//! A request of either version is read to its end: what proves possession is a key, and nothing else
//! is taken for one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fulcio::http::{CreateSigningCertificateRequest, LegacySigningRequest};

fuzz_target!(|json: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CreateSigningCertificateRequest>(json)
        && let Ok(request) = request.decoded()
    {
        waxwing_fuzz::proof_of_possession(&request);
    }
    if let Ok(request) = serde_json::from_slice::<LegacySigningRequest>(json)
        && let Ok(request) = request.decoded()
    {
        assert_eq!(request.token, None);
        waxwing_fuzz::proof_of_possession(&request);
    }
});
