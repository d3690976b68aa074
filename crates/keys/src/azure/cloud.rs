//! The clouds of Azure: which vaults are theirs, what tokens for them are for, and who gives those.
//!
//! A token for vaults opens every vault that its owner may open, and so goes to the hosts of Azure's vaults alone; a
//! reference to another host is refused.

use waxwing_net::{Url, is_this_machine, private_url};

use crate::{CredentialsError, Surroundings};

/// One of them.
#[derive(Debug)]
pub(super) struct Cloud {
    /// In `AZURE_ENVIRONMENT`.
    names: &'static [&'static str],
    /// Who gives tokens.
    authority: &'static str,
    /// What the hosts of vaults and of managed HSMs end with, and tokens for them are for.
    domains: [&'static str; 2],
}

const CLOUDS: [Cloud; 3] = [
    Cloud {
        names: &["AZURECLOUD", "AZUREPUBLICCLOUD"],
        authority: "https://login.microsoftonline.com",
        domains: ["vault.azure.net", "managedhsm.azure.net"],
    },
    Cloud {
        names: &["AZUREUSGOVERNMENT", "AZUREUSGOVERNMENTCLOUD"],
        authority: "https://login.microsoftonline.us",
        domains: ["vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net"],
    },
    Cloud {
        names: &["AZURECHINACLOUD"],
        authority: "https://login.chinacloudapi.cn",
        domains: ["vault.azure.cn", "managedhsm.azure.cn"],
    },
];

/// A vault's address, and what is needed to ask there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) vault: Url,
    /// What a token is for: `https://vault.azure.net`.
    pub(super) resource: String,
    pub(super) authority: Url,
}

impl Place {
    pub(super) fn new(host: &str, surroundings: &Surroundings) -> Result<Self, CredentialsError> {
        let refused = |reason: String, expected| CredentialsError::Variable {
            variable: "the host of the reference".to_owned(),
            reason,
            expected,
        };
        let expected =
            "NAME.vault.azure.net or NAME.managedhsm.azure.net, or those of Azure's other clouds";
        let vault = private_url(&format!("https://{host}/"))
            .map_err(|error| refused(error.to_string(), expected))?;
        let named = named(surroundings)?;
        let domain = |cloud: &Cloud| {
            let name = vault.host_str().unwrap_or_default();
            let is_below = |domain: &&str| {
                let rest = name.strip_suffix(domain).unwrap_or_default();
                rest.len() > 1 && rest.ends_with('.')
            };
            cloud.domains.into_iter().find(|domain| is_below(domain))
        };
        let found = CLOUDS
            .iter()
            .find_map(|cloud| Some((cloud, domain(cloud)?)));
        let (cloud, domain) = match (found, named) {
            (Some(found), None) => found,
            (Some((cloud, domain)), Some(named)) if cloud.authority == named.authority => {
                (cloud, domain)
            }
            (Some(_), Some(named)) => {
                let reason = format!("{host} is of another cloud than {}", named.names[0]);
                return Err(refused(reason, "a vault of the cloud of AZURE_ENVIRONMENT"));
            }
            // An emulator on this machine.
            (None, named) if is_this_machine(&vault) => {
                let cloud = named.unwrap_or(&CLOUDS[0]);
                (cloud, cloud.domains[0])
            }
            (None, _) => {
                let reason = format!("{host} is no vault of Azure's");
                return Err(refused(reason, expected));
            }
        };
        Ok(Self {
            vault,
            resource: format!("https://{domain}"),
            authority: authority(cloud, surroundings)?,
        })
    }
}

/// The cloud of `AZURE_ENVIRONMENT`.
fn named(surroundings: &Surroundings) -> Result<Option<&'static Cloud>, CredentialsError> {
    let variable = "AZURE_ENVIRONMENT";
    let Some(name) = surroundings.set(variable) else {
        return Ok(None);
    };
    let is_named = |cloud: &&Cloud| {
        let mut names = cloud.names.iter();
        names.any(|known| known.eq_ignore_ascii_case(&name))
    };
    match CLOUDS.iter().find(is_named) {
        Some(cloud) => Ok(Some(cloud)),
        None => Err(CredentialsError::Variable {
            variable: variable.to_owned(),
            reason: format!("{name:?} is no cloud of Azure's that is known here"),
            expected: "AZUREPUBLICCLOUD, AZUREUSGOVERNMENT or AZURECHINACLOUD",
        }),
    }
}

/// Who gives tokens: as `AZURE_AUTHORITY_HOST` says, with a scheme or without, or as the cloud has it.
fn authority(cloud: &Cloud, surroundings: &Surroundings) -> Result<Url, CredentialsError> {
    let variable = "AZURE_AUTHORITY_HOST";
    let text = match surroundings.set(variable) {
        Some(host) if host.contains("://") => host,
        Some(host) => format!("https://{host}"),
        None => cloud.authority.to_owned(),
    };
    let refused = |reason: String| CredentialsError::Variable {
        variable: variable.to_owned(),
        reason,
        expected: "https://HOST, like https://login.microsoftonline.com",
    };
    match private_url(&text) {
        Ok(url) if url.query().is_none() && url.username().is_empty() => Ok(url),
        Ok(_) => Err(refused("it has more than a host and a path".to_owned())),
        Err(error) => Err(refused(error.to_string())),
    }
}
