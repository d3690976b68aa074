//! Whose word counts, from where the flags and variables say: files, certificates and keys by themselves,
//! or the trusted root of an instance.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use waxwing_cli::{Environment, Output, files, parse_duration};
use waxwing_client::trust::{self as client_trust, Because, Settings, Source, TrustStore};
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::Selector;
use waxwing_model::trusted_root::{
    CertificateAuthority, LARGEST_TRUSTED_ROOT, Reason, TransparencyLog, Version,
};
use waxwing_model::{SigningConfig, TrustedRoot, Window};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::Means;
use crate::flags::{CertificateVerify, CommonVerify};

/// Largest file of certificates or keys, in bytes.
const LARGEST_FILE: usize = 1 << 20;

/// The variables that name files with trust of their own.
const ROOTS: &str = "SIGSTORE_ROOT_FILE";
const CT_KEY: &str = "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE";
const REKOR_KEY: &str = "SIGSTORE_REKOR_PUBLIC_KEY";
const TSA_CERTIFICATES: &str = "SIGSTORE_TSA_CERTIFICATE_FILE";

/// The variables that say which instance is followed, and how closely.
const TUF_MIRROR: &str = "TUF_MIRROR";
const TUF_ROOT: &str = "TUF_ROOT";
const TUF_ROOT_JSON: &str = "TUF_ROOT_JSON";
const FRESH_FOR: &str = "WAXWING_TRUST_FRESH_FOR";

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
pub(crate) fn from_files(paths: &[PathBuf]) -> anyhow::Result<Option<TrustedRoot>> {
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
            Some(path) => files::certificates(path)?,
            None => Vec::new(),
        };
        // Each root with all that may lie below it: which of them leads where is found out then.
        for root_certificate in files::certificates(&path)? {
            let mut chain = between.clone();
            chain.push(root_certificate);
            root.certificate_authorities.push(authority(chain)?);
        }
    } else if certificate.ca_intermediates.is_some() {
        bail!("--ca-intermediates without --ca-roots: nothing leads from them to somebody trusted");
    }
    if let Some(path) = chain {
        root.certificate_authorities
            .push(authority(files::certificates(&path)?)?);
    }
    if let Some(path) = timestamps {
        root.timestamp_authorities
            .push(authority(files::certificates(&path)?)?);
    }
    if let Some(path) = ct_key {
        root.ct_logs.push(log(&path)?);
    }
    if let Some(path) = rekor_key {
        root.transparency_logs.push(log(&path)?);
    }
    Ok(is_given.then_some(root))
}

/// The trusted root of the instance that is followed.
pub(crate) async fn of_instance(
    means: &Means<'_>,
    offline: bool,
    output: &mut Output,
) -> anyhow::Result<TrustedRoot> {
    let found = store(means, offline)?.trusted_root().await?;
    said(&found.from, output);
    passed_over(&found.value, output);
    Ok(found.value)
}

/// The signing config of the instance that is followed.
pub(crate) async fn signing_config(
    means: &Means<'_>,
    output: &mut Output,
) -> anyhow::Result<SigningConfig> {
    let found = store(means, false)?.signing_config().await?;
    said(&found.from, output);
    Ok(found.value)
}

/// A file of the instance that is followed, by its name among the targets.
pub(crate) async fn target(
    means: &Means<'_>,
    path: &str,
    output: &mut Output,
) -> anyhow::Result<Vec<u8>> {
    let found = store(means, false)?.target(path).await?;
    said(&found.from, output);
    Ok(found.value)
}

/// What is known of the instance that is followed, as the variables say.
fn store(means: &Means<'_>, offline: bool) -> anyhow::Result<TrustStore> {
    let environment = means.environment;
    let root = environment.value(TUF_ROOT_JSON).map(Path::new);
    let fresh_for = match environment.value(FRESH_FOR) {
        Some(text) => parse_duration(text).with_context(|| format!("{FRESH_FOR} is {text:?}"))?,
        None => client_trust::FRESH_FOR,
    };
    let settings = Settings {
        cache: cache(environment),
        mirror: environment.value(TUF_MIRROR).map(str::to_owned),
        root: root
            .map(|path| files::read(path, LARGEST_FILE))
            .transpose()?,
        fresh_for,
        offline,
    };
    Ok(new_store(means, settings))
}

/// A store with the client and the clock of a command.
pub(crate) fn new_store(means: &Means<'_>, settings: Settings) -> TrustStore {
    TrustStore::new(settings, means.client.clone(), Arc::clone(means.clock))
}

/// Where what is known of an instance is kept.
pub(crate) fn cache(environment: &Environment) -> Option<PathBuf> {
    let root = environment.value(TUF_ROOT).map(PathBuf::from);
    root.or_else(|| Some(Path::new(environment.value("HOME")?).join(".sigstore/root")))
}

/// Says where trust comes from if it is not what the repository says at present.
fn said(source: &Source, output: &mut Output) {
    match source {
        Source::Cache {
            because: Because::Unreachable(reason),
            ..
        } => output.warn(&format!("trusting {source}: {reason}")),
        Source::Cache {
            because: Because::Offline,
            ..
        }
        | Source::Embedded { .. } => output.note(&format!(
            "Offline: trusting {source}; what was revoked since is not known"
        )),
        Source::Cache { .. } | Source::Repository { .. } => {}
    }
}

/// Says which single files do not count: who signed by them will be refused.
pub(crate) fn passed_over(root: &TrustedRoot, output: &mut Output) {
    for one in &root.passed_over {
        // A log of tomorrow in a trusted root of today is nobody's mistake.
        if !matches!(one.reason, Reason::Algorithm { .. }) {
            output.warn(&one.to_string());
        }
    }
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

/// A log by the file of its key, after which it is called; trusted at any time.
fn log(path: &Path) -> anyhow::Result<TransparencyLog> {
    let key = public_key(path)?;
    let algorithm = SignatureAlgorithm::default_for(key.key_type());
    Ok(TransparencyLog {
        base_url: path.display().to_string(),
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

/// The public key of a PEM file.
pub(crate) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = String::from_utf8(files::read(path, LARGEST_FILE)?);
    let text = text.with_context(|| format!("{} is not text; expected PEM", path.display()))?;
    PublicKey::from_pem(&text).with_context(|| path.display().to_string())
}
