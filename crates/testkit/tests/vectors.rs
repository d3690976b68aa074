//! Our verifier judges every vector as its index says.

use std::collections::BTreeSet;

use waxwing_testkit::vectors::index::{Answer, Index, Vector, folder};
use waxwing_testkit::vectors::judge;

/// The faulty vectors, and those without a fault.
const COUNT: (usize, usize) = (205, 44);

/// What is wrong with our verdicts on this vector.
fn wrong(vector: &Vector) -> Vec<String> {
    let name = &vector.name;
    let mut wrong = Vec::new();
    let faulty = judge(vector, false);
    match (&vector.refusal, faulty) {
        (None, Ok(())) => {}
        (Some(words), Err(error)) if error.contains(words) => {}
        (expected, found) => wrong.push(format!("{name}: expected {expected:?}, found {found:?}")),
    }
    if vector.refusal.is_some()
        && let Err(error) = judge(vector, true)
    {
        wrong.push(format!("{name}, repaired: {error}"));
    }
    wrong
}

#[test]
fn our_verifier_judges_every_vector_as_its_index_says() {
    let index = Index::read();
    let wrong: Vec<String> = index.vectors.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let faulty = index
        .vectors
        .iter()
        .filter(|vector| vector.refusal.is_some());
    let faulty = faulty.count();
    assert_eq!((faulty, index.vectors.len() - faulty), COUNT);
}

#[test]
fn every_folder_is_in_the_index_and_the_reverse() {
    let index = Index::read();
    let named: BTreeSet<String> = index
        .vectors
        .iter()
        .map(|vector| vector.name.clone())
        .collect();
    assert_eq!(
        named.len(),
        index.vectors.len(),
        "two vectors have one name"
    );
    let entries = std::fs::read_dir(folder()).expect("the vectors are there");
    let folders = entries.map(|entry| entry.expect("the folder can be listed").path());
    let folders = folders.filter(|path| path.is_dir());
    let folders = folders.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    assert_eq!(folders.collect::<BTreeSet<_>>(), named);
}

#[test]
fn every_disagreement_has_its_reason() {
    let mut wrong = Vec::new();
    for vector in Index::read().vectors {
        for (name, opinion) in &vector.peers {
            let ours_refuses = vector.refusal.is_some();
            let differs = |answer: &Answer, refuses: bool| match answer {
                Answer::Accepts => refuses,
                Answer::Refuses(_) => !refuses,
                Answer::CannotBeAsked(_) => false,
            };
            let repaired = opinion.repaired.as_ref();
            let disagrees = differs(&opinion.bundle, ours_refuses)
                || repaired.is_some_and(|answer| differs(answer, false));
            if disagrees && opinion.because.is_none() {
                wrong.push(format!("{}: {name}", vector.name));
            }
        }
        if vector.peers.len() != 3 {
            wrong.push(format!("{}: not every peer was asked", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
