//! `ci-provider`: the configuration says which claim, or which template over claims, becomes what.
//!
//! ```text
//! default-template-values: {url: "https://github.com"}
//! extension-templates:
//!   build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
//!   build-signer-digest: "job_workflow_sha"
//! subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
//! ```
//!
//! A value with `{{` is a [`Template`]; any other is the name of a claim. Claims go before defaults.
//! What a template gives for an extension is written as it is; the name of the certificate goes
//! through Go's rules for URLs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use waxwing_pki::fulcio::{Claim, Claims, SubjectAlternativeName};

use crate::identity::template::{Template, TemplateError};
use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute};

/// Longest name of a claim in a configuration, in bytes.
const LONGEST_NAME: usize = 256;

/// What a configuration says about one provider of builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    defaults: BTreeMap<String, String>,
    extensions: BTreeMap<Claim, Source>,
    subject_alternative_name: Source,
}

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The claim, or the default, of this name.
    Claim(String),
    Template(Template),
}

/// Why a configured value is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not a template that is understood.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The name of a claim, but a long one.
    #[error("the name of a claim of {length} bytes; at most {LONGEST_NAME} are read")]
    LongName {
        /// Its length.
        length: usize,
    },
}

impl Source {
    /// Reads a configured value; `None` when it is blank.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, SourceError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        if text.contains("{{") {
            return Ok(Some(Self::Template(Template::parse(text)?)));
        }
        match text.len() {
            length if length > LONGEST_NAME => Err(SourceError::LongName { length }),
            _ => Ok(Some(Self::Claim(text.to_owned()))),
        }
    }
}

/// The original's name of an extension, as its errors and its JSON have it: `BuildSignerURI`.
pub(crate) fn extension_name(claim: Claim) -> String {
    let name = claim.name();
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

impl Provider {
    pub(crate) fn new(
        defaults: BTreeMap<String, String>,
        extensions: BTreeMap<Claim, Source>,
        subject_alternative_name: Source,
    ) -> Self {
        Self {
            defaults,
            extensions,
            subject_alternative_name,
        }
    }

    pub(super) fn principal(
        &self,
        issuer: &str,
        claims: &TokenClaims,
    ) -> Result<Principal, IdentityRefused> {
        let subject = claims.text("sub")?;
        let text = |source, extension: &dyn Fn() -> String| {
            self.text(source, claims).map_err(|error| match error {
                Unfilled::Template(error) => IdentityRefused::Template(error),
                Unfilled::Claim(claim) => IdentityRefused::NotInClaims {
                    claim: claim.to_owned(),
                    extension: extension(),
                    issuer: issuer.to_owned(),
                },
            })
        };
        let name = text(&self.subject_alternative_name, &|| {
            "SubjectAlternativeName".to_owned()
        })?;
        let name = SubjectAlternativeName::Uri(absolute(&name)?.to_string());
        let mut claimed = Claims::default();
        for (claim, source) in &self.extensions {
            let text = text(source, &|| extension_name(*claim))?;
            claimed = claimed.with(*claim, text);
        }
        Ok(Principal::of_subject(name, issuer, subject, claimed))
    }

    fn text<'a>(
        &'a self,
        source: &'a Source,
        claims: &'a TokenClaims,
    ) -> Result<Cow<'a, str>, Unfilled<'a>> {
        let data = |name: &str| {
            let default = || {
                self.defaults
                    .get(name)
                    .map(|text| Cow::Borrowed(text.as_str()))
            };
            claims.printed(name).or_else(default)
        };
        match source {
            Source::Claim(name) => data(name).ok_or(Unfilled::Claim(name)),
            Source::Template(template) => {
                let text = template.render(&data).map_err(Unfilled::Template)?;
                Ok(Cow::Owned(text))
            }
        }
    }
}

/// A text that could not be had.
enum Unfilled<'a> {
    Template(TemplateError),
    Claim(&'a str),
}
