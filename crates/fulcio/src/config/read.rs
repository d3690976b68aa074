//! From the tree to named fields, under both spellings, before anything is judged.
//!
//! ```text
//! YAML  oidc-issuers   issuer-url   client-id   type
//! JSON  OIDCIssuers    IssuerURL    ClientID    Type      in any case
//! ```

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use waxwing_pki::fulcio::Claim;

use crate::config::ConfigError;
use crate::identity::kind_of;

/// A configuration of which only the types are known to be right.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) issuers: BTreeMap<String, RawIssuer>,
    pub(super) patterns: BTreeMap<String, RawIssuer>,
    pub(super) providers: BTreeMap<String, RawProvider>,
}

/// An issuer as it is written; what is absent is empty.
#[derive(Debug, Default)]
pub(super) struct RawIssuer {
    pub(super) issuer_url: String,
    pub(super) client_id: String,
    pub(super) kind: String,
    pub(super) ci_provider: String,
    pub(super) issuer_claim: String,
    pub(super) subject_domain: String,
    pub(super) spiffe_trust_domain: String,
    pub(super) challenge_claim: String,
    pub(super) description: String,
    pub(super) contact: String,
    pub(super) environment: String,
    pub(super) ca_cert: String,
    pub(super) skip_email_verification: bool,
}

/// What is written about a provider of builds.
#[derive(Debug, Default)]
pub(super) struct RawProvider {
    pub(super) defaults: BTreeMap<String, String>,
    pub(super) extensions: BTreeMap<Claim, String>,
    pub(super) subject_alternative_name: String,
}

/// An object, and where it stands.
struct Object<'a> {
    place: String,
    members: Option<&'a Map<String, Value>>,
}

pub(super) fn raw(document: &Value) -> Result<Raw, ConfigError> {
    let file = Object::new("the file", document)?;
    Ok(Raw {
        issuers: file.each("oidc-issuers", "OIDCIssuers", issuer)?,
        patterns: file.each("meta-issuers", "MetaIssuers", issuer)?,
        providers: file.each("ci-issuer-metadata", "CIIssuerMetadata", provider)?,
    })
}

fn issuer(object: &Object<'_>) -> Result<RawIssuer, ConfigError> {
    Ok(RawIssuer {
        issuer_url: object.text("issuer-url", "IssuerURL")?,
        client_id: object.text("client-id", "ClientID")?,
        kind: object.text("type", "Type")?,
        ci_provider: object.text("ci-provider", "CIProvider")?,
        issuer_claim: object.text("issuer-claim", "IssuerClaim")?,
        subject_domain: object.text("subject-domain", "SubjectDomain")?,
        spiffe_trust_domain: object.text("spiffe-trust-domain", "SPIFFETrustDomain")?,
        challenge_claim: object.text("challenge-claim", "ChallengeClaim")?,
        description: object.text("description", "Description")?,
        contact: object.text("contact", "Contact")?,
        environment: object.text("environment", "Environment")?,
        ca_cert: object.text("ca-cert", "CACert")?,
        skip_email_verification: object
            .truth("skip-email-verification", "SkipEmailVerification")?,
    })
}

fn provider(object: &Object<'_>) -> Result<RawProvider, ConfigError> {
    let text = |value: &Object<'_>, name: &str, found: &Value| value.as_text(name, found);
    let defaults = object.object("default-template-values", "DefaultTemplateValues")?;
    let members = defaults.members.into_iter().flatten();
    let members = members.map(|(name, value)| Ok((name.clone(), text(&defaults, name, value)?)));
    let templates = object.object("extension-templates", "ExtensionTemplates")?;
    let mut extensions = BTreeMap::new();
    for claim in Claim::ALL {
        // Both are the token's own, whatever is configured.
        if matches!(claim, Claim::Issuer | Claim::Subject) {
            continue;
        }
        let template = templates.text(&kebab(claim.name()), claim.name())?;
        extensions.insert(*claim, template);
    }
    Ok(RawProvider {
        defaults: members.collect::<Result<_, ConfigError>>()?,
        extensions,
        subject_alternative_name: object.text(
            "subject-alternative-name-template",
            "SubjectAlternativeNameTemplate",
        )?,
    })
}

