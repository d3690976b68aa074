//! What the log says: checkpoints, proofs and promises.

use waxwing_tlog::Hash;

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::index::Terms;
use crate::vectors::kit::now;
use crate::vectors::profile::flip;
use crate::vectors::record::{Kind, promise};

const CHECKPOINT: &str = "client specification, bundle checklist 9";
const PROOF: &str = "client specification, bundle checklist 10 and 4";
const PROMISE: &str = "client specification, bundle checklist 8";
const DISTINCT: &str = "GHSA-9vcr-p3rj-q5q6: what is counted is logs, not entries";

fn change_checkpoint(
    entry: &mut waxwing_model::bundle::LogEntry,
    edit: impl FnOnce(&str) -> String,
) {
    let proof = entry.inclusion_proof.as_mut();
    let proof = proof.expect("the entry has a proof");
    proof.checkpoint = edit(&proof.checkpoint);
}

pub(super) fn add(cases: &mut Cases<'_>) {
    checkpoints(cases);
    proofs(cases);
    promises(cases);
    thresholds(cases);
}

fn checkpoints(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let v2 = Draft::message(kit);
    let v1 = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    for (name, good) in [
        ("checkpoint-signature", &v2),
        ("checkpoint-signature-rekor-v1", &v1),
    ] {
        cases.refused(
            name,
            CHECKPOINT,
            "one bit of the checkpoint's signature is flipped",
            "does not match the note",
            good.clone(),
            |bad| bad.head(|head| head.flipped = true),
        );
    }
    for (name, good) in [
        ("checkpoint-no-blank-line", &v2),
        ("checkpoint-no-blank-line-rekor-v1", &v1),
    ] {
        cases.refused(
            name,
            CHECKPOINT,
            "the checkpoint has no blank line before its signatures",
            "no empty line between text and signatures",
            good.clone(),
            |bad| bad.entry(|entry| change_checkpoint(entry, |text| text.replace("\n\n", "\n"))),
        );
    }
    for (name, good) in [
        ("checkpoint-key-hint", &v2),
        ("checkpoint-key-hint-rekor-v1", &v1),
    ] {
        cases.refused(
            name,
            CHECKPOINT,
            "the checkpoint's signature names another key",
            "no signature by a known key",
            good.clone(),
            |bad| bad.head(|head| head.key_id = Some([1, 2, 3, 4])),
        );
    }
    for (name, good, other) in [
        ("checkpoint-of-another-key", &v2, &kit.rekor_v2[1]),
        ("checkpoint-of-another-key-rekor-v1", &v1, &kit.rekor_v1[1]),
    ] {
        cases.refused(
            name,
            CHECKPOINT,
            "the checkpoint is signed by a key that the trusted root does not have",
            "no signature by a known key",
            good.clone(),
            |bad| bad.head(|head| head.key = other.key.clone()),
        );
    }
    cases.refused(
        "checkpoint-origin",
        CHECKPOINT,
        "the checkpoint speaks of another log in its first line; the key and its name are right",
        "the checkpoint's origin is \"other.example\"",
        v2.clone(),
        |bad| bad.head(|head| head.origin = "other.example".into()),
    );
    cases.refused(
        "checkpoint-signer-name",
        CHECKPOINT,
        "the log's key signs under another log's name",
        "no signature by a known key",
        v2.clone(),
        |bad| {
            bad.head(|head| {
                head.origin = "other.example".into();
                head.signer = "other.example".into();
            })
        },
    );
    for (name, good) in [("checkpoint-root", &v2), ("checkpoint-root-rekor-v1", &v1)] {
        cases.refused(
            name,
            CHECKPOINT,
            "the checkpoint has another root than the proof",
            "root hash is not the checkpoint's root",
            good.clone(),
            |bad| bad.head(|head| head.root = Hash::new([7; 32])),
        );
    }
    for (name, good) in [("checkpoint-size", &v2), ("checkpoint-size-rekor-v1", &v1)] {
        cases.refused(
            name,
            CHECKPOINT,
            "the checkpoint has another size than the proof",
            "tree size is not the checkpoint's size",
            good.clone(),
            |bad| bad.head(|head| head.size = 7),
        );
    }
    cases.refused(
        "checkpoint-empty",
        CHECKPOINT,
        "the checkpoint is empty",
        "no checkpoint",
        v2,
        |bad| bad.entry(|entry| change_checkpoint(entry, |_| String::new())),
    );
}

