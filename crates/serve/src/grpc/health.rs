//! `grpc.health.v1.Health`: what load balancers and Kubernetes ask.
//!
//! As in Fulcio and Rekor, `Check` says `SERVING` whatever service it names, and `List` and `Watch` are
//! not offered: clients take that for a server that is well.

use axum::Router;
use axum::routing::post;
use waxwing_protos::health::v1::health_check_response::ServingStatus;
use waxwing_protos::health::v1::{HealthCheckRequest, HealthCheckResponse};

use super::{Answer, Call, GrpcRejection};
use crate::{Code, Rejection, Route, refuse_other_methods};

/// The routes of [`grpc_health`].
pub const GRPC_HEALTH_ROUTES: &[Route] = &[
    ("POST", "/grpc.health.v1.Health/Check"),
    ("POST", "/grpc.health.v1.Health/List"),
    ("POST", "/grpc.health.v1.Health/Watch"),
];

/// A router that says that this process serves.
pub fn grpc_health() -> Router {
    let router = Router::new()
        .route("/grpc.health.v1.Health/Check", post(check))
        .route("/grpc.health.v1.Health/List", post(not_offered))
        .route("/grpc.health.v1.Health/Watch", post(not_offered));
    refuse_other_methods(router)
}

async fn check(call: Call) -> Result<Answer, GrpcRejection> {
    let HealthCheckRequest { service: _ } = call.decode()?;
    let status = ServingStatus::Serving.into();
    Ok(Answer::new(&HealthCheckResponse { status }))
}

async fn not_offered(_: Call) -> GrpcRejection {
    Rejection::new(Code::Unimplemented, "unimplemented").into()
}
