//! `cosign trusted-root create`: a trusted root of the keys and certificates of services.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_crypto::SignatureAlgorithm;
use waxwing_model::TrustedRoot;
use waxwing_model::trusted_root::{CertificateAuthority, TransparencyLog};
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_tlog::note::log_id;

use super::older_flags::OlderFlags;
use crate::service_spec::ServiceSpec;
use crate::{Means, trust};

/// Make a trusted root of the keys and certificates of services
///
/// Each service is a list of keys and values between commas; flags repeat for several services.
///
/// Example:
///   cosign trusted-root create --out trusted_root.json \
///     --fulcio url=https://fulcio.example.com,certificate-chain=fulcio.pem \
///     --rekor url=https://rekor.example.com,public-key=rekor.pub,start-time=2024-01-01T00:00:00Z
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Create {
    /// A certificate authority: url, certificate-chain, and perhaps start-time and end-time
    #[arg(long, value_name = "SERVICE")]
    fulcio: Vec<String>,
    /// A transparency log: url, public-key, start-time, and perhaps end-time and origin, which is the name
    /// of a Rekor v2 log in its checkpoints
    #[arg(long, value_name = "SERVICE")]
    rekor: Vec<String>,
    /// A CT log: url, public-key, start-time, and perhaps end-time and origin
    #[arg(long, value_name = "SERVICE")]
    ctfe: Vec<String>,
    /// A timestamp authority: url, certificate-chain, and perhaps start-time and end-time
    #[arg(long, value_name = "SERVICE")]
    tsa: Vec<String>,
    /// Begin with the services of the instance that is followed; the services named take their place
    #[arg(long)]
    with_default_services: bool,
    /// Leave its certificate authorities out
    #[arg(long)]
    no_default_fulcio: bool,
    /// Leave its CT logs out
    #[arg(long)]
    no_default_ctfe: bool,
    /// Leave its timestamp authorities out
    #[arg(long)]
    no_default_tsa: bool,
    /// Leave its transparency logs out
    #[arg(long)]
    no_default_rekor: bool,
    /// Where the trusted root goes; without it, to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    older: OlderFlags,
}

impl Create {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let mut root = match self.with_default_services {
            true => trust::of_instance(means, false, output).await?,
            false => trust::nobody(),
        };
        let older = self.older.services()?;
        let services = [
            (&self.fulcio, &older.fulcio, "--fulcio"),
            (&self.rekor, &older.rekor, "--rekor"),
            (&self.ctfe, &older.ctfe, "--ctfe"),
            (&self.tsa, &older.tsa, "--tsa"),
        ];
        for (new, old, flag) in services {
            ensure!(
                new.is_empty() || old.is_empty(),
                "{flag} beside the older flags for the same service; name each service in one way"
            );
        }
        let of = |new: &[String], old: Vec<String>| match new.is_empty() {
            true => old,
            false => new.to_vec(),
        };
        let (fulcio, tsa) = (of(&self.fulcio, older.fulcio), of(&self.tsa, older.tsa));
        let (rekor, ctfe) = (of(&self.rekor, older.rekor), of(&self.ctfe, older.ctfe));
        if self.no_default_fulcio || !fulcio.is_empty() {
            root.certificate_authorities = each(&fulcio, |text| authority("fulcio", text, false))?;
        }
        if self.no_default_tsa || !tsa.is_empty() {
            root.timestamp_authorities = each(&tsa, |text| authority("tsa", text, true))?;
        }
        if self.no_default_rekor || !rekor.is_empty() {
            root.transparency_logs = each(&rekor, |text| log("rekor", text))?;
        }
        if self.no_default_ctfe || !ctfe.is_empty() {
            root.ct_logs = each(&ctfe, |text| log("ctfe", text))?;
        }
        write(&root, self.out.as_deref(), output)
    }
}

fn write(root: &TrustedRoot, out: Option<&Path>, output: &mut Output) -> anyhow::Result<()> {
    let json = root.to_json()?;
    match out {
        Some(path) => files::write_private(path, &json),
        None => Ok(output.stdout().write_bytes(&json)?),
    }
}

fn each<T>(specs: &[String], read: impl Fn(&str) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    specs.iter().map(|text| read(text)).collect()
}

fn authority(
    flag: &'static str,
    text: &str,
    is_for_timestamps: bool,
) -> anyhow::Result<CertificateAuthority> {
    let required = ["url", "certificate-chain"];
    let spec = ServiceSpec::parse(flag, text, &required, &["start-time", "end-time"])?;
    let path = Path::new(spec.value("certificate-chain"));
    let certificates = files::certificates(path)?;
    let (first, last) = (certificates.first(), certificates.last());
    let (first, last) = first.zip(last).context("a certificate at least")?;
    ensure!(
        !is_for_timestamps || certificates.len() > 1 && !first.is_authority(),
        "{}: expected the timestamp authority's own certificate first, and its root last",
        path.display()
    );
    // By whom and since when: that of the one who stamps, or of the anchor.
    let begins = match is_for_timestamps {
        true => first.not_before(),
        false => last.not_before(),
    };
    Ok(CertificateAuthority {
        subject: subject(last),
        uri: spec.value("url").to_owned(),
        valid_for: spec.window(Some(begins))?,
        certificates,
        operator: String::new(),
    })
}

fn subject(certificate: &Certificate) -> DistinguishedName {
    DistinguishedName::from_der(certificate.subject_der()).unwrap_or_default()
}

fn log(flag: &'static str, text: &str) -> anyhow::Result<TransparencyLog> {
    let required = ["url", "public-key", "start-time"];
    let spec = ServiceSpec::parse(flag, text, &required, &["end-time", "origin"])?;
    let key = trust::public_key(Path::new(spec.value("public-key")))?;
    let algorithm = SignatureAlgorithm::default_for(key.key_type());
    Ok(TransparencyLog {
        base_url: spec.value("url").to_owned(),
        algorithm: algorithm.context("the key has no algorithm that logs sign by")?,
        log_id: match spec.optional("origin") {
            // How a log that has a name in checkpoints is found.
            Some(origin) => log_id(origin, &key).to_vec(),
            None => key.sha256_of_spki().to_vec(),
        },
        valid_for: spec.window(None)?,
        public_key: key,
        checkpoint_key_id: None,
        operator: String::new(),
    })
}
