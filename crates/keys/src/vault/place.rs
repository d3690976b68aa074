//! Where a server of Vault's is, and which of a key's versions is meant: the variables.

use waxwing_net::{Url, private_url};

use crate::{CredentialsError, Surroundings, VaultKind};

impl VaultKind {
    /// A variable of this server's, and its value. OpenBao reads those of Vault where its own are not set.
    pub(super) fn setting(
        self,
        name: &'static str,
        surroundings: &Surroundings,
    ) -> (&'static str, Option<String>) {
        let (own, inherited) = match name {
            "ADDR" => ("BAO_ADDR", "VAULT_ADDR"),
            "TOKEN" => ("BAO_TOKEN", "VAULT_TOKEN"),
            "CACERT" => ("BAO_CACERT", "VAULT_CACERT"),
            _ => ("BAO_NAMESPACE", "VAULT_NAMESPACE"),
        };
        match (self, surroundings.set(own)) {
            (Self::OpenBao, Some(value)) => (own, Some(value)),
            _ => (inherited, surroundings.set(inherited)),
        }
    }
}

/// The address of the engine: `$VAULT_ADDR/v1/transit`.
pub(super) fn base(
    variable: &'static str,
    address: &str,
    surroundings: &Surroundings,
) -> Result<Url, CredentialsError> {
    let refused = |variable: &str, reason: String, expected| CredentialsError::Variable {
        variable: variable.to_owned(),
        reason,
        expected,
    };
    let expected = "https://HOST, or http:// for this machine itself";
    let url = private_url(address);
    let mut url = url.map_err(|error| refused(variable, error.to_string(), expected))?;
    if url.query().is_some() || !url.username().is_empty() {
        return Err(refused(
            variable,
            "it has more than a host and a path".to_owned(),
            expected,
        ));
    }
    let (variable, expected) = (
        "TRANSIT_SECRET_ENGINE_PATH",
        "the engine's path, like transit",
    );
    let engine = surroundings.set(variable);
    let engine = engine.unwrap_or_else(|| "transit".to_owned());
    let known = |word: &str| !word.is_empty() && !matches!(word, "." | "..");
    let words: Vec<&str> = engine.trim_matches('/').split('/').collect();
    if !words.iter().all(|word| known(word)) {
        return Err(refused(
            variable,
            format!("{engine:?} is no path"),
            expected,
        ));
    }
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("v1").extend(words);
    }
    Ok(url)
}

/// The version that `VAULT_KEY_PREFIX` names.
pub(super) fn pinned(surroundings: &Surroundings) -> Result<Option<u64>, CredentialsError> {
    let variable = "VAULT_KEY_PREFIX";
    let Some(prefix) = surroundings.set(variable) else {
        return Ok(None);
    };
    let number = prefix
        .strip_prefix("vault:v")
        .and_then(|rest| rest.strip_suffix(':'));
    let number: Option<u64> = number.and_then(|number| number.parse().ok());
    match number {
        Some(number) if number > 0 => Ok(Some(number)),
        _ => Err(CredentialsError::Variable {
            variable: variable.to_owned(),
            reason: format!("{prefix:?} names no version"),
            expected: "vault:v1:, with the number of the version",
        }),
    }
}
