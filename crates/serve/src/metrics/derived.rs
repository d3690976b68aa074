//! Families that follow from the requests that were seen, under the names of the originals:
//!
//! ```text
//! fulcio_api_latency{code="200",method="post"}                                  in seconds
//! timestamp_authority_http_requests_total{code="200",path="/api/v1/timestamp",method="POST"}
//! timestamp_authority_latency_by_api{path="/api/v1/timestamp",method="POST"}    in nanoseconds
//! ```
//!
//! Nothing more is counted for them than is counted anyway: they are made when the page is.

use std::collections::BTreeMap;

use super::Distribution;
use super::text::{Label, Page};
use crate::observations::{Observations, Requests};

/// A family of numbers about the requests of one service.
#[derive(Debug, Clone, Copy)]
pub struct Derived {
    /// The service, as its router was named to [`Observations::around`].
    pub service: &'static str,
    /// What is told apart, in the order in which it is written.
    pub labels: &'static [RequestLabel],
    /// What is told of them.
    pub of: Quantity,
}

/// What requests are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestLabel {
    /// `code`: the status.
    Code,
    /// `method`: in capitals.
    Method,
    /// `method`: in small letters, as Go's own instruments write it.
    SmallMethod,
    /// `path`: the pattern of the route.
    Path,
}

/// What is told of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// How many there were: a counter.
    Number,
    /// How long they took, in seconds: a histogram.
    Seconds,
    /// The same in nanoseconds.
    Nanoseconds,
    /// The same as a summary: their sum and number.
    NanosecondsInAll,
    /// How long they were, in bytes with their heads: a histogram.
    Bytes,
}

const NANOSECONDS: f64 = 1e9;

impl RequestLabel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Method | Self::SmallMethod => "method",
            Self::Path => "path",
        }
    }

    fn value(self, requests: &Requests<'_>) -> String {
        match self {
            Self::Code => requests.status.to_string(),
            Self::Method => requests.method.to_owned(),
            Self::SmallMethod => requests.method.to_ascii_lowercase(),
            Self::Path => requests.path.to_owned(),
        }
    }
}

impl Derived {
    pub(super) fn write(&self, name: &str, help: &str, page: &mut Page, seen: &Observations) {
        let mut families: BTreeMap<Vec<String>, Distribution> = BTreeMap::new();
        seen.each(|requests| {
            if requests.service != self.service || is_call(requests.path) {
                return;
            }
            let values = self.labels.iter().map(|label| label.value(&requests));
            let more = match self.of {
                Quantity::Bytes => requests.sizes,
                _ => requests.latency,
            };
            let known = families.entry(values.collect());
            known.or_insert_with(|| more.emptied()).merge(more);
        });
        page.family(name, self.kind(), help);
        for (values, found) in &families {
            let names = self.labels.iter().map(|label| label.name());
            let labels: Vec<Label<'_>> = names.zip(values.iter().map(String::as_str)).collect();
            match self.of {
                Quantity::Number => page.count(name, &labels, found.count()),
                Quantity::Seconds | Quantity::Bytes => page.distribution(name, &labels, found),
                Quantity::Nanoseconds => {
                    page.scaled_distribution(name, &labels, found, NANOSECONDS);
                }
                Quantity::NanosecondsInAll => page.sum(name, &labels, found, NANOSECONDS),
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self.of {
            Quantity::Number => "counter",
            Quantity::NanosecondsInAll => "summary",
            Quantity::Seconds | Quantity::Nanoseconds | Quantity::Bytes => "histogram",
        }
    }

    /// What the names of its lines end in.
    pub(super) fn suffixes(&self) -> &'static [&'static str] {
        match self.of {
            Quantity::Number => &[""],
            Quantity::NanosecondsInAll => &["", "_sum", "_count"],
            Quantity::Seconds | Quantity::Nanoseconds | Quantity::Bytes => {
                &["", "_bucket", "_sum", "_count"]
            }
        }
    }
}

/// Whether a route is a method of gRPC (`/dev.sigstore.fulcio.v2.CA/GetTrustBundle`). The originals count
/// these by other names, as [`GrpcCounts`](crate::GrpcCounts) does.
fn is_call(path: &str) -> bool {
    let package = path.split('/').nth(1).unwrap_or_default();
    package.find('.').is_some_and(|dot| dot > 0) && path.matches('/').count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_grpc_are_told_from_paths() {
        for (path, expected) in [
            ("/dev.sigstore.fulcio.v2.CA/GetTrustBundle", true),
            ("/grpc.health.v1.Health/Check", true),
            ("/api/v2/trustBundle", false),
            ("/api/v2/tile/{*path}", false),
            ("/.well-known/openid-configuration", false),
            ("/checkpoint", false),
        ] {
            assert_eq!(is_call(path), expected, "{path}");
        }
    }
}
