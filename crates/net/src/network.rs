//! The carrier across the network: `reqwest` with `rustls`, and what can be set about it.
//!
//! Redirects, retries and the total time are not left to the library: they are the same for both
//! carriers. The environment is not read here: who wants `HTTPS_PROXY` to count passes it in
//! [`Proxy`]. (On Linux the library that loads the system's roots looks at `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` by itself.)

use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use reqwest::redirect::Policy;
use zeroize::Zeroizing;

use crate::Retry;
use crate::alias::Alias;
use crate::error::{Error, causes, origin, shown};
use crate::request::Parts;
use crate::response::{CappedBody, Response};

/// What can be set about a client. `Settings::default()` is right for most.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `User-Agent`.
    pub user_agent: String,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one attempt may take altogether when the request says nothing else.
    pub timeout: Duration,
    /// Certificates in DER that are trusted as roots beside those of the system.
    pub additional_roots: Vec<Vec<u8>>,
    /// What is shown to servers that ask who their client is: to every one that this client is used for.
    pub client_certificate: Option<ClientCertificate>,
    /// A host that has to prove another name than its own.
    pub alias: Option<Alias>,
    /// The proxy, if there is one.
    pub proxy: Proxy,
    /// When a request is sent again.
    pub retry: Retry,
}

/// A certificate with its private key.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The certificate, those above it, and the key in PKCS#8, one after the other in PEM.
    pub pem: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientCertificate(secret)")
    }
}

/// Which proxy carries which requests; URLs as in `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Clone, Default)]
pub struct Proxy {
    /// For `http` URLs.
    pub http: Option<String>,
    /// For `https` URLs.
    pub https: Option<String>,
    /// Hosts, domains and networks that are asked directly, separated by commas.
    pub exceptions: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("waxwing/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            additional_roots: Vec::new(),
            client_certificate: None,
            alias: None,
            proxy: Proxy::default(),
            retry: Retry::default(),
        }
    }
}

impl std::fmt::Debug for Proxy {
    /// Only whether there is one: the URLs may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (http, https) = (self.http.is_some(), self.https.is_some());
        write!(formatter, "Proxy(http: {http}, https: {https})")
    }
}

/// Makes the library's client.
pub(crate) fn build(settings: &Settings) -> Result<reqwest::Client, Error> {
    let refused = |setting, error: &reqwest::Error| Error::Setting {
        setting,
        reason: causes(error),
    };
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .no_proxy();
    if !settings.additional_roots.is_empty() {
        let roots = settings.additional_roots.iter();
        let roots: Result<Vec<_>, _> = roots
            .map(|der| reqwest::Certificate::from_der(der))
            .collect();
        let roots = roots.map_err(|error| refused("additional root", &error))?;
        builder = builder.tls_certs_merge(roots);
    }
    if let Some(alias) = &settings.alias {
        alias.check()?;
        builder = builder.dns_resolver(std::sync::Arc::new(alias.clone()));
    }
    if let Some(own) = &settings.client_certificate {
        let own = reqwest::Identity::from_pem(&own.pem);
        builder = builder.identity(own.map_err(|error| refused("client certificate", &error))?);
    }
    let exceptions = reqwest::NoProxy::from_string(&settings.proxy.exceptions);
    if let Some(url) = &settings.proxy.http {
        let proxy = reqwest::Proxy::http(url).map_err(|error| refused("proxy", &error))?;
        builder = builder.proxy(proxy.no_proxy(exceptions.clone()));
    }
    if let Some(url) = &settings.proxy.https {
        let proxy = reqwest::Proxy::https(url).map_err(|error| refused("proxy", &error))?;
        builder = builder.proxy(proxy.no_proxy(exceptions));
    }
    builder.build().map_err(|error| refused("TLS", &error))
}

pub(crate) async fn exchange(
    client: &reqwest::Client,
    request: &Parts,
    alias: Option<&Alias>,
) -> Result<Response, Error> {
    let (mut url, mut headers) = (request.url.clone(), request.headers.clone());
    if let Some(alias) = alias {
        let applied = alias.apply(&mut url, &mut headers);
        applied.map_err(|error| Error::Setting {
            setting: "server name",
            reason: error.to_string(),
        })?;
    }
    let mut outgoing = reqwest::Request::new(request.method.clone(), url);
    *outgoing.headers_mut() = headers;
    if let Some(length) = request.content_length() {
        outgoing.headers_mut().insert(CONTENT_LENGTH, length);
        *outgoing.body_mut() = Some(request.body.clone().into());
    }
    let answer = client.execute(outgoing).await;
    let mut answer = answer.map_err(|error| failure(error, request))?;
    let status = answer.status();
    let mut headers = std::mem::take(answer.headers_mut());
    // These speak of the connection and mean nothing once the body is read.
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    let mut body = CappedBody::new(request.limit);
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| failure(error, request))?
    {
        if !body.push(&piece) {
            return Err(Error::BodyTooLarge {
                url: shown(&request.url),
                limit: request.limit,
            });
        }
    }
    Ok(Response {
        status,
        headers,
        body: body.finish(),
        url: request.url.clone(),
    })
}

fn failure(error: reqwest::Error, request: &Parts) -> Error {
    let connect = error.is_connect();
    let builder = error.is_builder();
    // The library would print the URL with its query.
    let reason = causes(&error.without_url());
    if connect {
        let host = origin(&request.url);
        return Error::Connect { host, reason };
    }
    let url = shown(&request.url);
    if builder {
        return Error::Url { url, reason };
    }
    Error::Transfer { url, reason }
}
