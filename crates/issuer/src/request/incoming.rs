//! A request in parts: the parameters of its query and of its body, its headers, where it came from.
//!
//! The address is what the listener, or a layer that knows the proxy before it, puts into the request as
//! axum's `ConnectInfo<SocketAddr>`. Without one, guesses are counted by name alone.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use waxwing_serve::{BodyError, read_body};
use zeroize::Zeroize;

use waxwing_net::form::{Form, FormError};

/// A request in parts. It has no `Debug`: cookies and tokens are among the headers.
pub(crate) struct Incoming {
    pub(crate) query: Form,
    pub(crate) body: Form,
    pub(crate) headers: HeaderMap,
    pub(crate) address: Option<IpAddr>,
}

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IncomingError {
    #[error("the request has {0}")]
    Form(#[from] FormError),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the body is {found:?}; expected application/x-www-form-urlencoded")]
    ContentType { found: String },
}

impl Incoming {
    pub(crate) async fn read(request: Request) -> Result<Self, IncomingError> {
        let query = Form::parse(request.uri().query().unwrap_or_default().as_bytes())?;
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let address = address.map(|ConnectInfo(address)| network(address.ip()));
        let headers = request.headers().clone();
        let body = match *request.method() {
            Method::POST => body(request).await?,
            _ => Form::parse(b"")?,
        };
        Ok(Self {
            query,
            body,
            headers,
            address,
        })
    }
}

async fn body(request: Request) -> Result<Form, IncomingError> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.map_or("", |kind| kind.to_str().unwrap_or_default());
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let found = essence.chars().take(60).collect();
        return Err(IncomingError::ContentType { found });
    }
    let bytes = read_body(request).await?;
    let form = Form::parse(&bytes);
    // A password may be in it. Whoever else holds the bytes is the connection, which lets go of them.
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.as_mut().zeroize();
    }
    Ok(form?)
}

/// What one caller has for itself: an address of IPv4, or the 64 bits that name a network of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mut segments = address.segments();
            segments[4..].fill(0);
            IpAddr::V6(segments.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let one = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(one("192.0.2.7"), "192.0.2.7");
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(one("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
