//! A limit of how often one network may ask: a token bucket for each IPv4 address and each IPv6 /64.
//!
//! ```text
//! HTTP/1.1 429 Too Many Requests
//! retry-after: 12
//! {"code":8,"message":"too many requests from 192.0.2.7/32; …","details":[]}
//! ```
//!
//! One household or machine has a whole IPv6 /64, so its addresses count as one. A bucket is a single
//! number, the moment at which it will be full again (the "generic cell rate algorithm" of ITU-T
//! I.371, which admits what a token bucket admits), in whole nanoseconds: nothing is rounded. Full
//! buckets are forgotten; when the table has no room all the same, further networks share one bucket.
//!
//! The peer is who holds the connection, or whom [`TrustedProxies`](super::TrustedProxies) put in the
//! place of a proxy.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use tokio::time::Instant;

use super::Overload;

/// How many networks [`RateLimit`] remembers: some 3 MiB.
const NETWORKS: usize = 1 << 16;

/// How often at most a full table is searched for buckets that are full again.
const SEARCH: u64 = 1_000_000_000;

/// What one network may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many requests may come at once after a pause.
    pub burst: NonZeroU32,
    /// After how long one request more may come; zero means no limit.
    pub every: Duration,
}

/// Who shares a bucket by where they ask from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 /64, by its first address.
    V6(Ipv6Addr),
}

/// Why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of requests and a time, neither of them zero")]
pub struct RateError;

/// A bucket for each `K`. They read no clock: the time is an argument, since any fixed moment.
#[derive(Debug)]
pub struct RateTable<K> {
    /// What one token takes, in nanoseconds.
    token: u64,
    /// What a full bucket takes.
    full: u64,
    most: usize,
    /// `None` is all that came when the table had no room.
    full_at: HashMap<Option<K>, u64>,
    searched: u64,
}

/// The limit around a router. Clones share the buckets.
#[derive(Debug, Clone)]
pub struct RateLimit {
    table: Arc<Mutex<RateTable<Network>>>,
    since: Instant,
}

impl Rate {
    /// So many in so much time: as many at once after a pause, and then evenly.
    pub fn of(requests: u32, time: Duration) -> Result<Self, RateError> {
        let burst = NonZeroU32::new(requests).ok_or(RateError)?;
        match time.is_zero() {
            true => Err(RateError),
            false => Ok(Self {
                burst,
                every: time / requests,
            }),
        }
    }
}

impl Network {
    /// The network of an address; an IPv4 address written as IPv6 (`::ffff:192.0.2.7`) is what it is.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                Self::V6(Ipv6Addr::from_bits(prefix))
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => write!(formatter, "{address}/32"),
            Self::V6(address) => write!(formatter, "{address}/64"),
        }
    }
}

impl<K: Copy + Eq + Hash> RateTable<K> {
    /// Full buckets for all, and room for `most` that are not full.
    pub fn new(rate: Rate, most: usize) -> Self {
        let token = nanoseconds(rate.every);
        Self {
            token,
            full: token.saturating_mul(rate.burst.get().into()),
            most,
            full_at: HashMap::new(),
            searched: 0,
        }
    }

    /// Takes a token of `who` at `now`; if there is none, says how long until there is.
    pub fn take(&mut self, who: K, now: Duration) -> Result<(), Duration> {
        let now = nanoseconds(now);
        let who = self.place(who, now);
        let full_at = self.full_at.get(&who).copied().unwrap_or(0).max(now);
        let next = full_at.saturating_add(self.token);
        let latest = now.saturating_add(self.full);
        if next > latest {
            return Err(Duration::from_nanos(next - latest));
        }
        self.full_at.insert(who, next);
        Ok(())
    }

    /// How many buckets are remembered.
    pub fn len(&self) -> usize {
        self.full_at.len()
    }

    /// Whether all buckets are full, as far as is remembered.
    pub fn is_empty(&self) -> bool {
        self.full_at.is_empty()
    }

    /// `who` if they have a bucket or there is room for one.
    fn place(&mut self, who: K, now: u64) -> Option<K> {
        let who = Some(who);
        if self.full_at.len() < self.most || self.full_at.contains_key(&who) {
            return who;
        }
        // Searched seldom, or else who fills the table would make every request walk through it.
        if now >= self.searched.saturating_add(SEARCH) {
            self.searched = now;
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        who.filter(|_| self.full_at.len() < self.most)
    }
}

impl RateLimit {
    /// A limit for each network, for 65,536 of them.
    pub fn new(rate: Rate) -> Self {
        Self {
            table: Arc::new(Mutex::new(RateTable::new(rate, NETWORKS))),
            since: Instant::now(),
        }
    }

    /// Limits what comes to `router`, paths that it does not have included. A call that came over no
    /// connection, as from within the process, is not limited.
    pub fn around(&self, router: Router) -> Router {
        let limit = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let checked = limit.check(&request);
            async move {
                match checked {
                    Ok(()) => next.run(request).await,
                    Err(overload) => overload.answer(request.headers(), Overload::as_status),
                }
            }
        }))
    }

    /// Counts a request, or says when the next may come.
    pub fn check(&self, request: &Request) -> Result<(), Overload> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let Some(ConnectInfo(peer)) = peer else {
            return Ok(());
        };
        let network = Network::of(peer.ip());
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.take(network, self.since.elapsed()).map_err(|pause| {
            let seconds = whole_seconds(pause);
            let message = format!("too many requests from {network}; come again in {seconds} s");
            Overload::too_often(message, seconds)
        })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Rounded up: who comes back then finds a token.
