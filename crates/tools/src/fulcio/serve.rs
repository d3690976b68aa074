//! `fulcio serve`: from the flags to a service, its ports, and its end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use tokio::task::JoinSet;
use waxwing_cli::{Surroundings, files, network};
use waxwing_fulcio::algorithms::ClientAlgorithms;
use waxwing_fulcio::authority::CertificateAuthority;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::{ClusterFiles, TokenVerifier};
use waxwing_fulcio::{Counts, Service};
use waxwing_net::Client;
use waxwing_serve::{
    CrossOrigin, FileWatch, GatewayRoute, GrpcCounts, Limits, Listener, LocalListener, Metrics,
    Observations, Process, RequestLog, Tls, TlsFiles, calls_alone, grpc_health, health,
    metrics_router, refuse_unknown_paths,
};

use super::backend::Kind;
use super::ct_log;
use super::flags::{CONFIG_PATH, LEGACY_SOCKET, Serve, named};
use super::journal::Journal;
use crate::reload::Reloads;
use crate::stop::asked_to_stop;

/// The largest configuration that is read, in bytes.
const LARGEST_CONFIGURATION: usize = 4 << 20;

/// Between two looks at files that may change.
const WATCH: Duration = Duration::from_secs(1);

/// What stands for a duration of zero, as in Go's server.
const NO_DURATION: Duration = Duration::from_secs(60);

/// The call that a question about health is in the original.
const HEALTH: &[GatewayRoute] = &[("GET", "/healthz", "/grpc.health.v1.Health/Check")];

/// Serves until it is asked to end.
pub(super) fn run(flags: &Serve, surroundings: &Surroundings<'_>) -> anyhow::Result<()> {
    let journal = Journal::new(&flags.log_type, &surroundings.clock);
    let kind = Kind::of(flags, &journal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(flags, kind, surroundings, &journal))
}

async fn serve(
    flags: &Serve,
    kind: Kind,
    surroundings: &Surroundings<'_>,
    journal: &Journal,
) -> anyhow::Result<()> {
    let started = surroundings.clock.now();
    let warn = {
        let journal = journal.clone();
        move |text: &str| journal.warn(text)
    };
    let mut reloads = Reloads::new(WATCH, warn)?;
    let metrics = Metrics::default();
    let service = service(flags, kind, surroundings, journal, &mut reloads).await?;
    let service = service.with_counts(Counts::register(&metrics)?);
    let offered =
        |name: &str| name.starts_with("dev.sigstore.fulcio.") || name.contains(".health.");
    let fronts = Fronts {
        service,
        observations: Observations::new(),
        calls: GrpcCounts::register(&metrics, offered)?,
        requests: journal.requests(surroundings),
    };
    let tls = tls(flags, surroundings, journal, &mut reloads)?;

    let limits = limits(flags);
    let http = listener(&flags.host, flags.port).await?.with_limits(limits);
    let is_duplex = (&flags.host, flags.port) == (&flags.grpc_host, flags.grpc_port);
    let grpc = match is_duplex {
        true => None,
        false => Some(listener(&flags.grpc_host, flags.grpc_port).await?),
    };
    let measured = listener(&flags.metrics_host, flags.metrics_port).await?;
    let measured = measured.with_limits(limits);
    let socket = match is_duplex {
        true => None,
        false => socket(flags, journal)?,
    };

    let stop = asked_to_stop()?;
    let process = Process {
        started,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: String::new(),
    };
    journal.info(&format!("listening on metrics at {}", measured.address()));
    let page = metrics_router(&fronts.observations, &metrics, process);
    // Until the process ends: whoever watches sees the shutdown too.
    tokio::spawn(measured.serve(page, std::future::pending()));
    let mut serving = JoinSet::new();
    if let Some(grpc) = grpc {
        let grpc = with_tls(grpc.with_limits(limits), tls);
        journal.info(&format!("listening on grpc at {}", grpc.address()));
        serving.spawn(grpc.serve(fronts.grpc(), asked_to_stop()?));
        if let Some(socket) = socket {
            let socket = socket.with_limits(limits);
            serving.spawn(socket.serve(fronts.legacy(), asked_to_stop()?));
        }
        journal.info(&format!("listening on http at {}", http.address()));
        serving.spawn(http.serve(fronts.http(), asked_to_stop()?));
    } else {
        let both = with_tls(http, tls);
        journal.info(&format!("listening on http and grpc at {}", both.address()));
        serving.spawn(both.serve(fronts.both(), asked_to_stop()?));
    }
    let watching = reloads.watch();
    stop.await;
    journal.info("stopping: requests that run are answered");
    while serving.join_next().await.is_some() {}
    watching.end().await;
    journal.info("stopped");
    Ok(())
}

/// The service, and what its ports have in common.
struct Fronts {
    service: Service,
    observations: Observations,
    calls: GrpcCounts,
    requests: RequestLog,
}

impl Fronts {
    fn http(&self) -> Router {
        self.whole(self.over_http(self.service.http_router()))
    }

    fn grpc(&self) -> Router {
        let router = self.service.grpc_router().merge(grpc_health());
        self.calls.around(calls_alone(self.whole(router)))
    }

    fn legacy(&self) -> Router {
        self.calls
            .around(self.whole(self.service.legacy_grpc_router()))
    }

    /// HTTP and gRPC on one port.
    fn both(&self) -> Router {
        let router = self.over_http(self.service.router());
        self.calls.around(self.whole(router.merge(grpc_health())))
    }

