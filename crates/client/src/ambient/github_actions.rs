//! GitHub Actions: `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=sigstore`.
//!
//! ```json
//! {"count": 1750, "value": "eyJ0eXAiOiJKV1Qi…"}
//! ```

use serde::Deserialize;
use waxwing_net::Request;
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, LARGEST, Provider, Surroundings, private_url};

pub(super) const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
pub(super) const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

#[derive(Deserialize)]
struct Answer {
    value: String,
}

pub(super) async fn token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let value = |name| (surroundings.variable)(name).unwrap_or_default();
    let mut url = private_url(URL, &value(URL))?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    let secret = Zeroizing::new(value(TOKEN));
    let provider = Provider::GithubActions;
    let request = Request::get(url).bearer(&secret).limit(LARGEST);
    let answer = surroundings.client.send(request).await;
    let answer = answer.and_then(waxwing_net::Response::expect_success);
    let answer = answer.map_err(|source| AmbientError::Request { provider, source })?;
    let read = serde_json::from_slice::<Answer>(&answer.body);
    let answer = read.map_err(|_| AmbientError::Answer {
        provider,
        expected: "value",
    })?;
    Ok(answer.value.into())
}
