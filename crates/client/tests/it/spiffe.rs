//! The agent of SPIFFE: how it is asked, and what agents say that lie, refuse or fall silent.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::net::UnixListener;
use waxwing_client::ambient::{AmbientError, Provider, SpiffeError, Surroundings};
use waxwing_net::{Client, Routes};

use crate::ambient::{Noon, token_of};

/// What an agent says: the pieces of its body, and how it ends.
#[derive(Clone)]
struct Says {
    body: Vec<Bytes>,
    trailers: &'static [(&'static str, &'static str)],
}

/// One frame with a message of SVIDs.
fn frame(svids: &[&str]) -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        let mut field = vec![number << 3 | 2];
        let mut length = content.len();
        while length > 127 {
            field.push((length & 127 | 128) as u8);
            length >>= 7;
        }
        field.push(length as u8);
        field.extend_from_slice(content);
        field
    };
    let message: Vec<u8> = svids
        .iter()
        .flat_map(|svid| field(1, &field(2, svid.as_bytes())))
        .collect();
    let length = (message.len() as u32).to_be_bytes();
    [&[0][..], &length, &message].concat()
}

/// The name in the token that an agent's answer has.
async fn ask(says: Option<Says>) -> Result<String, AmbientError> {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let agent = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Some(says) = says else {
            // It holds the line.
            return std::future::pending().await;
        };
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let says = says.clone();
            assert_eq!(request.method(), "POST");
            assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchJWTSVID");
            assert_eq!(request.headers()["content-type"], "application/grpc");
            assert_eq!(request.headers()["workload.spiffe.io"], "true");
            tokio::spawn(async move {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                for piece in says.body {
                    body.reserve_capacity(piece.len());
                    // Who has heard enough hangs up.
                    if body.send_data(piece, false).is_err() {
                        return;
                    }
                }
                let mut trailers = HeaderMap::new();
                for (name, value) in says.trailers {
                    trailers.insert(*name, value.parse().unwrap());
                }
                let _ = body.send_trailers(trailers);
            });
        }
    });
    let token = at(&socket).await;
    agent.abort();
    token
}

async fn at(socket: &Path) -> Result<String, AmbientError> {
    let path = socket.display().to_string();
    let variable = move |name: &str| (name == "SPIFFE_ENDPOINT_SOCKET").then(|| path.clone());
    let client = Client::in_process(Routes::new());
    let surroundings = Surroundings {
        variable: &variable,
        file: "/none".into(),
        product_name_file: "/none".into(),
        client: &client,
        clock: &Noon,
    };
    let token = Provider::Spiffe.token(&surroundings).await;
    token.map(|token| token.name().to_owned())
}

fn refused(error: Result<String, AmbientError>) -> SpiffeError {
    match error.unwrap_err() {
        AmbientError::Spiffe(error) => error,
        other => panic!("{other}"),
    }
}

const OK: &[(&str, &str)] = &[("grpc-status", "0")];

fn whole(body: Vec<u8>) -> Option<Says> {
    Some(Says {
        body: vec![body.into()],
        trailers: OK,
    })
}

#[tokio::test]
async fn the_first_identity_of_the_workload_is_taken() {
    let (first, second) = (token_of("spiffe://a/first"), token_of("spiffe://a/second"));
    let frame = frame(&[&first, &second]);
    assert_eq!(ask(whole(frame.clone())).await.unwrap(), "spiffe://a/first");
    let pieces = frame.chunks(7).map(Bytes::copy_from_slice).collect();
    let says = Says {
        body: pieces,
        trailers: OK,
    };
    assert_eq!(ask(Some(says)).await.unwrap(), "spiffe://a/first");
}

#[tokio::test]
async fn an_agent_that_refuses_or_lies_is_told_by_what_it_did() {
    let says = Says {
        body: Vec::new(),
        trailers: &[("grpc-status", "7"), ("grpc-message", "no identity issued")],
    };
    let told = refused(ask(Some(says)).await).to_string();
    assert_eq!(
        told,
        "the agent refuses (gRPC status 7): no identity issued"
    );
    assert!(matches!(
        refused(ask(whole(frame(&[]))).await),
        SpiffeError::NoSvid
    ));
    for body in [b"<html>".to_vec(), Vec::new(), frame(&["x"])[..7].to_vec()] {
        let told = refused(ask(whole(body)).await);
        assert!(matches!(told, SpiffeError::Protocol { .. }), "{told}");
    }
    let endless = Says {
        body: vec![Bytes::from_static(&[0; 16384]); 5],
        trailers: OK,
    };
    assert!(matches!(
        refused(ask(Some(endless)).await),
        SpiffeError::TooMuch
    ));
    let none = ask(whole(frame(&["no token"]))).await.unwrap_err();
    assert!(matches!(none, AmbientError::Token { .. }), "{none}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_falls_silent_is_left() {
    assert!(matches!(refused(ask(None).await), SpiffeError::TooMuch));
}

#[tokio::test]
async fn whoever_else_listens_is_no_agent() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let absent = at(&socket).await.unwrap_err().to_string();
    assert!(absent.contains("there is no socket"), "{absent}");
    std::fs::write(&socket, "").unwrap();
    assert!(matches!(
        refused(at(&socket).await),
        SpiffeError::Connect { .. }
    ));
    std::fs::remove_file(&socket).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    let other = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let said = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, said)
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    assert!(matches!(
        refused(at(&socket).await),
        SpiffeError::Protocol { .. }
    ));
    other.abort();
}
