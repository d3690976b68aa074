//! Reads a policy, line by line.

use std::collections::HashMap;

use super::error::{WitnessPolicyProblem as Problem, WitnessPolicySyntaxError};
use super::{
    Group, LONGEST_POLICY, MOST_DEFINITIONS, Member, PolicyLog, PolicyWitness, WitnessPolicy,
};
use crate::note::NoteVerifier;

/// The name that asks for no witness.
const NONE: &str = "none";

const LOG: &str = "log <key> [<url>]";
const WITNESS: &str = "witness <name> <key> [<url>]";
const GROUP: &str = "group <name> <all, any or a number> <member>...";
const QUORUM: &str = "quorum <name>";

pub(super) fn parse(policy: &[u8]) -> Result<WitnessPolicy, WitnessPolicySyntaxError> {
    let wrong = |line, problem| WitnessPolicySyntaxError { line, problem };
    if policy.len() > LONGEST_POLICY {
        let length = policy.len();
        return Err(wrong(1, Problem::TooLong { length }));
    }
    let mut reader = Reader::default();
    let mut end = 1;
    for (number, line) in (1..).zip(policy.split_inclusive(|byte| *byte == b'\n')) {
        reader.line = number;
        reader
            .line(line)
            .map_err(|problem| wrong(number, problem))?;
        end = number + 1;
    }
    let quorum = reader.quorum.ok_or_else(|| wrong(end, Problem::NoQuorum))?;
    Ok(WitnessPolicy {
        logs: reader.logs,
        witnesses: reader.witnesses,
        groups: reader.groups,
        quorum,
    })
}

#[derive(Default)]
struct Reader {
    line: usize,
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    names: HashMap<String, Name>,
    /// The line of each public key, those of logs and of witnesses apart.
    log_keys: HashMap<Vec<u8>, usize>,
    witness_keys: HashMap<Vec<u8>, usize>,
    quorum: Option<Option<Member>>,
}

/// What a name stands for, and whether a group has it for a member.
struct Name {
    member: Member,
    grouped: bool,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        let line = line.strip_suffix(b"\n").ok_or(Problem::MissingNewline)?;
        let control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
        if let Some(found) = line.iter().copied().find(control) {
            return Err(Problem::ControlCharacter { found });
        }
        let comment = line.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        if matches!(comment, None | Some(b'#')) {
            return Ok(());
        }
        let line = str::from_utf8(line).map_err(|error| Problem::NotUtf8 {
            valid_up_to: error.valid_up_to(),
        })?;
        let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        match words.as_slice() {
            ["log", words @ ..] => self.log(words),
            ["witness", words @ ..] => self.witness(words),
            ["group", words @ ..] => self.group(words),
            ["quorum", words @ ..] => self.quorum(words),
            words => Err(Problem::Keyword {
                found: words.first().copied().unwrap_or_default().to_owned(),
            }),
        }
    }

    fn log(&mut self, words: &[&str]) -> Result<(), Problem> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some((*url).to_owned())),
            _ => return Err(Problem::Form { expected: LOG }),
        };
        room(self.logs.len())?;
        let verifier = NoteVerifier::parse(key)?;
        if verifier.is_cosigner() {
            return Err(Problem::KeyUse { found: "witnesses" });
        }
        new_key(&mut self.log_keys, &verifier, self.line)?;
        self.logs.push(PolicyLog { verifier, url });
        Ok(())
    }

    fn witness(&mut self, words: &[&str]) -> Result<(), Problem> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some((*url).to_owned())),
            _ => return Err(Problem::Form { expected: WITNESS }),
        };
        room(self.witnesses.len())?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        let verifier = NoteVerifier::parse(key)?;
        if !verifier.is_cosigner() {
            return Err(Problem::KeyUse { found: "logs" });
        }
        new_key(&mut self.witness_keys, &verifier, self.line)?;
        self.witnesses.push(PolicyWitness {
            name: (*name).to_owned(),
            verifier,
            url,
        });
        Ok(())
    }

    fn group(&mut self, words: &[&str]) -> Result<(), Problem> {
        let [name, threshold, names @ ..] = words else {
            return Err(Problem::Form { expected: GROUP });
        };
        if names.is_empty() {
            return Err(Problem::Form { expected: GROUP });
        }
        room(self.groups.len())?;
        let threshold = self::threshold(threshold, names.len())?;
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            members.push(self.member(member)?);
        }
        // Its name is not known before this, so that no group can be its own member.
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group {
            name: (*name).to_owned(),
            threshold,
            members,
        });
        Ok(())
    }

    fn member(&mut self, name: &str) -> Result<Member, Problem> {
        let known = self.names.get_mut(name);
        let known = known.ok_or_else(|| Problem::UnknownName {
            name: name.to_owned(),
        })?;
        if std::mem::replace(&mut known.grouped, true) {
            return Err(Problem::MemberTwice {
                name: name.to_owned(),
            });
        }
        Ok(known.member)
    }

    fn quorum(&mut self, words: &[&str]) -> Result<(), Problem> {
        let [name] = words else {
            return Err(Problem::Form { expected: QUORUM });
        };
        if self.quorum.is_some() {
            return Err(Problem::QuorumTwice);
        }
        let quorum = match (*name, self.names.get(*name)) {
            (NONE, _) => None,
            (_, Some(known)) => Some(known.member),
            (name, None) => {
                return Err(Problem::UnknownName {
                    name: name.to_owned(),
                });
            }
        };
        self.quorum = Some(quorum);
        Ok(())
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), Problem> {
        if name == NONE {
            return Err(Problem::ReservedName);
        }
        let grouped = false;
        let before = self.names.insert(name.to_owned(), Name { member, grouped });
        match before {
            None => Ok(()),
            Some(_) => Err(Problem::NameInUse {
                name: name.to_owned(),
            }),
        }
    }
}

fn room(definitions: usize) -> Result<(), Problem> {
    if definitions < MOST_DEFINITIONS {
        Ok(())
    } else {
        Err(Problem::TooMany)
    }
}

/// One key under two names would be counted twice.
fn new_key(
    keys: &mut HashMap<Vec<u8>, usize>,
    verifier: &NoteVerifier,
    line: usize,
) -> Result<(), Problem> {
    match keys.insert(verifier.key().spki_der().to_vec(), line) {
        None => Ok(()),
        Some(line) => Err(Problem::KeyTwice { line }),
    }
}

fn threshold(word: &str, members: usize) -> Result<usize, Problem> {
    let number = match word {
        "all" => Some(members),
        "any" => Some(1),
        // Other spellings of a number, `02` or `+2`, are not what it is written as.
        number => number
            .parse::<usize>()
            .ok()
            .filter(|threshold| threshold.to_string() == number),
    };
    number
        .filter(|threshold| (1..=members).contains(threshold))
        .ok_or_else(|| Problem::Threshold {
            found: word.to_owned(),
            members,
        })
}
