//! Looking for a path: from the leaf upwards, each issuer by its name, the first that holds.
//!
//! ```text
//! leaf  ->  who has the issuer's name?  ->  did its key sign?  ->  may it?  ->  up, to the anchor
//!                                                                  then the names, from the top
//! ```
//!
//! The signature is asked for before anything else about an issuer, so that an error speaks of the
//! certificate that really issued and not of another of the same name. Name constraints come last,
//! when every certificate is known to be under the anchor: a stranger's constraints are never
//! compared with anything.

use std::sync::OnceLock;

use waxwing_crypto::SignatureError;
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::chain::error::{ChainError, DEEPEST_PATH, MOST_SIGNATURES};
use crate::chain::rules::{self, check_names, require_issuer, require_leaf};
use crate::chain::{VerifiedPath, Window, check_dates};
use crate::issue::Purpose;
use crate::name_constraints::readable_name;
use crate::oid;
use crate::read::{self, Reader};

/// Which of an authority's own certificates signed which, each found out once.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    side: usize,
    known: Vec<OnceLock<Result<(), SignatureError>>>,
}

impl Links {
    pub(super) fn between(count: usize) -> Self {
        Self {
            side: count,
            known: vec![OnceLock::new(); count * count],
        }
    }

    pub(super) fn get(
        &self,
        child: usize,
        parent: usize,
    ) -> Option<&OnceLock<Result<(), SignatureError>>> {
        self.known.get(child * self.side + parent)
    }
}

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) leaf: &'a Certificate,
    pub(super) hints: &'a [Certificate],
    /// The authority's own certificates, the anchor last.
    pub(super) own: &'a [Certificate],
    pub(super) links: Option<&'a Links>,
    pub(super) purpose: Purpose,
    pub(super) time: UnixTime,
}

/// A certificate and its place among the authority's own.
#[derive(Clone, Copy)]
struct Found<'a> {
    certificate: &'a Certificate,
    own: Option<usize>,
}

struct Search<'a> {
    question: &'a Question<'a>,
    /// The issuers up to now, the leaf's first.
    path: Vec<&'a Certificate>,
    signatures: usize,
    /// The error of the path that came closest to the anchor, and how many steps it had.
    closest: Option<(usize, ChainError)>,
}

/// Answers the question, or says why the most promising path does not hold.
pub(super) fn find(question: &Question<'_>) -> Result<VerifiedPath, ChainError> {
    let Question { leaf, own, .. } = *question;
    require_leaf(leaf, question.purpose)?;
    check_dates(Window::of("leaf", leaf), question.time)?;

    let mut search = Search {
        question,
        path: Vec::with_capacity(DEEPEST_PATH),
        signatures: 0,
        closest: None,
    };
    let start = Found {
        certificate: leaf,
        own: own.iter().position(|certificate| certificate == leaf),
    };
    if search.climb(start)? {
        return Ok(search.verified());
    }
    let closest = search.closest.map(|(_, error)| error);
    Err(closest.unwrap_or(ChainError::NoAuthority))
}

impl<'a> Search<'a> {
    /// Whether a path goes on from `child` to the anchor; if so, it stands in `self.path`.
    fn climb(&mut self, child: Found<'a>) -> Result<bool, ChainError> {
        let role = self.role_of_child();
        let issuer = || readable_name(child.certificate.issuer_der());
        let parents = self.parents(child.certificate);
        if parents.is_empty() {
            let issuer = issuer();
            self.note(0, ChainError::NoIssuer { role, issuer });
            return Ok(false);
        }
        if self.path.len() == DEEPEST_PATH {
            self.note(0, ChainError::TooDeep);
            return Ok(false);
        }
        for parent in parents {
            if self.signatures == MOST_SIGNATURES {
                return Err(ChainError::TooManySignatures);
            }
            self.signatures += 1;
            if let Err(source) = self.check_signature(child, parent) {
                let issuer = issuer();
                self.note(
                    0,
                    ChainError::Signature {
                        role,
                        issuer,
                        source,
                    },
                );
                continue;
            }
            if let Err(error) = self.check_issuer(parent) {
                self.note(1, error);
                continue;
            }
            self.path.push(parent.certificate);
            if self.is_anchor(parent) {
                match self.check_names() {
                    Ok(()) => return Ok(true),
                    Err(error) => self.note(1, error),
                }
            } else if self.climb(parent)? {
                return Ok(true);
            }
            self.path.pop();
        }
        Ok(false)
    }

