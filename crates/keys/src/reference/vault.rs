//! `hashivault://KEY` and `openbao://KEY`: keys of the transit engine.

use std::fmt;

use super::is_name;

pub(super) const HASHICORP_FORM: &str =
    "hashivault://KEY, with letters, digits, _, - and . in KEY, neither - nor . at its ends";
pub(super) const OPEN_BAO_FORM: &str =
    "openbao://KEY, with letters, digits, _, - and . in KEY, neither - nor . at its ends";

/// Whose server it is, which says whose variables are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultKind {
    /// HashiCorp's Vault: `VAULT_…`.
    Hashicorp,
    /// OpenBao: `BAO_…`, and `VAULT_…` where that is not set.
    OpenBao,
}

/// A key in the transit engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultKey {
    kind: VaultKind,
    name: String,
}

impl VaultKey {
    pub(super) fn read(kind: VaultKind, name: &str) -> Result<Self, &'static str> {
        if !is_name(name, b"_-.", 255) {
            return Err("the key's name is empty or has other characters");
        }
        if name.starts_with(['-', '.']) || name.ends_with(['-', '.']) {
            return Err("the key's name begins or ends with - or .");
        }
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }

    /// Whose server it is.
    pub fn kind(&self) -> VaultKind {
        self.kind
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for VaultKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            VaultKind::Hashicorp => "hashivault",
            VaultKind::OpenBao => "openbao",
        };
        write!(formatter, "{scheme}://{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use crate::{KeyReference, ReferenceError};

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["k", "_", "a-b.c_D1", "0"] {
            for scheme in ["hashivault", "openbao"] {
                let text = format!("{scheme}://{name}");
                assert_eq!(KeyReference::parse(&text).unwrap().to_string(), text);
            }
        }
        for name in [
            "", ".", "..", "a/b", "a/../b", "-a", "a.", "a b", "a%2fb", "é",
        ] {
            let read = KeyReference::parse(&format!("hashivault://{name}"));
            assert!(
                matches!(&read, Err(ReferenceError::Form { fault, .. }) if fault.starts_with("the key's name")),
                "{name}: {read:?}"
            );
        }
    }
}
