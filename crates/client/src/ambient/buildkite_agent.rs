//! Buildkite: `POST $BUILDKITE_AGENT_ENDPOINT/jobs/$BUILDKITE_JOB_ID/oidc/tokens`.
//!
//! ```json
//! {"audience": "sigstore"}
//! {"token": "eyJraWQiOiJ…"}
//! ```

use serde_json::json;
use waxwing_net::Request;
use waxwing_net::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, Provider, Surroundings, answer, private_url};

pub(super) const TOKEN: &str = "BUILDKITE_AGENT_ACCESS_TOKEN";
const ENDPOINT: &str = "BUILDKITE_AGENT_ENDPOINT";
const JOB: &str = "BUILDKITE_JOB_ID";

/// Where agents ask that are told nothing.
const PUBLIC_ENDPOINT: &str = "https://agent.buildkite.com/v3";

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
        .repeatable();
    answer(provider, request, surroundings.client, "token").await
}
