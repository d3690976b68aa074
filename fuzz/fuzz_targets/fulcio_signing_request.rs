//! A request of either version is read to its end: what proves possession is a key, and nothing else
//! is taken for one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fulcio::api::SigningRequest;
use waxwing_fulcio::http::{CreateSigningCertificateRequest, LegacySigningRequest};
use waxwing_fulcio::possession;

fuzz_target!(|json: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CreateSigningCertificateRequest>(json)
        && let Ok(request) = request.decoded()
    {
        check(&request);
    }
    if let Ok(request) = serde_json::from_slice::<LegacySigningRequest>(json)
        && let Ok(request) = request.decoded()
    {
        assert_eq!(request.token, None);
        check(&request);
    }
});

fn check(request: &SigningRequest) {
    if let Ok((key, algorithm)) = possession::requested_key(&request.certificate_signing_request) {
        assert!(algorithm.key_details(key.key_type()).is_some());
    }
    let (key, proof) = (&request.public_key, &request.proof_of_possession);
    if let Ok((key, algorithm)) = possession::proved_key(key, proof, "name") {
        assert_eq!(key.verify(algorithm, b"name", proof), Ok(()));
        // And for no other name.
        assert!(key.verify(algorithm, b"other", proof).is_err());
    }
}
