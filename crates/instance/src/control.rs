//! How commands reach an instance that runs: a Unix socket that only its owner can open, one request a
//! connection, one line of JSON each way.
//!
//! ```text
//! -> {"token":{"as":"alice@example.com"}}
//! <- {"ok":"eyJhbGciOiJFUzI1NiIs…"}            or {"error":"the email …"}
//! -> {"rotate":{"service":"rekor-log","after":{"secs":3600,"nanos":0},"url":"https://log2.example.com"}}
//! <- {"ok":{"name":"rekor-log-2","start":"2026-11-29T10:00:00Z","url":"https://log2.example.com"}}
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use waxwing_issuer::Identity;

use crate::StartError;
use crate::living::Living;
use crate::rotation::Rotation;
use crate::trust_repository::RootChange;

/// The longest line either way, in bytes.
const LONGEST: u64 = 1 << 20;

/// How long one request may take. Its sender is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an instance is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Order {
    /// A token that says that its holder is somebody.
    Token {
        /// Who.
        r#as: String,
    },
    /// A new key in the place of one: answered by a [`crate::NewKey`].
    Rotate(Rotation),
    /// Other keys for the root of trust: answered by what waits for signatures, [`crate::Waiting`]s.
    ChangeRoot(RootChange),
    /// Copies of drafts that were signed elsewhere, none for looking only: answered by what waits still.
    Sign {
        /// The documents.
        copies: Vec<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    Ok(Value),
    Error(String),
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The socket.
    #[error("{}: {source}; does the instance run?", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The instance said no.
    #[error("{reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}

/// The socket of an instance.
pub(crate) fn socket(data: &Path) -> PathBuf {
    data.join("private/control.sock")
}

/// Takes orders until it is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    task: tokio::task::JoinHandle<()>,
    path: PathBuf,
}

impl Control {
    /// Listens in a directory that only the owner can enter. The caller holds the lock of the instance,
    /// so a socket that is there is left over.
    pub(crate) fn listen(data: &Path, living: Arc<Living>) -> Result<Self, ControlError> {
        let path = socket(data);
        let listening = match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => UnixListener::bind(&path),
        };
        let listener = listening.map_err(|source| ControlError::Socket {
            path: path.clone(),
            source,
        })?;
        let task = tokio::spawn(async move {
            loop {
                // One after the other: those who may ask are one person.
                if let Ok((stream, _)) = listener.accept().await {
                    let _ = tokio::time::timeout(PATIENCE, serve(stream, &living)).await;
                }
            }
        });
        Ok(Self { task, path })
    }

    /// Takes no more orders; one that is being carried out is broken off.
    pub(crate) async fn end(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // The next start removes it as well.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(stream: UnixStream, living: &Living) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LONGEST))
        .read_line(&mut line)
        .await?;
    let answer = match serde_json::from_str(&line) {
        Ok(order) => carry_out(&order, living).await,
        Err(error) => Answer::Error(format!("not an order: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn carry_out(order: &Order, living: &Living) -> Answer {
    let done = match order {
        Order::Token { r#as } => {
            let present = living.door().present();
            let issued = present
                .services
                .issuer
                .service
                .issue(&Identity::email(r#as));
            issued
                .map(|token| token.as_str().into())
                .map_err(|error| error.to_string())
        }
        Order::Rotate(rotation) => answered(living.rotate(rotation).await),
        Order::ChangeRoot(change) => answered(living.change_root(change).await),
        Order::Sign { copies } => {
            let copies: Vec<_> = copies
                .iter()
                .map(|copy| copy.clone().into_bytes())
                .collect();
            answered(living.merge(&copies).await)
        }
    };
    done.map_or_else(Answer::Error, Answer::Ok)
}

fn answered<T: Serialize>(done: Result<T, StartError>) -> Result<Value, String> {
    let done = done.map_err(|error| error.to_string())?;
    serde_json::to_value(done).map_err(|error| error.to_string())
}

/// The process that runs the instance in a directory; `None` if none does.
pub async fn process(data: &Path) -> Result<Option<u32>, ControlError> {
    let path = socket(data);
    let asked = match UnixStream::connect(&path).await {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        connected => connected.and_then(|stream| stream.peer_cred()),
    };
    let peer = asked.map_err(|source| ControlError::Socket { path, source })?;
    Ok(peer.pid().and_then(|id| u32::try_from(id).ok()))
}

/// Gives an order to the instance that runs in a directory.
pub async fn ask<T: DeserializeOwned>(data: &Path, order: &Order) -> Result<T, ControlError> {
    let path = socket(data);
    let asked = tokio::time::timeout(PATIENCE, exchange(&path, order)).await;
    let asked = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let read = asked.and_then(|answer| match answer {
        Answer::Ok(answer) => Ok(Ok(serde_json::from_value(answer)?)),
        Answer::Error(reason) => Ok(Err(ControlError::Refused { reason })),
    });
    read.map_err(|source| ControlError::Socket { path, source })?
}

async fn exchange(path: &Path, order: &Order) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(path).await?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST))
        .read_line(&mut answer)
        .await?;
    Ok(serde_json::from_str(&answer)?)
}