pub(crate) fn whole_seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ONE: Duration = Duration::from_nanos(1);

    fn rate(burst: u32, every: Duration) -> Rate {
        let burst = NonZeroU32::new(burst).unwrap();
        Rate { burst, every }
    }

    fn v4(last: u8) -> Network {
        Network::of([192, 0, 2, last].into())
    }

    #[test]
    fn a_bucket_is_exact_to_the_nanosecond() {
        let mut table = RateTable::new(rate(3, 2 * SECOND), 8);
        let start = 100 * SECOND;
        for _ in 0..3 {
            assert_eq!(table.take(v4(1), start), Ok(()));
        }
        assert_eq!(table.take(v4(1), start), Err(2 * SECOND));
        // A refusal costs nothing: what is left to wait only gets shorter.
        assert_eq!(table.take(v4(1), start + SECOND), Err(SECOND));
        assert_eq!(table.take(v4(1), start + 2 * SECOND - ONE), Err(ONE));
        assert_eq!(table.take(v4(1), start + 2 * SECOND), Ok(()));
        assert_eq!(table.take(v4(1), start + 2 * SECOND), Err(2 * SECOND));
        // Another network has a bucket of its own.
        assert_eq!(table.take(v4(2), start + 2 * SECOND), Ok(()));
        // After a long pause there is a burst, and no more than one.
        let later = start + 1000 * SECOND;
        for _ in 0..3 {
            assert_eq!(table.take(v4(1), later), Ok(()));
        }
        assert_eq!(table.take(v4(1), later), Err(2 * SECOND));
    }

    #[test]
    fn so_many_in_so_much_time_is_a_burst_and_a_pause() {
        assert_eq!(Rate::of(120, 60 * SECOND), Ok(rate(120, SECOND / 2)));
        assert_eq!(Rate::of(0, SECOND), Err(RateError));
        assert_eq!(Rate::of(1, Duration::ZERO), Err(RateError));
    }

    #[test]
    fn over_any_time_no_more_comes_than_burst_and_rate() {
        let mut table = RateTable::new(rate(5, 7 * ONE), 8);
        let taken = (0..=7000)
            .filter(|now| table.take(v4(1), *now * ONE).is_ok())
            .count();
        assert_eq!(taken, 5 + 1000);
    }

    #[test]
    fn without_a_time_there_is_no_limit_and_without_an_end_no_overflow() {
        let mut table = RateTable::new(rate(1, Duration::ZERO), 8);
        for _ in 0..100 {
            assert_eq!(table.take(v4(1), SECOND), Ok(()));
        }
        let mut table = RateTable::new(rate(u32::MAX, Duration::MAX), 8);
        assert_eq!(table.take(v4(1), Duration::MAX), Ok(()));
        let mut table = RateTable::new(rate(1, SECOND), 8);
        assert_eq!(table.take(v4(1), SECOND), Ok(()));
        // A clock that goes back gives nothing away.
        assert_eq!(table.take(v4(1), Duration::ZERO), Err(2 * SECOND));
    }

    #[test]
    fn memory_is_bounded_and_full_buckets_are_forgotten() {
        let mut table = RateTable::new(rate(1, 10 * SECOND), 2);
        let start = 100 * SECOND;
        assert!(table.is_empty());
        assert_eq!(table.take(v4(1), start), Ok(()));
        assert_eq!(table.take(v4(2), start + 5 * SECOND), Ok(()));
        // No room: those that come now have one bucket together.
        assert_eq!(table.take(v4(3), start + 5 * SECOND), Ok(()));
        assert_eq!(table.take(v4(4), start + 5 * SECOND), Err(10 * SECOND));
        assert_eq!(table.len(), 3);
        // Those that are known keep theirs.
        assert_eq!(table.take(v4(2), start + 5 * SECOND), Err(10 * SECOND));
        // When the first and then all are full again there is room.
        assert_eq!(table.take(v4(4), start + 15 * SECOND), Ok(()));
        assert_eq!(table.len(), 1);
        assert_eq!(table.take(v4(5), start + 15 * SECOND), Ok(()));
        assert_eq!(table.take(v4(5), start + 15 * SECOND), Err(10 * SECOND));
        for last in 10..250 {
            let _ = table.take(v4(last), start + 16 * SECOND);
        }
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn a_network_is_an_address_or_a_64() {
        let network = |text: &str| Network::of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7/32");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7/32");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff::"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:3::"), "2001:db8:1:3::/64");
        assert_eq!(network("::1"), "::/64");
    }

    #[test]
    fn retry_after_is_rounded_up() {
        let table = [(ONE, 1), (SECOND, 1), (SECOND + ONE, 2), (90 * SECOND, 90)];
        for (pause, expected) in table {
            assert_eq!(whole_seconds(pause), expected);
        }
    }
}
