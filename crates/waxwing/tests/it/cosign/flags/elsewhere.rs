//! Flags that these lines cannot show: in which test they are, or why there is nothing to see.

use std::fs;
use std::path::Path;

/// Where a flag is shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// In this test, in which its value changes what happens.
    By(&'static str),
    /// Nowhere: it has no effect, for this reason.
    Idle(&'static str),
}

use Shown::{By, Idle};

const SIGN: &[&str] = &["sign-blob", "attest-blob"];
const VERIFY: &[&str] = &["verify-blob", "verify-blob-attestation"];

const NO_TOKEN: &str =
    "hardware tokens are not used here: `--sk` is refused, and no slot is looked into";

/// All of them.
pub(super) const ELSEWHERE: &[(&[&str], &str, Shown)] = &[
    (SIGN, "slot", Idle(NO_TOKEN)),
    (VERIFY, "slot", Idle(NO_TOKEN)),
    (&["public-key", "bundle create"], "slot", Idle(NO_TOKEN)),
    (SIGN, "yes", Idle("nothing is asked")),
    (
        SIGN,
        "oidc-provider",
        By("in_a_workflow_both_programs_sign_without_being_given_a_token"),
    ),
    (
        SIGN,
        "oidc-disable-ambient-providers",
        By("in_a_workflow_both_programs_sign_without_being_given_a_token"),
    ),
    (VERIFY, "offline", By("offline_nobody_is_asked")),
    (
        VERIFY,
        "experimental-oci11",
        Idle("it is about registries, as in the original"),
    ),
    (
        VERIFY,
        "max-workers",
        Idle("it is about images; files are verified one after the other"),
    ),
    (
        &["initialize"],
        "mirror",
        By("each_cosign_goes_on_where_the_other_stopped"),
    ),
    (
        &["initialize"],
        "root",
        By("each_cosign_goes_on_where_the_other_stopped"),
    ),
    (
        &["initialize"],
        "root-checksum",
        By("initialize_ends_as_the_original_does"),
    ),
    (
        &["initialize"],
        "staging",
        By("initialize_ends_as_the_original_does"),
    ),
    (VERIFY, "new-bundle-format", Idle("the format is seen")),
    (
        VERIFY,
        "rekor-url",
        By("an_entry_that_did_not_come_along_is_looked_up_by_both"),
    ),
    (
        VERIFY,
        "sct",
        By("a_promise_beside_a_certificate_counts_where_none_is_in_it"),
    ),
    (
        &["verify-blob-attestation"],
        "allow-certificate-chain",
        By("every_flag_changes_what_happens_and_does_it_as_cosign_does"),
    ),
    (
        &["bundle create"],
        "rekor-url",
        By("a_bundle_of_pieces_is_that_of_cosign"),
    ),
    (
        &["bundle upgrade"],
        "rekor-url",
        By("a_proof_that_is_missing_is_asked_of_the_log_by_both"),
    ),
    (
        &["env"],
        "show-descriptions",
        By("the_environment_is_told_without_its_secrets"),
    ),
    (
        &["env"],
        "show-sensitive-values",
        By("the_environment_is_told_without_its_secrets"),
    ),
];

/// Whether there is a test of this name.
pub(super) fn is_a_test(name: &str) -> bool {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    ["waxwing/tests", "client/tests", "issuer/tests"]
        .iter()
        .any(|folder| holds(&crates.join(folder), &format!("fn {name}(")))
}

fn holds(folder: &Path, words: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, words),
            false => fs::read_to_string(&path).is_ok_and(|text| text.contains(words)),
        }
    })
}
