//! `dev.sigstore.fulcio.v2.CA`.
//!
//! The token is `credentials.oidc_identity_token`; if that is empty, the metadata `oidcidentitytoken`,
//! which must then stand there once.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use waxwing_pki::Certificate;
use waxwing_protos::fulcio::v2::create_signing_certificate_request::Key;
use waxwing_protos::fulcio::v2::{
    CertificateChain, Configuration, CreateSigningCertificateRequest, GetConfigurationRequest,
    GetTrustBundleRequest, OidcIssuer, SigningCertificate, SigningCertificateDetachedSct,
    SigningCertificateEmbeddedSct, TrustBundle, credentials, oidc_issuer, signing_certificate,
};
use waxwing_serve::{Answer, Call, GrpcRejection};

use crate::Service;
use crate::api::{self, SigningRequest};
use crate::config::IssuerSettings;
use crate::grpc::TOKEN;

/// The path of the method.
pub const CREATE_SIGNING_CERTIFICATE: &str = "/dev.sigstore.fulcio.v2.CA/CreateSigningCertificate";
/// The path of the method.
pub const GET_TRUST_BUNDLE: &str = "/dev.sigstore.fulcio.v2.CA/GetTrustBundle";
/// The path of the method.
pub const GET_CONFIGURATION: &str = "/dev.sigstore.fulcio.v2.CA/GetConfiguration";

pub(crate) fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route(CREATE_SIGNING_CERTIFICATE, post(create_signing_certificate))
        .route(GET_TRUST_BUNDLE, post(get_trust_bundle))
        .route(GET_CONFIGURATION, post(get_configuration))
}

async fn create_signing_certificate(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let request: CreateSigningCertificateRequest = call.decode()?;
    let mut request = SigningRequest::from(request);
    if request.token.as_ref().is_none_or(String::is_empty) {
        request.token = call.only(TOKEN).map(str::to_owned);
    }
    let issued = service.create_signing_certificate(&request).await?;
    let chain = Some(CertificateChain {
        certificates: api::chain(&issued),
    });
    use signing_certificate::Certificate::{
        SignedCertificateDetachedSct, SignedCertificateEmbeddedSct,
    };
    let certificate = match api::detached_sct(&issued)? {
        None => SignedCertificateEmbeddedSct(SigningCertificateEmbeddedSct { chain }),
        Some(json) => SignedCertificateDetachedSct(SigningCertificateDetachedSct {
            chain,
            signed_certificate_timestamp: json,
        }),
    };
    Ok(Answer::new(&SigningCertificate {
        certificate: Some(certificate),
    }))
}

async fn get_trust_bundle(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let GetTrustBundleRequest {} = call.decode()?;
    let chains = service.trust_bundle();
    let chains = chains.iter().map(|chain| CertificateChain {
        certificates: chain.iter().map(Certificate::to_pem).collect(),
    });
    Ok(Answer::new(&TrustBundle {
        chains: chains.collect(),
    }))
}

async fn get_configuration(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let GetConfigurationRequest {} = call.decode()?;
    let issuers = service.configuration().settings().map(issuer).collect();
    Ok(Answer::new(&Configuration { issuers }))
}

impl From<CreateSigningCertificateRequest> for SigningRequest {
    fn from(request: CreateSigningCertificateRequest) -> Self {
        let credentials = request.credentials.unwrap_or_default().credentials;
        let token = credentials.map(|credentials::Credentials::OidcIdentityToken(token)| token);
        match request.key {
            None => Self {
                token,
                ..Self::default()
            },
            Some(Key::CertificateSigningRequest(csr)) => Self {
                token,
                certificate_signing_request: csr,
                ..Self::default()
            },
            Some(Key::PublicKeyRequest(key)) => Self {
                token,
                public_key: key.public_key.unwrap_or_default().content.into_bytes(),
                proof_of_possession: key.proof_of_possession,
                ..Self::default()
            },
        }
    }
}

fn issuer(settings: &IssuerSettings) -> OidcIssuer {
    let place = settings.place().to_owned();
    OidcIssuer {
        issuer: Some(match settings.is_pattern() {
            false => oidc_issuer::Issuer::IssuerUrl(place),
            true => oidc_issuer::Issuer::WildcardIssuerUrl(place),
        }),
        audience: settings.client_id().to_owned(),
        challenge_claim: settings.challenge_claim().to_owned(),
        spiffe_trust_domain: settings.spiffe_trust_domain().to_owned(),
        issuer_type: settings.kind().name().to_owned(),
        subject_domain: settings.subject_domain().to_owned(),
        skip_email_verification: settings.skip_email_verification(),
    }
}
