//! What was verified, for programs: fields are added, never changed.
//!
//! ```json
//! {"artifact":"app.tar.gz","digest":"sha256:a0cf…","identity":"me@example.com","issuer":"https://…",
//!  "times":[{"time":"2026-11-28T10:00:00Z","source":"https://tsa.example.com/api/v1/timestamp"}],
//!  "entries":[{"log":"https://log.example.com","index":42}]}
//! ```

use serde::Serialize;
use waxwing_verify::time::TimeSource;
use waxwing_verify::{Verified, VerifiedSigner};

use crate::blob;

/// What was verified of one artifact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    artifact: String,
    /// What was signed, if a digest was.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Who signed: the name in the certificate; absent for a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// By which kind of statement, where one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate_type: Option<String>,
    times: Vec<Time>,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Time {
    time: String,
    source: String,
}

#[derive(Debug, Serialize)]
struct Entry {
    log: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

impl Verdict {
    pub(crate) fn new(verified: &Verified) -> Self {
        let identity = match verified.signer() {
            VerifiedSigner::Certificate { identity, .. } => Some(identity),
            VerifiedSigner::Key { .. } => None,
        };
        let times = verified.times().iter().map(|time| Time {
            time: time.time.to_string(),
            source: match &time.source {
                TimeSource::TimestampAuthority(url) | TimeSource::TransparencyLog(url) => {
                    url.clone()
                }
                TimeSource::Caller => "the clock of this machine".to_owned(),
            },
        });
        let entries = verified.entries().iter().map(|entry| Entry {
            log: entry.log.clone(),
            index: entry.log_index,
        });
        Self {
            artifact: String::new(),
            digest: verified.digest().map(blob::spelled),
            identity: identity.map(|identity| identity.name.value().to_owned()),
            issuer: identity.map(|identity| identity.issuer.clone()),
            predicate_type: verified
                .statement()
                .map(|statement| statement.predicate_type.clone()),
            times: times.collect(),
            entries: entries.collect(),
        }
    }

    /// The same, told of an artifact by its name.
    pub(crate) fn of(mut self, artifact: &str) -> Self {
        artifact.clone_into(&mut self.artifact);
        self
    }
}
