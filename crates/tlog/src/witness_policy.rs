//! Which witnesses must have seen a checkpoint: the policies of C2SP tlog-policy.
//!
//! ```text
//! log example.com/log+…
//! witness W1 witness.example.com/1+…  https://witness.example.com/1/
//! witness W2 witness.example.com/2+…
//! witness W3 witness.example.net/+…
//! group near any W1 W2
//! group both all near W3
//! quorum both
//! ```
//!
//! A group has witnessed a checkpoint when enough of its members have: `all`, `any` or a number of
//! them. Members stand on lines above, so no group can contain itself; and each may be the member of
//! one group only, so no witness is counted in two places. `quorum none` asks for nothing.
//!
//! Refused, with the number of the line: names that are used twice, not known, or `none`; one public
//! key in two lines; keys that sign otherwise than a witness, or a log, does; thresholds below one,
//! above the number of members or in another spelling than the shortest; a second quorum, and none;
//! control characters. Only blanks and tabs part words. Comments may hold any bytes; names and
//! addresses must be UTF-8, where the specification would take any bytes too.

mod error;
mod parse;

use crate::note::{Note, NoteSignature, NoteVerifier, cosignature};

pub use error::{UnmetGroup, WitnessPolicyError, WitnessPolicyProblem, WitnessPolicySyntaxError};

/// The longest policy that is read, in bytes.
pub const LONGEST_POLICY: usize = 1 << 20;

/// The most logs that are read, the most witnesses, and the most groups.
pub const MOST_DEFINITIONS: usize = 256;

/// Who must have witnessed a checkpoint, and which logs may have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessPolicy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, whose name is the log's origin.
    pub verifier: NoteVerifier,
    /// Where it can be reached.
    pub url: Option<String>,
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// What the policy calls it; its key has a name of its own.
    pub name: String,
    /// Its key.
    pub verifier: NoteVerifier,
    /// Where it can be reached.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<Member>,
}

/// The place of a witness or a group in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

impl WitnessPolicy {
    /// Reads a policy.
    pub fn parse(policy: impl AsRef<[u8]>) -> Result<Self, WitnessPolicySyntaxError> {
        parse::parse(policy.as_ref())
    }

    /// The logs of which one must have signed the checkpoint. That is the caller's to check, and
    /// that the checkpoint's origin is the key's name: [`WitnessPolicy::check`] looks at witnesses.
    /// Without logs, the caller knows the log from elsewhere.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of their lines.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Checks that a quorum has witnessed the note, and gives the names of all the witnesses that
    /// did with the seconds since 1970 of their latest cosignature. A line that claims to be by one
    /// of the policy's witnesses must hold, even if the quorum is met without it.
    pub fn check(&self, note: &Note) -> Result<Vec<(String, u64)>, WitnessPolicyError> {
        let seconds = self
            .witnesses
            .iter()
            .map(|witness| latest(witness, note))
            .collect::<Result<Vec<_>, _>>()?;
        let unmet = self.unmet(&seconds);
        if !unmet.is_empty() {
            return Err(WitnessPolicyError::Quorum { unmet });
        }
        let each = self.witnesses.iter().zip(seconds);
        Ok(each
            .filter_map(|(witness, seconds)| Some((witness.name.clone(), seconds?)))
            .collect())
    }

    /// What the quorum lacks, from the outside in; nothing if it is met.
    fn unmet(&self, seconds: &[Option<u64>]) -> Vec<UnmetGroup> {
        let present = |member: &Member, groups: &[bool]| match *member {
            Member::Witness(place) => seconds.get(place).is_some_and(Option::is_some),
            Member::Group(place) => groups.get(place).copied().unwrap_or(false),
        };
        // Members stand above their group, so one pass is enough however deep the groups are.
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let members = group.members.iter();
            let found = members.filter(|member| present(member, &groups)).count();
            groups.push(found >= group.threshold);
        }
        let mut unmet = Vec::new();
        let mut open: Vec<Member> = self.quorum.into_iter().collect();
        while let Some(member) = open.pop() {
            if present(&member, &groups) {
                continue;
            }
            let Member::Group(place) = member else {
                // Below a group, the group's own line says that its witness is missing.
                if self.quorum == Some(member) {
                    unmet.push(UnmetGroup {
                        name: self.name(member).to_owned(),
                        found: Vec::new(),
                        required: 1,
                    });
                }
                continue;
            };
            let Some(group) = self.groups.get(place) else {
                continue;
            };
            let members = group.members.iter();
            let found = members.filter(|member| present(member, &groups));
            unmet.push(UnmetGroup {
                name: group.name.clone(),
                found: found.map(|member| self.name(*member).to_owned()).collect(),
                required: group.threshold,
            });
            open.extend(group.members.iter().rev());
        }
        unmet
    }

    fn name(&self, member: Member) -> &str {
        let name = match member {
            Member::Witness(place) => self.witnesses.get(place).map(|witness| &witness.name),
            Member::Group(place) => self.groups.get(place).map(|group| &group.name),
        };
        name.map_or("", String::as_str)
    }
}

/// The latest time at which the witness signed the note; `None` if it did not.
fn latest(witness: &PolicyWitness, note: &Note) -> Result<Option<u64>, WitnessPolicyError> {
    let claims = |line: &&NoteSignature| witness.verifier.made(line);
    let mut latest = None;
    for line in note.signatures().iter().filter(claims) {
        let verified = witness.verifier.verify(note.text(), line);
        let time = verified.and_then(|verified| verified.timestamp);
        let time = time.ok_or_else(|| WitnessPolicyError::BadCosignature {
            witness: witness.name.clone(),
            key: witness.verifier.name().to_owned(),
        })?;
        latest = latest.max(Some(cosignature::seconds(time)));
    }
    Ok(latest)
}
