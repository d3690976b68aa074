//! Tokens for Azure's vaults, where Azure's own clients look for them and in their order:
//!
//! ```text
//! POST $AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token
//!      grant_type=client_credentials&client_id=…&scope=https://vault.azure.net/.default
//!      &client_secret=…              AZURE_CLIENT_SECRET
//!      &client_assertion=…           the token of AZURE_FEDERATED_TOKEN_FILE (workload identity)
//! GET  $IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://vault.azure.net     x-identity-header: $IDENTITY_HEADER
//! GET  http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=…      metadata: true
//! {"access_token":"…","expires_in":3599}
//! ```

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{HeaderName, Request, Url, is_this_machine, private_url};
use zeroize::Zeroizing;

use super::SERVICE;
use super::cloud::Place;
use crate::ask::Question;
use crate::credentials::{Ends, read};
use crate::error::ServiceError;
use crate::{CredentialsError, Surroundings};

const AUTHORITY: &str = "Microsoft Entra ID";
const MACHINE: &str = "the machine's identity";

/// How long it may take: it is beside the machine, or it is not there.
const PATIENCE: Duration = Duration::from_secs(3);

const EXPECTED: &str = "access_token and expires_in in JSON";

/// A token with its end.
pub(super) struct Token {
    pub(super) secret: Zeroizing<String>,
    end: Option<UnixTime>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(secret)")
    }
}

impl Ends for Token {
    fn end(&self) -> Option<UnixTime> {
        self.end
    }
}

/// What is answered. Numbers are texts in some places.
#[derive(Deserialize)]
pub(crate) struct Given {
    pub(crate) access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    expires_on: Value,
}

impl Given {
    /// When it ends, if it was given now.
    pub(crate) fn end(&self, now: UnixTime) -> Option<UnixTime> {
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        match (number(&self.expires_in), number(&self.expires_on)) {
            (Some(seconds), _) if seconds >= 0 => Some(now.plus_seconds(seconds)),
            (_, Some(end)) => UnixTime::from_seconds(end).ok(),
            _ => None,
        }
    }
}

/// A token for this place.
pub(super) async fn find(
    place: &Place,
    surroundings: &Surroundings,
) -> Result<Token, CredentialsError> {
    let set = |name| surroundings.set(name);
    let tenant = set("AZURE_TENANT_ID");
    let client = set("AZURE_CLIENT_ID");
    let secret = surroundings.secret("AZURE_CLIENT_SECRET");
    let file = set("AZURE_FEDERATED_TOKEN_FILE");
    match (tenant, client, secret, file) {
        (Some(tenant), Some(client), Some(secret), _) => {
            let proof = [("client_secret", secret.as_str())];
            by_authority(place, (&tenant, &client), &proof, surroundings).await
        }
        (Some(tenant), Some(client), None, Some(file)) => {
            let assertion = read(&PathBuf::from(file))?;
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let proof = [
                ("client_assertion_type", kind),
                ("client_assertion", assertion.trim()),
            ];
            by_authority(place, (&tenant, &client), &proof, surroundings).await
        }
        (_, _, Some(_), _) => Err(beside("AZURE_CLIENT_SECRET")),
        (_, _, None, Some(_)) => Err(beside("AZURE_FEDERATED_TOKEN_FILE")),
        (_, client, None, None) => {
            if set("AZURE_CLIENT_CERTIFICATE_PATH").is_some() {
                return Err(CredentialsError::Variable {
                    variable: "AZURE_CLIENT_CERTIFICATE_PATH".to_owned(),
                    reason: "certificates of clients are not used here".to_owned(),
                    expected: "AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE, or the identity of a machine",
                });
            }
            by_machine(place, client.as_deref(), surroundings).await
        }
    }
}

