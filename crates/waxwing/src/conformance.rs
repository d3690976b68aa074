//! `waxwing conformance`: the command line that Sigstore's conformance suite gives to a client.
//!
//! ```text
//! waxwing conformance verify-bundle [--staging] --bundle FILE --certificate-identity NAME
//!     --certificate-oidc-issuer URL [--trusted-root FILE] FILE_OR_DIGEST
//! waxwing conformance verify-bundle [--staging] --bundle FILE --key FILE [--trusted-root FILE] FILE_OR_DIGEST
//! ```
//!
//! Exit code 0 is a yes. Nothing asks the network: without `--trusted-root` the root that the
//! program carries is used.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use waxwing_cli::{Output, ReadArtifact, files};
use waxwing_client::trust;
use waxwing_crypto::{Digest, HashAlgorithm, PublicKey};
use waxwing_encoding::hex;
use waxwing_encoding::time::Clock;
use waxwing_model::bundle::LARGEST_BUNDLE;
use waxwing_model::trusted_root::LARGEST_TRUSTED_ROOT;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{Identity, Policy, Requirements, Verifier};

use crate::system::SystemClock;

/// Largest public key file that is read, in bytes.
const LARGEST_KEY: usize = 64 * 1024;

/// The protocol of Sigstore's conformance suite
///
/// Example:
///   waxwing conformance verify-bundle --bundle app.sigstore.json \
///     --certificate-identity me@example.com --certificate-oidc-issuer https://issuer.example.com \
///     app.tar.gz
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Conformance {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    VerifyBundle(VerifyBundle),
}

/// Verify a bundle; the exit code is the answer
///
/// Example:
///   waxwing conformance verify-bundle --bundle app.sigstore.json --key release.pub \
///     sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct VerifyBundle {
    /// Trust the staging instance instead of the public one
    #[arg(long)]
    staging: bool,
    /// The bundle
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// The identity that must have signed
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "key",
        conflicts_with = "key",
        requires = "certificate_oidc_issuer"
    )]
    certificate_identity: Option<String>,
    /// The OIDC issuer that must have vouched for it
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "key",
        requires = "certificate_identity"
    )]
    certificate_oidc_issuer: Option<String>,
    /// The public key that must have signed, in PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The keys and certificates to trust, instead of those that the program carries
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The file that was signed, or its digest as sha256:HEX (sha384, sha512)
    #[arg(value_name = "FILE_OR_DIGEST")]
    file_or_digest: PathBuf,
}

impl Conformance {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::VerifyBundle(command) => command.run(output),
        }
    }
}

impl VerifyBundle {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let bundle = files::read(&self.bundle, LARGEST_BUNDLE)?;
        let bundle = Bundle::from_json(&bundle).with_context(|| named(&self.bundle))?;
        let policy = self.policy()?.at(SystemClock.now());
        let artifact = match digest(&self.file_or_digest)? {
            Some(digest) => ReadArtifact::Digests(vec![digest]),
            None => ReadArtifact::of_file(&self.file_or_digest, &bundle, &policy)?,
        };
        let verifier = Verifier::new(self.trusted_root()?, Requirements::public_good())?;
        verifier.verify(&bundle, artifact.as_artifact(), &policy)?;
        output.note("Verified OK");
        Ok(())
    }

    fn policy(&self) -> anyhow::Result<Policy> {
        let key = self.key.as_ref();
        match (
            &self.certificate_oidc_issuer,
            &self.certificate_identity,
            key,
        ) {
            (Some(issuer), Some(name), None) => {
                Ok(Policy::identity(Identity::exactly(issuer, name)?))
            }
            (None, None, Some(path)) => {
                let pem = files::read(path, LARGEST_KEY)?;
                let pem = str::from_utf8(&pem).with_context(|| named(path))?;
                let key = PublicKey::from_pem(pem).with_context(|| named(path))?;
                Ok(Policy::key(key))
            }
            _ => bail!("expected --certificate-identity with --certificate-oidc-issuer, or --key"),
        }
    }

    fn trusted_root(&self) -> anyhow::Result<TrustedRoot> {
        let carried = match self.staging {
            true => trust::STAGING,
            false => trust::PUBLIC_GOOD,
        };
        match &self.trusted_root {
            Some(path) => {
                let json = files::read(path, LARGEST_TRUSTED_ROOT)?;
                TrustedRoot::from_json(&json).with_context(|| named(path))
            }
            None => Ok(TrustedRoot::from_json(carried.trusted_root)?),
        }
    }
}

/// The digest, unless the argument is a file: the suite has it that a file of this name goes first.
/// The suite knows SHA-256 alone; statements about npm packages have only SHA-512.
fn digest(argument: &Path) -> anyhow::Result<Option<Digest>> {
    let argument_text = argument.to_str().unwrap_or_default();
    let (hash, digits) = match argument_text.split_once(':') {
        Some(("sha256", digits)) => (HashAlgorithm::Sha256, digits),
        Some(("sha384", digits)) => (HashAlgorithm::Sha384, digits),
        Some(("sha512", digits)) => (HashAlgorithm::Sha512, digits),
        _ => return Ok(None),
    };
    if digits.len() != 2 * hash.length() || argument.exists() {
        return Ok(None);
    }
    Ok(Digest::new(hash, &hex::decode(digits)?))
}

fn named(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_digits_behind_its_hash() {
        let digits = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
        let digest = |text: &str| digest(Path::new(text));
        assert!(digest(&format!("sha256:{digits}")).unwrap().is_some());
        let longer = digest(&format!("sha512:{digits}{digits}")).unwrap();
        assert_eq!(longer.unwrap().algorithm(), HashAlgorithm::Sha512);
        assert!(digest(&format!("sha512:{digits}")).unwrap().is_none());
        assert!(digest(digits).unwrap().is_none());
        assert!(
            digest(&format!("sha256:{}", &digits[1..]))
                .unwrap()
                .is_none()
        );
        assert!(digest(&format!("sha256:{}", digits.replace('a', "z"))).is_err());
    }
}
