//! The password of a private key, from where the original takes it: `COSIGN_PASSWORD` if it is set, even to
//! nothing; a terminal; else all of the standard input, as it is.

use anyhow::bail;
use waxwing_cli::{Environment, prompt};
use zeroize::Zeroizing;

const VARIABLE: &str = "COSIGN_PASSWORD";

/// The password of a key that is there.
pub(crate) fn known(environment: &Environment) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    match environment.set(VARIABLE) {
        Some(password) => Ok(bytes(password)),
        None if prompt::is_interactive() => {
            Ok(bytes(&prompt::hidden("Enter password for private key: ")?))
        }
        None => prompt::everything(),
    }
}

/// The password of a key that is written.
pub(crate) fn new(environment: &Environment) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    match environment.set(VARIABLE) {
        Some(password) => Ok(bytes(password)),
        None if prompt::is_interactive() => {
            let password = prompt::hidden("Enter password for private key: ")?;
            if *password != *prompt::hidden("Enter password for private key again: ")? {
                bail!("passwords do not match");
            }
            Ok(bytes(&password))
        }
        None => prompt::everything(),
    }
}

fn bytes(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.as_bytes().to_vec())
}
