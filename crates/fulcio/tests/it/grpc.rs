//! Both versions of the API over gRPC, asked by `tonic`'s client. `crates/waxwing/tests/it/grpc.rs` has
//! what a client of others says to the whole.

use http::uri::PathAndQuery;
use serde_json::Value;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use waxwing_encoding::base64;
use waxwing_encoding::pem;
use waxwing_fulcio::grpc::{v1beta, v2};
use waxwing_pki::Certificate;
use waxwing_protos::api::HttpBody;
use waxwing_protos::fulcio::v1beta as messages_v1;
use waxwing_protos::fulcio::v2::create_signing_certificate_request::Key;
use waxwing_protos::fulcio::v2::signing_certificate::Certificate as Issued;
use waxwing_protos::fulcio::v2::{
    CreateSigningCertificateRequest, PublicKey, PublicKeyAlgorithm, PublicKeyRequest,
    SigningCertificate,
};

use crate::backends::whole;
use crate::world::{BAD_TOKEN, EMAIL, Setup, World};

async fn call<Q, A>(
    world: &World,
    path: &'static str,
    request: Request<Q>,
) -> Result<Response<A>, Status>
where
    Q: prost::Message + 'static,
    A: prost::Message + Default + 'static,
{
    let mut client = tonic::client::Grpc::new(world.router.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(path);
    client.unary(request, path, ProstCodec::default()).await
}

/// With this token in the metadata.
fn with_token<Q>(message: Q, token: &str) -> Request<Q> {
    let mut request = Request::new(message);
    let token = MetadataValue::try_from(token).unwrap();
    request.metadata_mut().insert("oidcidentitytoken", token);
    request
}

fn by_key(world: &World) -> CreateSigningCertificateRequest {
    CreateSigningCertificateRequest {
        credentials: None,
        key: Some(Key::PublicKeyRequest(PublicKeyRequest {
            public_key: Some(PublicKey {
                algorithm: PublicKeyAlgorithm::RsaPss.into(),
                content: world.key.public_key().to_pem(),
            }),
            proof_of_possession: world.key.sign(EMAIL.as_bytes()).unwrap(),
        })),
    }
}

#[expect(deprecated, reason = "the version is, and is answered")]
fn by_legacy_key(world: &World) -> messages_v1::CreateSigningCertificateRequest {
    messages_v1::CreateSigningCertificateRequest {
        public_key: Some(messages_v1::PublicKey {
            algorithm: String::new(),
            content: world.key.public_key().spki_der().to_vec(),
        }),
        signed_email_address: world.key.sign(EMAIL.as_bytes()).unwrap(),
        certificate_signing_request: Vec::new(),
    }
}

fn is_for(world: &World, leaf: &str) {
    let leaf = Certificate::from_pem(leaf).unwrap();
    assert_eq!(leaf.public_key(), world.key.public_key());
}

#[tokio::test]
async fn a_promise_beside_the_certificate_is_in_the_message_or_the_metadata() {
    let world = World::with(whole());
    let token = world.token();
    let request = with_token(by_key(&world), &token);
    let answer: Response<SigningCertificate> =
        call(&world, v2::CREATE_SIGNING_CERTIFICATE, request)
            .await
            .unwrap();
    let Some(Issued::SignedCertificateDetachedSct(detached)) = answer.into_inner().certificate
    else {
        panic!("the promise is expected beside it");
    };
    is_for(&world, &detached.chain.unwrap().certificates[0]);
    let id = base64::encode(&world.ct_log.public_key().sha256_of_spki());
    let promise: Value = serde_json::from_slice(&detached.signed_certificate_timestamp).unwrap();
    assert_eq!(promise["id"], id);

    let request = with_token(by_legacy_key(&world), &token);
    let answer: Response<HttpBody> = call(&world, v1beta::CREATE_SIGNING_CERTIFICATE, request)
        .await
        .unwrap();
    let promise = answer.metadata().get("x-sct").unwrap().to_str().unwrap();
    let promise: Value = serde_json::from_slice(&base64::decode(promise).unwrap()).unwrap();
    assert_eq!(promise["id"], id);
    let body = answer.into_inner();
    assert_eq!(body.content_type, "application/pem-certificate-chain");
    let chain = String::from_utf8(body.data).unwrap();
    let leaf = &pem::decode_all(&chain, 8).unwrap()[0].der;
    is_for(&world, &pem::encode("CERTIFICATE", leaf));
}

#[tokio::test]
async fn without_a_ct_log_the_promise_is_empty_and_no_metadata() {
    let world = World::with(Setup {
        logged: false,
        ..Setup::default()
    });
    let token = world.token();
    let request = with_token(by_key(&world), &token);
    let answer: Response<SigningCertificate> =
        call(&world, v2::CREATE_SIGNING_CERTIFICATE, request)
            .await
            .unwrap();
    let Some(Issued::SignedCertificateDetachedSct(detached)) = answer.into_inner().certificate
    else {
        panic!("the promise is expected beside it");
    };
    assert!(detached.signed_certificate_timestamp.is_empty());
    let request = with_token(by_legacy_key(&world), &token);
    let answer: Response<HttpBody> = call(&world, v1beta::CREATE_SIGNING_CERTIFICATE, request)
        .await
        .unwrap();
    assert_eq!(answer.metadata().get("x-sct"), None);
}

/// The gateway of the original strips `Bearer ` and passes the token on; by gRPC it comes as it is.
#[tokio::test]
async fn the_header_of_http_is_nothing_to_grpc() {
    let world = World::new();
    let token = world.token();
    let mut request = Request::new(by_key(&world));
    let header = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
    request.metadata_mut().insert("authorization", header);
    let answer: Result<Response<SigningCertificate>, Status> =
        call(&world, v2::CREATE_SIGNING_CERTIFICATE, request).await;
    let status = answer.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::InvalidArgument, BAD_TOKEN)
    );
    let request = with_token(by_key(&world), &token);
    let answer: Result<Response<SigningCertificate>, Status> =
        call(&world, v2::CREATE_SIGNING_CERTIFICATE, request).await;
    let Some(Issued::SignedCertificateEmbeddedSct(embedded)) =
        answer.unwrap().into_inner().certificate
    else {
        panic!("the promise is expected inside");
    };
    is_for(&world, &embedded.chain.unwrap().certificates[0]);
}
