//! `waxwing up`: a whole Sigstore on one directory, for good.
//!
//! ```text
//! Address: http://127.0.0.1:4747
//! Clients: waxwing-data/client
//! Ready in 34 ms: issuer, Fulcio, CT log, Rekor, timestamp authority, TUF
//! ```
//!
//! The lines go to the standard output; whoever started the program reads them up to `Ready`.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, ValueEnum};
use waxwing_cli::{Output, files};
use waxwing_encoding::time::Clock;
use waxwing_instance::{
    Address, Beliefs, DataDirectory, DataError, FulcioConfiguration, Instance, StartError,
};
use waxwing_log::GuardPlace;
use waxwing_serve::{
    FileWatch, GrpcCounts, Listener, LogFormat, Process, RequestLog, Tls, TlsFiles, calls_alone,
    metrics_router,
};
use waxwing_tools::reload::Reloads;
use waxwing_tools::stop::asked_to_stop;

use crate::configuration::{FulcioSource, Settings};
use crate::guard;
use crate::system::{SystemClock, surroundings};

/// Where an instance listens that was told nothing.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4747);

/// How often, and after which pause, a directory that somebody holds is tried again.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// The largest configuration that is read, in bytes.
const LARGEST_CONFIG: usize = 4 << 20;

/// The directory of an instance.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// The directory of the instance
    #[arg(long, value_name = "DIR", default_value = "waxwing-data")]
    pub(crate) data: PathBuf,
}

/// Run a private Sigstore that every existing client can use, on one directory
///
/// An issuer of identity tokens, Fulcio, a CT log, Rekor and a timestamp authority answer at one
/// address. The first start makes the directory with fresh keys; every later one goes on where the last
/// one stopped, however it stopped. Files for clients are in DIR/client. SIGTERM and SIGINT end it
/// after the requests that run.
///
/// Example:
///   waxwing up --data /var/lib/waxwing --listen 127.0.0.1:4747
///   waxwing token --data /var/lib/waxwing --as you@example.com
#[derive(Debug, Clone, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Up {
    /// Read settings from this file, YAML or JSON; flags go before what is in it (docs/up.example.yaml has
    /// every setting)
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read and check all settings and the files that they name, and start nothing
    #[arg(long)]
    check: bool,
    /// The directory of the instance [default: waxwing-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 lets the system choose [default: that of the public URL if it
    /// names one, else 127.0.0.1:4747]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where clients find it, fixed at the first start [default: http:// and the address listened on]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Keep the last head of each log here too, in a directory on another disk or below the URL of a server
    /// that takes files by PUT and If-Match: logs that were set back are refused
    #[arg(long, value_name = "PLACE", value_parser = guard::Flag)]
    guard: Option<GuardPlace>,
    /// Believe the issuers of this file too, in the form that Fulcio has for it: JSON or YAML with
    /// oidc-issuers, meta-issuers and ci-issuer-metadata
    #[arg(long, value_name = "FILE")]
    fulcio_config: Option<PathBuf>,
    /// Serve HTTPS with the certificate chain of this PEM file, the server's own first; it and the
    /// key are read again when they change, and on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Serve GET /metrics in the form of Prometheus on this address, which should not be public
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Write a line for each request to the standard error
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<Log>,
}

/// The form of the log of requests.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Log {
    /// Words with spaces between them
    Text,
    /// A JSON object a line
    Json,
}

impl Up {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let settings = self.settings()?;
        if self.check {
            return check(&settings, output);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.serve(settings, output))
    }

    /// What the file says, and what the flags say before it.
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = match &self.config {
            Some(path) => Settings::read(path)?,
            None => Settings::default(),
        };
        let first = |flag: &Option<PathBuf>, file: &mut Option<PathBuf>| {
            if flag.is_some() {
                file.clone_from(flag);
            }
        };
        first(&self.data, &mut settings.data);
        if self.guard.is_some() {
            settings.guard.clone_from(&self.guard);
        }
        settings.listen = self.listen.or(settings.listen);
        settings.metrics = self.metrics.or(settings.metrics);
        settings.public_url = self.public_url.clone().or(settings.public_url);
        settings.log = self.log.map(LogFormat::from).or(settings.log);
        if let Some(path) = &self.fulcio_config {
            settings.fulcio = Some(FulcioSource::File(path.clone()));
        }
        if let (Some(chain), Some(key)) = (self.tls_certificate.clone(), self.tls_key.clone()) {
            settings.tls = Some(TlsFiles { chain, key });
        }
        Ok(settings)
    }

    /// Whom Fulcio shall believe, as the files say now.
    fn beliefs(&self) -> anyhow::Result<Beliefs> {
        let settings = self.settings()?;
        Ok(Beliefs {
            configuration: fulcio(&settings)?,
            rules: settings.choices.rules,
        })
    }

    /// Reads again whom Fulcio believes when one of the files changes that say so.
    fn reload_beliefs(&self, files: FileWatch, instance: &Instance, reloads: &mut Reloads) {
        if files.paths().is_empty() {
            return;
        }
        let (up, believer) = (self.clone(), instance.believer());
        reloads.add(
            files,
            "Fulcio believes whom it believed before",
            move || {
                let (up, believer) = (up.clone(), believer.clone());
                async move {
                    let beliefs = tokio::task::spawn_blocking(move || up.beliefs()).await??;
                    believer.believe(beliefs).await?;
                    Ok(Vec::new())
                }
            },
        );
    }
}

