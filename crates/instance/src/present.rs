//! What an instance is at one moment, and the door behind which it is exchanged for the next.
//!
//! A new key makes new services, over the same logs. Requests that came before end where they began;
//! those that come after go to the new ones. Nobody waits in between.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::Request;
use tower::ServiceExt;
use waxwing_model::{SigningConfig, TrustedRoot};

use crate::services::Services;

/// What an instance is at one moment.
pub(crate) struct Present {
    pub(crate) trusted_root: Arc<TrustedRoot>,
    pub(crate) signing_config: Arc<SigningConfig>,
    pub(crate) services: Services,
    /// What only keys that lie elsewhere can do, in sentences.
    pub(crate) needs: Vec<String>,
}

/// Where the present is found. Clones are the same place.
#[derive(Clone)]
pub(crate) struct Door(Arc<RwLock<Arc<Present>>>);

impl Door {
    pub(crate) fn new(present: Present) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(present))))
    }

    pub(crate) fn present(&self) -> Arc<Present> {
        let present = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&present)
    }

    pub(crate) fn exchange(&self, present: Present) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(present);
    }

    /// Sends each request to the services that there are when it comes.
    pub(crate) fn router(&self) -> Router {
        let door = self.clone();
        Router::new().fallback(move |request: Request| {
            let router = door.present().services.router.clone();
            router.oneshot(request)
        })
    }
}
