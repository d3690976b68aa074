//! The listeners: http, https and unix, each with its own limits.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use waxwing_cli::{Output, Surroundings};
use waxwing_serve::{FileWatch, Limits, Listener, LocalListener, Tls, TlsFiles};

use super::flags::{Flags, Scheme};
use super::middleware::Terms;
use crate::reload::Reloads;

/// How many connections are served at once if nobody says how many.
const CONNECTIONS: usize = 1024;

/// A time that never comes, for what Go calls 0.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A listener that is bound, what it answers, and where it is.
pub(super) struct Door {
    listener: Bound,
    router: Router,
    /// Its URL.
    pub(super) shown: String,
}

enum Bound {
    Tcp(Listener),
    Unix(LocalListener, PathBuf),
}

/// Binds what a scheme names.
pub(super) async fn door(
    scheme: Scheme,
    flags: &Flags,
    router: &Router,
    tls: Option<&Tls>,
) -> anyhow::Result<Door> {
    let (listening, limits) = (&flags.listening, &flags.limits);
    let own = match scheme {
        Scheme::Https => OwnLimits {
            read: limits.tls_read_timeout,
            write: limits.tls_write_timeout,
            keep_alive: limits.tls_keep_alive,
            connections: match limits.tls_listen_limit {
                0 => limits.listen_limit,
                own => own,
            },
        },
        Scheme::Http | Scheme::Unix => OwnLimits {
            read: limits.read_timeout,
            write: limits.write_timeout,
            keep_alive: limits.keep_alive,
            connections: limits.listen_limit,
        },
    };
    let times = [own.read, own.write].into_iter();
    let terms = Terms {
        headers: limits.max_header_size,
        time: times.filter(|time| !time.is_zero()).min(),
        keep_alive: !own.keep_alive.is_zero(),
        ping_only: listening.http_ping_only && scheme != Scheme::Https,
    };
    let limits = Limits {
        connections: match own.connections {
            0 => CONNECTIONS,
            limit => limit,
        },
        header_read: or_forever(own.read),
        idle: or_forever(limits.cleanup_timeout),
        grace: limits.graceful_timeout,
    };
    let (listener, shown) = match (scheme, tls) {
        (Scheme::Unix, _) => {
            let path = listening.socket_path.to_str();
            let path = path.context("--socket-path is not text")?;
            let listener = LocalListener::bind(path)?.with_limits(limits);
            let shown = format!("unix://{path}");
            (Bound::Unix(listener, path.into()), shown)
        }
        (Scheme::Https, Some(tls)) => {
            let listener = bind(&listening.tls_host, listening.tls_port).await?;
            let listener = listener.with_limits(limits).with_tls(tls.clone());
            let shown = format!("https://{}", listener.address());
            (Bound::Tcp(listener), shown)
        }
        (Scheme::Http | Scheme::Https, _) => {
            let listener = bind(&listening.host, listening.port).await?;
            let listener = listener.with_limits(limits);
            let shown = format!("http://{}", listener.address());
            (Bound::Tcp(listener), shown)
        }
    };
    Ok(Door {
        listener,
        router: terms.around(router.clone()),
        shown,
    })
}

/// The limits that each listener has flags of its own for.
struct OwnLimits {
    read: Duration,
    write: Duration,
    keep_alive: Duration,
    connections: usize,
}

impl Door {
    /// Serves until `shutdown` is ready and what runs is answered.
    pub(super) async fn serve(self, shutdown: impl Future<Output = ()>) {
        match self.listener {
            Bound::Tcp(listener) => listener.serve(self.router, shutdown).await,
            Bound::Unix(listener, path) => {
                listener.serve(self.router, shutdown).await;
                // As in Go: the next start makes it anew, and would refuse one that is there.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// The certificate of https, which is read again when its files change.
pub(super) fn tls(
    flags: &Flags,
    surroundings: &Surroundings<'_>,
    reloads: &mut Reloads,
    output: &mut Output,
) -> anyhow::Result<Tls> {
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
    // Looked at before they are read.
    let watched = FileWatch::new(vec![files.chain.clone(), files.key.clone()]);
    let now = surroundings.clock.now();
    let (tls, warnings) = match &listening.tls_ca {
        None => Tls::read(files, now)?,
        Some(authorities) => Tls::read_for_clients_of(files, authorities, now)?,
    };
    for warning in warnings {
        output.warn(&warning.to_string());
    }
    reloads.add_tls(watched, &tls, &surroundings.clock);
    Ok(tls)
}

/// Takes a port at a name or an address; at all addresses of the machine if there is none.
pub(super) async fn bind(host: &str, port: u16) -> anyhow::Result<Listener> {
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
