//! Logging in by a browser (OpenID Connect Core 1.0 section 3.1): on this machine, from which it comes back by
//! itself, or anywhere, with a code that is copied.
//!
//! ```text
//! GET {authorization_endpoint}?access_type=online&client_id=sigstore&code_challenge=…&code_challenge_method=S256
//!     &nonce=…&redirect_uri=http%3A%2F%2Flocalhost%3A43211%2Fauth%2Fcallback&response_type=code
//!     &scope=openid+email&state=…
//! ```
//!
//! As in the originals, a browser that cannot be opened, or does not come back in time, leaves the second way.
//! What it comes back with is another matter: a wrong state or a refusal of the issuer ends the login.

use waxwing_crypto::fresh_secret;
use waxwing_net::Url;
use zeroize::Zeroizing;

use super::listener::{Awaited, Listener};
use super::{Login, LoginError, News, Person, Provider, SCOPE, challenge};
use crate::token::IdentityToken;

/// Where a code goes that a person copies.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The longest code that is typed, in bytes.
const LONGEST_CODE: usize = 4096;

/// What nobody else can know about a login.
struct Secrets {
    state: Zeroizing<String>,
    nonce: Zeroizing<String>,
    verifier: Zeroizing<String>,
}

/// A code, and where it was to go.
struct Code {
    text: Zeroizing<String>,
    redirect_uri: String,
}

impl Login<'_> {
    /// By a browser.
    pub async fn browser(&self, person: &mut impl Person) -> Result<IdentityToken, LoginError> {
        let listener = Listener::bind(self.redirect_url).await?;
        let provider = self.discover_with_proof_key().await?;
        let [state, nonce, verifier] = [(); 3].map(|()| fresh_secret(self.random));
        let secrets = Secrets {
            state,
            nonce,
            verifier,
        };
        let code = match self
            .come_back(listener, &provider, &secrets, person)
            .await?
        {
            Some(code) => code,
            None => self.copied(&provider, &secrets, person).await?,
        };
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", &code.text),
            ("redirect_uri", &code.redirect_uri),
            ("code_verifier", &secrets.verifier),
            // No issuer needs it here. The originals send it, and so it is known to reach every issuer.
            ("nonce", &secrets.nonce),
        ];
        let tokens = self.tokens(&provider, &parameters).await?;
        self.checked(&provider, &tokens, Some(&secrets.nonce)).await
    }

    /// The code that the browser comes back with; `None` if there is no browser, or it does not come.
    async fn come_back(
        &self,
        listener: Listener,
        provider: &Provider,
        secrets: &Secrets,
        person: &mut impl Person,
    ) -> Result<Option<Code>, LoginError> {
        let redirect_uri = listener.url().to_string();
        let url = self.authorization(provider, secrets, &redirect_uri)?;
        let answer = listener.answer(Awaited {
            state: secrets.state.clone(),
            issuer: provider.issuer().to_owned(),
            names_itself: provider.names_itself,
        });
        let mut answer = std::pin::pin!(tokio::time::timeout(self.patience, answer));
        // A browser may be back before the program that opens it has ended.
        let early = tokio::select! {
            biased;
            opened = person.open(url.as_str()) => match opened {
                Ok(()) => None,
                Err(reason) => {
                    person.tell(News::NoBrowser { reason: &waxwing_net::printable(&reason) });
                    return Ok(None);
                }
            },
            early = &mut answer => Some(early),
        };
        person.tell(News::Opened { url: url.as_str() });
        let answer = match early {
            Some(early) => early,
            None => answer.await,
        };
        match answer {
            Ok(answer) => Ok(Some(Code {
                text: answer?,
                redirect_uri,
            })),
            Err(_) => {
                person.tell(News::NotBack);
                Ok(None)
            }
        }
    }

    /// The code that a person copies from a browser elsewhere.
    async fn copied(
        &self,
        provider: &Provider,
        secrets: &Secrets,
        person: &mut impl Person,
    ) -> Result<Code, LoginError> {
        let url = self.authorization(provider, secrets, OUT_OF_BAND)?;
        person.tell(News::Link { url: url.as_str() });
        let typed = person.code().await?;
        let text = typed.split_whitespace().next().unwrap_or_default();
        if text.is_empty() || text.len() > LONGEST_CODE {
            return Err(LoginError::NoCode);
        }
        Ok(Code {
            text: text.to_owned().into(),
            redirect_uri: OUT_OF_BAND.to_owned(),
        })
    }

    /// The address to open, with its parameters in the order that the originals have them.
    fn authorization(
        &self,
        provider: &Provider,
        secrets: &Secrets,
        redirect_uri: &str,
    ) -> Result<Url, LoginError> {
        let mut url = provider.authorization_endpoint()?.clone();
        let challenge = challenge(&secrets.verifier);
        let connector = self.connector.map(|connector| ("connector_id", connector));
        url.query_pairs_mut()
            .extend_pairs([("access_type", "online"), ("client_id", self.client_id)])
            .extend_pairs([
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
            ])
            .extend_pairs(connector)
            .extend_pairs([
                ("nonce", secrets.nonce.as_str()),
                ("redirect_uri", redirect_uri),
                ("response_type", "code"),
                ("scope", SCOPE),
                ("state", &secrets.state),
            ]);
        Ok(url)
    }
}
