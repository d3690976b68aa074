//! A limit of how many requests run at once: who comes beyond it is told to come again.
//!
//! ```text
//! HTTP/1.1 503 Service Unavailable
//! retry-after: 1
//! {"code":14,"message":"the service is busy; …","details":[]}
//! ```
//!
//! Refusing at once is cheap and keeps what runs quick; a queue would make everybody late.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Overload, Shape};
use crate::ending::{Listens, until_sent};

/// So many requests at once. Clones share the limit, over all routers that they are around.
#[derive(Debug, Clone)]
pub struct InFlightLimit {
    free: Arc<Semaphore>,
    most: usize,
}

impl InFlightLimit {
    /// At most `most` requests at once; beyond a limit of the executor's (2^61) there is none.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// How many requests run now: from their head to the last byte of their answer.
    pub fn running(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits())
    }

    /// Holds what `router` does within the limit, paths that it does not have included.
    pub fn around(&self, router: Router) -> Router {
        let limit = self.clone();
        router.layer(from_fn(move |request, next| {
            limit.clone().serve(request, next, Overload::as_status)
        }))
    }

    /// Holds the routes of `router` within the limit, and refuses in this shape.
    pub(super) fn around_routes(&self, router: Router, shape: Shape) -> Router {
        let limit = self.clone();
        router.route_layer(from_fn(move |request, next| {
            limit.clone().serve(request, next, shape)
        }))
    }

    async fn serve(self, request: Request, next: Next, shape: Shape) -> Response {
        match self.free.try_acquire_owned() {
            Ok(permit) => until_sent(next.run(request).await, Place { _permit: permit }),
            Err(_) => Overload::busy().answer(request.headers(), shape),
        }
    }
}

struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Listens for Place {
    fn sent(&mut self, _: usize) {}
}
