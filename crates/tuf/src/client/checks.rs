//! What every role's metadata is held to, beside its signatures.

use waxwing_encoding::time::UnixTime;

use super::UpdateError;
use crate::metadata::{MetaFile, Metadata, Signed};

pub(super) fn parse<T: Signed>(role: &str, bytes: &[u8]) -> Result<Metadata<T>, UpdateError> {
    Metadata::parse(bytes).map_err(|source| UpdateError::Metadata {
        role: role.to_owned(),
        source,
    })
}

pub(super) fn check_rollback(
    place: &'static str,
    role: &str,
    found: u64,
    trusted: u64,
) -> Result<(), UpdateError> {
    match found < trusted {
        true => Err(UpdateError::Rollback {
            place,
            role: role.to_owned(),
            found,
            trusted,
        }),
        false => Ok(()),
    }
}

pub(super) fn check_version<T: Signed>(
    role: &str,
    metadata: &Metadata<T>,
    expected: u64,
) -> Result<(), UpdateError> {
    let found = metadata.signed().version();
    match found == expected {
        true => Ok(()),
        false => Err(UpdateError::Version {
            role: role.to_owned(),
            found,
            expected,
        }),
    }
}

pub(super) fn check_content(role: &str, file: &MetaFile, bytes: &[u8]) -> Result<(), UpdateError> {
    file.check(bytes).map_err(|source| UpdateError::Content {
        role: role.to_owned(),
        source,
    })
}

pub(super) fn check_expiry<T: Signed>(
    role: &str,
    metadata: &Metadata<T>,
    now: UnixTime,
) -> Result<(), UpdateError> {
    match metadata.signed().is_expired(now) {
        true => Err(UpdateError::Expired {
            role: role.to_owned(),
            expires: metadata.signed().expires(),
            now,
        }),
        false => Ok(()),
    }
}
