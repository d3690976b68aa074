//! What the peers say to the vectors.

use std::path::PathBuf;
use std::thread;

use super::index::{Answer, Vector};
use super::kit::{IDENTITY, ISSUER};
use crate::peers::{Case, Installed, Peer, Question, Verdict};

/// The peers that are asked, by their names in the index.
pub const PEERS: [(&str, Peer); 3] = [
    ("cosign", Peer::Cosign),
    ("sigstore-go", Peer::SigstoreGo),
    ("sigstore-python", Peer::SigstorePython),
];

/// One bundle of one vector, and what the peer said to it.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The vector.
    pub vector: &'a Vector,
    /// Whether this is its repaired bundle.
    pub repaired: bool,
    /// The answer.
    pub verdict: Verdict,
}

struct Files {
    bundle: PathBuf,
    trusted_root: PathBuf,
    artifact: PathBuf,
    key: Option<PathBuf>,
}

/// Asks `peer` about every bundle of these vectors about which it can be asked, two at once.
///
/// # Panics
///
/// When the peer does not answer.
pub fn ask<'a>(name: &str, peer: &Installed, vectors: &'a [Vector]) -> Vec<Asked<'a>> {
    let sides = vectors
        .iter()
        .filter(|vector| vector.terms.beyond(name).is_none())
        .flat_map(|vector| match vector.refusal {
            Some(_) => vec![(vector, false), (vector, true)],
            None => vec![(vector, false)],
        });
    let sides: Vec<(&Vector, bool)> = sides.collect();
    let files: Vec<Files> = sides
        .iter()
        .map(|(vector, repaired)| Files {
            bundle: vector.bundle(*repaired),
            trusted_root: vector.trusted_root(*repaired),
            artifact: vector.artifact(),
            key: vector.key(),
        })
        .collect();
    let questions: Vec<Question<'_>> = sides
        .iter()
        .zip(&files)
        .map(|((vector, _), files)| Question {
            case: Case {
                artifact: &files.artifact,
                bundle: &files.bundle,
                trusted_root: &files.trusted_root,
                identity: IDENTITY,
                issuer: ISSUER,
            },
            key: files.key.as_deref(),
            log_time: vector.terms.log_time,
        })
        .collect();
    let (one, other) = questions.split_at(questions.len() / 2);
    let all = |questions: &[Question<'_>]| match peer.peer() {
        Peer::SigstorePython => peer.ask_all(questions),
        _ => questions
            .iter()
            .map(|question| peer.ask(question))
            .collect(),
    };
    let verdicts = thread::scope(|scope| {
        let one = scope.spawn(|| all(one));
        let other = all(other);
        let mut verdicts = one.join().expect("the peer answers");
        verdicts.extend(other);
        verdicts
    });
    let asked = sides.into_iter().zip(verdicts);
    asked
        .map(|((vector, repaired), verdict)| Asked {
            vector,
            repaired,
            verdict,
        })
        .collect()
}

impl Asked<'_> {
    /// The answer that the index expects.
    pub fn expected(&self, name: &str) -> Option<&Answer> {
        let opinion = self.vector.peers.get(name)?;
        match self.repaired {
            true => opinion.repaired.as_ref(),
            false => Some(&opinion.bundle),
        }
    }

    /// What is wrong: the peer said something else than the index says.
    pub fn wrong(&self, name: &str) -> Option<String> {
        let Verdict {
            accepted,
            code,
            output,
        } = &self.verdict;
        let right = match self.expected(name) {
            Some(Answer::Accepts) => *accepted,
            // Go's programs end with 2 after a panic, which is no refusal.
            Some(Answer::Refuses(words)) => {
                !accepted && *code == Some(1) && output.contains(words.as_str())
            }
            Some(Answer::CannotBeAsked(_)) | None => false,
        };
        let side = if self.repaired { ", repaired" } else { "" };
        (!right).then(|| {
            format!(
                "{}{side}: expected {:?}, found {code:?}: {output}",
                self.vector.name,
                self.expected(name)
            )
        })
    }
}
