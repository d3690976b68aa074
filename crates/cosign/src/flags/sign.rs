//! By what is signed, with which services, and where the result goes: the flags that all signing commands
//! have.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::{Service, SigningConfig};
use waxwing_model::{TrustedRoot, Window};
use waxwing_net::{Alias, Client, ClientCertificate, Url};

use super::SecurityKey;
use super::verify::REKOR_URL;
use crate::key::reference::KeyReference;
use crate::{Means, trust};

/// The original's URLs of the services.
pub(crate) const FULCIO_URL: &str = "https://fulcio.sigstore.dev";
pub(crate) const OIDC_ISSUER: &str = "https://oauth2.sigstore.dev/auth";

/// Largest signing config that is read, in bytes.
const LARGEST_CONFIG: usize = 1 << 20;

/// What signing commands have in common.
#[derive(Debug, Args)]
pub(crate) struct SignCommon {
    /// The private key to sign with: a file, env://VARIABLE or a URL; without it an identity signs
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<KeyReference>,
    #[command(flatten)]
    pub(crate) security_key: SecurityKey,
    /// A certificate for the key, in PEM or DER
    #[arg(long, alias = "cert", value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// The certificates above that certificate, its issuer first, the root last
    #[arg(
        long,
        alias = "cert-chain",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub(crate) certificate_chain: Option<PathBuf>,
    /// Ask nothing
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Put the signature into a transparency log
    #[arg(long, default_value_t = true, hide = true)]
    tlog_upload: bool,
    /// Get a certificate for --key too
    #[arg(long, hide = true)]
    pub(crate) issue_certificate: bool,
    /// Write a bundle of the new format
    #[arg(long, default_value_t = true, hide = true)]
    pub(crate) new_bundle_format: bool,
    /// Use the services of the instance's signing config
    #[arg(long, default_value_t = true)]
    use_signing_config: bool,
    /// A signing config: which services to use
    #[arg(long, value_name = "FILE")]
    signing_config: Option<PathBuf>,
    /// A trusted root, by which the result is verified before it is given out; repeat it for more
    #[arg(long, value_name = "FILE")]
    trusted_root: Vec<PathBuf>,
    /// Where the bundle goes; without it BLOB.sigstore.json
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// The URL of the transparency log
    #[arg(long, value_name = "URL", default_value = REKOR_URL, hide = true)]
    rekor_url: String,
    #[command(flatten)]
    timestamp: TimestampClient,
}

/// How a timestamp authority is reached.
#[derive(Debug, Args)]
struct TimestampClient {
    /// Trust this root of the timestamp authority's server too
    #[arg(long, value_name = "FILE", hide = true)]
    timestamp_client_cacert: Option<PathBuf>,
    /// Show this certificate to the timestamp authority's server
    #[arg(
        long,
        value_name = "FILE",
        hide = true,
        requires = "timestamp_client_key"
    )]
    timestamp_client_cert: Option<PathBuf>,
    /// The key of that certificate
    #[arg(
        long,
        value_name = "FILE",
        hide = true,
        requires = "timestamp_client_cert"
    )]
    timestamp_client_key: Option<PathBuf>,
    /// The name that the timestamp authority's server must have
    #[arg(long, value_name = "NAME", hide = true)]
    timestamp_server_name: Option<String>,
    /// The whole URL of the timestamp authority
    #[arg(long, value_name = "URL", hide = true)]
    timestamp_server_url: Option<String>,
}

/// The services to use, and whose word counts about the result.
pub(crate) struct Services {
    pub(crate) config: SigningConfig,
    pub(crate) trusted_root: Option<TrustedRoot>,
}

/// The URLs that other groups of flags have for services.
pub(crate) struct Urls<'a> {
    pub(crate) fulcio: &'a str,
    pub(crate) oidc: &'a str,
}

impl TimestampClient {
    /// The name that the server of `--timestamp-server-url` has to prove.
    fn alias(&self) -> anyhow::Result<Option<Alias>> {
        let (Some(name), Some(url)) = (&self.timestamp_server_name, &self.timestamp_server_url)
        else {
            ensure!(
                self.timestamp_server_name.is_none(),
                "--timestamp-server-name without --timestamp-server-url: of which server is it the name?"
            );
            return Ok(None);
        };
        let url: Url = url.parse().context("--timestamp-server-url is no URL")?;
        let host = url
            .host_str()
            .context("--timestamp-server-url has no host")?;
        Ok(Some(Alias {
            host: host.to_owned(),
            name: name.clone(),
        }))
    }
}

impl SignCommon {
    /// Whether an identity is asked for, and with it a certificate.
    pub(crate) fn is_keyless(&self) -> bool {
        self.key.is_none() || self.issue_certificate
    }

