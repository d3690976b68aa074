//! `waxwing try FILE`: a whole Sigstore in memory signs FILE and leaves what verifies it.
//!
//! ```text
//! FILE.sigstore.json        the bundle
//! FILE.trusted_root.json    the trust root of the Sigstore that made it, which is gone afterwards
//! ```
//!
//! The verdict is that of the files as they lie on the disk, read back: what was verified on the way
//! is not what a verifier will be given.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use waxwing_cli::{Format, Output, Step as Line, files};
use waxwing_client::{By, Step, What};
use waxwing_crypto::{HashAlgorithm, KeyType};
use waxwing_encoding::hex;
use waxwing_instance::{Address, Instance};
use waxwing_issuer::Identity as Person;
use waxwing_model::bundle::LARGEST_BUNDLE;
use waxwing_model::trusted_root::LARGEST_TRUSTED_ROOT;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_pki::fulcio::Identity as Signer;
use waxwing_pki::timestamp::Timestamp;
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verified, Verifier};

use crate::shell;
use crate::system::surroundings;

/// Where the instance would be if it stayed: `.localhost` always means this machine (RFC 6761).
const PUBLIC_URL: &str = "http://waxwing.localhost";

/// Sign a file with a whole Sigstore that lives as long as the command
///
/// Starts an issuer, Fulcio, a CT log, Rekor and a timestamp authority in memory, signs FILE
/// without a key of your own, verifies it, and leaves FILE.sigstore.json and
/// FILE.trusted_root.json, with which any Sigstore client verifies it too.
///
/// Example:
///   waxwing try README.md
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct TryFile {
    /// The file to sign
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who signs: an e-mail address; nobody checks that it is yours
    #[arg(
        long = "as",
        value_name = "EMAIL",
        default_value = "you@waxwing.localhost"
    )]
    signer: String,
    /// How to say what was done
    #[arg(long, short, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// The result as `--output json` prints it. Fields are added, never changed.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    sha256: String,
    bundle: PathBuf,
    trusted_root: PathBuf,
    identity: String,
    issuer: String,
    time: String,
    log_index: u64,
    verified: bool,
    milliseconds: f64,
    verify_command: Vec<String>,
}

impl TryFile {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        runtime.block_on(self.sign_and_verify(output))
    }

    async fn sign_and_verify(&self, output: &mut Output) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut watch = Watch {
            output,
            last: began,
        };

        let digest = files::digest(&self.file, HashAlgorithm::Sha256)?;
        watch.step(
            "file",
            &format!("sha256:{}", hex::encode(digest.as_bytes())),
        );
        let instance = Instance::start(Address::new(PUBLIC_URL)?, surroundings()).await?;
        watch.step(
            "sigstore",
            "issuer, Fulcio, CT log, Rekor, timestamp authority, in memory",
        );
        let token = instance.token(&Person::email(&self.signer))?;
        watch.step("token", &format!("{} by {}", token.name(), token.issuer()));

        let signer = instance.signer(instance.client()?)?;
        let signed = signer
            .sign(
                What::Digest(digest),
                By::Identity(&token, KeyType::EcdsaP256),
                &mut |step| watch.signing(&step),
            )
            .await?;

        let bundle = files::beside(&self.file, "sigstore.json");
        let trusted_root = files::beside(&self.file, "trusted_root.json");
        files::write(&bundle, &signed.bundle.to_json()?)?;
        files::write(&trusted_root, &instance.trusted_root().to_json()?)?;
        watch.step(
            "files",
            &format!("{} and {}", bundle.display(), trusted_root.display()),
        );

        let identity = Identity::exactly(token.issuer(), token.name())?;
        let verified = verify(&self.file, &bundle, &trusted_root, identity)
            .context("what was written does not verify")?;
        watch.step("verdict", "verified again from the files alone");

        let signer = verified.identity().context("a key signed")?;
        let took = began.elapsed();
        let command = verify_command(&self.file, &bundle, &trusted_root, signer);
        match self.output {
            Format::Json => output.json(&Report {
                file: self.file.clone(),
                sha256: hex::encode(digest.as_bytes()),
                bundle,
                trusted_root,
                identity: signer.name.value().to_owned(),
                issuer: signer.issuer.clone(),
                time: verified
                    .times()
                    .first()
                    .map(|time| time.time.to_string())
                    .unwrap_or_default(),
                log_index: verified
                    .entries()
                    .first()
                    .and_then(|entry| entry.log_index)
                    .unwrap_or_default(),
                verified: true,
                milliseconds: took.as_secs_f64() * 1000.0,
                verify_command: command,
            })?,
            Format::Text => {
                output.note(&format!(
                    "\nDone in {:.1} ms. Any Sigstore client agrees, for example:\n",
                    took.as_secs_f64() * 1000.0
                ));
                output.line(&shell::line(&command))?;
            }
        }
        Ok(())
    }
}

