//! Where a browser comes back to: a port of the loopback address that takes one answer (RFC 8252 section 7.3).
//!
//! A browser opens connections in advance that it says nothing on, and asks for an icon; neither keeps the
//! answer waiting. Nobody on another machine reaches the port, and what a stranger on this one sends is
//! refused for want of the state. Heads are capped in length, connections in number and in time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use url::Host;
use waxwing_net::Url;
use zeroize::Zeroizing;

use super::answer::{self, AnswerRefused, Asked};

/// The path where nobody names another, as in the originals.
const DEFAULT_PATH: &str = "/auth/callback";

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// How many are read at once.
const MOST_CONNECTIONS: usize = 32;

/// How long one may take to ask, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why no browser can come back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerError {
    /// An address that nobody can listen at.
    #[error(
        "{found:?} is no address that a browser can come back to here; expected \
         http://localhost:PORT/PATH or another address of this machine alone"
    )]
    Url {
        /// What was found.
        found: String,
    },
    /// The port is not free.
    #[error("listening for the browser at {address}: {source}")]
    Bind {
        /// Where.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A port that waits.
pub(super) struct Listener {
    socket: TcpListener,
    /// The same port of the other loopback address, which browsers may try first for `localhost`.
    other: Option<TcpListener>,
    url: Url,
}

/// What a request must have, kept by each connection.
#[derive(Clone)]
pub(super) struct Awaited {
    pub(super) state: Zeroizing<String>,
    pub(super) issuer: String,
    pub(super) names_itself: bool,
}

type Answer = Result<Zeroizing<String>, AnswerRefused>;

impl Listener {
    /// Listens at `url`, or at a free port.
    pub(super) async fn bind(url: Option<&str>) -> Result<Self, ListenerError> {
        let mut url = redirect_url(url)?;
        let host = match url.host() {
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let failed = |source| ListenerError::Bind {
            address: format!("{host}:{port}"),
            source,
        };
        let socket = TcpListener::bind((host, port)).await.map_err(failed)?;
        let port = socket.local_addr().map_err(failed)?.port();
        let other = match url.host() {
            // Where it is not free, or there is no such address, the browser comes to the first.
            Some(Host::Domain(_)) => TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok(),
            _ => None,
        };
        // It has a host, so that it can have a port.
        let _ = url.set_port(Some(port));
        Ok(Self { socket, other, url })
    }

    /// Where the browser has to come.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The first answer.
    pub(super) async fn answer(self, awaited: Awaited) -> Answer {
        let (sender, mut answers) = mpsc::channel(1);
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(answer) = answers.recv() => return answer,
                Ok(stream) = self.accept() => {
                    while connections.try_join_next().is_some() {}
                    // Who finds no place is sent away.
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                    let path = self.url.path().to_owned();
                    let (awaited, sender) = (awaited.clone(), sender.clone());
                    connections.spawn(async move {
                        let _place = place;
                        let answered = serve(stream, &path, &awaited);
                        if let Ok(Some(answer)) = tokio::time::timeout(PATIENCE, answered).await {
                            // Nobody waits for a second one.
                            let _ = sender.send(answer).await;
                        }
                    });
                }
            }
        }
    }
}

impl Listener {
    async fn accept(&self) -> std::io::Result<TcpStream> {
        let other = async {
            match &self.other {
                Some(other) => other.accept().await,
                None => std::future::pending().await,
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.socket.accept() => accepted?,
            accepted = other => accepted?,
        };
        Ok(stream)
    }
}

impl Awaited {
    fn asked(&self) -> Asked<'_> {
        Asked {
            state: &self.state,
            issuer: &self.issuer,
            names_itself: self.names_itself,
        }
    }
}

fn redirect_url(text: Option<&str>) -> Result<Url, ListenerError> {
    let default = format!("http://localhost:0{DEFAULT_PATH}");
    let text = text.unwrap_or(&default);
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let fits = |url: &Url| {
        url.scheme() == "http" && is_here(url) && url.query().is_none() && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(fits);
    url.ok_or_else(|| ListenerError::Url {
        found: waxwing_net::printable(text),
    })
}

/// One connection: an answer, if it had one.
async fn serve(mut stream: TcpStream, path: &str, awaited: &Awaited) -> Option<Answer> {
    let head = head(&mut stream).await?;
    let (status, page, answer) = match answer::target(&head) {
        None => ("400 Bad Request", page(REFUSED), None),
        Some((found, _)) if found != path => ("404 Not Found", page(NOTHING), None),
        Some((_, query)) => match answer::code(query, &awaited.asked()) {
            Ok(code) => ("200 OK", page(DONE), Some(Ok(code))),
            Err(refused) => ("400 Bad Request", page(REFUSED), Some(Err(refused))),
        },
    };
    let length = page.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\ncontent-security-policy: default-src 'none'; style-src 'unsafe-inline'; \
         frame-ancestors 'none'\r\nreferrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n\
         connection: close\r\n\r\n{page}"
    );
    // The answer counts, whether or not the browser stayed for its page.
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
    answer
}

async fn head(stream: &mut TcpStream) -> Option<Zeroizing<Vec<u8>>> {
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST_HEAD));
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD || stream.read_buf(&mut *head).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// A title, and a sentence below it.
type Words = (&'static str, &'static str);

const DONE: Words = (
    "You are back",
    "The program in your terminal has what it needs. You may close this page.",
);
const REFUSED: Words = (
    "That did not work",
    "The program in your terminal says why. You may close this page.",
);
const NOTHING: Words = (
    "Nothing here",
    "A program waits here for you to log in, at another address.",
);

fn page((title, text): Words) -> String {
    include_str!("page.html")
        .replace("{title}", title)
        .replace("{text}", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_comes_back_to_this_machine_alone() {
        for good in [
            "http://localhost:1/auth/callback",
            "http://127.0.0.1:1/",
            "http://[::1]:1/x",
            "http://localhost",
        ] {
            assert!(redirect_url(Some(good)).is_ok(), "{good}");
        }
        for bad in [
            "https://localhost:1/",
            "http://0.0.0.0:1/",
            "http://example.com:1/",
            "http://localhost.example.com/",
            "http://localhost:1/?a=b",
            "http://localhost:1/#a",
            "urn:ietf:wg:oauth:2.0:oob",
            "",
        ] {
            let refused = redirect_url(Some(bad)).unwrap_err();
            assert!(matches!(refused, ListenerError::Url { .. }), "{bad}");
        }
        assert_eq!(
            redirect_url(None).unwrap().as_str(),
            "http://localhost:0/auth/callback"
        );
    }
}
