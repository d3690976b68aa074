//! Keys: files under a password, made, taken over from elsewhere, and their public halves.

mod generate;
mod import;
mod password;
mod public;
pub(crate) mod reference;

use std::path::{Path, PathBuf};

use anyhow::Context;
use waxwing_cli::{Output, files, prompt};
use waxwing_crypto::PrivateKey;

use crate::Means;

pub(crate) use generate::GenerateKeyPair;
pub(crate) use import::ImportKeyPair;
pub(crate) use public::PublicKey;

/// Largest key file that is read, in bytes.
pub(crate) const LARGEST_KEY: usize = 64 << 10;

/// PREFIX.key and PREFIX.pub.
fn paths(prefix: &str) -> (PathBuf, PathBuf) {
    let with = |ending: &str| PathBuf::from(format!("{prefix}.{ending}"));
    (with("key"), with("pub"))
}

/// Writes both halves, the private one under a password and for the owner alone. A private key that is
/// there is replaced only if somebody says so.
fn write_pair(
    key: &PrivateKey,
    prefix: &str,
    password: &[u8],
    means: &Means<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (private, public) = paths(prefix);
    let pem = key.to_sigstore_pem(password, means.random.as_ref())?;
    files::write_private(&private, pem.as_bytes())?;
    output.note(&format!("Private key written to {}", private.display()));
    files::write(&public, key.public_key().to_pem().as_bytes())?;
    output.note(&format!("Public key written to {}", public.display()));
    Ok(())
}

fn ask_before_replacing(path: &Path, yes: bool) -> anyhow::Result<()> {
    if yes || !path.exists() {
        return Ok(());
    }
    let question = format!("File {} already exists. Overwrite it?", path.display());
    prompt::confirm(&question).with_context(|| format!("{} was not replaced", path.display()))
}
