//! A proposal of either kind is written so that it reads the same, its leaf is RFC 8785 (sorting and
//! writing it once more changes nothing), and no request is taken as one kind and read as the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_entries::hashedrekord::Proposal;
use waxwing_entries::proposal::{Kind, Request};
use waxwing_fuzz::canonical;

fuzz_target!(|json: &[u8]| {
    let alone = Proposal::from_json(json);
    let Ok(request) = Request::from_json(json) else {
        assert!(alone.is_err(), "a hashedrekord is a request");
        return;
    };
    let written = match &request {
        Request::HashedRekord(proposal) => {
            assert_eq!(alone.ok().as_ref(), Some(proposal));
            let body = proposal.canonical_body().expect("what was read has a leaf");
            canonical(&body);
            proposal.to_json()
        }
        Request::Dsse(proposal) => {
            assert!(alone.is_err(), "an envelope is no hashedrekord");
            proposal.to_json()
        }
    };
    let written = written.expect("what was read can be written");
    // What is written may be longer than what was read, and then beyond the cap.
    if written.len() <= json.len() {
        let again = Request::from_json(&written).expect("what was written can be read");
        assert_eq!(again, request);
    }
    let Ok(entry) = request.check() else {
        return;
    };
    canonical(entry.body());
    assert_eq!(entry.kind(), request.kind());
    if let (Kind::Dsse, Ok(other)) = (request.kind(), request.clone().into_hashedrekord()) {
        let other = other.check().expect("the same signature holds");
        assert_eq!(other.kind(), Kind::HashedRekord);
        canonical(other.body());
    }
});
