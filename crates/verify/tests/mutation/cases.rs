//! The good bundles, what each earns, and the judgement of a changed one.

use std::path::{Path, PathBuf};

use waxwing_crypto::PublicKey;
use waxwing_model::bundle::{Content, KeyMaterial, LogEntry};
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{
    Artifact, Identity, Policy, Requirements, Verified, VerifiedSigner, Verifier,
};

const NAMES: [&str; 8] = [
    "happy-path-v0.1",
    "happy-path-v0.2",
    "happy-path-v0.3",
    "happy-path-intoto-in-dsse-v3",
    "rekor2-happy-path",
    "rekor2-dsse-happy-path",
    "intoto-with-custom-trust-root",
    "managed-key-happy-path",
];

/// What may change without a refusal, and why: the whole list.
pub(crate) const SPELLING: &str = "the same bundle in another spelling";
pub(crate) const HINT: &str = "the hint, which names a key and proves nothing";
pub(crate) const CHAIN: &str = "certificates beside the signer's";
pub(crate) const TIMESTAMP_FRAME: &str =
    "bytes of a timestamp's frame, which the authority does not sign";
pub(crate) const UNCOUNTED_TIMESTAMP: &str =
    "a timestamp that does not count, beside a log's time that does";
pub(crate) const NO_DIGEST: &str =
    "no message digest, which is compared where it is and never believed";
pub(crate) const KEY_ID: &str = "the identifier of the envelope's key";
pub(crate) const VERSION: &str =
    "another version of the format, by whose rules the bundle is as good";
pub(crate) const NO_PROMISE: &str = "no promise, and so no time of the log";
pub(crate) const LOG_ID: &str = "the identifier of a log that its checkpoint names";
pub(crate) const CHECKPOINT_LINES: &str =
    "lines below a checkpoint that are not the log's, or the name on its line";

/// A bundle that verifies.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    bundle: Bundle,
    artifact: Vec<u8>,
    policy: Policy,
    verifier: Verifier,
    verified: Verified,
}

