//! What strangers send by gRPC, the first byte says which message: it is read into what HTTP reads its
//! JSON into, so that a proposal written as JSON reads the same, lists are counted before they are
//! made, and nothing is taken for a proof of possession that is none.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use waxwing_entries::proposal::{LARGEST_REQUEST, Request};
use waxwing_fulcio::api::SigningRequest;
use waxwing_protos::fulcio::{v1beta, v2};
use waxwing_protos::occurrences;
use waxwing_protos::rekor::v2::CreateEntryRequest;
use waxwing_protos::rekor::v2::create_entry_request::Spec;
use waxwing_rekor::grpc;
use waxwing_serve::Call;

fuzz_target!(|input: &[u8]| {
    let Some((which, message)) = input.split_first() else {
        return;
    };
    match which % 3 {
        0 => {
            if let Ok(request) = v2::CreateSigningCertificateRequest::decode(message) {
                waxwing_fuzz::proof_of_possession(&SigningRequest::from(request));
            }
        }
        1 => {
            if let Ok(request) = v1beta::CreateSigningCertificateRequest::decode(message) {
                let request = SigningRequest::from(request);
                assert_eq!(request.token, None);
                waxwing_fuzz::proof_of_possession(&request);
            }
        }
        _ => proposal(message),
    }
});

#[expect(deprecated, reason = "older clients propose envelopes")]
fn proposal(message: &[u8]) {
    let decoded = CreateEntryRequest::decode(message);
    let counted = [[2, 2].as_slice(), &[2, 1, 3]].map(|path| occurrences(message, path));
    if let Ok(CreateEntryRequest {
        spec: Some(Spec::DsseRequestV002(request)),
    }) = &decoded
    {
        let signatures = request.envelope.as_ref();
        let signatures = signatures.map_or(0, |envelope| envelope.signatures.len());
        // What an earlier kind of the same message had is gone from what was decoded.
        assert!(request.verifiers.len() <= counted[0] && signatures <= counted[1]);
    }
    let call = Call::new(Bytes::copy_from_slice(message));
    let Ok(request) = grpc::decode(&call) else {
        assert!(decoded.is_err() || counted.iter().any(|count| *count > 8));
        return;
    };
    assert!(counted.iter().all(|count| *count <= 8));
    let Ok(request) = grpc::read(request, message.len()) else {
        return;
    };
    let written = match &request {
        Request::HashedRekord(proposal) => proposal.to_json(),
        Request::Dsse(proposal) => proposal.to_json(),
    };
    let written = written.expect("what was read can be written");
    // As JSON it is longer, and may be beyond the caps.
    if written.len() <= LARGEST_REQUEST / 128 {
        let again = Request::from_json(&written).expect("what was written can be read");
        assert_eq!(again, request);
    }
    if let Ok(entry) = request.check() {
        assert_eq!(entry.kind(), request.kind());
        waxwing_fuzz::canonical(entry.body());
    }
}
