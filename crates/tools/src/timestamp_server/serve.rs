//! `timestamp-server serve`: from flags to listeners, and to their end.
//!
//! ```text
//! Metrics: http://127.0.0.1:2112/metrics
//! Serving timestamp server at http://127.0.0.1:3000
//! Ready: CN=Test TSA Timestamping, until 2035-11-26T21:23:50Z
//! ```
//!
//! The lines go to the standard output; whoever started the program reads them up to `Ready`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::Router;
use http::HeaderName;
use tokio::sync::watch;
use tokio::task::JoinSet;
use waxwing_cli::{Output, Surroundings, plain};
use waxwing_pki::DistinguishedName;
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{
    CrossOrigin, Limits, Listener, LogFormat, RequestLog, Tls, TlsFiles, asked_to_stop,
};
use waxwing_tsa::{ClockWatch, Service, Settings, unknown_path};

use super::clock;
use super::flags::{Flags, LogType, Scheme};
use super::measures::Measures;
use super::middleware::Terms;
use super::signer;

/// How many connections are served at once if nobody says how many.
const CONNECTIONS: usize = 1024;

/// A time that never comes, for what Go calls 0.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A listener that is bound, what it answers, and where it is.
struct Door {
    listener: Listener,
    router: Router,
    shown: String,
}

pub(super) fn run(
    flags: &Flags,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(flags, surroundings, output))
}