    /// With what goes around HTTP alone. Requests count as calls too, which in the original they are.
    fn over_http(&self, router: Router) -> Router {
        let router = self.observations.around("fulcio", router.merge(health()));
        let router = CrossOrigin::DEFAULT.around(router);
        let router = self.calls.around_gateway(router, waxwing_fulcio::GATEWAY);
        self.calls.around_gateway(router, HEALTH)
    }

    fn whole(&self, router: Router) -> Router {
        self.requests.around(refuse_unknown_paths(router))
    }
}

async fn service(
    flags: &Serve,
    kind: Kind,
    surroundings: &Surroundings<'_>,
    journal: &Journal,
    reloads: &mut Reloads,
) -> anyhow::Result<Service> {
    let algorithms = match flags.client_signing_algorithms.as_slice() {
        [] => ClientAlgorithms::default(),
        names => {
            ClientAlgorithms::parse(&names.join(",")).context("--client-signing-algorithms")?
        }
    };
    let configuration = configuration(&flags.config_path, journal)?;
    let backend = kind
        .open(flags.fileca_watch, surroundings, journal, reloads)
        .await?;
    let client = Client::network(network::settings(surroundings.environment))?;
    let tokens = TokenVerifier::new(client, configuration)?;
    let tokens = tokens.with_cluster(&ClusterFiles::default())?;
    let log = ct_log::log(flags, journal)?;
    let client = ct_log::client(flags, surroundings.environment)?;
    let random = Arc::clone(&surroundings.random);
    let authority = CertificateAuthority::with_backend(backend, log, client, random);
    let clock = Arc::clone(&surroundings.clock);
    Ok(Service::with_algorithms(
        tokens, authority, algorithms, clock,
    ))
}

/// Whom to believe. The original believes the public issuers wherever a file is missing; here only
/// where nobody named one, since a slip of the pen would let strangers in.
fn configuration(path: &Path, journal: &Journal) -> anyhow::Result<Configuration> {
    let mut path = path.to_owned();
    if path == Path::new(CONFIG_PATH) && !path.exists() {
        let json = path.with_extension("json");
        if !json.exists() {
            journal.info(&format!(
                "No config at {}, using defaults: the public issuers of Sigstore, Google and GitHub",
                path.display()
            ));
            return Ok(Configuration::built_in());
        }
        path = json;
    }
    let read = files::read(&path, LARGEST_CONFIGURATION);
    let read = read.and_then(|text| Ok(Configuration::read(&text)?));
    read.with_context(|| format!("error loading --config-path={}", path.display()))
}

fn tls(
    flags: &Serve,
    surroundings: &Surroundings<'_>,
    journal: &Journal,
    reloads: &mut Reloads,
) -> anyhow::Result<Option<Tls>> {
    let chain = named(flags.grpc_tls_certificate.as_ref());
    let (chain, key) = match (chain, named(flags.grpc_tls_key.as_ref())) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => (chain.clone(), key.clone()),
        (Some(_), None) => bail!(
            "grpc-tls-certificate is set and grpc-tls-key is not; without both gRPC would be in the clear"
        ),
        (None, Some(_)) => bail!(
            "grpc-tls-key is set and grpc-tls-certificate is not; without both gRPC would be in the clear"
        ),
    };
    let watch = FileWatch::new(vec![chain.clone(), key.clone()]);
    let read = Tls::read_for_tls13(TlsFiles { chain, key }, surroundings.clock.now());
    let (tls, warnings) = read.context("loading GRPC tls certificate and key file")?;
    for warning in warnings {
        journal.warn(&warning.to_string());
    }
    reloads.add_tls(watch, &tls, &surroundings.clock);
    Ok(Some(tls))
}

fn with_tls(listener: Listener, tls: Option<Tls>) -> Listener {
    match tls {
        Some(tls) => listener.with_tls(tls),
        None => listener,
    }
}

fn limits(flags: &Serve) -> Limits {
    let some = |duration: Duration| match duration.is_zero() {
        true => NO_DURATION,
        false => duration,
    };
    Limits {
        header_read: some(flags.read_header_timeout),
        idle: some(flags.idle_connection_timeout),
        ..Limits::default()
    }
}

/// Takes a port of a host, by name or address.
async fn listener(host: &str, port: u16) -> anyhow::Result<Listener> {
    let host = match host {
        // In Go every address of the machine.
        "" => "0.0.0.0",
        host => host.trim_start_matches('[').trim_end_matches(']'),
    };
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = addresses
        .with_context(|| format!("looking up the host {host:?} to listen on"))?
        .collect();
    let mut refused = None;
    for address in addresses {
        match Listener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) => Err(error.into()),
        None => bail!("the host {host:?} has no address to listen on"),
    }
}

/// The socket of version 1. Nothing here needs it, so that a second program on the machine goes without
/// the one that nobody asked for.
fn socket(flags: &Serve, journal: &Journal) -> anyhow::Result<Option<LocalListener>> {
    let asked = flags.legacy_unix_domain_socket.as_deref();
    let name = asked.unwrap_or(LEGACY_SOCKET);
    if name.is_empty() {
        return Ok(None);
    }
    match LocalListener::bind(name) {
        Ok(socket) => {
            journal.info(&format!("listening on grpc at {name}"));
            Ok(Some(socket))
        }
        Err(error) if asked.is_none() => {
            journal.warn(&format!("{error}; going on without it"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
