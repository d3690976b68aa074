//! Buildkite: `POST $BUILDKITE_AGENT_ENDPOINT/jobs/$BUILDKITE_JOB_ID/oidc/tokens`.
//!
//! ```json
//! {"audience": "sigstore"}
//! {"token": "eyJraWQiOiJ…"}
//! ```

use serde::Deserialize;
use serde_json::json;
use waxwing_net::Request;
use waxwing_net::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, LARGEST, Provider, Surroundings, private_url};

pub(super) const TOKEN: &str = "BUILDKITE_AGENT_ACCESS_TOKEN";
const ENDPOINT: &str = "BUILDKITE_AGENT_ENDPOINT";
const JOB: &str = "BUILDKITE_JOB_ID";

/// Where agents ask that are told nothing.
const PUBLIC_ENDPOINT: &str = "https://agent.buildkite.com/v3";

#[derive(Deserialize)]
struct Answer {
    token: String,
}

pub(super) async fn token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let provider = Provider::BuildkiteAgent;
    let variable = surroundings.variable;
    let job = variable(JOB).ok_or_else(|| AmbientError::Absent {
        provider,
        needs: format!("{JOB} is not set"),
    })?;
    let endpoint = variable(ENDPOINT).unwrap_or_else(|| PUBLIC_ENDPOINT.to_owned());
    let mut url = private_url(ENDPOINT, &endpoint)?;
    // One segment each: a job's name leads nowhere else.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
        path.extend(["jobs", &job, "oidc", "tokens"]);
    }
    let secret = Zeroizing::new(variable(TOKEN).unwrap_or_default());
    let request = Request::post_json(url, &json!({ "audience": AUDIENCE }))
        .header(AUTHORIZATION, &format!("Token {}", *secret))
        .limit(LARGEST)
        .repeatable();
    let answer = surroundings.client.send(request).await;
    let answer = answer.and_then(waxwing_net::Response::expect_success);
    let answer = answer.map_err(|source| AmbientError::Request { provider, source })?;
    let read = serde_json::from_slice::<Answer>(&answer.body);
    let answer = read.map_err(|_| AmbientError::Answer {
        provider,
        expected: "token",
    })?;
    Ok(answer.token.into())
}
