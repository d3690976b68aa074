//! Access tokens (RFC 6749 section 1.4): what `/userinfo` and introspection know them by.
//!
//! They are signed tokens like the identity tokens, as with Dex, because sigstore-python hands them to
//! Fulcio; but here they are believed for what is remembered, so that one can be withdrawn.

use waxwing_encoding::time::UnixTime;

use crate::person::Person;
use crate::request::scope::Scopes;
use crate::state::expiring::Expiring;
use crate::state::secret::{self, Key};

/// The most access tokens at once, each with some 1 KiB.
const MOST_TOKENS: usize = 8192;

/// What an access token gives access to.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) person: Person,
    pub(crate) issued: UnixTime,
    pub(crate) ends: UnixTime,
}

/// The access tokens.
pub(crate) struct AccessTokens(Expiring<Access>);

impl AccessTokens {
    pub(crate) fn new() -> Self {
        Self(Expiring::new(MOST_TOKENS))
    }

    pub(crate) fn insert(&self, token: &str, access: Access) -> Key {
        let (key, ends) = (secret::key(token), access.ends);
        self.0.insert(key, access, ends);
        key
    }

    pub(crate) fn find(&self, token: &str, now: UnixTime) -> Option<Access> {
        self.0
            .with(&secret::key(token), now, |access| access.clone())
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.0.remove(key);
    }
}
