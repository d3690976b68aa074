//! From the fields of an issuer to what is done with its tokens, or to the reason why it cannot work.

use std::collections::BTreeMap;
use std::sync::Arc;

use waxwing_encoding::pem;

use crate::config::domain;
use crate::config::error::{ConfigError, IssuerProblem};
use crate::config::read::{RawIssuer, RawProvider};
use crate::identity::{ClaimPath, GoUrl, Kind, Provider, Source, trust_domain};

/// Most certificates of one `ca-cert`.
const MOST_CERTIFICATES: usize = 64;

/// What is configured for one issuer, or for those of one pattern.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    place: String,
    is_pattern: bool,
    client_id: String,
    kind: Kind,
    challenge_claim: String,
    subject_domain: String,
    spiffe_trust_domain: String,
    skip_email_verification: bool,
    description: String,
    contact: String,
    environment: String,
    roots: Vec<Vec<u8>>,
}

/// The providers by name; `None` for one that gives its certificates no name.
pub(super) type Providers = BTreeMap<String, Option<Arc<Provider>>>;

impl IssuerSettings {
    /// An issuer of which the URL, the audience and the kind are all there is to say.
    pub(super) fn new(url: &str, client_id: &str, kind: Kind) -> Self {
        Self {
            place: url.to_owned(),
            is_pattern: false,
            client_id: client_id.to_owned(),
            challenge_claim: challenge_claim(&kind).to_owned(),
            kind,
            subject_domain: String::new(),
            spiffe_trust_domain: String::new(),
            skip_email_verification: false,
            description: String::new(),
            contact: String::new(),
            environment: String::new(),
            roots: Vec::new(),
        }
    }

    /// The issuer's URL, or the pattern.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether [`place`](Self::place) is a pattern.
    pub fn is_pattern(&self) -> bool {
        self.is_pattern
    }

    /// The audience that tokens must be for.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What its tokens become.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The claim over which clients are told to prove possession. It says nothing about what is
    /// checked here, as in the original.
    pub fn challenge_claim(&self) -> &str {
        &self.challenge_claim
    }

    /// `subject-domain`, as it is written.
    pub fn subject_domain(&self) -> &str {
        &self.subject_domain
    }

    /// `spiffe-trust-domain`, as it is written.
    pub fn spiffe_trust_domain(&self) -> &str {
        &self.spiffe_trust_domain
    }

    /// `skip-email-verification`, as it is written.
    pub fn skip_email_verification(&self) -> bool {
        self.skip_email_verification
    }

    /// `description`, for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// `contact`, for people.
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// `environment`, for people.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The certificates of `ca-cert` in DER: trusted as roots for this issuer beside the system's.
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }
}

/// Reads the templates of every provider, used or not.
pub(super) fn providers(raw: &BTreeMap<String, RawProvider>) -> Result<Providers, ConfigError> {
    let mut providers = Providers::new();
    for (name, raw) in raw {
        let source = |key: &str, text: &str| {
            Source::parse(text).map_err(|source| ConfigError::Provider {
                provider: name.clone(),
                key: key.to_owned(),
                source: Box::new(source),
            })
        };
        let mut extensions = BTreeMap::new();
        for (claim, text) in &raw.extensions {
            if let Some(source) = source(claim.name(), text)? {
                extensions.insert(*claim, source);
            }
        }
        let key = "subject-alternative-name-template";
        let provider = source(key, &raw.subject_alternative_name)?
            .map(|name| Arc::new(Provider::new(raw.defaults.clone(), extensions, name)));
        providers.insert(name.clone(), provider);
    }
    Ok(providers)
}

/// An issuer listed by its URL.
pub(super) fn exact(
    url: &str,
    raw: RawIssuer,
    providers: &Providers,
) -> Result<IssuerSettings, ConfigError> {
    let checked = || {
        if !raw.issuer_url.is_empty() && raw.issuer_url != url {
            let found = raw.issuer_url.clone();
            return Err(IssuerProblem::OtherUrl { found });
        }
        let kind = kind(&raw, providers)?;
        let subject = raw.subject_domain.as_str();
        match &kind {
            Kind::Uri { scheme, host } => {
                let issuer = issuer_url("uri", url)?;
                if issuer.scheme() != scheme {
                    return Err(IssuerProblem::Schemes {
                        subject: scheme.clone(),
                        issuer: issuer.scheme().to_owned(),
                    });
                }
                domain::check(host, issuer.hostname())?;
            }
            Kind::Username { .. } => {
                domain::check(subject, issuer_url("username", url)?.hostname())?;
            }
            _ => {}
        }
        Ok((kind, roots(&raw)?))
    };
    let (kind, roots) = checked().map_err(|problem| ConfigError::Issuer {
        section: "oidc-issuers",
        issuer: url.to_owned(),
        problem: Box::new(problem),
    })?;
    Ok(settings(url, false, raw, kind, roots))
}

/// The issuers of a pattern. They keep no trust domain and no challenge claim, as in the original.
pub(super) fn by_pattern(
    pattern: &str,
    raw: RawIssuer,
    providers: &Providers,
) -> Result<IssuerSettings, ConfigError> {
    let checked = || {
        if raw.kind == "spiffe" {
            return Err(IssuerProblem::SpiffePattern);
        }
        Ok((kind(&raw, providers)?, roots(&raw)?))
    };
    let (kind, roots) = checked().map_err(|problem| ConfigError::Issuer {
        section: "meta-issuers",
        issuer: pattern.to_owned(),
        problem: Box::new(problem),
    })?;
    Ok(settings(pattern, true, raw, kind, roots))
}

