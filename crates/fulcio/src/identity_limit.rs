//! How often one identity may get a certificate, wherever it asks from.
//!
//! ```text
//! HTTP/1.1 429 Too Many Requests
//! retry-after: 12
//! {"code":8,"message":"too many certificates for this identity; come again in 12 s",…}
//! ```
//!
//! It counts after the token was verified: who has none cannot use up somebody else's share. An
//! identity is the issuer and the name that possession is proved over.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use waxwing_crypto::sha256_of_parts;
use waxwing_serve::{Code, Rate, RateTable, Rejection};

use crate::identity::Principal;

/// How many identities are remembered: some 6 MiB.
const IDENTITIES: usize = 1 << 16;

/// The limit. Clones share it.
#[derive(Clone)]
pub struct IdentityLimit {
    table: Arc<Mutex<RateTable<[u8; 32]>>>,
    since: Instant,
}

impl IdentityLimit {
    /// So many certificates for each identity.
    pub fn new(rate: Rate) -> Self {
        Self {
            table: Arc::new(Mutex::new(RateTable::new(rate, IDENTITIES))),
            since: Instant::now(),
        }
    }

    /// Counts a certificate, or refuses it.
    pub(crate) fn check(&self, principal: &Principal) -> Result<(), Rejection> {
        let issuer = principal.identity().issuer.as_bytes();
        // No issuer has a byte of zero in its URL.
        let who = sha256_of_parts(&[issuer, b"\0", principal.name().as_bytes()]);
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.take(who, self.since.elapsed()).map_err(|pause| {
            let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
            let message =
                format!("too many certificates for this identity; come again in {seconds} s");
            Rejection::new(Code::ResourceExhausted, message).retry_after(seconds)
        })
    }
}

impl fmt::Debug for IdentityLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityLimit")
    }
}