/// Reads what a start would read, apart from the directory, which somebody may be using.
fn check(settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let configuration = fulcio(settings)?;
    settings
        .choices
        .check(configuration.unwrap_or_default(), &surroundings())?;
    if let Some(files) = &settings.tls {
        let (_, warnings) = Tls::read(files.clone(), SystemClock.now())?;
        for warning in warnings {
            output.warn(&warning.to_string());
        }
    }
    let known = DataDirectory::known_address(&settings.directory())?;
    let wanted = settings
        .public_url
        .as_deref()
        .map(Address::new)
        .transpose()?;
    if let (Some(known), Some(wanted)) = (&known, &wanted)
        && known != wanted
    {
        anyhow::bail!(
            "the instance in {} is that of {}; found the public URL {}, which is fixed at the first start",
            settings.directory().display(),
            known.base(),
            wanted.base()
        );
    }
    Ok(output.line("The settings are good")?)
}

/// Whom Fulcio believes, as its file says now.
fn fulcio(settings: &Settings) -> anyhow::Result<Option<FulcioConfiguration>> {
    Ok(match &settings.fulcio {
        None => None,
        Some(FulcioSource::Inline(configuration)) => Some((**configuration).clone()),
        Some(FulcioSource::File(path)) => {
            let read = FulcioConfiguration::read(&files::read(path, LARGEST_CONFIG)?);
            Some(read.with_context(|| path.display().to_string())?)
        }
    })
}

