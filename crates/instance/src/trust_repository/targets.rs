//! What the repository of an instance publishes.
//!
//! ```text
//! trusted_root.json  signing_config.v0.2.json
//! fulcio_v1.crt.pem  fulcio_intermediate_v1.crt.pem  rekor_v1.pub  ctfe_v1.pub  tsa_root_v1.crt.pem …
//! ```
//!
//! The files of the second line are for clients from before there was a trusted root, which find them by
//! their custom metadata: `{"sigstore":{"usage":"Fulcio","status":"Active","uri":"http://…"}}`.

use serde_json::json;
use waxwing_model::{SigningConfig, TrustedRoot};
use waxwing_pki::Certificate;

use super::TrustRepositoryError;
use crate::Address;
use crate::keyring::{Keyring, Role};

/// What is published.
pub(crate) struct Publishing<'a> {
    pub(crate) address: &'a Address,
    pub(crate) keyring: &'a Keyring,
    pub(crate) trusted_root: &'a TrustedRoot,
    pub(crate) signing_config: &'a SigningConfig,
}

impl Publishing<'_> {
    pub(super) fn targets(&self) -> Result<Vec<Target>, TrustRepositoryError> {
        let unwritten =
            |error: &dyn std::fmt::Display| TrustRepositoryError::Target(error.to_string());
        let trusted_root = self
            .trusted_root
            .to_json()
            .map_err(|error| unwritten(&error))?;
        let signing_config = self.signing_config.to_json();
        let signing_config = signing_config.map_err(|error| unwritten(&error))?;
        let plain = |path: &str, content| Target {
            path: path.to_owned(),
            content,
            custom: None,
        };
        let mut targets = vec![
            plain("trusted_root.json", trusted_root),
            plain("signing_config.v0.2.json", signing_config),
        ];
        let mut add = |path: String, content: String, usage: &str, uri: &str| {
            let custom = json!({"sigstore": {"status": "Active", "uri": uri, "usage": usage}});
            targets.push(Target {
                path,
                content: content.into_bytes(),
                custom: Some(custom),
            });
        };
        let (base, tsa) = (self.address.base(), self.address.timestamp_authority());
        for held in &self.keyring.held {
            let (own, root) = (held.certificates.first(), held.certificates.last());
            let pem = |certificate: Option<&Certificate>| {
                certificate.map(Certificate::to_pem).unwrap_or_default()
            };
            // Older clients tell intermediates and leaves from roots by these words in the name.
            let number = held.name.rsplit('-').next().unwrap_or_default();
            match held.role {
                Role::CertificateAuthority => {
                    add(
                        format!("fulcio_v{number}.crt.pem"),
                        pem(root),
                        "Fulcio",
                        base,
                    );
                    let path = format!("fulcio_intermediate_v{number}.crt.pem");
                    add(path, pem(own), "Fulcio", base);
                }
                Role::TimestampAuthority => {
                    add(
                        format!("tsa_root_v{number}.crt.pem"),
                        pem(root),
                        "TSA",
                        &tsa,
                    );
                    add(format!("tsa_leaf_v{number}.crt.pem"), pem(own), "TSA", &tsa);
                }
                Role::CtLog => {
                    let uri = held.log_url(self.address);
                    add(
                        format!("ctfe_v{number}.pub"),
                        held.public_key.to_pem(),
                        "CTFE",
                        &uri,
                    );
                }
                Role::RekorLog => {
                    let path = format!("rekor_v{number}.pub");
                    let uri = held.log_url(self.address);
                    add(path, held.public_key.to_pem(), "Rekor", &uri);
                }
                Role::Issuer => {}
            }
        }
        Ok(targets)
    }
}

/// A file that clients are given.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) content: Vec<u8>,
    pub(super) custom: Option<serde_json::Value>,
}