/// What became of a changed bundle.
pub(crate) enum Judgement {
    Refused,
    /// Accepted for what the good bundle earns, since the change lies where nothing is believed.
    Earned(&'static str),
    /// A yes for something else: the finding that this test is looking for.
    Unearned(String),
}

/// `None` where there is no conformance data and none is demanded.
pub(crate) fn all() -> Option<Vec<Case>> {
    let folder = folder()?;
    let cases = std::fs::read(folder.join("cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_slice(&cases).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    let read = |name| {
        let case = cases.iter().find(|case| case["name"] == name);
        Case::read(&folder, name, case.unwrap())
    };
    Some(NAMES.into_iter().map(read).collect())
}

fn folder() -> Option<PathBuf> {
    match std::env::var("WAXWING_CONFORMANCE") {
        Ok(folder) => Some(folder.into()),
        Err(_) if std::env::var("CI").is_ok() => {
            panic!("WAXWING_CONFORMANCE does not name the conformance cases")
        }
        Err(_) => {
            println!("skipped: WAXWING_CONFORMANCE does not name the conformance cases");
            None
        }
    }
}

impl Case {
    fn read(folder: &Path, name: &'static str, case: &serde_json::Value) -> Self {
        let field = |field: &str| case[field].as_str().unwrap();
        let read = |name: &str| std::fs::read(folder.join(field(name))).unwrap();
        let root = TrustedRoot::from_json(&read("offline_trusted_root")).unwrap();
        let policy = match case["key"].as_str() {
            Some(_) => {
                let pem = String::from_utf8(read("key")).unwrap();
                Policy::key(PublicKey::from_pem(&pem).unwrap())
            }
            None => {
                let issuer = field("certificate_oidc_issuer");
                let identity = Identity::exactly(issuer, field("certificate_identity"));
                Policy::identity(identity.unwrap())
            }
        };
        let text = String::from_utf8(read("bundle")).unwrap();
        let bundle = Bundle::from_json(text.as_bytes()).unwrap();
        let verifier = Verifier::new(root, Requirements::public_good()).unwrap();
        let artifact = read("artifact");
        let verified = verifier
            .verify(&bundle, Artifact::Bytes(&artifact), &policy)
            .unwrap();
        Self {
            name,
            text,
            bundle,
            artifact,
            policy,
            verifier,
            verified,
        }
    }

    pub(crate) fn judge(&self, json: &[u8]) -> Judgement {
        let Ok(bundle) = Bundle::from_json(json) else {
            return Judgement::Refused;
        };
        let artifact = Artifact::Bytes(&self.artifact);
        let Ok(verified) = self.verifier.verify(&bundle, artifact, &self.policy) else {
            return Judgement::Refused;
        };
        match (
            self.unearned(&verified),
            self.difference(&bundle, &verified),
        ) {
            (Some(part), _) => Judgement::Unearned(format!("another {part} was verified")),
            (None, Some(reason)) => Judgement::Earned(reason),
            (None, None) => Judgement::Unearned("the bundle says something else".into()),
        }
    }

    /// The part of what was verified that the good bundle does not earn.
    fn unearned(&self, found: &Verified) -> Option<&'static str> {
        let good = &self.verified;
        let signers_are_equal = match (found.signer(), good.signer()) {
            // The hint is the bundle's word and not the verifier's.
            (VerifiedSigner::Key { .. }, VerifiedSigner::Key { .. }) => true,
            (found, good) => found == good,
        };
        let times = good.times();
        let entries = found.entries().iter().zip(good.entries());
        let mut entries = entries.map(|(found, good)| {
            // Less may be said than before, nothing else.
            let index = found.log_index.is_none() || found.log_index == good.log_index;
            let time = found.time.is_none() || found.time == good.time;
            found.log == good.log && index && time
        });
        let equal_entries =
            found.entries().len() == good.entries().len() && entries.all(|equal| equal);
        [
            ("signer", signers_are_equal),
            ("digest", found.digest() == good.digest()),
            ("statement", found.statement() == good.statement()),
            (
                "time",
                found.times().iter().all(|time| times.contains(time)),
            ),
            ("entry", equal_entries),
        ]
        .into_iter()
        .find_map(|(part, equal)| (!equal).then_some(part))
    }

    /// In which single part, of those that nothing believes, the bundle differs from the good one.
    fn difference(&self, changed: &Bundle, verified: &Verified) -> Option<&'static str> {
        let good = &self.bundle;
        let only = |restore: fn(&mut Bundle, &Bundle)| {
            let mut restored = changed.clone();
            restore(&mut restored, good);
            restored == *good
        };
        if changed == good {
            return Some(SPELLING);
        }
        if only(|bundle, good| bundle.key_material = good.key_material.clone()) {
            // `unearned` has compared certificates already; the chain beside one is a hint as well.
            return Some(match &changed.key_material {
                KeyMaterial::PublicKey { .. } => HINT,
                KeyMaterial::Certificate { .. } => CHAIN,
            });
        }
        if only(|bundle, good| bundle.timestamps = good.timestamps.clone()) {
            return Some(
                match verified.times().len() == self.verified.times().len() {
                    true => TIMESTAMP_FRAME,
                    false => UNCOUNTED_TIMESTAMP,
                },
            );
        }
        if matches!(&changed.content, Content::Message(message) if message.digest.is_none())
            && only(|bundle, good| bundle.content = good.content.clone())
        {
            return Some(NO_DIGEST);
        }
        if let (Content::Envelope(changed), Content::Envelope(good)) =
            (&changed.content, &good.content)
            && (&changed.payload, &changed.payload_type, &changed.signature)
                == (&good.payload, &good.payload_type, &good.signature)
            && only(|bundle, good| bundle.content = good.content.clone())
        {
            return Some(KEY_ID);
        }
        if only(|bundle, good| bundle.version = good.version) {
            return Some(VERSION);
        }
        let [entry] = changed.entries.as_slice() else {
            return None;
        };
        if !only(|bundle, good| bundle.entries.clone_from(&good.entries)) {
            return None;
        }
        entry_difference(entry, &good.entries[0])
    }
}

/// The same for an entry.
fn entry_difference(changed: &LogEntry, good: &LogEntry) -> Option<&'static str> {
    let mut restored = changed.clone();
    restored
        .inclusion_promise
        .clone_from(&good.inclusion_promise);
    restored.integrated_time = good.integrated_time;
    if restored == *good && changed.inclusion_promise.is_none() {
        return Some(NO_PROMISE);
    }
    let mut restored = changed.clone();
    restored.log_id.clone_from(&good.log_id);
    if restored == *good && good.is_of_rekor_v2() {
        return Some(LOG_ID);
    }
    let (changed_proof, good_proof) = (
        changed.inclusion_proof.as_ref()?,
        good.inclusion_proof.as_ref()?,
    );
    let signed = |checkpoint: &str| {
        checkpoint
            .split_once("\n\n")
            .map(|(text, _)| text.to_owned())
    };
    let mut restored = changed.clone();
    restored.inclusion_proof.clone_from(&good.inclusion_proof);
    let mut restored_proof = changed_proof.clone();
    restored_proof.checkpoint.clone_from(&good_proof.checkpoint);
    let same_text = signed(&changed_proof.checkpoint) == signed(&good_proof.checkpoint);
    if restored == *good && restored_proof == *good_proof && same_text {
        return Some(CHECKPOINT_LINES);
    }
    None
}
