//! Who somebody is: by a password that is checked here, or by the word of another issuer.

pub(crate) mod connector;
pub(crate) mod local;
pub(crate) mod password;
pub(crate) mod throttle;
pub(crate) mod upstream;
pub(crate) mod users;
pub(crate) mod users_file;
