//! The issuing key of an instance, beside the process that runs it: for a load of precertificates, which a
//! CT log takes from its own authority alone.

use std::path::Path;
use std::sync::Arc;

use waxwing_encoding::time::Clock;
use waxwing_pki::Certificate;
use waxwing_pki::issue::Authority;

use crate::disk::{read, read_private_key};
use crate::keyring::Role;
use crate::keyring_file::KeyringFile;
use crate::{DataError, StartError};

/// Fulcio's key of this moment in the instance of a directory, and the certificates above its own, the root
/// last. Nothing is locked: whatever is signed with it passes by Fulcio's checks, so whoever uses it must
/// be who runs the instance.
pub fn dangerous_issuing_authority(
    data: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(Authority, Vec<Certificate>), StartError> {
    let ring = data.join("keyring.json");
    let json = read(&ring).map_err(DataError::from)?;
    let json = json.ok_or_else(|| DataError::Absent {
        path: data.to_owned(),
    })?;
    let file = KeyringFile::from_json(&json);
    let file = file.map_err(|source| DataError::Keyring { path: ring, source })?;
    let role = Role::CertificateAuthority;
    let held = file.keyring.active(role, clock.now())?;
    let path = data.join("private").join(format!("{}.pem", held.name));
    let key = read_private_key(&path).map_err(DataError::from)?;
    let key = key.ok_or_else(|| StartError::MissingKey {
        name: held.name.clone(),
    })?;
    let (own, above) = held
        .certificates
        .split_first()
        .ok_or(StartError::NoActiveKey { role: role.name() })?;
    if key.public_key() != own.public_key() {
        let name = held.name.clone();
        return Err(DataError::OtherKey { path, name }.into());
    }
    let authority = Authority {
        certificate: own.clone(),
        key,
    };
    Ok((authority, above.to_vec()))
}
