//! `grpc.reflection.v1.ServerReflection` and its older twin `v1alpha`: a client without `.proto` files
//! asks for those of the server (`grpcurl HOST list`).
//!
//! It is a conversation and not a call, so that the limits of calls do not hold it: it ends a minute
//! after it began. A client that wants more begins another one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::map_request;
use axum::routing::post_service;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::Builder;
use waxwing_protos::FILE_DESCRIPTORS;

use crate::body::READ_TIME;
use crate::{Route, refuse_other_methods};

/// The routes of [`reflection`].
pub const REFLECTION_ROUTES: &[Route] = &[("POST", V1), ("POST", V1_ALPHA)];

const V1: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const V1_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// A router that tells of the services in `waxwing_protos`.
pub fn reflection() -> Router {
    // Each version tells of the other one too.
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTORS)
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    let held = "the descriptors are part of the program, and a test of this crate reads them";
    let router = Router::new()
        .route(V1, post_service(builder().build_v1().expect(held)))
        .route(
            V1_ALPHA,
            post_service(builder().build_v1alpha().expect(held)),
        );
    refuse_other_methods(router.layer(map_request(end_in_time)))
}

/// The questions end when their time is over, and the answers with them.
async fn end_in_time(request: Request) -> Request {
    request.map(|questions| {
        let end = Box::pin(sleep(READ_TIME));
        Body::new(Timed { questions, end })
    })
}

struct Timed {
    questions: Body,
    end: Pin<Box<Sleep>>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.questions).poll_frame(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptors_hold() {
        assert!(reflection().has_routes());
    }
}
