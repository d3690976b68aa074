//! Groups of flags that several commands share. Each says what its flags come to.

mod certificate;
mod consent;
mod identity;
mod security_key;
mod sign;
mod verify;

pub(crate) use certificate::{CertificateVerify, Signer};
pub(crate) use consent::Consent;
pub(crate) use identity::IdentityFlags;
pub(crate) use security_key::SecurityKey;
pub(crate) use sign::{FULCIO_URL, OIDC_ISSUER, Services, SignCommon, Urls};
pub(crate) use verify::{CommonVerify, REKOR_URL};
