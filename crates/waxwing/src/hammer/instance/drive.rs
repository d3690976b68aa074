//! One service as the load knows it: what is asked of it, and what its answer must be.

use std::fmt;

use bytes::Bytes;
use clap::ValueEnum;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use waxwing_tlog::Hash;

use crate::hammer::violation::Violation;

/// What is hammered of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::hammer) enum Service {
    /// Entries for the log: a hashedrekord each
    Rekor,
    /// Certificates, each with its promise of the CT log
    Fulcio,
    /// Precertificates for the CT log
    Ct,
    /// Timestamps
    Tsa,
}

impl Service {
    pub(in crate::hammer) const ALL: [Self; 4] = [Self::Rekor, Self::Fulcio, Self::Ct, Self::Tsa];

    /// Its name in arguments and reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rekor => "rekor",
            Self::Fulcio => "fulcio",
            Self::Ct => "ct",
            Self::Tsa => "tsa",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Where a leaf is in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leaf {
    pub(super) index: u64,
    pub(super) hash: Hash,
}

/// What makes requests for one service, and judges the answers. It is shared by all who send.
pub(super) trait Drive: Send + Sync + 'static {
    /// What is known of one request, for judging its answer.
    type Expected: Send + Sync + 'static;

    /// Which service.
    const SERVICE: Service;

    /// The status of a good answer.
    const SUCCESS: StatusCode;

    /// The type of a request.
    const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/json");

    /// The path on the instance's host.
    fn path(&self) -> &str;

    /// A request that was never sent before.
    fn prepare(&self) -> anyhow::Result<(Bytes, Self::Expected)>;

    /// Checks all of an answer; gives the leaf that it promises, in the log that belongs to the service.
    fn judge(&self, expected: &Self::Expected, answer: &Bytes) -> Result<Option<Leaf>, Violation>;
}
