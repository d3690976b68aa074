//! `cosign signing-config create`: the file that says which services to sign with.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use waxwing_cli::{Output, files};
use waxwing_model::SigningConfig;
use waxwing_model::signing_config::{Selector, Service};

use crate::service_spec::ServiceSpec;
use crate::{Means, trust};

/// Largest signing config that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// The name of the target with logs of Rekor v2, where an instance has one.
const WITH_REKOR_V2: &str = "signing_config_rekor_v2.v0.2.json";

/// Make signing configs
#[derive(Debug, Args)]
pub(crate) struct SigningConfigCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
}

/// Make a signing config of services
///
/// Each service is a list of keys and values between commas: url, api-version, start-time, operator,
/// and perhaps end-time. Flags repeat for several services. Without services it is one by which a key
/// signs without a log and without a timestamp.
///
/// Example:
///   cosign signing-config create --out signing_config.json --rekor-config ANY \
///     --fulcio url=https://fulcio.example.com,api-version=1,start-time=2024-01-01T00:00:00Z,operator=me \
///     --rekor url=https://rekor.example.com,api-version=2,start-time=2024-01-01T00:00:00Z,operator=me
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Create {
    /// A signing config to begin with; the services named take the place of its own of that kind
    #[arg(long, value_name = "FILE", conflicts_with_all = ["with_default_services", "with_default_rekor_v2"])]
    base_config: Option<PathBuf>,
    /// A certificate authority
    #[arg(long, value_name = "SERVICE")]
    fulcio: Vec<String>,
    /// A transparency log
    #[arg(long, value_name = "SERVICE")]
    rekor: Vec<String>,
    /// An OIDC issuer
    #[arg(long, value_name = "SERVICE")]
    oidc_provider: Vec<String>,
    /// A timestamp authority, by its whole URL
    #[arg(long, value_name = "SERVICE")]
    tsa: Vec<String>,
    /// How many of the transparency logs are used: ANY, ALL or EXACT:NUMBER
    #[arg(long, value_name = "SELECTOR")]
    rekor_config: Option<String>,
    /// How many of the timestamp authorities are used: ANY, ALL or EXACT:NUMBER
    #[arg(long, value_name = "SELECTOR")]
    tsa_config: Option<String>,
    /// Begin with the services of the instance that is followed
    #[arg(long)]
    with_default_services: bool,
    /// Begin with the services of the instance that is followed, with its log of Rekor v2
    #[arg(long)]
    with_default_rekor_v2: bool,
    /// Leave its certificate authorities out
    #[arg(long)]
    no_default_fulcio: bool,
    /// Leave its transparency logs out
    #[arg(long)]
    no_default_rekor: bool,
    /// Leave its OIDC issuers out
    #[arg(long)]
    no_default_oidc: bool,
    /// Leave its timestamp authorities out
    #[arg(long)]
    no_default_tsa: bool,
    /// Where the signing config goes; without it, to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl SigningConfigCommand {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::Create(command) => command.run(means, output).await,
        }
    }
}

impl Create {
    async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let mut config = self.base(means, output).await?;
        for (flag, services, selector) in [
            ("rekor", &self.rekor, &self.rekor_config),
            ("tsa", &self.tsa, &self.tsa_config),
        ] {
            ensure!(
                services.is_empty() || selector.is_some(),
                "--{flag}-config must be provided when --{flag} is specified"
            );
        }
        let replace = |own: &mut Vec<Service>, leave_out: bool, flag, specs: &[String]| {
            if leave_out || !specs.is_empty() {
                let services = specs.iter().map(|text| service(flag, text));
                *own = services.collect::<anyhow::Result<_>>()?;
            }
            anyhow::Ok(())
        };
        replace(
            &mut config.certificate_authorities,
            self.no_default_fulcio,
            "fulcio",
            &self.fulcio,
        )?;
        replace(
            &mut config.transparency_logs,
            self.no_default_rekor,
            "rekor",
            &self.rekor,
        )?;
        replace(
            &mut config.oidc_issuers,
            self.no_default_oidc,
            "oidc-provider",
            &self.oidc_provider,
        )?;
        replace(
            &mut config.timestamp_authorities,
            self.no_default_tsa,
            "tsa",
            &self.tsa,
        )?;
        if let Some(text) = &self.rekor_config {
            config.transparency_log_selector = selector("rekor-config", text)?;
        }
        if let Some(text) = &self.tsa_config {
            config.timestamp_authority_selector = selector("tsa-config", text)?;
        }
        let json = config.to_json()?;
        match &self.out {
            Some(path) => files::write_private(path, &json),
            None => Ok(output.stdout().write_bytes(&json)?),
        }
    }

    async fn base(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<SigningConfig> {
        if let Some(path) = &self.base_config {
            let json = files::read(path, LARGEST)?;
            return SigningConfig::from_json(&json).with_context(|| path.display().to_string());
        }
        if self.with_default_rekor_v2 {
            let json = trust::target(means, WITH_REKOR_V2, output).await?;
            return SigningConfig::from_json(&json).context(WITH_REKOR_V2);
        }
        match self.with_default_services {
            true => trust::signing_config(means, output).await,
            false => Ok(trust::no_services()),
        }
    }
}

fn service(flag: &'static str, text: &str) -> anyhow::Result<Service> {
    let required = ["url", "api-version", "start-time", "operator"];
    let spec = ServiceSpec::parse(flag, text, &required, &["end-time"])?;
    let version = spec.value("api-version");
    Ok(Service {
        url: spec.value("url").to_owned(),
        major_api_version: version
            .parse()
            .with_context(|| format!("parsing --{flag}: api-version is {version:?}"))?,
        valid_for: spec.window(None)?,
        operator: spec.value("operator").to_owned(),
    })
}

fn selector(flag: &str, text: &str) -> anyhow::Result<Selector> {
    let exact = text.strip_prefix("EXACT:");
    let exact = exact.map(|count| {
        let count: Option<NonZeroU32> = count.parse().ok();
        count.with_context(|| format!("--{flag} {text:?}; expected a number of 1 or more"))
    });
    match (text, exact) {
        ("ANY", _) => Ok(Selector::Any),
        ("ALL", _) => Ok(Selector::All),
        (_, Some(count)) => Ok(Selector::Exact(count?)),
        _ => bail!("--{flag} {text:?}; expected ANY, ALL or EXACT:NUMBER"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_says_how_many() {
        let two = Selector::Exact(NonZeroU32::new(2).unwrap());
        assert_eq!(selector("tsa-config", "ANY").unwrap(), Selector::Any);
        assert_eq!(selector("tsa-config", "ALL").unwrap(), Selector::All);
        assert_eq!(selector("tsa-config", "EXACT:2").unwrap(), two);
        for (text, expected) in [
            ("EXACT:0", "expected a number of 1 or more"),
            ("EXACT", "expected ANY, ALL or EXACT:NUMBER"),
            ("any", "expected ANY, ALL or EXACT:NUMBER"),
        ] {
            let refused = selector("tsa-config", text).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