impl Up {
    async fn serve(&self, settings: Settings, output: &mut Output) -> anyhow::Result<()> {
        let began = Instant::now();
        let path = settings.directory();
        let known = DataDirectory::known_address(&path)?;
        let expected = settings.public_url.as_deref();
        let expected = expected.map(Address::new).transpose()?;
        let own = known.as_ref().or(expected.as_ref()).and_then(listened_on);
        let surroundings = surroundings();
        let listener = Listener::bind(settings.listen.or(own).unwrap_or(LISTEN)).await?;
        let listener = listener.with_limits(settings.listener);
        let mut reloads = Reloads::new(settings.watch.0, warn)?;
        let (clock, tls) = (Arc::clone(&surroundings.clock), settings.tls.clone());
        let tls = read_tls(tls, &clock, &mut reloads, output)?;
        let listener = with_tls(listener, tls.as_ref());
        let grpc_listener = match settings.grpc {
            Some(address) => {
                let listener = Listener::bind(address).await?;
                let listener = listener.with_limits(settings.listener);
                Some(with_tls(listener, tls.as_ref()))
            }
            None => None,
        };
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let first = Address::new(&format!("{scheme}://{}", listener.address()))?;
        let mut tries = 0;
        let data = loop {
            match DataDirectory::open(&path, expected.as_ref(), &first, &surroundings) {
                // `waxwing token` and `rotate` hold it too, for as long as a blink.
                Err(StartError::Data(DataError::Locked { .. })) if tries < LOCK_TRIES => {
                    tries += 1;
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                opened => break opened?,
            }
        };
        if let Some(guard) = settings.guard.as_ref().and_then(GuardPlace::path) {
            std::fs::create_dir_all(guard)
                .with_context(|| format!("making the directory {}", guard.display()))?;
        }
        // Looked at before they are read.
        let watched = FileWatch::new(self.files_of_beliefs(&settings));
        let fulcio = fulcio(&settings)?;
        let mut choices = settings.choices;
        choices.guards.clone_from(&settings.guard);
        choices.fulcio = fulcio;
        let (shutdown, also_shutdown) = (asked_to_stop()?, asked_to_stop()?);
        choices.request_log = settings.log.map(|format| {
            let clock = Arc::clone(&surroundings.clock);
            RequestLog::new(format, std::io::stderr(), clock, &*surroundings.random)
        });
        let process = Process {
            started: surroundings.clock.now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: String::new(),
        };
        let instance = Instance::open(data, choices, surroundings);
        let instance = instance
            .await
            .with_context(|| format!("starting the instance in {}", path.display()))?;
        if settings.guard.is_none() {
            output.note(
                "Without --guard, which keeps the last heads on another disk or with a server, a data \
                 directory that is set back to an older copy of itself is not noticed.",
            );
        }
        for need in instance.needs() {
            output.warn(&need);
        }
        output.line(&format!("Address: {}", instance.address().base()))?;
        output.line(&format!("Listening: {scheme}://{}", listener.address()))?;
        if let Some(listener) = &grpc_listener {
            output.line(&format!("gRPC: {scheme}://{}", listener.address()))?;
        }
        let grpc = GrpcCounts::register(instance.metrics(), |_| true)?;
        if let Some(address) = settings.metrics {
            let metrics = Listener::bind(address).await?;
            output.line(&format!("Metrics: http://{}/metrics", metrics.address()))?;
            let router = metrics_router(instance.observations(), instance.metrics(), process);
            // Until the process ends: whoever watches sees the shutdown too.
            tokio::spawn(metrics.serve(router, std::future::pending()));
        }
        output.line(&format!("Clients: {}", path.join("client").display()))?;
        output.line(&format!(
            "Ready in {} ms: issuer, Fulcio, CT log, Rekor, timestamp authority, TUF",
            began.elapsed().as_millis()
        ))?;
        self.reload_beliefs(watched, &instance, &mut reloads);
        let watching = reloads.watch();
        // Outside of all that asks whose request it is.
        let router = settings.proxies.around(grpc.around(instance.router()));
        let calls = calls_alone(router.clone());
        let on_its_own = async {
            if let Some(listener) = grpc_listener {
                listener.serve(calls, also_shutdown).await;
            }
        };
        tokio::join!(listener.serve(router, shutdown), on_its_own);
        // It could exchange what is closed next.
        watching.end().await;
        instance.close().await;
        output.note("Closed");
        Ok(())
    }

    /// The files that say whom Fulcio believes.
    fn files_of_beliefs(&self, settings: &Settings) -> Vec<PathBuf> {
        let own = match &settings.fulcio {
            Some(FulcioSource::File(path)) => Some(path.clone()),
            _ => None,
        };
        self.config.clone().into_iter().chain(own).collect()
    }
}

/// Says what went wrong while nobody was asking; nobody may be listening either.
fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "WARNING: {text}");
}

/// TLS, if there is a certificate.
fn read_tls(
    files: Option<TlsFiles>,
    clock: &Arc<dyn Clock>,
    reloads: &mut Reloads,
    output: &mut Output,
) -> anyhow::Result<Option<Tls>> {
    let Some(files) = files else {
        return Ok(None);
    };
    let watch = FileWatch::new(vec![files.chain.clone(), files.key.clone()]);
    let (tls, warnings) = Tls::read(files, clock.now())?;
    for warning in warnings {
        output.warn(&warning.to_string());
    }
    reloads.add_tls(watch, &tls, clock);
    Ok(Some(tls))
}

fn with_tls(listener: Listener, tls: Option<&Tls>) -> Listener {
    match tls {
        Some(tls) => listener.with_tls(tls.clone()),
        None => listener,
    }
}

impl From<Log> for LogFormat {
    fn from(log: Log) -> Self {
        match log {
            Log::Text => Self::Text,
            Log::Json => Self::Json,
        }
    }
}

/// The address that a public URL names itself, if it is one of this machine without a proxy before it.
fn listened_on(address: &Address) -> Option<SocketAddr> {
    let (scheme, authority) = address.base().split_once("://")?;
    let port = if scheme == "https" { 443 } else { 80 };
    let socket: SocketAddr = match authority.parse() {
        Ok(socket) => socket,
        Err(_) => SocketAddr::new(authority.parse().ok()?, port),
    };
    socket.ip().is_loopback().then_some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_of_this_machine_listens_where_its_url_says() {
        for (url, expected) in [
            ("http://127.0.0.1:8123", Some("127.0.0.1:8123")),
            ("http://[::1]:8123", Some("[::1]:8123")),
            ("http://127.0.0.1", Some("127.0.0.1:80")),
            ("https://127.0.0.1:8123", Some("127.0.0.1:8123")),
            ("http://10.0.0.1:8123", None),
            ("http://sigstore.example.com", None),
        ] {
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(listened_on(&Address::new(url).unwrap()), expected, "{url}");
        }
    }
}
