//! What an instance has published of itself: by this, and by nothing that it answers, it is judged.

use std::path::Path;

use anyhow::{Context, ensure};
use waxwing_cli::files;
use waxwing_encoding::time::UnixTime;
use waxwing_instance::{Address, DataDirectory};
use waxwing_model::TrustedRoot;
use waxwing_model::trusted_root::{CertificateAuthority, LARGEST_TRUSTED_ROOT, TransparencyLog};
use waxwing_pki::chain::TrustedChain;
use waxwing_tlog::note::NoteVerifier;

/// Keys and certificates of an instance, those of this moment.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) address: Address,
    pub(super) fulcio: TrustedChain,
    pub(super) tsa: TrustedChain,
    pub(super) rekor: TransparencyLog,
    pub(super) ct: TransparencyLog,
}

impl Trust {
    /// Reads what is in the directory of an instance that was started at least once.
    pub(super) fn read(data: &Path, now: UnixTime) -> anyhow::Result<Self> {
        let address = DataDirectory::existing_address(data)?;
        let path = data.join("client/trusted_root.json");
        let json = files::read(&path, LARGEST_TRUSTED_ROOT)?;
        let root = TrustedRoot::from_json(&json).with_context(|| path.display().to_string())?;
        let chain = |authorities: Vec<CertificateAuthority>| {
            let mut authorities = authorities.into_iter().rev();
            let active = authorities.find(|authority| authority.valid_for.contains(now));
            let active = active.context("the trusted root has no authority of this moment")?;
            anyhow::Ok(TrustedChain::new(active.certificates)?)
        };
        let log = |logs: Vec<TransparencyLog>| {
            let mut logs = logs.into_iter().rev();
            let active = logs.find(|log| log.valid_for.contains(now));
            active.context("the trusted root has no log of this moment")
        };
        Ok(Self {
            address,
            fulcio: chain(root.certificate_authorities)?,
            tsa: chain(root.timestamp_authorities)?,
            rekor: log(root.transparency_logs)?,
            ct: log(root.ct_logs)?,
        })
    }

    /// Where requests go.
    pub(super) fn url(&self) -> anyhow::Result<String> {
        let url = self.address.base();
        ensure!(
            url.starts_with("http://"),
            "the instance is {url}; the hammer speaks plain HTTP, so that it measures the services and \
             not TLS: name where it listens, as in `waxwing hammer http://127.0.0.1:4747 --instance DIR`"
        );
        Ok(url.to_owned())
    }

    /// By which host name the Rekor log is asked: each has its own.
    pub(super) fn rekor_host(&self) -> &str {
        authority(&self.rekor).0
    }

    /// Below which path the CT log is.
    pub(super) fn ct_prefix(&self) -> &str {
        authority(&self.ct).1
    }

    /// What the heads of the Rekor log are verified with; their origin is a bare host name.
    pub(super) fn rekor_heads(&self) -> anyhow::Result<NoteVerifier> {
        let host = self.rekor_host();
        let port = host
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        let origin = port.map_or(host, |(name, _)| name);
        Ok(NoteVerifier::rekor_v2(origin, &self.rekor.public_key)?)
    }

    /// What the heads of the CT log are verified with; their origin is its URL without the scheme.
    pub(super) fn ct_heads(&self) -> anyhow::Result<NoteVerifier> {
        let (host, prefix) = authority(&self.ct);
        let origin = format!("{host}{prefix}");
        Ok(NoteVerifier::tree_head(&origin, &self.ct.public_key)?)
    }
}

/// Host with port, and the path behind it without a slash at its end.
fn authority(log: &TransparencyLog) -> (&str, &str) {
    let url = log.base_url.trim_end_matches('/');
    let url = url.split_once("://").map_or(url, |(_, behind)| behind);
    url.split_at(url.find('/').unwrap_or(url.len()))
}
