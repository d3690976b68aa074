//! The promise of a Rekor v1 log: the signed entry timestamp.
//!
//! ```text
//! {"body":"<base64 of the body>","integratedTime":1689177396,"logID":"c0d2…801d","logIndex":27246492}
//! ```
//!
//! signed by the log's key, in RFC 8785: sorted keys, no white space. The index is the global one.

use waxwing_crypto::SignatureError;
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, hex};
use waxwing_model::bundle::LogEntry;
use waxwing_model::trusted_root::TransparencyLog;

/// Why a promise does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromiseError {
    /// It has no time.
    #[error("it is about an entry without an integratedTime")]
    NoTime,
    /// The log did not sign it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A time at which the trusted root does not trust the log.
    #[error("the trusted root does not trust the log at {time}, when it took the entry")]
    Window {
        /// The time.
        time: UnixTime,
    },
}

/// Verifies the promise, and gives the time in it.
pub(crate) fn verify(
    promise: &[u8],
    entry: &LogEntry,
    log: &TransparencyLog,
) -> Result<UnixTime, PromiseError> {
    let time = entry.integrated_time.ok_or(PromiseError::NoTime)?;
    let payload = format!(
        r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
        base64::encode(&entry.canonicalized_body),
        time.seconds(),
        hex::encode(&entry.log_id),
        entry.log_index,
    );
    log.public_key
        .verify(log.algorithm, payload.as_bytes(), promise)?;
    if !log.valid_for.contains(time) {
        return Err(PromiseError::Window { time });
    }
    Ok(time)
}