    fn role_of_child(&self) -> &'static str {
        match self.path.is_empty() {
            true => "leaf",
            false => "intermediate",
        }
    }

    fn is_anchor(&self, found: Found<'_>) -> bool {
        found
            .own
            .is_some_and(|own| own + 1 == self.question.own.len())
    }

    /// Keeps the error if no other path had come as far.
    fn note(&mut self, more_steps: usize, error: ChainError) {
        let steps = self.path.len() + more_steps;
        if self.closest.as_ref().is_none_or(|(most, _)| steps > *most) {
            self.closest = Some((steps, error));
        }
    }

    /// Who has the name of the child's issuer: first those with the key that it names, then the
    /// anchor, the authority's others, the hints. The name of the key is a preference and no more:
    /// it is not signed by who holds the key.
    ///
    /// Left out is a key that is on the path under the same name: a path that returns to it is the
    /// shorter one with more to fail on, and there is no other way to walk in a circle.
    fn parents(&self, child: &Certificate) -> Vec<Found<'a>> {
        let Question { own, hints, .. } = *self.question;
        let may_issue = |parent: &Certificate| {
            let is_same = |on_path: &&Certificate| {
                on_path.subject_der() == parent.subject_der()
                    && on_path.public_key() == parent.public_key()
            };
            parent.subject_der() == child.issuer_der() && !self.path.iter().any(is_same)
        };
        let own_first = own
            .iter()
            .enumerate()
            .rev()
            .map(|(position, certificate)| Found {
                certificate,
                own: Some(position),
            });
        let others = hints.iter().map(|certificate| Found {
            certificate,
            own: None,
        });
        let mut parents: Vec<Found<'a>> = Vec::new();
        for found in own_first.chain(others) {
            let is_known = || {
                let mut known = parents.iter();
                known.any(|known| known.certificate == found.certificate)
            };
            if may_issue(found.certificate) && !is_known() {
                parents.push(found);
            }
        }
        if parents.len() > 1 {
            let key = authority_key(child);
            let is_named = |found: &Found<'_>| {
                key.is_some() && found.certificate.subject_key_identifier() == key
            };
            parents.sort_by_key(|found| !is_named(found));
        }
        parents
    }

    fn check_signature(&self, child: Found<'_>, parent: Found<'_>) -> Result<(), SignatureError> {
        let check = || {
            let key = parent.certificate.public_key();
            child.certificate.verify_signature(key)
        };
        let link = match (self.question.links, child.own, parent.own) {
            (Some(links), Some(child), Some(parent)) => links.get(child, parent),
            _ => None,
        };
        link.map_or_else(check, |link| link.get_or_init(check).clone())
    }

    /// What an issuer must be by itself, and with the issuers below it.
    fn check_issuer(&self, found: Found<'_>) -> Result<(), ChainError> {
        let role = match self.is_anchor(found) {
            true => "root",
            false => "intermediate",
        };
        let issuer = found.certificate;
        check_dates(Window::of(role, issuer), self.question.time)?;
        require_issuer(role, issuer, self.question.purpose)?;
        let Some(allowed) = rules::rules(role, issuer)?.path_length else {
            return Ok(());
        };
        // RFC 5280 section 6.1.4 (l): an authority that renews its own key adds no level.
        let is_level = |below: &&&Certificate| below.issuer_der() != below.subject_der();
        let found = self.path.iter().filter(is_level).count() as u64;
        if found > allowed {
            return Err(ChainError::PathLength {
                role,
                allowed,
                found,
            });
        }
        Ok(())
    }

    /// Every authority's name constraints, the anchor's first, on every certificate below it.
    fn check_names(&self) -> Result<(), ChainError> {
        for (height, issuer) in self.path.iter().enumerate().rev() {
            let Some(constraints) = &rules::rules("issuing", issuer)?.name_constraints else {
                continue;
            };
            for below in self.path.iter().take(height) {
                check_names(constraints, "intermediate", below)?;
            }
            check_names(constraints, "leaf", self.question.leaf)?;
        }
        Ok(())
    }

    fn verified(&self) -> VerifiedPath {
        let leaf = self.question.leaf;
        let issuers = self.path.iter().enumerate().map(|(height, issuer)| {
            let is_last = height + 1 == self.path.len();
            Window::of(if is_last { "root" } else { "intermediate" }, issuer)
        });
        let windows = std::iter::once(Window::of("leaf", leaf)).chain(issuers);
        let issuer = self.path.first().unwrap_or(&leaf);
        VerifiedPath {
            issuer: issuer.public_key().clone(),
            windows: windows.collect(),
        }
    }
}

/// The key identifier of the issuer that a certificate names, if it can be read.
fn authority_key(certificate: &Certificate) -> Option<&[u8]> {
    let value = certificate.extension(oid::AUTHORITY_KEY_IDENTIFIER)?;
    let fields = Reader::only(value, read::SEQUENCE, "AuthorityKeyIdentifier").ok()?;
    let mut fields = Reader::new(fields.value);
    let key = fields.optional(read::primitive(0), "keyIdentifier").ok()?;
    key.map(|key| key.value)
}
