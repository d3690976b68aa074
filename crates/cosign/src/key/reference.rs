//! Where a key is: what `--key` names.
//!
//! ```text
//! cosign.key   env://COSIGN_PRIVATE_KEY   https://example.com/cosign.pub
//! awskms://…   k8s://…   pkcs11:…         keys that live elsewhere, which are not read here yet
//! ```

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use waxwing_cli::files;
use waxwing_crypto::{PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::{LARGEST_KEY, password};
use crate::Means;

/// What `--key` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyReference {
    /// A file.
    File(String),
    /// An environment variable.
    Variable(String),
    /// A page.
    Url(String),
    /// A key that lives elsewhere.
    Elsewhere(String),
}

impl FromStr for KeyReference {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let owned = text.to_owned();
        Ok(match text.split_once("://") {
            Some(("env", name)) => Self::Variable(name.to_owned()),
            Some(("http" | "https", _)) => Self::Url(owned),
            Some(_) => Self::Elsewhere(owned),
            None if text.starts_with("pkcs11:") => Self::Elsewhere(owned),
            None => Self::File(owned),
        })
    }
}

impl KeyReference {
    /// The text of the key, which may be secret.
    async fn text(&self, means: &Means<'_>) -> anyhow::Result<Zeroizing<String>> {
        let bytes = match self {
            Self::File(path) => files::read(Path::new(path), LARGEST_KEY)?,
            Self::Variable(name) => {
                let value = means.environment.value(name);
                let value = value.with_context(|| format!("the variable {name} is not set"))?;
                return Ok(value.to_owned().into());
            }
            Self::Url(url) => {
                let answer = means.client.get(url).await?.expect_success()?;
                answer.body.to_vec()
            }
            Self::Elsewhere(uri) => bail!(
                "{uri}: keys that live elsewhere are not used here yet; expected a file, env://VARIABLE or \
                 a URL"
            ),
        };
        let text = String::from_utf8(bytes);
        let text = text.with_context(|| format!("{self} is not text; expected a key in PEM"))?;
        Ok(text.into())
    }

    /// The private key, with a password if it is under one.
    pub(crate) async fn private(&self, means: &Means<'_>) -> anyhow::Result<PrivateKey> {
        let pem = self.text(means).await?;
        // What is no key of cosign's is refused before anybody is asked for a password.
        let key = match PrivateKey::is_sigstore_pem(&pem) {
            true => PrivateKey::from_sigstore_pem(&pem, &password::known(means.environment)?),
            false => PrivateKey::from_sigstore_pem(&pem, b""),
        };
        key.with_context(|| format!("reading the key {self}"))
    }

    /// The public key, to verify with.
    pub(crate) async fn public(&self, means: &Means<'_>) -> anyhow::Result<PublicKey> {
        let pem = self.text(means).await?;
        let key = PublicKey::from_pem(&pem);
        key.with_context(|| format!("reading the public key {self}"))
    }
}

impl std::fmt::Display for KeyReference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(text) | Self::Url(text) | Self::Elsewhere(text) => formatter.write_str(text),
            Self::Variable(name) => write!(formatter, "env://{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_where_the_key_is() {
        for (text, expected) in [
            ("cosign.key", KeyReference::File("cosign.key".into())),
            ("/a:b/c", KeyReference::File("/a:b/c".into())),
            ("env://KEY", KeyReference::Variable("KEY".into())),
            ("https://h/k", KeyReference::Url("https://h/k".into())),
            (
                "awskms:///alias/a",
                KeyReference::Elsewhere("awskms:///alias/a".into()),
            ),
            (
                "pkcs11:token=t",
                KeyReference::Elsewhere("pkcs11:token=t".into()),
            ),
        ] {
            let reference: KeyReference = text.parse().unwrap();
            assert_eq!(reference, expected);
            assert_eq!(reference.to_string(), text);
        }
    }
}
