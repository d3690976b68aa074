//! The one way from a [`Rejection`] to the status of a call.
//!
//! ```text
//! grpc-status: 3
//! grpc-message: There was an error processing the identity token
//! grpc-status-details-bin: <base64 of google.rpc.Status, with an ErrorInfo in it>
//! ```

use http::HeaderMap;
use prost::Message;
use prost_types::Any;
use waxwing_protos::rpc;

use crate::{Code, Rejection};

/// How a call ended, in Go's words, which are those of the metrics; an extension of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) &'static str);

impl Ended {
    pub(crate) const WELL: Self = Self("OK");
}

impl From<Code> for Ended {
    fn from(code: Code) -> Self {
        Self(code.name())
    }
}

/// The trailers of a call that went well.
pub(super) fn ok() -> HeaderMap {
    written(&tonic::Status::ok(""))
}

/// The trailers of a call that was refused.
pub(super) fn of(rejection: &Rejection) -> HeaderMap {
    written(&tonic::Status::from(rejection))
}

fn written(status: &tonic::Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // It fails for metadata alone, of which there is none: the message goes through percent encoding, the
    // details through base64.
    let _written = status.add_header(&mut trailers);
    trailers
}

impl From<&Rejection> for tonic::Status {
    fn from(rejection: &Rejection) -> Self {
        let code = rejection.code().number().into();
        let message = rejection.message();
        let code_of_tonic = tonic::Code::from_i32(code);
        let Some(info) = rejection.error_info() else {
            return Self::new(code_of_tonic, message);
        };
        let detail = rpc::ErrorInfo {
            reason: info.reason.to_owned(),
            domain: info.domain.to_owned(),
            metadata: [(
                "explanation".to_owned(),
                info.metadata.explanation.to_owned(),
            )]
            .into(),
        };
        let status = rpc::Status {
            code,
            message: message.to_owned(),
            details: vec![Any {
                type_url: info.kind.to_owned(),
                value: detail.encode_to_vec(),
            }],
        };
        Self::with_details(code_of_tonic, message, status.encode_to_vec().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_the_same_status_over_grpc() {
        let rejection = Rejection::new(Code::Unavailable, "später\n").because("FULL", "50 wait");
        let trailers = of(&rejection);
        assert_eq!(trailers["grpc-status"], "14");
        assert_eq!(trailers["grpc-message"], "sp%C3%A4ter%0A");
        let status = tonic::Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.message(), "später\n");
        let details = rpc::Status::decode(status.details()).unwrap();
        assert_eq!((details.code, details.message.as_str()), (14, "später\n"));
        let [detail] = details.details.as_slice() else {
            panic!("{details:?}");
        };
        assert_eq!(detail.type_url, "type.googleapis.com/google.rpc.ErrorInfo");
        let info = rpc::ErrorInfo::decode(detail.value.as_slice()).unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("FULL", "waxwing")
        );
        assert_eq!(info.metadata["explanation"], "50 wait");

        let bare = of(&Rejection::not_found("no"));
        assert_eq!(bare.get("grpc-status-details-bin"), None);
        assert_eq!(ok()["grpc-status"], "0");
    }
}
