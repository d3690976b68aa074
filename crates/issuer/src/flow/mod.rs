//! The flows, a file each; [`crate`] has the map.

pub(crate) mod answer;
pub(crate) mod authorize;
pub(crate) mod callback;
pub(crate) mod client_grant;
pub(crate) mod code_grant;
pub(crate) mod device;
pub(crate) mod device_grant;
pub(crate) mod exchange_grant;
pub(crate) mod finish;
pub(crate) mod introspect;
pub(crate) mod refresh_grant;
pub(crate) mod token;
pub(crate) mod userinfo;
