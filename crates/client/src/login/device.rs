//! Logging in where there is no browser (RFC 8628): a code is typed at another machine.
//!
//! ```json
//! {"device_code":"…","user_code":"DJCC-GXPW","verification_uri":"https://accounts.example/device",
//!  "verification_uri_complete":"https://accounts.example/device?user_code=DJCC-GXPW","interval":5,
//!  "expires_in":300}
//! ```
//!
//! Refused: codes and addresses that a terminal should not show, and everything that the issuer refuses.

use std::time::Duration;

use serde::Deserialize;
use waxwing_crypto::fresh_secret;
use waxwing_net::{Request, Url, printable};
use zeroize::Zeroizing;

use super::{Login, LoginError, News, Person, Provider, ProviderError, SCOPE, Tokens, challenge};
use crate::token::IdentityToken;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the issuer is asked if it says nothing, in seconds (section 3.2).
const INTERVAL: u64 = 5;

/// By how much longer it is waited from then on when the issuer asks for it (section 3.5), in seconds.
const SLOWER: u64 = 5;

/// The longest wait between two questions, in seconds.
const LONGEST_INTERVAL: u64 = 60;

/// How long a code is waited for if the issuer says nothing, and at most, in seconds.
const LIFETIME: u64 = 300;
const LONGEST_LIFETIME: u64 = 3600;

/// The longest code that is shown, in characters.
const LONGEST_USER_CODE: usize = 64;

/// Why an issuer's answer to a device is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceAnswerRefused {
    /// No code to ask with.
    #[error("the issuer gave no device_code")]
    NoDeviceCode,
    /// A code that is not for people.
    #[error(
        "the issuer's user_code is {found:?}; expected 1 to {LONGEST_USER_CODE} printable ASCII characters"
    )]
    UserCode {
        /// What was found.
        found: String,
    },
    /// An address that is none.
    #[error("the issuer's verification_uri is {found:?}; expected a URL as safe as the issuer's")]
    Address {
        /// What was found.
        found: String,
    },
}

#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    user_code: String,
    verification_uri: Option<String>,
    verification_uri_complete: Option<String>,
    interval: Option<f64>,
    expires_in: Option<f64>,
}

/// A code, and where it is typed.
pub(super) struct Device {
    device_code: Zeroizing<String>,
    pub(super) user_code: String,
    pub(super) url: Url,
    pub(super) interval: u64,
    pub(super) seconds: u64,
}

impl Device {
    pub(super) fn read(written: Written, issuer: &str) -> Result<Self, DeviceAnswerRefused> {
        let device_code = Zeroizing::new(written.device_code);
        if device_code.is_empty() {
            return Err(DeviceAnswerRefused::NoDeviceCode);
        }
        let code = written.user_code;
        let is_shown = code.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if code.is_empty() || code.len() > LONGEST_USER_CODE || !is_shown {
            return Err(DeviceAnswerRefused::UserCode {
                found: printable(&code),
            });
        }
        let safe = issuer.starts_with("https:");
        let fits = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && !safe;
        let complete = written
            .verification_uri_complete
            .filter(|text| !text.is_empty());
        let text = complete.or(written.verification_uri).unwrap_or_default();
        let url = Url::parse(&text).ok().filter(fits);
        let url = url.ok_or_else(|| DeviceAnswerRefused::Address {
            found: printable(&text),
        })?;
        let whole = |number: Option<f64>, otherwise: u64| match number {
            // Whatever is no number of seconds is as good as nothing; the cast ends at the borders.
            Some(number) if number >= 1.0 => number as u64,
            _ => otherwise,
        };
        Ok(Self {
            device_code,
            user_code: code,
            url,
            interval: whole(written.interval, INTERVAL).min(LONGEST_INTERVAL),
            seconds: whole(written.expires_in, LIFETIME).min(LONGEST_LIFETIME),
        })
    }
}

