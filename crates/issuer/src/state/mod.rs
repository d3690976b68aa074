//! What the issuer remembers between two requests: all of it in memory, short-lived, and bounded.

pub(crate) mod access;
pub(crate) mod code;
pub(crate) mod device;
pub(crate) mod expiring;
pub(crate) mod refresh;
pub(crate) mod secret;
