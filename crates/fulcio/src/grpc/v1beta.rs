//! `dev.sigstore.fulcio.v1beta.CA`, which cosign's gateway stood before.
//!
//! The token is in the metadata `oidcidentitytoken` alone. Answers are a `google.api.HttpBody`; a
//! detached promise is in the metadata `x-sct`, in base64.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::HeaderName;
use waxwing_protos::api::HttpBody;
use waxwing_protos::fulcio::v1beta::CreateSigningCertificateRequest;
use waxwing_serve::{Answer, Call, GrpcRejection};

use crate::Service;
use crate::api::{self, SigningRequest};
use crate::grpc::TOKEN;

/// The path of the method.
pub const CREATE_SIGNING_CERTIFICATE: &str =
    "/dev.sigstore.fulcio.v1beta.CA/CreateSigningCertificate";
/// The path of the method.
pub const GET_ROOT_CERTIFICATE: &str = "/dev.sigstore.fulcio.v1beta.CA/GetRootCertificate";

const SCT: HeaderName = HeaderName::from_static("x-sct");

pub(crate) fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route(CREATE_SIGNING_CERTIFICATE, post(create_signing_certificate))
        .route(GET_ROOT_CERTIFICATE, post(get_root_certificate))
}

async fn create_signing_certificate(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let request: CreateSigningCertificateRequest = call.decode()?;
    let mut request = SigningRequest::from(request);
    request.token = call.only(TOKEN).map(str::to_owned);
    let issued = service.create_signing_certificate(&request).await?;
    let answer = body(api::chain(&issued).join("\n"));
    Ok(match api::detached_sct_header(&issued)? {
        Some(sct) => answer.with(SCT, sct),
        None => answer,
    })
}

async fn get_root_certificate(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let () = call.decode()?;
    Ok(body(service.root_certificates()))
}

impl From<CreateSigningCertificateRequest> for SigningRequest {
    /// It has no token.
    #[expect(deprecated, reason = "the whole version is, and is answered")]
    fn from(request: CreateSigningCertificateRequest) -> Self {
        Self {
            token: None,
            certificate_signing_request: request.certificate_signing_request,
            public_key: request.public_key.unwrap_or_default().content,
            proof_of_possession: request.signed_email_address,
        }
    }
}

fn body(text: String) -> Answer {
    Answer::new(&HttpBody {
        content_type: api::CHAIN.to_owned(),
        data: text.into_bytes(),
        extensions: Vec::new(),
    })
}
