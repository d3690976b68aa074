//! How commands reach an instance that runs: a Unix socket that only its owner can open, one request a
//! connection, one line of JSON each way.
//!
//! ```text
//! -> {"token":{"as":"alice@example.com"}}
//! <- {"ok":"eyJhbGciOiJFUzI1NiIs…"}            or {"error":"the email …"}
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use waxwing_issuer::{Identity, Issuer};

/// The longest line either way, in bytes.
const LONGEST: u64 = 64 << 10;

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
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    Ok(String),
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
    pub(crate) fn listen(data: &Path, issuer: Arc<Issuer>) -> Result<Self, ControlError> {
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
                    let _ = tokio::time::timeout(PATIENCE, serve(stream, &issuer)).await;
                }
            }
        });
        Ok(Self { task, path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // The next start removes it as well.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(stream: UnixStream, issuer: &Issuer) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LONGEST))
        .read_line(&mut line)
        .await?;
    let answer = match serde_json::from_str(&line) {
        Ok(order) => carry_out(&order, issuer),
        Err(error) => Answer::Error(format!("not an order: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

fn carry_out(order: &Order, issuer: &Issuer) -> Answer {
    match order {
        Order::Token { r#as } => match issuer.issue(&Identity::email(r#as)) {
            Ok(token) => Answer::Ok(token.as_str().to_owned()),
            Err(error) => Answer::Error(error.to_string()),
        },
    }
}

/// Gives an order to the instance that runs in a directory.
pub async fn ask(data: &Path, order: &Order) -> Result<String, ControlError> {
    let path = socket(data);
    let asked = tokio::time::timeout(PATIENCE, exchange(&path, order)).await;
    let answer = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    match answer.map_err(|source| ControlError::Socket { path, source })? {
        Answer::Ok(answer) => Ok(answer),
        Answer::Error(reason) => Err(ControlError::Refused { reason }),
    }
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