async fn serve(
    flags: &Flags,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let now = surroundings.clock.now();
    ensure!(
        !flags.answers.allow_custom_extensions,
        "--allow-custom-extensions is not supported: requests with extensions are refused"
    );
    let authority = signer::authority(&flags.signer, now, &*surroundings.random)?;
    let mut authority = authority.with_policy(flags.answers.default_policy_oid);
    if flags.answers.include_chain_in_response {
        authority = authority.with_chain_in_responses();
    }
    let signs = signs(&authority);
    let measures = Measures::new(&authority, &surroundings.clock)?;
    let clock_watch = clock::time_servers(&flags.clock)?.map(|servers| {
        let Surroundings { clock, random, .. } = surroundings;
        servers.watch(clock, random, &measures.clock)
    });
    let service = Service::with(
        authority,
        Arc::clone(&surroundings.clock),
        Arc::clone(&surroundings.random),
        settings(flags)?,
        clock_watch.clone(),
    )?;
    warnings(flags, output);
    let observed = measures.observations.around("tsa", service.router());
    let router = CrossOrigin::DEFAULT.around(observed).fallback(unknown_path);
    let router = request_log(flags, surroundings)?.around(router);
    let mut doors = Vec::new();
    for scheme in flags.listening.schemes()? {
        doors.push(door(scheme, flags, &router, surroundings, output).await?);
    }
    let shutdown = asked_to_stop().context("listening for signals")?;
    serve_metrics(flags, &measures, surroundings, output).await?;
    let watching = clock_watch.map(|watch: Arc<ClockWatch>| {
        tokio::spawn(async move {
            watch.run().await;
        })
    });
    let (stop, stopping) = watch::channel(false);
    let mut serving = JoinSet::new();
    for door in doors {
        output.line(&format!("Serving timestamp server at {}", door.shown))?;
        let mut stopping = stopping.clone();
        serving.spawn(door.listener.serve(door.router, async move {
            // An end of the channel is an end too.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }));
    }
    output.line(&format!("Ready: {signs}"))?;
    shutdown.await;
    stop.send_replace(true);
    while serving.join_next().await.is_some() {}
    if let Some(watching) = watching {
        watching.abort();
    }
    output.note("Stopped serving timestamp server");
    Ok(())
}

/// As whom timestamps are signed.
fn signs(authority: &TimestampAuthority) -> String {
    let mut certificates = authority.certificates();
    let Some(leaf) = certificates.next() else {
        return String::new();
    };
    let name = DistinguishedName::from_der(leaf.subject_der()).unwrap_or_default();
    plain(&format!(
        "CN={}, until {}",
        name.common_name,
        leaf.not_after()
    ))
}

fn settings(flags: &Flags) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    settings.created = flags.answers.use_http_201;
    settings.accepted_policies = flags.answers.accepted_policies()?;
    settings.enforce_intermediate_eku = flags.signer.enforce_intermediate_eku;
    if flags.limits.max_request_body_size > 0 {
        settings.largest_body = flags.limits.max_request_body_size;
    }
    Ok(settings)
}

fn warnings(flags: &Flags, output: &mut Output) {
    if flags.enable_pprof {
        output.warn("--enable-pprof does nothing: there is no profile in the form of Go");
    }
}

fn request_log(flags: &Flags, surroundings: &Surroundings<'_>) -> anyhow::Result<RequestLog> {
    let format = match flags.log_type {
        LogType::Dev => LogFormat::Text,
        LogType::Prod => LogFormat::Json,
    };
    let name = &flags.http_request_id_header_name;
    let header = HeaderName::try_from(name.as_str())
        .with_context(|| format!("--http-request-id-header-name {name:?} is no header's name"))?;
    let clock = Arc::clone(&surroundings.clock);
    let log = RequestLog::new(format, std::io::stderr(), clock, &*surroundings.random);
    Ok(log.with_id_header(header))
}

async fn door(
    scheme: Scheme,
    flags: &Flags,
    router: &Router,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<Door> {
    let (listening, limits) = (&flags.listening, &flags.limits);
    let (host, port) = match scheme {
        Scheme::Http => (&listening.host, listening.port),
        Scheme::Https => (&listening.tls_host, listening.tls_port),
        Scheme::Unix => bail!("--scheme unix"),
    };
    let (read, write, keep_alive) = match scheme {
        Scheme::Https => (
            limits.tls_read_timeout,
            limits.tls_write_timeout,
            limits.tls_keep_alive,
        ),
        _ => (limits.read_timeout, limits.write_timeout, limits.keep_alive),
    };
    let tls_limit = Some(limits.tls_listen_limit).filter(|limit| *limit > 0);
    let connections = match (scheme, tls_limit) {
        (Scheme::Https, Some(limit)) => limit,
        _ => limits.listen_limit,
    };
    let terms = Terms {
        headers: limits.max_header_size,
        time: [read, write]
            .into_iter()
            .filter(|time| !time.is_zero())
            .min(),
        keep_alive: !keep_alive.is_zero(),
        ping_only: listening.http_ping_only && scheme != Scheme::Https,
    };
    let listener = bind(host, port).await?;
    let listener = listener.with_limits(Limits {
        connections: Some(connections)
            .filter(|limit| *limit > 0)
            .unwrap_or(CONNECTIONS),
        header_read: or_forever(read),
        grace: limits.graceful_timeout,
    });
    let shown = format!(
        "{}://{}",
        if scheme == Scheme::Https {
            "https"
        } else {
            "http"
        },
        listener.address()
    );
    let listener = match scheme {
        Scheme::Https => listener.with_tls(tls(flags, surroundings, output)?),
        _ => listener,
    };
    Ok(Door {
        listener,
        router: terms.around(router.clone()),
        shown,
    })
}

fn tls(flags: &Flags, surroundings: &Surroundings<'_>, output: &mut Output) -> anyhow::Result<Tls> {
    let listening = &flags.listening;
    let needed = "--scheme https needs";
    let files = TlsFiles {
        chain: listening
            .tls_certificate
            .clone()
            .with_context(|| format!("{needed} --tls-certificate"))?,
        key: listening
            .tls_key
            .clone()
            .with_context(|| format!("{needed} --tls-key"))?,
    };
    let now = surroundings.clock.now();
    let (tls, warnings) = match &listening.tls_ca {
        None => Tls::read(files, now)?,
        Some(authorities) => Tls::read_for_clients_of(files, authorities, now)?,
    };
    for warning in warnings {
        output.warn(&warning.to_string());
    }
    Ok(tls)
}

async fn serve_metrics(
    flags: &Flags,
    measures: &Measures,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let address = flags.metrics_address.trim();
    if address.is_empty() || address == "none" {
        return Ok(());
    }
    let split = address.rsplit_once(':').and_then(|(host, port)| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some((host, port.parse::<u16>().ok()?))
    });
    let (host, port) = split.with_context(|| {
        format!(
            "--metrics-address {address:?}: expected an address such as 127.0.0.1:2112, or none"
        )
    })?;
    let metrics = bind(host, port).await.context("--metrics-address")?;
    output.line(&format!("Metrics: http://{}/metrics", metrics.address()))?;
    let router = measures.router(&*surroundings.clock);
    // Until the process ends: whoever watches sees the shutdown too.
    tokio::spawn(metrics.serve(router, std::future::pending()));
    Ok(())
}

/// Takes a port at a name or an address; at all addresses of the machine if there is none.
async fn bind(host: &str, port: u16) -> anyhow::Result<Listener> {
    if host.is_empty() {
        // Both families at once, or the older one where there is no newer.
        let all = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
        return match Listener::bind(all).await {
            Ok(listener) => Ok(listener),
            Err(_) => {
                Ok(Listener::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)).await?)
            }
        };
    }
    let found = tokio::net::lookup_host((host, port)).await;
    let mut found: Vec<SocketAddr> = found.with_context(|| format!("the host {host}"))?.collect();
    // As Go chooses among the addresses of a name.
    found.sort_by_key(SocketAddr::is_ipv6);
    let address = found.first();
    let address = address.with_context(|| format!("the host {host} has no address"))?;
    Ok(Listener::bind(*address).await?)
}

fn or_forever(time: Duration) -> Duration {
    match time.is_zero() {
        true => FOREVER,
        false => time,
    }
}
