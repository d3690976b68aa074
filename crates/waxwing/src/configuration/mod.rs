//! The file of `waxwing up --config`: everything that its flags can set, and what no flag can.
//!
//! ```yaml
//! public-url: https://sigstore.example.com
//! trusted-proxies: [10.0.0.0/8]
//! rekor: {duplicates: refuse}
//! limits: {per-address: {fulcio: 60 per 1m}}
//! ```
//!
//! YAML or JSON. `docs/up.example.yaml` has every setting with its default. Paths are seen from where
//! the program runs, as on its command line. Refused: settings that nobody knows, with their line and
//! the nearest name that somebody knows; a setting that does nothing would look like one that works.

mod limits;
mod services;
#[cfg(test)]
mod tests;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use waxwing_cli::files;
use waxwing_instance::{Choices, FulcioConfiguration};
use waxwing_log::GuardPlace;
use waxwing_serve::document::{Document, LARGEST_DOCUMENT, SettingError, Table};
use waxwing_serve::{Limits, LogFormat, TlsFiles, TrustedProxies};

use values::set;

/// Between two looks at files that may change.
const WATCH: Duration = Duration::from_secs(10);

/// What a file says; what it does not say is as without one.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) public_url: Option<String>,
    pub(crate) guard: Option<GuardPlace>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) metrics: Option<SocketAddr>,
    /// Where gRPC is answered besides, and nothing else.
    pub(crate) grpc: Option<SocketAddr>,
    pub(crate) log: Option<LogFormat>,
    /// How often files are looked at; zero for never.
    pub(crate) watch: Watch,
    pub(crate) proxies: TrustedProxies,
    pub(crate) listener: Limits,
    pub(crate) fulcio: Option<FulcioSource>,
    pub(crate) choices: Choices,
}

/// How often files are looked at; zero for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watch(pub(crate) Duration);

/// Where Fulcio's configuration stands.
#[derive(Debug)]
pub(crate) enum FulcioSource {
    File(PathBuf),
    Inline(Box<FulcioConfiguration>),
}

impl Default for Watch {
    fn default() -> Self {
        Self(WATCH)
    }
}

impl Settings {
    /// Reads a file, and the files that it names.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = files::read(path, LARGEST_DOCUMENT)?;
        let read = || Ok::<_, anyhow::Error>(Self::of(Document::read(&text)?.table()?)?);
        read().with_context(|| path.display().to_string())
    }

    /// The directory of the instance.
    pub(crate) fn directory(&self) -> PathBuf {
        let data = self.data.clone();
        data.unwrap_or_else(|| PathBuf::from("waxwing-data"))
    }

    fn of(mut file: Table<'_>) -> Result<Self, SettingError> {
        let mut settings = Self {
            data: values::path(&mut file, "data")?,
            listen: values::address(&mut file, "listen")?,
            public_url: values::text(&mut file, "public-url")?,
            guard: values::guard(&mut file, "guard")?,
            tls: tls(&mut file)?,
            metrics: values::address(&mut file, "metrics")?,
            grpc: values::address(&mut file, "grpc")?,
            log: log(&mut file)?,
            ..Self::default()
        };
        set(
            &mut settings.watch.0,
            values::duration(&mut file, "watch-files")?,
        );
        settings.proxies = limits::proxies(&mut file)?;
        let choices = &mut settings.choices;
        settings.fulcio = services::fulcio(file.table("fulcio")?, choices)?;
        services::rekor(file.table("rekor")?, &mut choices.rekor)?;
        services::ct(file.table("ct")?, &mut choices.ct)?;
        services::timestamp(file.table("tsa")?, &mut choices.timestamp)?;
        services::issuer(file.table("issuer")?, &mut choices.issuer)?;
        set(
            &mut choices.limits.cross_origin,
            values::truth(&mut file, "cross-origin")?,
        );
        let limits = file.table("limits")?;
        limits::read(limits, &mut choices.limits, &mut settings.listener)?;
        file.end()?;
        Ok(settings)
    }
}

fn tls(file: &mut Table<'_>) -> Result<Option<TlsFiles>, SettingError> {
    let Some(setting) = file.setting("tls") else {
        return Ok(None);
    };
    let mut table = setting.table()?;
    let chain = values::path(&mut table, "certificate")?;
    let key = values::path(&mut table, "key")?;
    table.end()?;
    match (chain, key) {
        (Some(chain), Some(key)) => Ok(Some(TlsFiles { chain, key })),
        (None, None) => Ok(None),
        (None, _) => Err(setting.lacks("certificate")),
        (_, None) => Err(setting.lacks("key")),
    }
}

fn log(file: &mut Table<'_>) -> Result<Option<LogFormat>, SettingError> {
    let words = [
        ("none", None),
        ("text", Some(LogFormat::Text)),
        ("json", Some(LogFormat::Json)),
    ];
    match file.setting("log") {
        Some(setting) => setting.one_of("none, text or json", &words),
        None => Ok(None),
    }
}
