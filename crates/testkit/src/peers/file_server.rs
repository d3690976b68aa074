//! WsgiDAV: a server of WebDAV, which replaces a file only if it is still the one that was read.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::{installed, repository, server};

/// A server that gives and takes files as long as this lives.
#[derive(Debug)]
pub struct FileServer {
    /// Its address, with the name and the password that it asks for.
    pub url: String,
    _server: server::Server,
}

/// Serves `folder` at a free port; `None` if it is not installed. The port is chosen here, because the server
/// could not take one again that the system had chosen for it.
///
/// # Panics
///
/// When it does not start, or is missing and `CI` is `true`.
pub fn serve(folder: &Path) -> Option<FileServer> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    serve_at(folder, free.expect("there is a free port").port())
}

/// Serves `folder` at `port`; `None` if it is not installed.
///
/// # Panics
///
/// When it does not start, or is missing and `CI` is `true`.
pub fn serve_at(folder: &Path, port: u16) -> Option<FileServer> {
    let (home, _) = installed("file-server")?;
    let mut command = Command::new(home.join("bin/python"));
    command
        .arg(repository().join("tests/peers/file_server.py"))
        .arg(folder)
        .arg(port.to_string());
    let (server, mut lines) = server::start(&mut command);
    let url = lines.find_map(|line| line.strip_prefix("url ").map(str::to_owned));
    Some(FileServer {
        url: url.expect("the server says its address"),
        _server: server,
    })
}

impl FileServer {
    /// The port of its address.
    pub fn port(&self) -> u16 {
        let port = self.url.rsplit(':').next();
        port.and_then(|port| port.parse().ok())
            .expect("the address ends with a port")
    }
}