async fn by_authority(
    place: &Place,
    (tenant, client): (&str, &str),
    proof: &[(&str, &str)],
    surroundings: &Surroundings,
) -> Result<Token, CredentialsError> {
    let mut url = place.authority.clone();
    // One segment: a tenant's name leads nowhere else.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
        path.extend([tenant, "oauth2", "v2.0", "token"]);
    }
    let scope = format!("{}/.default", place.resource);
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", scope.as_str()),
    ];
    form.extend_from_slice(proof);
    let secrets: Vec<&str> = proof.iter().map(|(_, value)| *value).collect();
    let question = Question {
        service: AUTHORITY,
        deed: "give a token",
        advice: "check AZURE_TENANT_ID, AZURE_CLIENT_ID, and the secret or the federated credential",
        secrets: &secrets,
    };
    let request = Request::post_form(&url, &form).repeatable();
    let asked = surroundings.clock.now();
    let http = surroundings.client_for(AUTHORITY, &url)?;
    let given: Given = question.json(&http, request, EXPECTED).await?;
    Ok(token(given, asked))
}

async fn by_machine(
    place: &Place,
    client: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Token, CredentialsError> {
    let endpoint = "IDENTITY_ENDPOINT";
    let secret = surroundings.secret("IDENTITY_HEADER");
    let (url, version, header) = match (surroundings.set(endpoint), &secret) {
        (Some(url), Some(secret)) => {
            let header = ("x-identity-header", secret.as_str());
            (beside_machine(endpoint, &url)?, "2019-08-01", header)
        }
        (Some(_), None) => {
            return Err(CredentialsError::Variable {
                variable: endpoint.to_owned(),
                reason: "IDENTITY_HEADER is not set beside it".to_owned(),
                expected: "both, as App Service and Container Apps set them; Azure Arc is not known here",
            });
        }
        (None, _) => {
            let variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
            let host = surroundings.set(variable);
            let host = host.as_deref().unwrap_or("http://169.254.169.254");
            let mut url = beside_machine(variable, host)?;
            url.set_path("/metadata/identity/oauth2/token");
            (url, "2018-02-01", ("metadata", "true"))
        }
    };
    let mut url = url;
    url.query_pairs_mut()
        .append_pair("api-version", version)
        .append_pair("resource", &place.resource);
    if let Some(client) = client {
        url.query_pairs_mut().append_pair("client_id", client);
    }
    let question = Question {
        service: MACHINE,
        deed: "give a token",
        advice: "check that it has an identity (AZURE_CLIENT_ID names one of several)",
        // Of the metadata service it is the word true, which is none.
        secrets: &[secret.as_ref().map_or("", |secret| secret.as_str())],
    };
    // Nobody is made to send this header by a page or a redirect; Azure's own clients send it everywhere.
    let request = Request::get(&url)
        .header(HeaderName::from_static("metadata"), "true")
        .header(HeaderName::from_static(header.0), header.1)
        .timeout(PATIENCE);
    let asked = surroundings.clock.now();
    let http = surroundings.beside(MACHINE)?;
    match question.json(&http, request, EXPECTED).await {
        Ok(given) => Ok(token(given, asked)),
        // Nobody is there, and nobody said that somebody is.
        Err(ServiceError::Request { .. }) if secret.is_none() => Err(CredentialsError::None {
            service: SERVICE,
            looked: "there are none in AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE (with AZURE_TENANT_ID and \
                     AZURE_CLIENT_ID), nor has the machine an identity; set one of them. The login of the Azure CLI is not \
                     used here",
        }),
        Err(error) => Err(error.into()),
    }
}

fn token(given: Given, asked: UnixTime) -> Token {
    Token {
        end: given.end(asked),
        secret: given.access_token,
    }
}

fn beside(variable: &str) -> CredentialsError {
    CredentialsError::Variable {
        variable: variable.to_owned(),
        reason: "AZURE_TENANT_ID or AZURE_CLIENT_ID is not set beside it".to_owned(),
        expected: "all three",
    }
}

/// An address that is inside the machine or beside it (169.254.…), or asked by TLS.
fn beside_machine(variable: &str, text: &str) -> Result<Url, CredentialsError> {
    let refused = |reason: String| CredentialsError::Variable {
        variable: variable.to_owned(),
        reason,
        expected: "an address of this machine, one beside it (169.254.…), or https://HOST/…",
    };
    let url = Url::parse(text).map_err(|error| refused(error.to_string()))?;
    let host: Option<std::net::Ipv4Addr> = url.host_str().and_then(|host| host.parse().ok());
    let is_beside = host.is_some_and(|host| host.is_link_local());
    match url.scheme() {
        "http" if is_beside || is_this_machine(&url) => Ok(url),
        _ => private_url(text).map_err(|error| refused(error.to_string())),
    }
}
