//! Where the issuing key is: what each kind needs, in the original's words, and those that are here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use waxwing_cli::{Surroundings, files};
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::time::Clock;
use waxwing_fulcio::authority::{
    Backend, FileAuthority, FileSettings, Fixed, RemoteIssuer, ephemeral,
};
use waxwing_serve::FileWatch;
use zeroize::Zeroizing;

use super::flags::{Password, Serve, named};
use super::journal::Journal;
use crate::kms::{self, Patience};
use crate::reload::Reloads;

/// The longest password that is read, in bytes.
const LONGEST_PASSWORD: usize = 64 << 10;

/// The kinds that the original names.
const KNOWN: &str = "pkcs11ca, googleca, fileca, or ephemeralca";

/// A kind of backend, with what it needs.
#[derive(Debug)]
pub(super) enum Kind {
    Ephemeral,
    File(FileSettings),
    Service(Service),
}

/// A key management service.
#[derive(Debug)]
pub(super) struct Service {
    key: String,
    chain: PathBuf,
    patience: Patience,
}

impl Kind {
    /// What the flags say, once they say enough.
    pub(super) fn of(flags: &Serve, journal: &Journal) -> anyhow::Result<Self> {
        // With what was read, so that a mistake in that is seen before there is another program to see it.
        let elsewhere = |what: String| {
            anyhow::anyhow!(
                "--ca={} is not here yet: {what} is not asked to sign; use --ca=fileca, whose key is in \
                 a file, encrypted",
                flags.ca
            )
        };
        let shown = |path: &Option<PathBuf>| {
            let path = path.as_deref().unwrap_or(Path::new(""));
            path.display().to_string()
        };
        match flags.ca.as_str() {
            "" => bail!("required flag \"ca\" not set"),
            "ephemeralca" => Ok(Self::Ephemeral),
            "fileca" => Ok(Self::File(file(flags)?)),
            "pkcs11ca" => {
                ensure!(
                    flags.hsm_caroot_id.is_some(),
                    "hsm-caroot-id must be set when using pkcs11ca"
                );
                Err(elsewhere(format!(
                    "the module of {} with the key {} and the root {:?} ({:?})",
                    flags.pkcs11_config_path.display(),
                    flags.hsm_key_label,
                    flags.hsm_caroot_id.as_deref().unwrap_or_default(),
                    shown(&flags.aws_hsm_root_ca_path),
                )))
            }
            "googleca" => {
                ensure!(
                    flags.gcp_private_ca_parent.is_some(),
                    "gcp_private_ca_parent must be set when using googleca"
                );
                if flags.gcp_private_ca_version.is_some() {
                    journal.warn(
                        "gcp_private_ca_version is deprecated and will soon be removed; please remove it",
                    );
                }
                let parent = flags.gcp_private_ca_parent.as_deref().unwrap_or_default();
                Err(elsewhere(format!(
                    "Google's service with the pool {parent:?}"
                )))
            }
            "kmsca" => {
                for (name, is_set) in [
                    ("kms-resource", flags.kms_resource.is_some()),
                    ("kms-cert-chain-path", flags.kms_cert_chain_path.is_some()),
                ] {
                    ensure!(is_set, "{name} must be set when using kmsca");
                }
                let some = |number: u32| (number > 0).then_some(number);
                Ok(Self::Service(Service {
                    key: flags.kms_resource.clone().unwrap_or_default(),
                    chain: flags.kms_cert_chain_path.clone().unwrap_or_default(),
                    patience: Patience {
                        retries: some(flags.gcp_kms_retries),
                        timeout: some(flags.gcp_kms_timeout)
                            .map(|seconds| Duration::from_secs(seconds.into())),
                    },
                }))
            }
            "tinkca" => {
                for (name, is_set) in [
                    ("tink-kms-resource", flags.tink_kms_resource.is_some()),
                    ("tink-cert-chain-path", flags.tink_cert_chain_path.is_some()),
                    ("tink-keyset-path", flags.tink_keyset_path.is_some()),
                ] {
                    ensure!(is_set, "{name} must be set when using tinkca");
                }
                Err(elsewhere(format!(
                    "the keyset {:?} of {:?} under the chain {:?}",
                    shown(&flags.tink_keyset_path),
                    flags.tink_kms_resource.as_deref().unwrap_or_default(),
                    shown(&flags.tink_cert_chain_path),
                )))
            }
            other => bail!("--ca={other} is not a valid selection. Try: {KNOWN}"),
        }
    }

