//! Google: identity tokens of a machine's own service account, or of another one that it may stand in for.
//!
//! ```text
//! GET  http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore
//!      &format=full                                  Metadata-Flavor: Google              -> the token
//! POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/NAME:generateIdToken
//!      {"audience":"sigstore","includeEmail":true}   Authorization: Bearer …              -> {"token":…}
//! ```
//!
//! Who asks is found as Google's libraries find it: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, that
//! of `gcloud auth application-default login`, the metadata server. Such files are of the kinds
//! `service_account` (a key, by which a short assertion is signed: RFC 7523) and `authorized_user` (a refresh
//! token); others are refused by name. The metadata server is never asked through a proxy.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_net::{Client, HeaderName, Request, Url};
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, LARGEST, Provider, Surroundings, answer, private_url, read};

pub(super) const SERVICE_ACCOUNT: &str = "GOOGLE_SERVICE_ACCOUNT_NAME";
pub(super) const METADATA_HOST: &str = "GCE_METADATA_HOST";
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Where the firmware of a machine says what it is.
pub const PRODUCT_NAME_FILE: &str = "/sys/class/dmi/id/product_name";

/// Where the metadata server is if nobody says otherwise.
const METADATA_ADDRESS: &str = "169.254.169.254";

/// How long it may take: it is on the same machine, or it is not there.
const METADATA_PATIENCE: Duration = Duration::from_secs(5);

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const CREDENTIALS_URL: &str =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/";

/// What an access token is for that stands in for another account.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long an assertion lives, in seconds.
const ASSERTION_SECONDS: i64 = 300;

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Not JSON, or without what its kind needs.
    #[error("the credentials in {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A kind that is not used here.
    #[error(
        "the credentials in {} are of the kind {found:?}; expected {expected}", path.display()
    )]
    Kind {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What can be used for that.
        expected: &'static str,
    },
}

/// A file of credentials.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type", default)]
    kind: String,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<Zeroizing<String>>,
    token_uri: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Zeroizing<String>>,
    refresh_token: Option<Zeroizing<String>>,
}

struct File {
    path: PathBuf,
    written: Written,
}

/// Whether this is a machine of Google's.
pub(super) fn is_here(surroundings: &Surroundings<'_>) -> bool {
    let name = std::fs::read_to_string(&surroundings.product_name_file).unwrap_or_default();
    (surroundings.variable)(METADATA_HOST).is_some_and(|host| !host.is_empty())
        || matches!(name.trim(), "Google" | "Google Compute Engine")
}

/// A token of the machine's own account.
pub(super) async fn own_token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let provider = Provider::GoogleWorkloadIdentity;
    match credentials(surroundings, false)? {
        Some(file) if file.written.kind == "service_account" => {
            let claim = ("target_audience", AUDIENCE);
            let request = file.assertion(claim, surroundings)?;
            answer(provider, request, surroundings.client, "id_token").await
        }
        Some(file) => Err(file
            .other_kind("service_account, or a machine's own account")
            .into()),
        None => {
            let question = format!("identity?audience={AUDIENCE}&format=full");
            metadata(provider, surroundings, &question).await
        }
    }
}

/// A token of another account, for which this one stands in.
pub(super) async fn other_token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let provider = Provider::GoogleImpersonate;
    let account = (surroundings.variable)(SERVICE_ACCOUNT).unwrap_or_default();
    let access = access_token(provider, surroundings).await?;
    let mut url = private_url("the URL of Google's credentials", CREDENTIALS_URL)?;
    // One segment: an account's name leads nowhere else.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
        path.push(&format!("{account}:generateIdToken"));
    }
    let question = json!({ "audience": AUDIENCE, "includeEmail": true });
    let request = Request::post_json(url, &question)
        .bearer(&access)
        .repeatable();
    answer(provider, request, surroundings.client, "token").await
}

async fn access_token(
    provider: Provider,
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let member = "access_token";
    let Some(file) = credentials(surroundings, true)? else {
        let text = metadata(provider, surroundings, "token").await?;
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        return match found[member].as_str() {
            Some(token) => Ok(token.to_owned().into()),
            None => Err(AmbientError::Answer {
                provider,
                expected: member,
            }),
        };
    };
    let request = match file.written.kind.as_str() {
        "service_account" => file.assertion(("scope", SCOPE), surroundings)?,
        "authorized_user" => file.refresh()?,
        _ => return Err(file.other_kind("service_account or authorized_user").into()),
    };
    answer(provider, request, surroundings.client, member).await
}

