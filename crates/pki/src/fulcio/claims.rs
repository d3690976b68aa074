//! The claims of a build: Fulcio's extensions by name.

use std::collections::BTreeMap;

use crate::certificate::{Certificate, Extension};
use crate::fulcio::{IdentityError, extension_identifier, text, utf8_string};
use crate::write;

macro_rules! claims {
    ($($(#[$note:meta])* $claim:ident = $number:literal, $name:literal;)*) => {
        /// One of Fulcio's extensions that hold a text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Claim {
            $($(#[$note])* $claim,)*
        }

        impl Claim {
            /// Every claim, in the order of the extensions' numbers.
            pub const ALL: &'static [Self] = &[$(Self::$claim),*];

            /// The name in the JSON of Sigstore's Go library.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$claim => $name,)*
                }
            }

            /// The last number of the extension's identifier, `1.3.6.1.4.1.57264.1.` before it.
            pub fn number(self) -> u8 {
                match self {
                    $(Self::$claim => $number,)*
                }
            }
        }
    };
}

claims! {
    /// The event that started the workflow; deprecated.
    GithubWorkflowTrigger = 2, "githubWorkflowTrigger";
    /// The commit of the workflow; deprecated.
    GithubWorkflowSha = 3, "githubWorkflowSHA";
    /// The workflow's name; deprecated.
    GithubWorkflowName = 4, "githubWorkflowName";
    /// The repository, without its host; deprecated.
    GithubWorkflowRepository = 5, "githubWorkflowRepository";
    /// The git reference; deprecated.
    GithubWorkflowRef = 6, "githubWorkflowRef";
    /// The OIDC issuer that vouched for the identity.
    Issuer = 8, "issuer";
    /// The build instructions that are responsible for signing.
    BuildSignerUri = 9, "buildSignerURI";
    /// Their version.
    BuildSignerDigest = 10, "buildSignerDigest";
    /// Whether the platform or its customer hosts the machine.
    RunnerEnvironment = 11, "runnerEnvironment";
    /// The source repository.
    SourceRepositoryUri = 12, "sourceRepositoryURI";
    /// The version of the source.
    SourceRepositoryDigest = 13, "sourceRepositoryDigest";
    /// The git reference of the source.
    SourceRepositoryRef = 14, "sourceRepositoryRef";
    /// The repository's number, which stays when it is renamed.
    SourceRepositoryIdentifier = 15, "sourceRepositoryIdentifier";
    /// The repository's owner.
    SourceRepositoryOwnerUri = 16, "sourceRepositoryOwnerURI";
    /// The owner's number, which stays when it is renamed.
    SourceRepositoryOwnerIdentifier = 17, "sourceRepositoryOwnerIdentifier";
    /// The build instructions that the run began with.
    BuildConfigUri = 18, "buildConfigURI";
    /// Their version.
    BuildConfigDigest = 19, "buildConfigDigest";
    /// The event that started the build.
    BuildTrigger = 20, "buildTrigger";
    /// The run.
    RunInvocationUri = 21, "runInvocationURI";
    /// Whether the repository was public.
    SourceRepositoryVisibilityAtSigning = 22, "sourceRepositoryVisibilityAtSigning";
    /// The target whose protection rules the job was under.
    DeploymentEnvironment = 23, "deploymentEnvironment";
    /// The token's raw subject.
    Subject = 24, "subject";
}

impl Claim {
    /// What the certificate claims; `None` when it says nothing.
    ///
    /// From .8 on the value must be one UTF8String with nothing after it; before, it is the text.
    pub fn read(self, certificate: &Certificate) -> Result<Option<String>, IdentityError> {
        let value = extension_identifier(self.number()).and_then(|oid| certificate.extension(oid));
        let read = match self.number() {
            ..8 => text,
            8.. => utf8_string,
        };
        value.map(read).transpose()
    }

    /// The claim of this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|claim| claim.name() == name)
    }
}

/// The claims that a certificate is to make about a build: everything of [`Claim`] but issuer and
/// subject, which belong to the [`Identity`](crate::fulcio::Identity).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(BTreeMap<Claim, String>);

impl Claims {
    /// No claims, as for a person.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// Sets a claim. An empty text is no claim: the original writes no extension for it. Issuer and
    /// subject are the identity's, and are passed over here for the same reason.
    #[must_use]
    pub fn with(mut self, claim: Claim, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() && !matches!(claim, Claim::Issuer | Claim::Subject) {
            self.0.insert(claim, text);
        }
        self
    }

    /// The text of a claim.
    pub fn get(&self, claim: Claim) -> Option<&str> {
        self.0.get(&claim).map(String::as_str)
    }

    /// Every claim, in the order of the extensions' numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Claim, &str)> {
        self.0.iter().map(|(claim, text)| (*claim, text.as_str()))
    }

    /// The extensions with these numbers, in order: .2 to .6 hold the text itself, the later ones a
    /// DER UTF8String.
    pub(super) fn extensions(
        &self,
        numbers: core::ops::RangeInclusive<u8>,
    ) -> impl Iterator<Item = Extension> {
        let claims = self.iter();
        claims.filter_map(move |(claim, text)| {
            if !numbers.contains(&claim.number()) {
                return None;
            }
            let value = match claim.number() {
                ..8 => text.as_bytes().to_vec(),
                8.. => write::utf8_string(text),
            };
            Some(Extension {
                oid: extension_identifier(claim.number())?,
                critical: false,
                value,
            })
        })
    }
}
