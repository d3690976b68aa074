//! Our own verdict on a vector.

use waxwing_crypto::PublicKey;
use waxwing_model::{Bundle, TrustedRoot, Window};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

use super::index::{Terms, Vector};
use super::kit::{IDENTITY, ISSUER, at};

/// What our verifier says to the bundle, or to the repaired one: the error's text.
///
/// # Panics
///
/// When a file is missing, or the key is none.
pub fn judge(vector: &Vector, repaired: bool) -> Result<(), String> {
    let read = |path| std::fs::read(path).expect("the vector is whole");
    let root = TrustedRoot::from_json(&read(vector.trusted_root(repaired)));
    let root = root.map_err(|error| error.to_string())?;
    let verifier = Verifier::new(root, requirements(&vector.terms));
    let verifier = verifier.map_err(|error| error.to_string())?;
    let bundle = Bundle::from_json(&read(vector.bundle(repaired)));
    let bundle = bundle.map_err(|error| error.to_string())?;
    let artifact = read(vector.artifact());
    let verified = verifier.verify(&bundle, Artifact::Bytes(&artifact), &policy(vector));
    verified.map(drop).map_err(|error| error.to_string())
}

fn requirements(terms: &Terms) -> Requirements {
    let mut requirements = Requirements::public_good();
    match terms.log_entries {
        Some(0) => requirements = requirements.dangerously_without_log_entries(),
        Some(count) => requirements = requirements.log_entries(count),
        None => {}
    }
    if let Some(count) = terms.timestamps {
        requirements = requirements.timestamps(count);
    }
    if let Some(count) = terms.promises {
        requirements = requirements.signed_certificate_timestamps(count);
    }
    requirements
}

fn policy(vector: &Vector) -> Policy {
    let policy = match vector.key() {
        Some(path) => {
            let pem = std::fs::read_to_string(path).expect("the vector is whole");
            let key = PublicKey::from_pem(&pem).expect("the vector's key is one");
            let until = vector.terms.key_until.as_deref();
            let end = until.map(at);
            Policy::key_valid_for(
                key,
                Window {
                    end,
                    ..Window::ALWAYS
                },
            )
        }
        None => {
            let identity = Identity::exactly(ISSUER, IDENTITY);
            Policy::identity(identity.expect("neither is empty"))
        }
    };
    match &vector.terms.now {
        Some(now) => policy.at(at(now)),
        None => policy,
    }
}
