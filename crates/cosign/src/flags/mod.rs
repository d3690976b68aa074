//! Groups of flags that several commands share. Each says what its flags come to.

mod certificate;
mod security_key;
mod verify;

pub(crate) use certificate::{CertificateVerify, Signer};
pub(crate) use security_key::SecurityKey;
pub(crate) use verify::CommonVerify;
