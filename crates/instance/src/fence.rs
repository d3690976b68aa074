//! What stands between callers and services: limits, as an operator chooses them, and what browsers
//! are told about pages of other origins.
//!
//! | what | by default |
//! |---|---|
//! | asking a service for something, each network | 600 a minute, all of them at once after a pause |
//! | reading, each network, all services together | 6000 a minute |
//! | certificates for one identity | no limit |
//! | requests that run at once, each service | 4096 |
//!
//! Neither the TUF repository nor what tells whether a service lives is limited, nor who asks from this
//! machine itself, unless the operator says so. What the services ask of each other inside the process
//! is not either.

use std::time::Duration;

use axum::Router;
use waxwing_fulcio::IdentityLimit;
use waxwing_serve::{
    AddressRange, CallerLimits, CrossOrigin, InFlightLimit, Overload, Rate, RateLimit, Shape,
};

/// Something for each service that does something for its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the service of that name")]
pub struct PerService<T> {
    pub fulcio: T,
    pub rekor: T,
    pub timestamp: T,
    pub ct: T,
    pub issuer: T,
}

/// The limits around the services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLimits {
    /// How often one network may ask a service to do something.
    pub per_address: PerService<Option<Rate>>,
    /// How often one network may read, at all services together.
    pub reads: Option<Rate>,
    /// How often one identity may get a certificate.
    pub per_identity: Option<Rate>,
    /// How many requests run at once.
    pub in_flight: PerService<usize>,
    /// From where anybody may ask as often as they like.
    pub exempt: Vec<AddressRange>,
    /// Whether browsers show answers to pages of other origins, as the originals have it.
    pub cross_origin: bool,
}

impl<T: Clone> PerService<T> {
    /// The same for each.
    pub fn all(value: T) -> Self {
        Self {
            fulcio: value.clone(),
            rekor: value.clone(),
            timestamp: value.clone(),
            ct: value.clone(),
            issuer: value,
        }
    }
}

impl Default for ServiceLimits {
    fn default() -> Self {
        let minute = |requests| Rate::of(requests, Duration::from_secs(60)).ok();
        Self {
            per_address: PerService::all(minute(600)),
            reads: minute(6000),
            per_identity: None,
            in_flight: PerService::all(4096),
            exempt: AddressRange::loopback().to_vec(),
            cross_origin: true,
        }
    }
}

/// The limits, counting.
pub(crate) struct Fence {
    fulcio: CallerLimits,
    rekor: CallerLimits,
    timestamp: CallerLimits,
    ct: CallerLimits,
    issuer: CallerLimits,
    pub(crate) identities: Option<IdentityLimit>,
    cross_origin: bool,
}

impl Fence {
    pub(crate) fn new(limits: &ServiceLimits) -> Self {
        let reads = limits.reads.map(RateLimit::new);
        let around = |rate: Option<Rate>, in_flight| CallerLimits {
            acts: rate.map(RateLimit::new),
            reads: reads.clone(),
            in_flight: Some(InFlightLimit::new(in_flight)),
            exempt: limits.exempt.clone(),
        };
        let (often, at_once) = (&limits.per_address, &limits.in_flight);
        Self {
            fulcio: around(often.fulcio, at_once.fulcio),
            rekor: around(often.rekor, at_once.rekor),
            timestamp: around(often.timestamp, at_once.timestamp),
            ct: around(often.ct, at_once.ct),
            issuer: around(often.issuer, at_once.issuer),
            identities: limits.per_identity.map(IdentityLimit::new),
            cross_origin: limits.cross_origin,
        }
    }

    pub(crate) fn fulcio(&self, router: Router) -> Router {
        let router = self.fulcio.around(router, Overload::as_status);
        self.shown(CrossOrigin::DEFAULT, router)
    }

    pub(crate) fn rekor(&self, router: Router) -> Router {
        let router = self.rekor.around(router, Overload::as_status);
        self.shown(CrossOrigin::READ, router)
    }

    pub(crate) fn timestamp(&self, router: Router) -> Router {
        let shape: Shape = waxwing_tsa::overloaded;
        let router = self.timestamp.around(router, shape);
        self.shown(CrossOrigin::DEFAULT, router)
    }

    pub(crate) fn ct(&self, router: Router) -> Router {
        let shape: Shape = waxwing_ctlog::overloaded;
        self.ct.around(router, shape)
    }

    /// A page that logs somebody in needs the documents, and a token for its code. What browsers show
    /// as pages themselves is for no other origin.
    pub(crate) fn issuer(&self, router: Router) -> Router {
        let shape: Shape = waxwing_issuer::overloaded;
        let router = self.issuer.around(router, shape);
        let policy = CrossOrigin::DEFAULT.only(|path| {
            ["/.well-known/openid-configuration", "/keys", "/token"]
                .iter()
                .any(|known| path.ends_with(known))
        });
        self.shown(policy, router)
    }

    /// Never limited: without it nobody trusts anything.
    pub(crate) fn trust_repository(&self, router: Router) -> Router {
        self.shown(CrossOrigin::READ, router)
    }

    /// What is refused for a limit is shown too.
    fn shown(&self, policy: CrossOrigin, router: Router) -> Router {
        match self.cross_origin {
            true => policy.around(router),
            false => router,
        }
    }
}