fn settings(
    place: &str,
    is_pattern: bool,
    raw: RawIssuer,
    kind: Kind,
    roots: Vec<Vec<u8>>,
) -> IssuerSettings {
    let challenge_claim = match raw.challenge_claim.is_empty() {
        true => challenge_claim(&kind).to_owned(),
        false => raw.challenge_claim,
    };
    IssuerSettings {
        place: place.to_owned(),
        is_pattern,
        client_id: raw.client_id,
        kind,
        challenge_claim,
        subject_domain: raw.subject_domain,
        spiffe_trust_domain: raw.spiffe_trust_domain,
        skip_email_verification: raw.skip_email_verification,
        description: raw.description,
        contact: raw.contact,
        environment: raw.environment,
        roots,
    }
}

fn kind(raw: &RawIssuer, providers: &Providers) -> Result<Kind, IssuerProblem> {
    if raw.client_id.is_empty() {
        return Err(IssuerProblem::NoClientId);
    }
    let subject = raw.subject_domain.as_str();
    let kind = match raw.kind.as_str() {
        "email" => Kind::Email {
            issuer_claim: match raw.issuer_claim.as_str() {
                "" => None,
                path => Some(ClaimPath::parse(path)?),
            },
            skip_verification: raw.skip_email_verification,
        },
        "spiffe" if raw.spiffe_trust_domain.is_empty() => {
            return Err(IssuerProblem::NoTrustDomain);
        }
        "spiffe" => {
            let domain = trust_domain(&raw.spiffe_trust_domain);
            let domain = domain.ok_or_else(|| IssuerProblem::TrustDomain {
                found: raw.spiffe_trust_domain.clone(),
            })?;
            Kind::Spiffe {
                trust_domain: domain.to_owned(),
            }
        }
        "uri" if subject.is_empty() => {
            return Err(IssuerProblem::NoSubjectDomain { kind: "uri" });
        }
        "uri" => {
            let url = GoUrl::parse(subject)
                .ok()
                .filter(|url| !url.hostname().is_empty());
            let url = url.ok_or_else(|| IssuerProblem::NoScheme {
                found: subject.to_owned(),
            })?;
            Kind::Uri {
                scheme: url.scheme().to_owned(),
                host: url.hostname().to_owned(),
            }
        }
        "username" if subject.is_empty() => {
            return Err(IssuerProblem::NoSubjectDomain { kind: "username" });
        }
        "username" if subject.contains(':') || subject.contains('/') => {
            let found = subject.to_owned();
            return Err(IssuerProblem::Scheme { found });
        }
        "username" => Kind::Username {
            domain: subject.to_owned(),
        },
        "kubernetes" => Kind::Kubernetes,
        "chainguard-identity" => Kind::Chainguard,
        "github-workflow" => Kind::GithubWorkflow,
        "gitlab-pipeline" => Kind::GitlabPipeline,
        "buildkite-job" => Kind::BuildkiteJob,
        "codefresh-workflow" => Kind::CodefreshWorkflow,
        "ci-provider" => {
            let provider = raw.ci_provider.clone();
            match providers.get(&provider) {
                Some(Some(provider)) => Kind::CiProvider(Arc::clone(provider)),
                Some(None) => return Err(IssuerProblem::NoName { provider }),
                None => return Err(IssuerProblem::NoProvider { provider }),
            }
        }
        other => {
            let found = other.to_owned();
            return Err(IssuerProblem::Kind { found });
        }
    };
    if !raw.issuer_claim.is_empty() && !matches!(kind, Kind::Email { .. }) {
        let found = kind.name();
        return Err(IssuerProblem::ClaimMapping { found });
    }
    Ok(kind)
}

fn issuer_url(kind: &'static str, url: &str) -> Result<GoUrl, IssuerProblem> {
    GoUrl::parse(url).map_err(|_| IssuerProblem::IssuerScheme {
        kind,
        found: url.to_owned(),
    })
}

fn challenge_claim(kind: &Kind) -> &'static str {
    match kind {
        Kind::Email { .. } => "email",
        _ => "sub",
    }
}

fn roots(raw: &RawIssuer) -> Result<Vec<Vec<u8>>, IssuerProblem> {
    if raw.ca_cert.is_empty() {
        return Ok(Vec::new());
    }
    let refused = |problem: String| IssuerProblem::CaCertificate { problem };
    let blocks = pem::decode_all(&raw.ca_cert, MOST_CERTIFICATES);
    let blocks = blocks.map_err(|error| refused(error.to_string()))?;
    let mut roots = Vec::new();
    for block in blocks {
        if block.label != "CERTIFICATE" {
            return Err(refused(format!("a PEM block {}", block.label)));
        }
        // The TLS library reads it when the client is made; it knows kinds of roots that we do not.
        if block.der.first() != Some(&0x30) {
            return Err(refused("not a DER certificate".to_owned()));
        }
        roots.push(block.der);
    }
    Ok(roots)
}
