//! What arrives, checked before anything is done with it.

pub(crate) mod authorization;
pub(crate) mod client;
pub(crate) mod incoming;
pub(crate) mod pkce;
pub(crate) mod redirect_uri;
pub(crate) mod scope;
