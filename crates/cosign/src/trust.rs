//! Whose word counts, from where the flags and variables say: files, certificates and keys by themselves,
//! or the trusted root of an instance.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use waxwing_cli::{Environment, Output, files};
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_encoding::pem;
use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::Selector;
use waxwing_model::trusted_root::{
    CertificateAuthority, LARGEST_TRUSTED_ROOT, TransparencyLog, Version,
};
use waxwing_model::{SigningConfig, TrustedRoot, Window};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::Means;
use crate::flags::{CertificateVerify, CommonVerify};

/// Most certificates in one file.
const MOST_CERTIFICATES: usize = 64;

/// Largest file of certificates or keys, in bytes.
const LARGEST_FILE: usize = 1 << 20;

/// The variables that name files with trust of their own.
const ROOTS: &str = "SIGSTORE_ROOT_FILE";
const CT_KEY: &str = "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE";
const REKOR_KEY: &str = "SIGSTORE_REKOR_PUBLIC_KEY";
const TSA_CERTIFICATES: &str = "SIGSTORE_TSA_CERTIFICATE_FILE";

/// A root in which nobody is trusted.
pub(crate) fn nobody() -> TrustedRoot {
    TrustedRoot {
        version: Version::V0_1,
        transparency_logs: Vec::new(),
        certificate_authorities: Vec::new(),
        ct_logs: Vec::new(),
        timestamp_authorities: Vec::new(),
        passed_over: Vec::new(),
    }
}

/// Trusts everybody that one of several roots trusts.
pub(crate) fn merged(roots: impl IntoIterator<Item = TrustedRoot>) -> TrustedRoot {
    roots.into_iter().fold(nobody(), |mut all, root| {
        all.transparency_logs.extend(root.transparency_logs);
        all.certificate_authorities
            .extend(root.certificate_authorities);
        all.ct_logs.extend(root.ct_logs);
        all.timestamp_authorities.extend(root.timestamp_authorities);
        all.passed_over.extend(root.passed_over);
        all
    })
}

/// The roots of `--trusted-root`; `None` without any.
pub(crate) fn from_files(paths: &[std::path::PathBuf]) -> anyhow::Result<Option<TrustedRoot>> {
    if paths.is_empty() {
        return Ok(None);
    }
    let roots = paths.iter().map(|path| {
        let json = files::read(path, LARGEST_TRUSTED_ROOT)?;
        TrustedRoot::from_json(&json).with_context(|| path.display().to_string())
    });
    Ok(Some(merged(roots.collect::<anyhow::Result<Vec<_>>>()?)))
}

/// Trust that comes in pieces, by flags and by variables; `None` if there is no piece.
pub(crate) fn from_pieces(
    certificate: &CertificateVerify,
    common: &CommonVerify,
    environment: &Environment,
) -> anyhow::Result<Option<TrustedRoot>> {
    let mut root = nobody();
    let variable = |name| environment.value(name).map(Path::new);
    let mut is_given = false;
    let mut given = |path: Option<&Path>| {
        is_given |= path.is_some();
        path.map(Path::to_owned)
    };
    let roots = given(certificate.ca_roots.as_deref().or(variable(ROOTS)));
    let chain = given(certificate.certificate_chain.as_deref());
    let timestamps = common.timestamp_certificate_chain.as_deref();
    let timestamps = given(timestamps.or(variable(TSA_CERTIFICATES)));
    let ct_key = given(variable(CT_KEY));
    let rekor_key = given(variable(REKOR_KEY));
    if let Some(path) = roots {
        let between = match &certificate.ca_intermediates {
            Some(path) => certificates(path)?,
            None => Vec::new(),
        };
        // Each root with all that may lie below it: which of them leads where is found out then.
        for root_certificate in certificates(&path)? {
            let mut chain = between.clone();
            chain.push(root_certificate);
            root.certificate_authorities.push(authority(chain)?);
        }
    } else if certificate.ca_intermediates.is_some() {
        bail!("--ca-intermediates without --ca-roots: nothing leads from them to somebody trusted");
    }
    if let Some(path) = chain {
        root.certificate_authorities
            .push(authority(certificates(&path)?)?);
    }
    if let Some(path) = timestamps {
        root.timestamp_authorities
            .push(authority(certificates(&path)?)?);
    }
    if let Some(path) = ct_key {
        let key = public_key(&path)?;
        root.ct_logs.push(log(key)?);
    }
    if let Some(path) = rekor_key {
        let key = public_key(&path)?;
        root.transparency_logs.push(log(key)?);
    }
    Ok(is_given.then_some(root))
}

/// The trusted root of the instance that is followed.
pub(crate) async fn of_instance(
    _means: &Means<'_>,
    _offline: bool,
    _output: &mut Output,
) -> anyhow::Result<TrustedRoot> {
    bail!("no --trusted-root")
}

/// The signing config of the instance that is followed.
pub(crate) async fn signing_config(
    _means: &Means<'_>,
    _output: &mut Output,
) -> anyhow::Result<SigningConfig> {
    bail!("no --signing-config")
}

/// A file of the instance that is followed, by its name among the targets.
pub(crate) async fn target(
    _means: &Means<'_>,
    _path: &str,
    _output: &mut Output,
) -> anyhow::Result<Vec<u8>> {
    bail!("no target")
}

/// A signing config without any service.
pub(crate) fn no_services() -> SigningConfig {
    SigningConfig {
        certificate_authorities: Vec::new(),
        oidc_issuers: Vec::new(),
        transparency_logs: Vec::new(),
        transparency_log_selector: Selector::Any,
        timestamp_authorities: Vec::new(),
        timestamp_authority_selector: Selector::Any,
    }
}

/// An authority by its certificates, its own first and the root last, trusted at any time.
fn authority(certificates: Vec<Certificate>) -> anyhow::Result<CertificateAuthority> {
    let subject = certificates.last().map(Certificate::subject_der);
    Ok(CertificateAuthority {
        subject: DistinguishedName::from_der(subject.unwrap_or_default()).unwrap_or_default(),
        uri: String::new(),
        certificates,
        valid_for: Window::ALWAYS,
        operator: String::new(),
    })
}

/// A log by its key, trusted at any time.
fn log(key: PublicKey) -> anyhow::Result<TransparencyLog> {
    let algorithm = SignatureAlgorithm::default_for(key.key_type());
    Ok(TransparencyLog {
        base_url: String::new(),
        algorithm: algorithm.context("the key has no algorithm that logs sign by")?,
        log_id: key.sha256_of_spki().to_vec(),
        public_key: key,
        valid_for: Window {
            start: UnixTime::EARLIEST,
            end: None,
        },
        checkpoint_key_id: None,
        operator: String::new(),
    })
}

/// The certificates of a PEM file, at least one.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let text = String::from_utf8(files::read(path, LARGEST_FILE)?);
    let text = text.with_context(|| format!("{} is not text; expected PEM", path.display()))?;
    let blocks = pem::decode_all(&text, MOST_CERTIFICATES);
    let blocks = blocks.with_context(|| path.display().to_string())?;
    let read = blocks.iter().map(|block| {
        ensure!(
            block.label == "CERTIFICATE",
            "{} has a PEM block {}; expected CERTIFICATE",
            path.display(),
            block.label
        );
        Certificate::from_der(&block.der).with_context(|| path.display().to_string())
    });
    read.collect()
}

/// The public key of a PEM file.
pub(crate) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = String::from_utf8(files::read(path, LARGEST_FILE)?);
    let text = text.with_context(|| format!("{} is not text; expected PEM", path.display()))?;
    PublicKey::from_pem(&text).with_context(|| path.display().to_string())
}
