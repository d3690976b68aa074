//! `cosign import-key-pair`: a key that another program made.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_crypto::PrivateKey;
use zeroize::Zeroizing;

use crate::Means;

use super::{LARGEST_KEY, ask_before_replacing, password, paths, write_pair};

/// Take over a private key that another program made
///
/// Reads PKCS#8, PKCS#1 and SEC 1 in PEM; PKCS#8 under a password too, which then is the password of
/// the file that is written. Writes PREFIX.key and PREFIX.pub.
///
/// Example:
///   cosign import-key-pair --key openssl.pem
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ImportKeyPair {
    /// The private key
    #[arg(long, short, value_name = "FILE")]
    key: PathBuf,
    /// What both file names begin with
    #[arg(long, short, value_name = "PREFIX", default_value = "import-cosign")]
    output_key_prefix: String,
    /// Replace a key that is there without a question
    #[arg(long, short)]
    yes: bool,
}

impl ImportKeyPair {
    pub(crate) fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let path = || self.key.display().to_string();
        let pem = Zeroizing::new(files::read(&self.key, LARGEST_KEY)?);
        let pem = std::str::from_utf8(&pem)
            .with_context(|| format!("{} is not text; expected PEM", path()))?;
        let (private, _) = paths(&self.output_key_prefix);
        let is_encrypted = pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        let (key, password) = if is_encrypted {
            let password = password::known(means.environment)?;
            let key = PrivateKey::from_encrypted_pem(pem, &password).with_context(path)?;
            ask_before_replacing(&private, self.yes)?;
            (key, password)
        } else {
            let key = PrivateKey::from_plain_pem(pem).with_context(path)?;
            ask_before_replacing(&private, self.yes)?;
            (key, password::new(means.environment)?)
        };
        write_pair(&key, &self.output_key_prefix, &password, means, output)
    }
}
