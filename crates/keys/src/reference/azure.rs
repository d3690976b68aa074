//! `azurekms://VAULT_HOST/KEY`, perhaps with `/VERSION` behind it.

use std::fmt;

use super::{is_host, is_name};

pub(super) const FORM: &str =
    "azurekms://NAME.vault.azure.net/KEY, and /VERSION after it for a certain version";

/// A key in Azure Key Vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureKey {
    host: String,
    name: String,
    version: String,
}

impl AzureKey {
    pub(super) fn read(rest: &str) -> Result<Self, &'static str> {
        let (host, key) = rest
            .split_once('/')
            .ok_or("it has no key after the vault")?;
        let (name, version) = key.split_once('/').unwrap_or((key, ""));
        if !is_host(host) {
            return Err("what stands before the key is no host");
        }
        if !is_name(name, b"-", 127) {
            return Err("the key's name is empty or has other characters");
        }
        if !version.is_empty() && !is_name(version, b"", 64) {
            return Err("the version has other characters than letters and digits");
        }
        Ok(Self {
            host: host.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The vault: `name.vault.azure.net`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which of its versions; the newest one if none is named.
    pub fn version(&self) -> Option<&str> {
        (!self.version.is_empty()).then_some(self.version.as_str())
    }
}

impl fmt::Display for AzureKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "azurekms://{}/{}", self.host, self.name)?;
        match self.version() {
            Some(version) => write!(formatter, "/{version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{KeyReference, ReferenceError};

    #[test]
    fn a_key_is_read_with_a_version_or_without() {
        for (rest, version) in [("", None), ("/", None), ("/0a1B", Some("0a1B"))] {
            let text = format!("azurekms://v-1.vault.azure.net/k-1{rest}");
            let KeyReference::Azure(key) = KeyReference::parse(&text).unwrap() else {
                panic!("{text}");
            };
            assert_eq!((key.host(), key.name()), ("v-1.vault.azure.net", "k-1"));
            assert_eq!(key.version(), version);
        }
    }

    #[test]
    fn other_forms_are_refused_by_their_fault() {
        for (rest, fault) in [
            ("", "no key after the vault"),
            ("v.vault.azure.net", "no key after the vault"),
            ("/k", "no host"),
            ("./k", "no host"),
            ("v@evil.example/k", "no host"),
            ("v.vault.azure.net/", "the key's name"),
            ("v.vault.azure.net/..", "the key's name"),
            ("v.vault.azure.net/a_b", "the key's name"),
            ("v.vault.azure.net/k/1/", "the version has other characters"),
            ("v.vault.azure.net/k/..", "the version has other characters"),
        ] {
            match KeyReference::parse(&format!("azurekms://{rest}")) {
                Err(ReferenceError::Form { fault: found, .. }) => {
                    assert!(found.contains(fault), "{rest}: {found}");
                }
                other => panic!("{rest}: {other:?}"),
            }
        }
    }
}
