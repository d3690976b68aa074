//! Authorization codes (RFC 6749 section 4.1.2): good once, for minutes, for one client, one redirect
//! URI and one verifier.
//!
//! A code that comes a second time was stolen, so the tokens that it bought are withdrawn.

use std::time::Duration;

use waxwing_crypto::Random;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use crate::person::Person;
use crate::request::pkce::Challenge;
use crate::request::scope::Scopes;
use crate::state::expiring::Expiring;
use crate::state::refresh::FamilyId;
use crate::state::secret::{self, Key};

/// How long a code is good that a browser carries to a program by itself.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(60);

/// How long one is good that a person copies.
pub(crate) const COPIED_CODE_LIFE: Duration = Duration::from_secs(300);

/// The most codes at once. Each belongs to somebody who logged in, and holds some 5 KiB at most.
const MOST_CODES: usize = 4096;

/// What a code stands for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    /// As the client wrote it.
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) nonce: Option<String>,
    pub(crate) scopes: Scopes,
    pub(crate) person: Person,
}

/// What was bought with a code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bought {
    pub(crate) access_token: Option<Key>,
    pub(crate) family: Option<FamilyId>,
}

/// The codes.
pub(crate) struct Codes {
    codes: Expiring<Grant>,
    used: Expiring<Bought>,
}

/// What a code turned out to be.
pub(crate) enum Redeemed {
    Grant(Box<Grant>),
    Reused(Bought),
    Unknown,
}

impl Codes {
    pub(crate) fn new() -> Self {
        Self {
            codes: Expiring::new(MOST_CODES),
            used: Expiring::new(MOST_CODES),
        }
    }

    /// A code for `grant`.
    pub(crate) fn issue(
        &self,
        grant: Grant,
        life: Duration,
        now: UnixTime,
        random: &dyn Random,
    ) -> Zeroizing<String> {
        let code = secret::fresh(random);
        let ends = now.plus_seconds(life.as_secs().cast_signed());
        self.codes.insert(secret::key(&code), grant, ends);
        code
    }

    /// Uses a code up, whether or not the request that brought it holds otherwise.
    pub(crate) fn redeem(&self, code: &str, now: UnixTime) -> Redeemed {
        let key = secret::key(code);
        if let Some(grant) = self.codes.take(&key, now) {
            self.bought(code, Bought::default(), now);
            return Redeemed::Grant(Box::new(grant));
        }
        match self.used.take(&key, now) {
            Some(bought) => Redeemed::Reused(bought),
            None => Redeemed::Unknown,
        }
    }

    /// Remembers what `code` bought, for as long as it might have been good.
    pub(crate) fn bought(&self, code: &str, bought: Bought, now: UnixTime) {
        let ends = now.plus_seconds(COPIED_CODE_LIFE.as_secs().cast_signed());
        self.used.insert(secret::key(code), bought, ends);
    }
}
