//! The search for a target through delegated roles (section 5.6.7): depth first, in the order of the
//! delegations, each role once.
//!
//! A role's metadata is verified by the keys that the delegator on this path names, also where it was
//! trusted on another path before: two delegators may name one role with different keys.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use super::checks::{check_content, check_expiry, check_version, parse};
use super::names::metadata_path;
use super::trusted::Trusted;
use super::{Answer, Base, LocalChange, Target, UpdateError, Wanted, content};
use crate::metadata::{Delegations, MetaFile, Metadata, Targets};

/// Most delegated roles that one search visits.
pub const MOST_ROLES_A_SEARCH: usize = 32;

/// A search under way.
#[derive(Debug)]
pub struct Search<'a> {
    trusted: &'a mut Trusted,
    changes: Vec<LocalChange>,
    path: String,
    visited: BTreeSet<String>,
    /// The next one at the end.
    to_visit: Vec<Visit>,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting { visit: Visit, file: MetaFile },
    Ended(Result<Option<Target>, UpdateError>),
}

/// A role, and who delegates to it.
#[derive(Debug)]
struct Visit {
    role: String,
    delegator: Arc<Delegator>,
}

#[derive(Debug)]
struct Delegator {
    role: String,
    delegations: Delegations,
}

impl<'a> Search<'a> {
    pub(super) fn start(trusted: &'a mut Trusted, path: &str) -> Self {
        let targets = trusted.targets.signed().clone();
        let mut search = Self {
            trusted,
            changes: Vec::new(),
            path: path.to_owned(),
            visited: BTreeSet::new(),
            to_visit: Vec::new(),
            state: State::Ended(Ok(None)),
        };
        search.state = search.read("targets", &targets);
        search
    }

    /// The metadata that is wanted now; `None` at the end, and after a failure.
    pub fn wanted(&self) -> Option<Wanted> {
        let State::Waiting { visit, file } = &self.state else {
            return None;
        };
        let consistent = self.trusted.root.signed().consistent_snapshot();
        let longest = Metadata::<Targets>::LONGEST as u64;
        Some(Wanted {
            base: Base::Metadata,
            path: metadata_path(&visit.role, consistent.then_some(file.version())),
            max_length: file.length().map_or(longest, |length| length.min(longest)),
        })
    }

    /// Takes what came of the request for [`wanted`](Self::wanted).
    pub fn answer(&mut self, answer: Answer) -> Result<(), UpdateError> {
        let wanted = self.wanted().ok_or(UpdateError::NothingWanted)?;
        let state = mem::replace(&mut self.state, State::Ended(Err(UpdateError::Unfinished)));
        let State::Waiting { visit, file } = state else {
            return Err(UpdateError::NothingWanted);
        };
        let bytes = content(&wanted, answer)?;
        let targets = self.check(&visit, &file, &bytes)?;
        let change = LocalChange::Store {
            role: visit.role.clone(),
            bytes,
        };
        self.trusted.local.apply(change.clone());
        self.changes.push(change);
        self.state = self.read(&visit.role, targets.signed());
        Ok(())
    }

    /// The changes of the local copy since the last call.
    pub fn take_changes(&mut self) -> Vec<LocalChange> {
        mem::take(&mut self.changes)
    }

    /// The target.
    pub fn finish(self) -> Result<Target, UpdateError> {
        match self.state {
            State::Ended(Ok(Some(target))) => Ok(target),
            State::Ended(Ok(None)) => Err(UpdateError::NoTarget { path: self.path }),
            State::Ended(Err(error)) => Err(error),
            State::Waiting { .. } => Err(UpdateError::Unfinished),
        }
    }

    /// Looks into metadata that is trusted, and goes on from there.
    fn read(&mut self, role: &str, targets: &Targets) -> State {
        match self.look_into(role, targets) {
            Some(target) => State::Ended(Ok(Some(target))),
            None => self
                .go_on()
                .unwrap_or_else(|error| State::Ended(Err(error))),
        }
    }

    /// The target if this role names it; else those that it delegates to are next.
    fn look_into(&mut self, role: &str, targets: &Targets) -> Option<Target> {
        self.visited.insert(role.to_owned());
        if let Some(file) = targets.target(&self.path) {
            let consistent = self.trusted.root.signed().consistent_snapshot();
            return Some(Target::new(&self.path, file.clone(), consistent));
        }
        if let Some(delegations) = targets.delegations() {
            self.delegate(role, delegations);
        }
        None
    }

    fn delegate(&mut self, role: &str, delegations: &Delegations) {
        let matching = delegations.matching(&self.path);
        let delegator = Arc::new(Delegator {
            role: role.to_owned(),
            delegations: delegations.clone(),
        });
        let last = matching.iter().position(|(_, terminating)| *terminating);
        if last.is_some() {
            // Nothing that came before is gone back to.
            self.to_visit.clear();
        }
        let count = last.map_or(matching.len(), |last| last + 1);
        let next = matching.into_iter().take(count);
        let mut next: Vec<_> = next
            .map(|(role, _)| Visit {
                role,
                delegator: Arc::clone(&delegator),
            })
            .collect();
        next.reverse();
        self.to_visit.append(&mut next);
    }

    /// Visits roles until one is not in the local copy as it should be.
    fn go_on(&mut self) -> Result<State, UpdateError> {
        while let Some(visit) = self.to_visit.pop() {
            if self.visited.contains(&visit.role) {
                continue;
            }
            // The top-level role is among them.
            if self.visited.len() > MOST_ROLES_A_SEARCH {
                return Err(UpdateError::TooManyRoles {
                    path: self.path.clone(),
                });
            }
            let file = self.trusted.snapshot.signed().role(&visit.role).cloned();
            let file = file.ok_or_else(|| UpdateError::NotInSnapshot {
                role: visit.role.clone(),
            })?;
            let kept = self.trusted.local.role(&visit.role);
            let kept = kept.and_then(|bytes| self.check(&visit, &file, bytes).ok());
            let Some(targets) = kept else {
                return Ok(State::Waiting { visit, file });
            };
            if let Some(target) = self.look_into(&visit.role, targets.signed()) {
                return Ok(State::Ended(Ok(Some(target))));
            }
        }
        Ok(State::Ended(Ok(None)))
    }

    fn check(
        &self,
        visit: &Visit,
        file: &MetaFile,
        bytes: &[u8],
    ) -> Result<Metadata<Targets>, UpdateError> {
        let role = visit.role.as_str();
        check_content(role, file, bytes)?;
        let found: Metadata<Targets> = parse(role, bytes)?;
        let Delegator {
            role: delegator,
            delegations,
        } = visit.delegator.as_ref();
        // It was found there by its path.
        let signers = delegations.signers(role, delegator);
        let signers = signers.ok_or_else(|| UpdateError::NotInSnapshot {
            role: role.to_owned(),
        })?;
        found.verify(signers)?;
        check_version(role, &found, file.version())?;
        check_expiry(role, &found, self.trusted.now)?;
        Ok(found)
    }
}
