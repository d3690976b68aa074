//! `cosign initialize`: which instance is followed from now on, and from which root.
//!
//! ```text
//! cosign initialize --mirror https://sigstore.example/tuf --root root.json
//! cosign initialize --mirror https://sigstore.example/tuf --root https://sigstore.example/tuf/1.root.json \
//!     --root-checksum sha256:…
//! ```

use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_client::trust::{FRESH_FOR, PUBLIC_GOOD, STAGING, Settings};
use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_encoding::hex;
use waxwing_net::{Request, StatusCode};

use crate::{Means, root_status, trust};

/// Largest root that is read, in bytes: as much as the TUF client takes.
const LARGEST_ROOT: usize = 512_000;

/// Follow an instance of Sigstore
///
/// Fetches whom to trust from its TUF repository, verified from a root of it, and remembers the
/// repository for the commands to come. Without flags it is the public instance, whose root this
/// program carries.
///
/// Example:
///   cosign initialize --mirror https://sigstore.example.com/tuf --root root.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Initialize {
    /// The TUF repository
    #[arg(long, value_name = "URL", default_value = PUBLIC_GOOD.mirror)]
    mirror: String,
    /// A root of it: a file, or a URL
    #[arg(long, value_name = "FILE_OR_URL")]
    root: Option<String>,
    /// The digest of that root: HEX or sha256:HEX, or sha512:HEX
    #[arg(long, value_name = "DIGEST")]
    root_checksum: Option<String>,
    /// Follow the staging instance of the public one
    #[arg(long)]
    staging: bool,
    /// What the original takes, and passes over
    #[arg(hide = true)]
    passed_over: Vec<String>,
}

impl Initialize {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        if !self.passed_over.is_empty() {
            let words = self.passed_over.join(" ");
            output.warn(&format!("{words:?} means nothing here and is passed over"));
        }
        let settings = Settings {
            cache: trust::cache(means.environment),
            mirror: Some(match self.staging {
                true => STAGING.mirror.to_owned(),
                false => self.mirror.clone(),
            }),
            root: self.root(means, output).await?,
            fresh_for: FRESH_FOR,
            offline: false,
        };
        let local = settings.cache.clone().unwrap_or_default();
        let store = trust::new_store(means, settings);
        let initialized = store.initialize().await?;
        trust::passed_over(&initialized.trusted_root, output);
        if let Some(inventory) = &initialized.without_trusted_root {
            output.warn(&format!(
                "{} gives out no trusted_root.json, so whom to trust is known by its single files: from when to \
                 when a key counts is not; have its keeper add one",
                initialized.mirror
            ));
            root_status::print(&local, &initialized.mirror, inventory, output)?;
        }
        if let Some(reason) = initialized.no_signing_config {
            output.warn(&format!(
                "there is no signing config, so that signing needs --signing-config: {reason}"
            ));
        }
        Ok(())
    }

    /// The root that was given, if one was.
    async fn root(
        &self,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let place = self.root.as_deref().filter(|place| !place.is_empty());
        let checksum = self.root_checksum.as_deref();
        let checksum = checksum.filter(|text| !text.is_empty()).map(checksum_of);
        let checksum = checksum.transpose()?;
        let Some(place) = place else {
            ensure!(
                checksum.is_none(),
                "--root-checksum without --root: there is no root to compare with it"
            );
            return Ok(None);
        };
        let is_url = place.starts_with("http://") || place.starts_with("https://");
        let root = match is_url {
            false => files::read(Path::new(place), LARGEST_ROOT)?,
            true => {
                if checksum.is_none() {
                    output.warn(&format!(
                        "{place} is taken as the root without a --root-checksum, so that whoever answers there \
                         says whom to trust; the next version of the original refuses it"
                    ));
                }
                let request = Request::get(place).limit(LARGEST_ROOT);
                let answer = means.client.send(request).await?;
                answer.expect_status(StatusCode::OK)?.body.to_vec()
            }
        };
        if let Some(expected) = checksum {
            let found = expected.algorithm().digest(&root);
            ensure!(
                found == expected,
                "the root {place} has the digest {}; --root-checksum expects {}",
                hex::encode(found.as_bytes()),
                hex::encode(expected.as_bytes())
            );
        }
        Ok(Some(root))
    }
}

fn checksum_of(text: &str) -> anyhow::Result<Digest> {
    let (hash, digits) = match text.split_once(':') {
        None => (HashAlgorithm::Sha256, text),
        Some(("sha256", digits)) => (HashAlgorithm::Sha256, digits),
        Some(("sha512", digits)) => (HashAlgorithm::Sha512, digits),
        Some((other, _)) => bail!("--root-checksum of {other:?}; expected sha256 or sha512"),
    };
    let expected = || format!("--root-checksum {text:?}; expected HEX, sha256:HEX or sha512:HEX");
    let bytes = hex::decode(&digits.to_lowercase()).with_context(expected)?;
    Digest::new(hash, &bytes).with_context(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_of_sha_256_unless_it_says_so() {
        let digits = |length| "Ab".repeat(length);
        for (text, hash) in [
            (digits(32), HashAlgorithm::Sha256),
            (format!("sha256:{}", digits(32)), HashAlgorithm::Sha256),
            (format!("sha512:{}", digits(64)), HashAlgorithm::Sha512),
        ] {
            let digest = checksum_of(&text).unwrap();
            assert_eq!((digest.algorithm(), digest.as_bytes()[0]), (hash, 0xab));
        }
        for text in [
            digits(31),
            digits(64),
            format!("sha512:{}", digits(32)),
            "sha256:".to_owned(),
            format!("sha256:{}zz", digits(31)),
        ] {
            let refused = checksum_of(&text).unwrap_err().to_string();
            assert!(
                refused.contains("expected HEX, sha256:HEX or sha512:HEX"),
                "{refused}"
            );
        }
        let refused = checksum_of(&format!("md5:{}", digits(16)))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("expected sha256 or sha512"), "{refused}");
    }
}