fn proofs(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let v2 = Draft::message(kit);
    let v1 = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    for (name, about, words, edit) in [
        (
            "proof-hash",
            "one bit of a hash of the proof is flipped",
            "the proof leads to the root",
            (|hashes| {
                let mut bytes = *hashes[0].as_bytes();
                flip(&mut bytes);
                hashes[0] = Hash::new(bytes);
            }) as fn(&mut Vec<Hash>),
        ),
        (
            "proof-too-short",
            "the proof lacks its last hash",
            "the proof has 2 hashes",
            |hashes| hashes.truncate(hashes.len() - 1),
        ),
        (
            "proof-too-long",
            "the proof has a hash too many",
            "the proof has 4 hashes",
            |hashes| hashes.push(Hash::new([0; 32])),
        ),
        (
            "proof-empty",
            "the proof has no hash",
            "the proof has 0 hashes",
            Vec::clear,
        ),
    ] {
        cases.refused(name, PROOF, about, words, v2.clone(), |bad| {
            bad.entry(|entry| edit(&mut entry.inclusion_proof.as_mut().expect("a proof").hashes))
        });
    }
    cases.refused(
        "proof-index-outside-tree",
        PROOF,
        "the proof's index is the tree's size",
        "leaf 6 is not in a tree of 6 leaves",
        v1.clone(),
        |bad| bad.entry(|entry| entry.inclusion_proof.as_mut().expect("a proof").log_index = 6),
    );
    cases.refused(
        "proof-other-index",
        PROOF,
        "the proof's index is that of another leaf",
        "the proof leads to the root",
        v1,
        |bad| bad.entry(|entry| entry.inclusion_proof.as_mut().expect("a proof").log_index = 3),
    );
    cases.refused(
        "entry-index-is-not-the-proofs",
        PROOF,
        "the index of an entry of Rekor v2 is not that of its proof",
        "log index is not the entry's log index",
        v2.clone(),
        |bad| bad.entry(|entry| entry.log_index = 3),
    );
    cases.refused(
        "log-unknown",
        "client specification, bundle checklist 18",
        "the entry is in a log that the trusted root does not have",
        "the trusted root has no transparency log",
        v2.clone(),
        |bad| {
            bad.edited(|bundle| bundle.entries.clear())
                .also_logged(&kit.rekor_v2[1])
        },
    );
    cases.accepted(
        "log-id-other",
        "Rekor v2: the checkpoint tells whose entry it is",
        "the entry of Rekor v2 names an unknown log, and its checkpoint is by a known one",
        v2.clone().entry(|entry| entry.log_id = vec![9; 32]),
    );
    cases.refused(
        "log-id-other-rekor-v1",
        "client specification, bundle checklist 18",
        "the entry of Rekor v1 names an unknown log; the checkpoint is by a known one",
        "the trusted root has no transparency log",
        Draft::message(kit).logged_as(Kind::HashedRekordV1),
        |bad| bad.entry(|entry| entry.log_id = vec![9; 32]),
    );
    cases.refused(
        "no-entry",
        "CVE-2022-36056",
        "the bundle has no log entry",
        "0 of 1 transparency log entries verified",
        v2,
        |bad| bad.edited(|bundle| bundle.entries.clear()),
    );
}

fn promises(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let v1 = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    cases.refused(
        "promise-signature",
        PROMISE,
        "one bit of the promise is flipped; the proof holds, and there is a timestamp",
        "the inclusion promise: the signature does not match",
        v1.clone(),
        |bad| bad.entry(|entry| flip(entry.inclusion_promise.as_mut().expect("a promise"))),
    );
    cases.refused(
        "promise-of-another-log",
        "TOB-SIGSTORE-3",
        "the promise is signed by another log's key",
        "the inclusion promise: the signature does not match",
        v1.clone(),
        |bad| bad.entry(|entry| promise_by_another(entry, &kit.rekor_v1[1])),
    );
    cases.refused(
        "promise-other-time",
        PROMISE,
        "the time of the entry was moved by a second after it was promised",
        "the inclusion promise: the signature does not match",
        v1.clone(),
        |bad| bad.entry(|entry| entry.integrated_time = Some(now(2))),
    );
    cases.refused(
        "promise-of-another-index",
        PROMISE,
        "the index of the entry was changed after it was promised",
        "the inclusion promise: the signature does not match",
        v1.clone(),
        |bad| bad.entry(|entry| entry.log_index += 1),
    );
    cases.refused(
        "promise-outside-log-window",
        PROMISE,
        "the log took the entry before the trusted root trusts it",
        "the trusted root does not trust the log at",
        v1,
        |bad| bad.trusting(|root| root.transparency_logs[1].valid_for.start = now(60)),
    );
}

/// The promise alone is another log's; the entry still names its own.
fn promise_by_another(entry: &mut waxwing_model::bundle::LogEntry, log: &crate::vectors::kit::Log) {
    let named = crate::vectors::kit::Log {
        id: entry.log_id.clone(),
        ..log.clone()
    };
    promise(&named, entry, now(1));
}

fn thresholds(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let two = Terms {
        log_entries: Some(2),
        ..Terms::default()
    };
    let both = Draft::message(kit)
        .also_logged(&kit.rekor_v2[1])
        .trusting(|root| root.transparency_logs.push(kit.rekor_v2[1].trusted()));
    cases
        .refused(
            "two-entries-of-one-log",
            DISTINCT,
            "two logs are demanded, and both entries are in one: at two places, both proven",
            "1 of 2 transparency log entries verified",
            both.clone(),
            |bad| bad.logged_as(Kind::HashedRekordV2).also_at_another_place(),
        )
        .under(two.clone());
    cases
        .refused(
            "two-logs-of-one-operator",
            "trusted root 0.2, operator",
            "two logs are demanded, and one operator runs both",
            "1 of 2 transparency log entries verified",
            both,
            |bad| {
                bad.trusting(|root| {
                    root.version = waxwing_model::trusted_root::Version::V0_2;
                    for log in [0, 2] {
                        root.transparency_logs[log].operator = "operator.example".into();
                    }
                })
            },
        )
        .under(two);
    let none = Terms {
        log_entries: Some(0),
        ..Terms::default()
    };
    cases
        .refused(
            "no-log-demanded-entry-of-another-signature",
            "sigstore-rust #160: entries must be bound also where none is demanded",
            "no log is demanded; there is an entry, and it is about another signature",
            "not about this artifact, signature and certificate",
            Draft::message(kit),
            |bad| bad.entry_about(|claims| flip(&mut claims.signature)),
        )
        .under(none);
}