    /// Whether the signature goes into a log that no signing config names.
    pub(crate) fn logs_by_url(&self) -> bool {
        self.tlog_upload && !self.use_signing_config && self.signing_config.is_none()
    }

    /// The services that the flags ask for.
    pub(crate) async fn services(
        &self,
        urls: &Urls<'_>,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Services> {
        let other_url = [
            (self.rekor_url != REKOR_URL, "--rekor-url"),
            (urls.fulcio != FULCIO_URL, "--fulcio-url"),
            (urls.oidc != OIDC_ISSUER, "--oidc-issuer"),
            (
                self.timestamp.timestamp_server_url.is_some(),
                "--timestamp-server-url",
            ),
        ];
        let other_url = other_url.into_iter().find(|(is_given, _)| *is_given);
        let has_config = self.signing_config.is_some() || self.use_signing_config;
        if let (Some((_, flag)), true) = (other_url, has_config) {
            bail!(
                "cannot specify service URLs and use signing config: {flag} beside a signing config; give \
                 --use-signing-config=false too, or put the URL into a --signing-config"
            );
        }
        let mut config = match (&self.signing_config, self.use_signing_config) {
            (Some(path), _) => {
                let json = files::read(path, LARGEST_CONFIG)?;
                SigningConfig::from_json(&json).with_context(|| path.display().to_string())?
            }
            (None, false) => self.config_of_urls(urls, means.clock.now()),
            // A key that is logged nowhere needs nobody, and so nobody is asked who could be needed.
            (None, true) if !self.is_keyless() && !self.tlog_upload => trust::no_services(),
            (None, true) => {
                let config = trust::signing_config(means, output).await;
                config.context("no signing config says which services to use")?
            }
        };
        if !self.tlog_upload {
            config.transparency_logs.clear();
        }
        Ok(Services {
            trusted_root: self.trusted_root(&config, means, output).await?,
            config,
        })
    }

    async fn trusted_root(
        &self,
        config: &SigningConfig,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Option<TrustedRoot>> {
        if let Some(root) = trust::from_files(&self.trusted_root)? {
            return Ok(Some(root));
        }
        // Nobody's word is in what a key alone signs, and nobody here knows an authority of one's own.
        let no_service =
            config.transparency_logs.is_empty() && config.timestamp_authorities.is_empty();
        let is_own = self.certificate.is_some();
        // Nor is it known whether the instance that is followed trusts services that flags name.
        let is_by_urls = self.signing_config.is_none() && !self.use_signing_config;
        if is_own || !self.is_keyless() && (no_service || is_by_urls) {
            return Ok(None);
        }
        match trust::of_instance(means, false, output).await {
            Ok(root) => Ok(Some(root)),
            Err(error) => {
                output.warn(&format!(
                    "what is signed is not verified before it is given out, since no trusted root is known: \
                     {error:#}"
                ));
                Ok(None)
            }
        }
    }

    /// The signing config that the URLs of flags make.
    fn config_of_urls(&self, urls: &Urls<'_>, now: UnixTime) -> SigningConfig {
        let service = |url: &str| Service {
            url: url.to_owned(),
            major_api_version: 1,
            valid_for: Window {
                start: now,
                end: None,
            },
            operator: String::new(),
        };
        let timestamps = self.timestamp.timestamp_server_url.as_deref();
        SigningConfig {
            certificate_authorities: vec![service(urls.fulcio)],
            oidc_issuers: vec![service(urls.oidc)],
            transparency_logs: vec![service(&self.rekor_url)],
            timestamp_authorities: timestamps.map(service).into_iter().collect(),
            ..trust::no_services()
        }
    }

    /// How services are reached: as everywhere, but for a timestamp authority with TLS of its own.
    pub(crate) fn client(&self, means: &Means<'_>) -> anyhow::Result<Client> {
        let timestamp = &self.timestamp;
        let (roots, own) = (
            &timestamp.timestamp_client_cacert,
            timestamp
                .timestamp_client_cert
                .as_ref()
                .zip(timestamp.timestamp_client_key.as_ref()),
        );
        let alias = timestamp.alias()?;
        if roots.is_none() && own.is_none() && alias.is_none() {
            return Ok(means.client.clone());
        }
        let mut settings = waxwing_cli::network::settings(means.environment);
        settings.alias = alias;
        if let Some(path) = roots {
            let certificates = files::certificates(path)?.into_iter();
            settings.additional_roots = certificates.map(|one| one.der().to_vec()).collect();
        }
        if let Some((certificate, key)) = own {
            settings.client_certificate = Some(ClientCertificate {
                pem: [
                    files::read(certificate, LARGEST_CONFIG)?,
                    files::read(key, LARGEST_CONFIG)?,
                ]
                .concat()
                .into(),
            });
        }
        Ok(Client::network(settings)?)
    }
}