impl<'a> Object<'a> {
    fn new(place: &str, value: &'a Value) -> Result<Self, ConfigError> {
        let members = match value {
            Value::Object(members) => Some(members),
            Value::Null => None,
            other => {
                return Err(ConfigError::Type {
                    place: place.to_owned(),
                    expected: "an object",
                    found: kind_of(other),
                });
            }
        };
        let place = place.to_owned();
        Ok(Self { place, members })
    }

    /// The member under the YAML name, or under the JSON name in any case.
    fn member(&self, yaml: &str, json: &str) -> Option<&'a Value> {
        let members = self.members?;
        let folded = || {
            let mut members = members.iter();
            let found = members.find(|(name, _)| name.eq_ignore_ascii_case(json));
            found.map(|(_, value)| value)
        };
        members.get(yaml).or_else(folded)
    }

    fn text(&self, yaml: &str, json: &str) -> Result<String, ConfigError> {
        self.as_text(yaml, self.member(yaml, json).unwrap_or(&Value::Null))
    }

    fn as_text(&self, name: &str, value: &Value) -> Result<String, ConfigError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok(String::new()),
            other => Err(ConfigError::Type {
                place: format!("{}, {name}", self.place),
                expected: "text",
                found: kind_of(other),
            }),
        }
    }

    fn truth(&self, yaml: &str, json: &str) -> Result<bool, ConfigError> {
        let value = self.member(yaml, json).unwrap_or(&Value::Null);
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::Null => Ok(false),
            Value::String(text) if matches!(text.as_str(), "true" | "True" | "TRUE") => Ok(true),
            Value::String(text) if matches!(text.as_str(), "false" | "False" | "FALSE") => {
                Ok(false)
            }
            other => Err(ConfigError::Type {
                place: format!("{}, {yaml}", self.place),
                expected: "true or false",
                found: kind_of(other),
            }),
        }
    }

    fn object(&self, yaml: &str, json: &str) -> Result<Self, ConfigError> {
        let place = format!("{}, {yaml}", self.place);
        Self::new(&place, self.member(yaml, json).unwrap_or(&Value::Null))
    }

    fn each<T>(
        &self,
        yaml: &str,
        json: &str,
        read: impl Fn(&Object<'_>) -> Result<T, ConfigError>,
    ) -> Result<BTreeMap<String, T>, ConfigError> {
        let object = Self::new(yaml, self.member(yaml, json).unwrap_or(&Value::Null))?;
        let mut each = BTreeMap::new();
        for (name, value) in object.members.into_iter().flatten() {
            let inner = Object::new(&format!("{yaml}, {name}"), value)?;
            each.insert(name.clone(), read(&inner)?);
        }
        Ok(each)
    }
}

/// `buildSignerURI` as `build-signer-uri`: a hyphen before each run of capitals.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut capital = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && !capital {
            out.push('-');
        }
        capital = character.is_ascii_uppercase();
        out.push(character.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_the_names_of_the_original() {
        let names: Vec<String> = Claim::ALL.iter().map(|claim| kebab(claim.name())).collect();
        for (number, name) in [
            (0, "github-workflow-trigger"),
            (1, "github-workflow-sha"),
            (2, "github-workflow-name"),
            (3, "github-workflow-repository"),
            (4, "github-workflow-ref"),
            (6, "build-signer-uri"),
            (7, "build-signer-digest"),
            (8, "runner-environment"),
            (9, "source-repository-uri"),
            (12, "source-repository-identifier"),
            (13, "source-repository-owner-uri"),
            (14, "source-repository-owner-identifier"),
            (15, "build-config-uri"),
            (18, "run-invocation-uri"),
            (19, "source-repository-visibility-at-signing"),
            (20, "deployment-environment"),
        ] {
            assert_eq!(names[number], name);
        }
    }
}