/// What the metadata server says of the machine's own account.
async fn metadata(
    provider: Provider,
    surroundings: &Surroundings<'_>,
    question: &str,
) -> Result<Zeroizing<String>, AmbientError> {
    let host = (surroundings.variable)(METADATA_HOST).filter(|host| !host.is_empty());
    let host = host.unwrap_or_else(|| METADATA_ADDRESS.to_owned());
    let path = "computeMetadata/v1/instance/service-accounts/default";
    let url = format!("http://{host}/{path}/{question}");
    let request = Request::get(url)
        .header(HeaderName::from_static("metadata-flavor"), "Google")
        .timeout(METADATA_PATIENCE)
        .limit(LARGEST);
    let failed = |source| AmbientError::Request { provider, source };
    // A proxy would be asked for the proxy's own account, or could keep what it carries.
    let direct: Client = surroundings.client.without_proxy().map_err(failed)?;
    let answer = direct.send(request).await.map_err(failed)?;
    let answer = answer.expect_success().map_err(failed)?;
    Ok(answer.text().into())
}

/// The file of credentials, if one is named or (for `known` places) lies where gcloud leaves it.
fn credentials(surroundings: &Surroundings<'_>, known: bool) -> Result<Option<File>, AmbientError> {
    let variable = surroundings.variable;
    let named = variable(CREDENTIALS).filter(|path| !path.is_empty());
    let path = match (named, variable("HOME")) {
        (Some(named), _) => PathBuf::from(named),
        (None, Some(home)) if known => {
            let path = ".config/gcloud/application_default_credentials.json";
            let path = PathBuf::from(home).join(path);
            match path.exists() {
                true => path,
                false => return Ok(None),
            }
        }
        (None, _) => return Ok(None),
    };
    let text = read(&path)?;
    match serde_json::from_str(&text) {
        Ok(written) => Ok(Some(File { path, written })),
        Err(error) => Err(CredentialsError::Content {
            path,
            // With its place in the file, and without what stands there.
            reason: format!("not JSON of the kind expected, at line {}", error.line()),
        }
        .into()),
    }
}

impl File {
    /// Asks for a token by an assertion that the account's key signs (RFC 7523 section 2.1).
    fn assertion(
        &self,
        (claim, value): (&str, &str),
        surroundings: &Surroundings<'_>,
    ) -> Result<Request, AmbientError> {
        let account = self.needed(self.written.client_email.as_ref(), "client_email")?;
        let key = self.needed(self.written.private_key.as_ref(), "private_key")?;
        let key = PrivateKey::from_pem(key).map_err(|error| self.broken(error.to_string()))?;
        if !matches!(key.public_key().key_type(), KeyType::Rsa(_)) {
            return Err(self
                .broken("its private_key is no RSA key".to_owned())
                .into());
        }
        let url = self.token_url()?;
        let now = surroundings.clock.now().seconds();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.written.private_key_id});
        let claims = json!({
            "iss": account, "sub": account, "aud": url.as_str(), claim: value,
            "iat": now, "exp": now + ASSERTION_SECONDS,
        });
        let [header, claims] =
            [header, claims].map(|part| base64::encode_url(part.to_string().as_bytes()));
        let signed = format!("{header}.{claims}");
        let signature = key
            .sign_with(SignatureAlgorithm::RsaPkcs1Sha256, signed.as_bytes())
            .map_err(|error| self.broken(error.to_string()))?;
        let assertion = Zeroizing::new(format!("{signed}.{}", base64::encode_url(&signature)));
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let form = [("grant_type", grant), ("assertion", &assertion)];
        Ok(Request::post_form(url, &form).repeatable())
    }

    /// Asks for an access token by a refresh token (RFC 6749 section 6).
    fn refresh(&self) -> Result<Request, AmbientError> {
        let written = &self.written;
        let form = [
            ("grant_type", "refresh_token"),
            (
                "client_id",
                self.needed(written.client_id.as_ref(), "client_id")?,
            ),
            (
                "client_secret",
                self.needed(written.client_secret.as_ref(), "client_secret")?,
            ),
            (
                "refresh_token",
                self.needed(written.refresh_token.as_ref(), "refresh_token")?,
            ),
        ];
        Ok(Request::post_form(self.token_url()?, &form).repeatable())
    }

    fn token_url(&self) -> Result<Url, AmbientError> {
        let url = self.written.token_uri.as_deref().unwrap_or(TOKEN_URL);
        private_url("token_uri", url)
    }

    fn needed<'a, T>(&self, member: Option<&'a T>, name: &str) -> Result<&'a T, CredentialsError> {
        member.ok_or_else(|| self.broken(format!("it has no {name}")))
    }

    fn broken(&self, reason: String) -> CredentialsError {
        CredentialsError::Content {
            path: self.path.clone(),
            reason,
        }
    }

    fn other_kind(&self, expected: &'static str) -> CredentialsError {
        CredentialsError::Kind {
            path: self.path.clone(),
            found: waxwing_net::printable(&self.written.kind),
            expected,
        }
    }
}
