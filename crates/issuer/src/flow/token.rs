//! The token endpoint (RFC 6749 section 3.2): the client says who it is, then one of five grants.
//!
//! ```text
//! POST /token
//! grant_type=authorization_code&code=…&redirect_uri=…&code_verifier=…&client_id=sigstore
//!   -> {"access_token":"ey…","token_type":"bearer","expires_in":60,"id_token":"ey…"}
//! ```
//!
//! The access token is an identity token by its form, as with Dex, since sigstore-python sends it to Fulcio
//! in the place of one. It differs in a `jti`, and has neither nonce nor hashes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::Issuer;
use crate::flow::answer::{TokenError, secret_json};
use crate::flow::{client_grant, code_grant, device_grant, exchange_grant, refresh_grant};
use crate::person::Person;
use crate::request::client::{OAuthClient, authenticate};
use crate::request::incoming::Incoming;
use crate::request::scope::Scopes;
use crate::state::access::Access;
use crate::state::refresh::FamilyId;
use crate::state::secret::{self, Key};
use crate::token::{Claims, Identity, IdentityError, IdentityToken, half_hash};

/// The grants, by `grant_type`.
pub(crate) const GRANT_TYPES: [&str; 5] = [CODE, CLIENT, REFRESH, DEVICE, EXCHANGE];

const CODE: &str = "authorization_code";
const CLIENT: &str = "client_credentials";
const REFRESH: &str = "refresh_token";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// `POST /token`.
pub(crate) async fn token(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let granted = match Incoming::read(request).await {
        Ok(incoming) => granted(&issuer, &incoming).await,
        Err(error) => Err(error.into()),
    };
    granted.unwrap_or_else(IntoResponse::into_response)
}

async fn granted(issuer: &Issuer, incoming: &Incoming) -> Result<Response, TokenError> {
    let form = &incoming.body;
    let client = authenticate(issuer.clients(), &incoming.headers, form)?;
    let name = "grant_type";
    match form.value(name).ok_or(TokenError::Missing { name })? {
        CODE => code_grant::grant(issuer, client, form),
        CLIENT => client_grant::grant(issuer, client, form),
        REFRESH => refresh_grant::grant(issuer, client, form).await,
        DEVICE => device_grant::grant(issuer, client, form),
        EXCHANGE => exchange_grant::grant(issuer, client, form).await,
        other => Err(TokenError::GrantType {
            found: other.chars().take(100).collect(),
        }),
    }
}

/// For whom and for what tokens are.
pub(crate) struct Wanted<'a> {
    pub(crate) client: &'a OAuthClient,
    pub(crate) person: &'a Person,
    pub(crate) scopes: Scopes,
    pub(crate) nonce: Option<&'a str>,
    /// The code that is redeemed.
    pub(crate) code: Option<&'a str>,
}

/// Both tokens of a login.
pub(crate) struct Tokens {
    pub(crate) access_token: IdentityToken,
    pub(crate) access_key: Key,
    pub(crate) id_token: IdentityToken,
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    id_token: &'a str,
    scope: String,
}

impl Tokens {
    /// Signs both, and remembers what the access token gives access to.
    pub(crate) fn new(issuer: &Issuer, wanted: &Wanted<'_>) -> Result<Self, IdentityError> {
        let Wanted { person, scopes, .. } = *wanted;
        let identity = Identity {
            subject: person.subject(),
            // A client that did not ask for the address is not told.
            email: person.email.clone().filter(|_| scopes.email),
            audience: wanted.client.id().to_owned(),
            lifetime: issuer.token_lifetime(),
        };
        let shared = Claims {
            name: person.name.as_deref().filter(|_| scopes.profile),
            federated_claims: Some(person.into()),
            ..Claims::default()
        };
        let number = secret::fresh(issuer.random());
        let access = Claims {
            jti: Some(&number),
            ..shared.clone()
        };
        let access_token = issuer.sign(&identity, &access)?;
        let id = Claims {
            nonce: wanted.nonce,
            at_hash: Some(half_hash(access_token.as_str())),
            c_hash: wanted.code.map(half_hash),
            ..shared
        };
        let id_token = issuer.sign(&identity, &id)?;
        let now = issuer.now();
        let lifetime = issuer.token_lifetime().as_secs().cast_signed();
        let access = Access {
            client_id: wanted.client.id().to_owned(),
            scopes,
            person: person.clone(),
            issued: now,
            ends: now.plus_seconds(lifetime),
        };
        let tokens = &issuer.memory.access_tokens;
        let access_key = tokens.insert(access_token.as_str(), access);
        Ok(Self {
            access_token,
            access_key,
            id_token,
        })
    }

    /// The answer of the token endpoint.
    pub(crate) fn answer(
        &self,
        issuer: &Issuer,
        scopes: Scopes,
        refresh_token: Option<&str>,
    ) -> Response {
        let answer = TokenAnswer {
            access_token: self.access_token.as_str(),
            token_type: "bearer",
            expires_in: issuer.token_lifetime().as_secs(),
            refresh_token,
            id_token: self.id_token.as_str(),
            scope: scopes.to_string(),
        };
        secret_json(StatusCode::OK, &answer)
    }
}

/// A family of refresh tokens, where `offline_access` was asked for.
pub(crate) fn refresh_token(
    issuer: &Issuer,
    wanted: &Wanted<'_>,
) -> Option<(FamilyId, zeroize::Zeroizing<String>)> {
    let tokens = &issuer.memory.refresh_tokens;
    let (client, scopes) = (wanted.client.id(), wanted.scopes);
    let asked = scopes.offline_access;
    asked.then(|| tokens.issue(client, scopes, wanted.person, issuer.now(), issuer.random()))
}
