//! `timestamp-server serve`: from flags to listeners, and to their end.
//!
//! ```text
//! Metrics: http://127.0.0.1:2112/metrics
//! Serving timestamp server at http://127.0.0.1:3000
//! Ready: CN=Test TSA Timestamping, until 2035-11-26T21:23:50Z
//! ```
//!
//! The lines go to the standard output; whoever started the program reads them up to `Ready`.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use http::HeaderName;
use tokio::sync::watch;
use tokio::task::JoinSet;
use waxwing_cli::{Output, Surroundings, plain};
use waxwing_pki::DistinguishedName;
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{CrossOrigin, LogFormat, RequestLog};
use waxwing_tsa::{ClockWatch, Service, Settings, unknown_path};

use super::clock;
use super::doors::{bind, door, tls};
use super::flags::{Flags, LogType, Scheme};
use super::measures::Measures;
use super::signer;
use crate::reload::Reloads;
use crate::stop::asked_to_stop;

/// Between two looks at the files of TLS.
const WATCH: Duration = Duration::from_secs(1);

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
    let authority = signer::authority(&flags.signer, now, surroundings).await?;
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
    let schemes = flags.listening.schemes()?;
    let mut reloads = Reloads::new(WATCH, warn)?;
    let tls = match schemes.contains(&Scheme::Https) {
        true => Some(tls(flags, surroundings, &mut reloads, output)?),
        false => None,
    };
    for scheme in schemes {
        doors.push(door(scheme, flags, &router, tls.as_ref()).await?);
    }
    let shutdown = asked_to_stop()?;
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
        serving.spawn(door.serve(async move {
            // An end of the channel is an end too.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }));
    }
    output.line(&format!("Ready: {signs}"))?;
    let reloading = reloads.watch();
    shutdown.await;
    stop.send_replace(true);
    while serving.join_next().await.is_some() {}
    reloading.end().await;
    if let Some(watching) = watching {
        watching.abort();
    }
    output.note("Stopped serving timestamp server");
    Ok(())
}

/// As whom timestamps are signed.
fn signs<K>(authority: &TimestampAuthority<K>) -> String {
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

/// Says something long after the start, past the output that the start has.
pub(super) fn warn(text: &str) {
    // If the standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "WARNING: {text}");
}
