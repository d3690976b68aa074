//! A file of credentials, as Google's console and gcloud write them.
//!
//! ```json
//! {"type":"service_account","client_email":"robot@…","private_key_id":"…","private_key":"-----BEGIN PRIVATE KEY-----…"}
//! {"type":"authorized_user","client_id":"…","client_secret":"…","refresh_token":"…","quota_project_id":"…"}
//! ```

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;
use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_net::{Request, Url};
use zeroize::Zeroizing;

use super::{GoogleError, LARGEST, Question};

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

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
    quota_project_id: Option<String>,
}

/// The same, with its place.
pub(crate) struct File {
    path: PathBuf,
    written: Written,
}

impl File {
    /// Reads it.
    pub(super) fn read(path: PathBuf) -> Result<Self, GoogleError> {
        let text = read(&path)?;
        match serde_json::from_str(&text) {
            Ok(written) => Ok(Self { path, written }),
            Err(error) => Err(CredentialsError::Content {
                path,
                // With its place in the file, and without what stands there.
                reason: format!("not JSON of the kind expected, at line {}", error.line()),
            }
            .into()),
        }
    }

    /// The kind that the file says it is of.
    pub(crate) fn kind(&self) -> &str {
        &self.written.kind
    }

    /// The project that pays for what a person asks.
    pub(super) fn quota_project(&self) -> Option<&str> {
        self.written.quota_project_id.as_deref()
    }

    /// Asks for a token by an assertion that the account's key signs (RFC 7523 section 2.1).
    pub(crate) fn assertion(
        &self,
        (claim, value): (&str, &str),
        clock: &dyn Clock,
    ) -> Result<Question, GoogleError> {
        let account = self.needed(self.written.client_email.as_ref(), "client_email")?;
        let key = self.needed(self.written.private_key.as_ref(), "private_key")?;
        let key = PrivateKey::from_pem(key).map_err(|error| self.broken(error.to_string()))?;
        if !matches!(key.public_key().key_type(), KeyType::Rsa(_)) {
            return Err(self
                .broken("its private_key is no RSA key".to_owned())
                .into());
        }
        let url = self.token_url()?;
        let now = clock.now().seconds();
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
        Ok(Question {
            request: Request::post_form(url, &form).repeatable(),
            secrets: vec![assertion],
        })
    }

    /// Asks for an access token by a refresh token (RFC 6749 section 6).
    pub(super) fn refresh(&self) -> Result<Question, GoogleError> {
        let written = &self.written;
        let id = self.needed(written.client_id.as_ref(), "client_id")?;
        let secret = self.needed(written.client_secret.as_ref(), "client_secret")?;
        let token = self.needed(written.refresh_token.as_ref(), "refresh_token")?;
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", id),
            ("client_secret", secret),
            ("refresh_token", token),
        ];
        Ok(Question {
            request: Request::post_form(self.token_url()?, &form).repeatable(),
            secrets: vec![secret.clone(), token.clone()],
        })
    }

    fn token_url(&self) -> Result<Url, GoogleError> {
        let url = self.written.token_uri.as_deref().unwrap_or(TOKEN_URL);
        waxwing_net::private_url(url).map_err(|error| GoogleError::Url {
            name: "token_uri",
            reason: match error {
                waxwing_net::Error::Url { reason, .. } => reason,
                other => other.to_string(),
            },
        })
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

    pub(crate) fn other_kind(&self, expected: &'static str) -> CredentialsError {
        CredentialsError::Kind {
            path: self.path.clone(),
            found: waxwing_net::printable(&self.written.kind),
            expected,
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, GoogleError> {
    let mut text = Zeroizing::new(String::new());
    let opened = fs::File::open(path);
    let read = opened.and_then(|file| file.take(LARGEST as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(source) => Err(GoogleError::File {
            path: path.to_owned(),
            source,
        }),
    }
}
