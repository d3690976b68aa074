//! The client as a user calls it, on loopback and in process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod carriers;
mod limits;
mod redirects;
mod retries;
mod tls;

use std::net::SocketAddr;

use axum::Router;
use waxwing_net::{Client, Retry, Routes, Settings};

/// Serves `router` on a free port of the loopback interface until the test's runtime ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A client for the network that sends each request once.
fn network() -> Client {
    let client = Client::network(Settings::default()).unwrap();
    client.with_retry(Retry::never())
}

/// A client for one router in this process that sends each request once.
fn in_process(base: &str, router: Router) -> Client {
    let routes = Routes::new().with(base, router).unwrap();
    Client::in_process(routes).with_retry(Retry::never())
}
