//! `timestamp-cli verify`: whether a response is about a file, and by an authority that is trusted.
//!
//! ```text
//! --certificate-chain FILE                                      intermediates, the root last
//! --root-certificates FILE [--intermediate-certificates FILE]
//! --certificate FILE                                            the authority's own
//! ```
//!
//! The authority's own certificate is the one that came in the response, or else one of the chain's. If
//! one is given it is that one and no other.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;
use waxwing_cli::{Output, files};
use waxwing_encoding::integer::from_decimal;
use waxwing_pki::chain::TrustedChain;
use waxwing_pki::timestamp::{Timestamp, TimestampError, VerifiedTimestamp};
use waxwing_pki::{Certificate, DistinguishedName, ObjectIdentifier};

use super::told::{self, Told};
use super::{Format, LARGEST_RESPONSE, print_json};

/// Verify that an authority stamped a file
///
/// Who is trusted is said by --certificate-chain, or by --root-certificates with or without
/// --intermediate-certificates.
///
/// Example:
///   timestamp-cli verify --artifact FILE --timestamp FILE.tsr --certificate-chain chain.pem
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// The file that was stamped
    #[arg(long, value_name = "FILE", required = true)]
    artifact: PathBuf,
    /// The response of the authority
    #[arg(long, value_name = "FILE", required = true)]
    timestamp: PathBuf,
    /// The certificates above that of the authority in PEM, its issuer first, the root last
    #[arg(long, value_name = "FILE")]
    certificate_chain: Option<PathBuf>,
    /// Roots to trust, in PEM
    #[arg(long, value_name = "FILE")]
    root_certificates: Option<PathBuf>,
    /// Certificates between the authority and the roots, in PEM
    #[arg(long, value_name = "FILE")]
    intermediate_certificates: Option<PathBuf>,
    /// The certificate that the authority must have, in PEM
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The common name that the authority's certificate must have
    #[arg(long, value_name = "NAME")]
    common_name: Option<String>,
    /// The nonce that was asked for, in decimal digits
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    nonce: Option<String>,
    /// The policy that the timestamp must be made under, such as 1.2.3.4
    #[arg(long, value_name = "OID")]
    oid: Option<ObjectIdentifier>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Verified {
    timestamp_path: String,
    parsed_timestamp: Told,
}

/// Certificates that are trusted, and certificates on the way to them.
struct Trust {
    roots: Vec<Certificate>,
    intermediates: Vec<Certificate>,
}

impl Verify {
    pub(super) fn run(&self, format: Format, output: &mut Output) -> anyhow::Result<()> {
        let response = files::read(&self.timestamp, LARGEST_RESPONSE)?;
        let timestamp = Timestamp::from_der(&response);
        let timestamp = timestamp.with_context(|| self.timestamp.display().to_string())?;
        let chains = self.chains(&timestamp)?;
        let hash = timestamp.claims().imprint().algorithm();
        let digest = files::digest(&self.artifact, hash)?;
        let verified = chains
            .iter()
            .map(|chain| timestamp.verify_digest(&digest, chain));
        let verified = first_that_holds(verified).map_err(|error| match error {
            TimestampError::OtherMessage => anyhow::anyhow!(
                "the timestamp was made for other bytes than those of {}: the {} digests differ",
                self.artifact.display(),
                told::named(hash).0
            ),
            error => error.into(),
        });
        let verified = verified.context("failed to verify timestamp")?;
        self.expectations(verified)
            .context("failed to verify timestamp")?;
        let path = self.timestamp.display().to_string();
        match format {
            Format::Default => output.line(&format!("Successfully verified timestamp {path}"))?,
            Format::Json => print_json(
                &Verified {
                    timestamp_path: path,
                    parsed_timestamp: Told::new(&timestamp, &response)?,
                },
                output,
            )?,
        }
        Ok(())
    }

    /// One way to trust for each root.
    fn chains(&self, timestamp: &Timestamp) -> anyhow::Result<Vec<TrustedChain>> {
        let Trust {
            roots,
            mut intermediates,
        } = self.trust()?;
        let mut leaf = match &self.certificate {
            Some(path) => Some(one_certificate(path)?),
            None => None,
        };
        let listed = intermediates
            .iter()
            .position(|certificate| !certificate.is_authority());
        if let Some(position) = listed {
            let listed = intermediates.remove(position);
            // The chain that an authority gives out begins with its own certificate. After an exchange of
            // keys that is another one than what older responses bring along, which is none the worse.
            if leaf.is_none() && timestamp.certificates().is_empty() {
                leaf = Some(listed);
            }
        }
        ensure!(
            leaf.is_some() || !timestamp.certificates().is_empty(),
            "the timestamp came without the authority's certificate: --certificate, or \
             --certificate-chain with it in front, says which it is"
        );
        let below: Vec<Certificate> = leaf.into_iter().chain(intermediates).collect();
        let chains = roots.into_iter().map(|root| {
            let chain = below.iter().cloned().chain([root]);
            Ok(TrustedChain::new(chain.collect())?)
        });
        chains.collect()
    }

    fn trust(&self) -> anyhow::Result<Trust> {
        let (chain, roots) = (&self.certificate_chain, &self.root_certificates);
        match (chain, roots, &self.intermediate_certificates) {
            (Some(chain), None, None) => {
                let mut intermediates = files::certificates(chain)?;
                let root = intermediates.pop();
                Ok(Trust {
                    roots: root.into_iter().collect(),
                    intermediates,
                })
            }
            (None, Some(roots), intermediates) => Ok(Trust {
                roots: files::certificates(roots)?,
                intermediates: match intermediates {
                    Some(path) => files::certificates(path)?,
                    None => Vec::new(),
                },
            }),
            _ => bail!(
                "whom to trust is said by --certificate-chain alone, or by --root-certificates with or \
                 without --intermediate-certificates"
            ),
        }
    }

    /// What the flags expect of a timestamp that holds.
    fn expectations(&self, verified: VerifiedTimestamp<'_>) -> anyhow::Result<()> {
        let info = verified.info();
        if let Some(expected) = &self.nonce {
            let content = from_decimal(expected).context("--nonce")?;
            let found = info.nonce();
            ensure!(
                found == Some(&content),
                "the timestamp's nonce is {}; expected {expected}",
                found.map_or("none".to_owned(), told::shown)
            );
        }
        if let Some(expected) = self.oid {
            let found = info.policy();
            ensure!(
                found == expected,
                TimestampError::Policy { found, expected }
            );
        }
        if let Some(expected) = &self.common_name {
            let subject = DistinguishedName::from_der(verified.signer().subject_der())?;
            ensure!(
                subject.common_name == *expected,
                "the authority's certificate has the common name {:?}; expected {expected:?}",
                subject.common_name
            );
        }
        Ok(())
    }
}

fn one_certificate(path: &Path) -> anyhow::Result<Certificate> {
    let mut certificates = files::certificates(path)?;
    match (certificates.pop(), certificates.len()) {
        (Some(certificate), 0) => Ok(certificate),
        (_, more) => bail!(
            "{} has {} certificates; expected one, the authority's own",
            path.display(),
            more + 1
        ),
    }
}

/// The first success, or else the last error: the roots of one file are equally trusted.
fn first_that_holds<'a>(
    outcomes: impl Iterator<Item = Result<VerifiedTimestamp<'a>, TimestampError>>,
) -> Result<VerifiedTimestamp<'a>, TimestampError> {
    let mut outcome = Err(TimestampError::OtherSigner);
    for next in outcomes {
        if next.is_ok() {
            return next;
        }
        outcome = next;
    }
    outcome
}
