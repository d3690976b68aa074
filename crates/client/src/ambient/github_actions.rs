//! GitHub Actions: `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=sigstore`.
//!
//! ```json
//! {"count": 1750, "value": "eyJ0eXAiOiJKV1Qi…"}
//! ```

use waxwing_net::Request;
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, Provider, Surroundings, answer, private_url};

pub(super) const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
pub(super) const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

pub(super) async fn token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let value = |name| (surroundings.variable)(name).unwrap_or_default();
    let mut url = private_url(URL, &value(URL))?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    let secret = Zeroizing::new(value(TOKEN));
    let request = Request::get(url).bearer(&secret);
    answer(
        Provider::GithubActions,
        request,
        surroundings.client,
        "value",
    )
    .await
}
