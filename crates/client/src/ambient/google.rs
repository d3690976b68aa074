//! Google: identity tokens of a machine's own service account, or of another one that it may stand in for.
//!
//! ```text
//! GET  http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore
//!      &format=full                                  Metadata-Flavor: Google              -> the token
//! POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/NAME:generateIdToken
//!      {"audience":"sigstore","includeEmail":true}   Authorization: Bearer …              -> {"token":…}
//! ```
//!
//! Who asks is found in [`crate::google`].

use serde_json::json;
use waxwing_net::Request;
use zeroize::Zeroizing;

use super::{AUDIENCE, AmbientError, Provider, Surroundings, private_url};
use crate::google::{Caller, GoogleError, Question};

pub(super) use crate::google::METADATA_HOST;

pub(super) const SERVICE_ACCOUNT: &str = "GOOGLE_SERVICE_ACCOUNT_NAME";

/// Where the firmware of a machine says what it is.
pub const PRODUCT_NAME_FILE: &str = "/sys/class/dmi/id/product_name";

const CREDENTIALS_URL: &str =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/";

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
    let token = own_token_of(&caller(surroundings)).await;
    token.map_err(|error| told(Provider::GoogleWorkloadIdentity, error))
}

async fn own_token_of(caller: &Caller<'_>) -> Result<Zeroizing<String>, GoogleError> {
    match caller.credentials(false)? {
        Some(file) if file.kind() == "service_account" => {
            let question = file.assertion(("target_audience", AUDIENCE), caller.clock)?;
            caller.ask(question).await?.text("id_token")
        }
        Some(file) => Err(file
            .other_kind("service_account, or a machine's own account")
            .into()),
        None => {
            let question = format!("identity?audience={AUDIENCE}&format=full");
            caller.metadata_text(&question).await
        }
    }
}

/// A token of another account, for which this one stands in.
pub(super) async fn other_token(
    surroundings: &Surroundings<'_>,
) -> Result<Zeroizing<String>, AmbientError> {
    let told = |error| told(Provider::GoogleImpersonate, error);
    let caller = caller(surroundings);
    let account = (surroundings.variable)(SERVICE_ACCOUNT).unwrap_or_default();
    let access = caller.access_token().await.map_err(told)?;
    let mut url = private_url("the URL of Google's credentials", CREDENTIALS_URL)?;
    // One segment: an account's name leads nowhere else.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
        path.push(&format!("{account}:generateIdToken"));
    }
    let question = json!({ "audience": AUDIENCE, "includeEmail": true });
    let request = Request::post_json(url, &question)
        .bearer(&access.secret)
        .repeatable();
    let question = Question {
        request,
        secrets: vec![access.secret],
    };
    let answer = caller.ask(question).await.map_err(told)?;
    answer.text("token").map_err(told)
}

fn caller<'a>(surroundings: &'a Surroundings<'_>) -> Caller<'a> {
    Caller {
        variable: surroundings.variable,
        client: surroundings.client,
        clock: surroundings.clock,
    }
}

/// The error of this provider.
fn told(provider: Provider, error: GoogleError) -> AmbientError {
    match error {
        GoogleError::Credentials(error) => AmbientError::Credentials(error),
        GoogleError::File { path, source } => AmbientError::File { path, source },
        GoogleError::Url { name, reason } => AmbientError::Url {
            variable: name,
            reason,
        },
        GoogleError::Request(source) => AmbientError::Request { provider, source },
        GoogleError::Answer { expected } => AmbientError::Answer { provider, expected },
    }
}
