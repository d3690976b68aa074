//! SPIFFE: the agent beside a workload, asked over a socket in the file system (the SPIFFE Workload API,
//! `FetchJWTSVID`; <https://spiffe.io/docs/latest/spiffe-specs/spiffe-workload-api/>).
//!
//! ```text
//! POST /SpiffeWorkloadAPI/FetchJWTSVID HTTP/2        workload.spiffe.io: true
//! 00 00 00 00 0a  0a 08 "sigstore"                   one frame of gRPC, one message of protobuf
//! ```
//!
//! One question with one answer: `h2` carries it, and the few fields are read by `prost`. All of gRPC's client
//! would bring a balancer and a pool of connections for it. The socket's owner decides who may ask, so there is
//! no secret; the answer is capped in length and in time.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, Request};
use prost::Message;
use tokio::net::UnixStream;
use waxwing_net::printable;
use zeroize::Zeroizing;

use super::{AUDIENCE, LARGEST, Surroundings};

const SOCKET: &str = "SPIFFE_ENDPOINT_SOCKET";

/// Where the agent of SPIRE listens that is told nothing.
const DEFAULT_SOCKET: &str = "/tmp/spire-agent/public/api.sock";

/// How long the agent may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the agent gave no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeError {
    /// Nobody listens.
    #[error("connecting to {socket}: {source}")]
    Connect {
        /// The socket.
        socket: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not the protocol.
    #[error("whoever listens at {socket} does not speak gRPC: {reason}")]
    Protocol {
        /// The socket.
        socket: String,
        /// What is wrong.
        reason: String,
    },
    /// The agent refuses.
    #[error("the agent refuses (gRPC status {status}): {message}")]
    Refused {
        /// gRPC's code.
        status: String,
        /// The agent's words.
        message: String,
    },
    /// No token in the answer.
    #[error("the agent has no identity for this workload: its answer holds no SVID")]
    NoSvid,
    /// No end.
    #[error("no complete answer within {} s, or one of more than {LARGEST} bytes", PATIENCE.as_secs())]
    TooMuch,
}

#[derive(Clone, PartialEq, Message)]
struct JwtSvidRequest {
    #[prost(string, repeated, tag = "1")]
    audience: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct JwtSvidResponse {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<JwtSvid>,
}

#[derive(Clone, PartialEq, Message)]
struct JwtSvid {
    #[prost(string, tag = "2")]
    svid: String,
}

/// The path of the socket. SPIFFE writes a URL into the variable, the originals read a path; both are taken.
pub(super) fn socket(surroundings: &Surroundings<'_>) -> String {
    let named = (surroundings.variable)(SOCKET).filter(|named| !named.is_empty());
    let named = named.unwrap_or_else(|| DEFAULT_SOCKET.to_owned());
    match named.strip_prefix("unix:") {
        Some(path) => path.strip_prefix("//").unwrap_or(path).to_owned(),
        None => named,
    }
}

pub(super) async fn token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, SpiffeError> {
    let socket = socket(surroundings);
    let asked = tokio::time::timeout(PATIENCE, ask(&socket)).await;
    let answer = asked.map_err(|_| SpiffeError::TooMuch)??;
    let answer = read(&answer).ok_or_else(|| SpiffeError::Protocol {
        socket,
        reason: "its answer is not one message of the Workload API".to_owned(),
    })?;
    let first = answer.svids.into_iter().next().ok_or(SpiffeError::NoSvid)?;
    Ok(Zeroizing::new(first.svid))
}

/// The body of the answer.
async fn ask(socket: &str) -> Result<Bytes, SpiffeError> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|source| SpiffeError::Connect {
        socket: socket.to_owned(),
        source,
    })?;
    let broken = |reason: String| SpiffeError::Protocol {
        socket: socket.to_owned(),
        reason,
    };
    let failed = |error: h2::Error| broken(error.to_string());
    let (client, connection) = h2::client::handshake(stream).await.map_err(failed)?;
    let exchange = exchange(client, &failed, &broken);
    // The connection is what moves the exchange on; it ends when the exchange does.
    tokio::select! {
        answered = exchange => answered,
        ended = connection => Err(match ended {
            Err(error) => failed(error),
            Ok(()) => broken("it closed the connection".to_owned()),
        }),
    }
}

async fn exchange(
    client: h2::client::SendRequest<Bytes>,
    failed: &(dyn Fn(h2::Error) -> SpiffeError + Sync),
    broken: &(dyn Fn(String) -> SpiffeError + Sync),
) -> Result<Bytes, SpiffeError> {
    let mut client = client.ready().await.map_err(failed)?;
    let request = Request::post("http://localhost/SpiffeWorkloadAPI/FetchJWTSVID")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("workload.spiffe.io", "true")
        .body(())
        .map_err(|error| broken(error.to_string()))?;
    let (answer, mut body) = client.send_request(request, false).map_err(failed)?;
    body.send_data(request_frame(), true).map_err(failed)?;
    let answer = answer.await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(broken(format!("it answered {}", answer.status())));
    }
    // An answer without a body says its status here.
    refused(answer.headers())?;
    let mut body = answer.into_body();
    let mut read = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(failed)?;
        if read.len() + piece.len() > LARGEST {
            return Err(SpiffeError::TooMuch);
        }
        // It fails for a stream that has ended, and then there is nothing to make room for.
        let _ = body.flow_control().release_capacity(piece.len());
        read.extend_from_slice(&piece);
    }
    if let Some(trailers) = body.trailers().await.map_err(failed)? {
        refused(&trailers)?;
    }
    Ok(read.freeze())
}

fn refused(headers: &HeaderMap) -> Result<(), SpiffeError> {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        printable(value.unwrap_or_default())
    };
    match text("grpc-status") {
        status if status.is_empty() || status == "0" => Ok(()),
        status => Err(SpiffeError::Refused {
            status,
            message: text("grpc-message"),
        }),
    }
}

fn request_frame() -> Bytes {
    let message = JwtSvidRequest {
        audience: vec![AUDIENCE.to_owned()],
    };
    let message = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(&message);
    frame.into()
}

/// The message in one uncompressed frame.
fn read(mut frame: &[u8]) -> Option<JwtSvidResponse> {
    if frame.len() < 5 || frame.get_u8() != 0 {
        return None;
    }
    let length = usize::try_from(frame.get_u32()).ok()?;
    match frame.len() == length {
        true => JwtSvidResponse::decode(frame).ok(),
        false => None,
    }
}

/// The token in an agent's answer, for `fuzz/`.
#[doc(hidden)]
pub fn svid_in(frame: &[u8]) -> Option<String> {
    Some(read(frame)?.svids.into_iter().next()?.svid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_one_message() {
        assert_eq!(&request_frame()[..], b"\0\0\0\0\x0a\x0a\x08sigstore");
        let whole = b"\0\0\0\0\x05\x0a\x03\x12\x01t";
        assert_eq!(svid_in(whole).as_deref(), Some("t"));
        for broken in [
            &b""[..],
            b"\0\0\0\0",
            b"\x01\0\0\0\x05\x0a\x03\x12\x01t",
            b"\0\0\0\0\x06\x0a\x03\x12\x01t",
            b"\0\0\0\0\x04\x0a\x03\x12\x01t",
            b"\0\0\0\0\x05\x0a\x03\x12\x02t",
        ] {
            assert_eq!(svid_in(broken), None);
        }
    }
}