    /// The backend; if its files are watched, `reloads` does so.
    pub(super) async fn open(
        self,
        watch: bool,
        surroundings: &Surroundings<'_>,
        journal: &Journal,
        reloads: &mut Reloads,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        let now = surroundings.clock.now();
        let settings = match self {
            Self::Ephemeral => return Ok(Arc::new(ephemeral(now, &*surroundings.random)?)),
            Self::File(settings) => settings,
            Self::Service(service) => return service.open(surroundings, journal).await,
        };
        // Looked at before they are read.
        let files = FileWatch::new(vec![settings.chain.clone(), settings.key.clone()]);
        let authority = FileAuthority::open(settings, now).context("--ca=fileca")?;
        let authority = Arc::new(authority);
        if watch {
            reload(files, &authority, &surroundings.clock, reloads);
        }
        Ok(authority)
    }
}

impl Service {
    async fn open(
        self,
        surroundings: &Surroundings<'_>,
        journal: &Journal,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        let chain = files::certificates(&self.chain).context("kms-cert-chain-path")?;
        let journal = journal.clone();
        let tell = move |text: &str| journal.warn(text);
        // The original's only one.
        let hash = HashAlgorithm::Sha256;
        let signer = kms::open(&self.key, hash, self.patience, surroundings, tell).await;
        let signer = signer.context("--ca=kmsca")?;
        let issuer = RemoteIssuer::checked(signer, chain, surroundings.clock.now());
        let issuer = issuer
            .with_context(|| format!("--ca=kmsca: {} under {}", self.key, self.chain.display()))?;
        Ok(Arc::new(Fixed::new(issuer)))
    }
}

fn reload(
    files: FileWatch,
    authority: &Arc<FileAuthority>,
    clock: &Arc<dyn Clock>,
    reloads: &mut Reloads,
) {
    let (authority, clock) = (Arc::clone(authority), Arc::clone(clock));
    reloads.add(files, "the old chain and key go on issuing", move || {
        let (authority, clock) = (Arc::clone(&authority), Arc::clone(&clock));
        async move {
            // Deriving the key of an encrypted one takes a while.
            tokio::task::spawn_blocking(move || authority.reload(clock.now())).await??;
            Ok(Vec::new())
        }
    });
}

fn file(flags: &Serve) -> anyhow::Result<FileSettings> {
    let chain = flags.fileca_cert.clone();
    let chain = chain.context("fileca-cert must be set to certificate path when using fileca")?;
    let key = flags.fileca_key.clone();
    let key = key.context("fileca-key must be set to private key path when using fileca")?;
    let in_file = named(flags.fileca_key_passwd_file.as_ref());
    let password = match (&flags.fileca_key_passwd, in_file) {
        (Some(Password(password)), None) => password.clone(),
        (None, Some(path)) => password(path)
            .with_context(|| format!("--fileca-key-passwd-file {}", path.display()))?,
        (Some(_), Some(_)) => bail!(
            "fileca-key-passwd and fileca-key-passwd-file are both set; only one can be meant"
        ),
        (None, None) => bail!(
            "fileca-key-passwd must be set to encryption password for private key file when using \
             fileca; it can also be in a file, which --fileca-key-passwd-file names"
        ),
    };
    let password = Some(password);
    Ok(FileSettings {
        chain,
        key,
        password,
    })
}

/// The first line of a file.
fn password(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let bytes = Zeroizing::new(files::read(path, LONGEST_PASSWORD)?);
    let text = std::str::from_utf8(&bytes).context("a password is text")?;
    let line = text.lines().next().unwrap_or_default();
    ensure!(
        !line.is_empty(),
        "the first line is empty; it is to be the password"
    );
    Ok(Zeroizing::new(line.to_owned()))
}
