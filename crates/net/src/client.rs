//! The client: one loop of attempts, one of redirects, and two carriers below.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, USER_AGENT};
use serde::Serialize;

use crate::error::{Error, origin, shown};
use crate::network::{self, Proxy, Settings};
use crate::request::{Parts, Request};
use crate::response::Response;
use crate::{Retry, Routes, in_process, redirect};

/// The HTTP client. Clones share connections, and are cheap.
#[derive(Debug, Clone)]
pub struct Client {
    routes: Arc<Routes>,
    network: Option<Network>,
    settings: Arc<Settings>,
}

/// The library's client. Making it reads the system's roots, which takes as long as verifying a bundle.
#[derive(Debug, Clone, Default)]
struct Network(Arc<OnceLock<reqwest::Client>>);

impl Network {
    fn new(settings: &Settings) -> Result<Self, Error> {
        let network = Self::default();
        network.get(settings)?;
        Ok(network)
    }

    fn get(&self, settings: &Settings) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client = network::build(settings)?;
        Ok(self.0.get_or_init(|| client))
    }
}

impl Client {
    /// A client for the network. Fails if the settings cannot be used.
    pub fn network(settings: Settings) -> Result<Self, Error> {
        Self::in_process_and_network(Routes::new(), settings)
    }

    /// The same, made when the first request goes out: for a program that may end without one. Settings
    /// that cannot be used are an error then.
    pub fn network_when_needed(settings: Settings) -> Self {
        Self {
            routes: Arc::default(),
            network: Some(Network::default()),
            settings: Arc::new(settings),
        }
    }

    /// A client for the services in this process: a host without a route is [`Error::NoRoute`].
    pub fn in_process(routes: Routes) -> Self {
        Self {
            routes: Arc::new(routes),
            network: None,
            settings: Arc::default(),
        }
    }

    /// A client for the services in this process that asks the network for every other host.
    pub fn in_process_and_network(routes: Routes, settings: Settings) -> Result<Self, Error> {
        Ok(Self {
            routes: Arc::new(routes),
            network: Some(Network::new(&settings)?),
            settings: Arc::new(settings),
        })
    }

    /// The same client with another rule for sending requests again.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        let settings = Settings {
            retry,
            ..Settings::clone(&self.settings)
        };
        Self {
            settings: Arc::new(settings),
            ..self
        }
    }

    /// A client with the same settings that trusts these certificates (DER) as roots too. It shares
    /// no connections with this one, so that nobody else is reached by what one peer's roots allow.
    pub fn with_additional_roots(&self, roots: &[Vec<u8>]) -> Result<Self, Error> {
        let mut settings = Settings::clone(&self.settings);
        settings.additional_roots.extend_from_slice(roots);
        self.with(settings)
    }

    /// A client with the same settings that asks everybody directly: for what must not leave this machine's
    /// own network. It shares no connections with this one.
    pub fn without_proxy(&self) -> Result<Self, Error> {
        self.with(Settings {
            proxy: Proxy::default(),
            ..Settings::clone(&self.settings)
        })
    }

    /// With connections of its own under other settings.
    fn with(&self, settings: Settings) -> Result<Self, Error> {
        let network = match &self.network {
            Some(_) => Some(Network::new(&settings)?),
            None => None,
        };
        Ok(Self {
            routes: Arc::clone(&self.routes),
            network,
            settings: Arc::new(settings),
        })
    }

    /// Sends `request` and reads the answer whole; needs a tokio runtime with time. Any status is
    /// an answer: see [`Response::expect_status`].
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let request = self.completed(request.into_parts()?)?;
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(&request).await;
            let wait = match request.repeatable {
                true => self.settings.retry.wait(attempt, &outcome, request.passes),
                false => None,
            };
            let Some(wait) = wait else { return outcome };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// GET `url`.
    pub async fn get(&self, url: impl AsRef<str>) -> Result<Response, Error> {
        self.send(Request::get(url)).await
    }

    /// POST `body` to `url`.
    pub async fn post(
        &self,
        url: impl AsRef<str>,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<Response, Error> {
        self.send(Request::post(url, content_type, body)).await
    }

    /// POST `value` as JSON to `url`.
    pub async fn post_json(
        &self,
        url: impl AsRef<str>,
        value: &impl Serialize,
    ) -> Result<Response, Error> {
        self.send(Request::post_json(url, value)).await
    }

    /// Adds the headers that every request has, so that both carriers show the same ones.
    fn completed(&self, mut request: Parts) -> Result<Parts, Error> {
        let user_agent = HeaderValue::from_str(&self.settings.user_agent);
        let user_agent = user_agent.map_err(|_| Error::Header {
            name: USER_AGENT.to_string(),
        })?;
        let any = HeaderValue::from_static("*/*");
        request.headers.entry(USER_AGENT).or_insert(user_agent);
        request.headers.entry(ACCEPT).or_insert(any);
        Ok(request)
    }

    /// One attempt in the time allowed, redirects included.
    async fn attempt(&self, request: &Parts) -> Result<Response, Error> {
        let limit = request.timeout.unwrap_or(self.settings.timeout);
        match tokio::time::timeout(limit, self.follow(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Timeout {
                url: shown(&request.url),
                limit,
            }),
        }
    }

    async fn follow(&self, first: &Parts) -> Result<Response, Error> {
        let mut response = self.exchange(first).await?;
        let Some(mut request) = redirect::next(first, &response)? else {
            return Ok(response);
        };
        for _ in 0..redirect::LONGEST_CHAIN {
            response = self.exchange(&request).await?;
            match redirect::next(&request, &response)? {
                None => return Ok(response),
                Some(next) => request = next,
            }
        }
        Err(redirect::too_many(&first.url, &request.url))
    }

    async fn exchange(&self, request: &Parts) -> Result<Response, Error> {
        if let Some(router) = self.routes.find(&request.url) {
            return in_process::exchange(router.clone(), request).await;
        }
        match &self.network {
            Some(network) => {
                let client = network.get(&self.settings)?;
                network::exchange(client, request, self.settings.alias.as_ref()).await
            }
            None => Err(Error::NoRoute {
                host: origin(&request.url),
                known: self.routes.known(),
            }),
        }
    }
}