impl Login<'_> {
    /// By a code that is typed at another machine.
    pub async fn device(&self, person: &mut impl Person) -> Result<IdentityToken, LoginError> {
        let provider = self.discover_with_proof_key().await?;
        let verifier = fresh_secret(self.random);
        let challenge = challenge(&verifier);
        let mut parameters = vec![
            ("client_id", self.client_id),
            ("scope", SCOPE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.extend(self.redirect_url.map(|url| ("redirect_uri", url)));
        let url = provider.device_authorization_endpoint()?;
        let request = Request::post_form(url, &parameters).timeout(PATIENCE);
        let answer = self
            .client
            .send(request)
            .await
            .map_err(ProviderError::from)?;
        let answer = answer.expect_success().map_err(ProviderError::from)?;
        let written = answer.json().map_err(ProviderError::from)?;
        let device = Device::read(written, self.issuer)?;
        person.tell(News::Device {
            user_code: &device.user_code,
            url: device.url.as_str(),
            seconds: device.seconds,
        });
        let limit = Duration::from_secs(device.seconds);
        let tokens = self.typed(&provider, &device, &verifier);
        let tokens = tokio::time::timeout(limit, tokens).await;
        let tokens = tokens.map_err(|_| LoginError::Expired {
            seconds: device.seconds,
        })??;
        let token = self.checked(&provider, &tokens, None).await?;
        person.tell(News::Received);
        Ok(token)
    }

    /// The tokens, once somebody typed the code.
    async fn typed(
        &self,
        provider: &Provider,
        device: &Device,
        verifier: &str,
    ) -> Result<Tokens, LoginError> {
        let mut interval = device.interval;
        loop {
            let parameters = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", &device.device_code),
                ("scope", SCOPE),
                ("code_verifier", verifier),
            ];
            match self.tokens(provider, &parameters).await {
                Err(ProviderError::Refused { error, .. }) if error == "authorization_pending" => {}
                Err(ProviderError::Refused { error, .. }) if error == "slow_down" => {
                    interval += SLOWER;
                }
                Err(ProviderError::Refused { error, .. }) if error == "expired_token" => {
                    let seconds = device.seconds;
                    return Err(LoginError::Expired { seconds });
                }
                // The person is still typing: a connection that fails meanwhile is no answer (section 3.5).
                Err(ProviderError::Asked(
                    waxwing_net::Error::Connect { .. }
                    | waxwing_net::Error::Timeout { .. }
                    | waxwing_net::Error::Transfer { .. },
                )) => interval *= 2,
                answered => return Ok(answered?),
            }
            interval = interval.min(LONGEST_INTERVAL);
            tokio::time::sleep(Duration::from_secs(interval)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Device, DeviceAnswerRefused> {
        Device::read(serde_json::from_str(json).unwrap(), "https://i")
    }

    #[test]
    fn an_answer_is_fit_to_be_shown() {
        let whole = read(
            r#"{"device_code":"d","user_code":"AB-CD","verification_uri":"https://i/device",
                "verification_uri_complete":"https://i/device?user_code=AB-CD","interval":7,"expires_in":60}"#,
        )
        .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(whole.url.as_str(), "https://i/device?user_code=AB-CD");
        assert_eq!((whole.interval, whole.seconds), (7, 60));
        let short =
            r#"{"device_code":"d","user_code":"A","verification_uri":"https://i/d","interval":0}"#;
        let short = read(short).unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!((short.interval, short.seconds), (5, 300));
        let long = r#"{"device_code":"d","user_code":"A","verification_uri":"https://i/d","interval":1e300,
                       "expires_in":1e300}"#;
        let long = read(long).unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!((long.interval, long.seconds), (60, 3600));
        for (json, expected) in [
            (
                r#"{"user_code":"A","verification_uri":"https://i/d"}"#,
                "no device_code",
            ),
            (
                r#"{"device_code":"d","user_code":"\u001b[31m","verification_uri":"https://i/d"}"#,
                "user_code is",
            ),
            (
                r#"{"device_code":"d","user_code":"","verification_uri":"https://i/d"}"#,
                "user_code is",
            ),
            (
                r#"{"device_code":"d","user_code":"A","verification_uri":"http://i/d"}"#,
                "verification_uri is \"http://i/d\"",
            ),
            (
                r#"{"device_code":"d","user_code":"A","verification_uri":"javascript:x"}"#,
                "verification_uri is",
            ),
            (
                r#"{"device_code":"d","user_code":"A"}"#,
                "verification_uri is \"\"",
            ),
        ] {
            let refused = read(json).map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{json}: {refused}");
        }
    }
}
