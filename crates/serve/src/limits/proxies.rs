//! Who is behind a proxy: the address that it names, if it is one of those that are believed.
//!
//! ```text
//! x-forwarded-for: 203.0.113.9, 198.51.100.4            the last was added by the last proxy
//! forwarded: for=203.0.113.9, for="[2001:db8::1]:4711"  the same in RFC 7239
//! ```
//!
//! Everybody can send these headers. So they are looked at only when the connection comes from a
//! trusted proxy, and are read from their end: the last address was written by that proxy; if it is
//! a trusted one too, it vouches for the one before, and so on. What stands before the first address
//! that is not trusted is the caller's own invention.
//!
//! Only one of the two headers is read, the one that the proxies write: most write one and hand the
//! other through as it came, and then it is the caller who wrote it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use super::AddressRange;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Most addresses of a header that are looked at: a chain of trusted proxies is short.
const MOST_HOPS: usize = 16;

/// Which header the proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    ranges: Arc<Vec<AddressRange>>,
    by: ForwardedBy,
}

impl TrustedProxies {
    /// Believes these.
    pub fn new(ranges: Vec<AddressRange>, by: ForwardedBy) -> Self {
        Self {
            ranges: Arc::new(ranges),
            by,
        }
    }

    /// Puts the caller's address in the place of the proxy's, for all that ask whose request it is:
    /// limits, locks against guessing, the log. Put it around everything else.
    pub fn around(&self, router: Router) -> Router {
        if self.ranges.is_empty() {
            return router;
        }
        let proxies = self.clone();
        router.layer(from_fn(move |mut request: Request, next: Next| {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            if let Some(ConnectInfo(peer)) = peer.copied() {
                let caller = proxies.caller(peer, request.headers());
                request.extensions_mut().insert(ConnectInfo(caller));
            }
            next.run(request)
        }))
    }

    /// Whose request it is that came from `peer` with these headers.
    pub fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.trusts(peer.ip()) {
            return peer;
        }
        let name = match self.by {
            ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
            ForwardedBy::Forwarded => FORWARDED,
        };
        // Several lines of one header are one list (RFC 9110 section 5.3).
        let lines: Vec<&str> = headers
            .get_all(name)
            .iter()
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let mut caller = peer;
        for hop in hops.take(MOST_HOPS) {
            let read = match self.by {
                ForwardedBy::XForwardedFor => node(hop.trim()),
                ForwardedBy::Forwarded => forwarded_for(hop),
            };
            // Hidden or malformed: whoever wrote it is as far as can be seen.
            let Some(address) = read else {
                return caller;
            };
            caller = address;
            if !self.trusts(address.ip()) {
                return caller;
            }
        }
        caller
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }
}

/// The `for` of one element: `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<SocketAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut found = pairs
        .by_ref()
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (Some((_, value)), None) = (found.next(), found.next()) else {
        return None;
    };
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    node(quoted.unwrap_or(value))
}

/// An address, with or without a port: the port 0 stands for one that is not known.
fn node(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = inner.unwrap_or(text).parse::<IpAddr>().ok()?;
    Some(SocketAddr::new(address, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(by: ForwardedBy, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let ranges = ["10.0.0.0/8", "::1"].map(|text| text.parse().unwrap());
        let proxies = TrustedProxies::new(ranges.to_vec(), by);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        let header = "x-forwarded-for";
        let by = ForwardedBy::XForwardedFor;
        for (peer, value, expected) in [
            ("10.0.0.1:1", "203.0.113.9", "203.0.113.9:0"),
            ("[::1]:1", "203.0.113.9:77", "203.0.113.9:77"),
            ("192.0.2.1:1", "203.0.113.9", "192.0.2.1:1"),
            // What the caller made up stands before what the proxy wrote.
            ("10.0.0.1:1", "127.0.0.1, 203.0.113.9", "203.0.113.9:0"),
            ("10.0.0.1:1", "203.0.113.9, 10.0.0.2", "203.0.113.9:0"),
            ("10.0.0.1:1", "10.0.0.3, 10.0.0.2", "10.0.0.3:0"),
            ("10.0.0.1:1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2:0"),
            ("10.0.0.1:1", "nonsense", "10.0.0.1:1"),
            ("10.0.0.1:1", "", "10.0.0.1:1"),
            ("10.0.0.1:1", "2001:db8::1", "[2001:db8::1]:0"),
            ("10.0.0.1:1", "[2001:db8::1]:5", "[2001:db8::1]:5"),
        ] {
            assert_eq!(
                caller(by, peer, &[(header, value)]),
                expected,
                "{peer} {value}"
            );
        }
        let two = [(header, "192.0.2.5"), (header, "203.0.113.9, 10.0.0.2")];
        assert_eq!(caller(by, "10.0.0.1:1", &two), "203.0.113.9:0");
        assert_eq!(caller(by, "10.0.0.1:1", &[]), "10.0.0.1:1");
    }

    #[test]
    fn the_header_that_the_proxies_do_not_write_is_not_read() {
        let both = [
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=198.51.100.4"),
        ];
        let peer = "10.0.0.1:1";
        assert_eq!(
            caller(ForwardedBy::XForwardedFor, peer, &both),
            "203.0.113.9:0"
        );
        assert_eq!(
            caller(ForwardedBy::Forwarded, peer, &both),
            "198.51.100.4:0"
        );
        assert_eq!(caller(ForwardedBy::Forwarded, peer, &both[..1]), peer);
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        for (value, expected) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60:0"),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                "[2001:db8:cafe::17]:4711",
            ),
            ("proto=http; for=192.0.2.60", "192.0.2.60:0"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17:0"),
            ("for=192.0.2.43, for=\"_hidden\"", "10.0.0.1:1"),
            ("for=192.0.2.43;for=192.0.2.44", "10.0.0.1:1"),
            ("by=192.0.2.43", "10.0.0.1:1"),
        ] {
            let found = caller(
                ForwardedBy::Forwarded,
                "10.0.0.1:1",
                &[("forwarded", value)],
            );
            assert_eq!(found, expected, "{value}");
        }
    }
}