/// Prints each step with the time since the one before.
struct Watch<'a> {
    output: &'a mut Output,
    last: Instant,
}

impl Watch<'_> {
    fn step(&mut self, name: &str, detail: &str) {
        let took: Duration = self.last.elapsed();
        self.output.step(&Line::done(name, detail, took));
        // Printing is not part of the next step.
        self.last = Instant::now();
    }

    fn signing(&mut self, step: &Step<'_>) {
        match step {
            Step::Key(key) => self.step("key", &format!("fresh, {key:?}, used once")),
            Step::Certificate { certificate, .. } => {
                let who = Signer::of(certificate).map(|signer| signer.name.value().to_owned());
                let who = who.unwrap_or_default();
                let (from, to) = (certificate.not_before(), certificate.not_after());
                let minutes = (to.seconds() - from.seconds()) / 60;
                let detail =
                    format!("Fulcio says {who} holds it, for {minutes} minutes; SCT inside");
                self.step("certificate", &detail);
            }
            Step::Signature(signature) => {
                self.step(
                    "signature",
                    &format!("{} bytes; the key is gone", signature.len()),
                );
            }
            Step::Timestamp { response, .. } => {
                let time = Timestamp::from_der(response).map(|stamp| stamp.claimed_time());
                let time = time.map(|time| time.to_string()).unwrap_or_default();
                self.step("timestamp", &format!("{time} by the timestamp authority"));
            }
            Step::LogEntry { entry, .. } => {
                let size = entry.inclusion_proof.as_ref().map(|proof| proof.tree_size);
                let size = size.unwrap_or_default();
                let detail = format!("number {} of {size} in Rekor, with proof", entry.log_index);
                self.step("log entry", &detail);
            }
            Step::Verified(_) => {
                self.step("check", "certificate, SCT, timestamp, signature, log entry");
            }
            _ => {}
        }
    }
}

fn verify(
    file: &Path,
    bundle: &Path,
    trusted_root: &Path,
    identity: Identity,
) -> anyhow::Result<Verified> {
    let trusted_root = TrustedRoot::from_json(&files::read(trusted_root, LARGEST_TRUSTED_ROOT)?)?;
    let bundle = Bundle::from_json(&files::read(bundle, LARGEST_BUNDLE)?)?;
    let digest = files::digest(file, HashAlgorithm::Sha256)?;
    let verifier = Verifier::new(trusted_root, Requirements::public_good())?;
    Ok(verifier.verify(
        &bundle,
        Artifact::Digest(digest),
        &Policy::identity(identity),
    )?)
}

fn verify_command(file: &Path, bundle: &Path, trusted_root: &Path, signer: &Signer) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let words = [
        "cosign".to_owned(),
        "verify-blob".to_owned(),
        "--bundle".to_owned(),
        path(bundle),
        "--trusted-root".to_owned(),
        path(trusted_root),
        "--use-signed-timestamps".to_owned(),
        "--certificate-identity".to_owned(),
        signer.name.value().to_owned(),
        "--certificate-oidc-issuer".to_owned(),
        signer.issuer.clone(),
        path(file),
    ];
    words.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_beside_the_file() {
        let beside = files::beside(Path::new("folder/file.tar.gz"), "sigstore.json");
        assert_eq!(beside, Path::new("folder/file.tar.gz.sigstore.json"));
    }
}
