//! Every client that signs, at `waxwing up`, and every client that verifies, over what they have made.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use waxwing_testkit::peers::signing::{SIGNERS, Wish};
use waxwing_testkit::peers::{self, Case, Peer};

use crate::program::{printed, run, waxwing};
use crate::up::{Running, token};

const IDENTITY: &str = "me@example.com";

/// Those that know entries of Rekor v2.
const VERIFIERS: [Peer; 4] = [
    Peer::Cosign,
    Peer::SigstoreGo,
    Peer::SigstorePython,
    Peer::SigstoreJs,
];

fn ours(folder: &Path, case: &Case<'_>, attestation: bool) {
    let path = |path: &Path| path.display().to_string();
    let command = if attestation { "conformance" } else { "cosign" };
    let (bundle, root, artifact) = (
        path(case.bundle),
        path(case.trusted_root),
        path(case.artifact),
    );
    let words = match attestation {
        false => vec!["verify-blob", "--use-signed-timestamps"],
        true => vec!["verify-bundle"],
    };
    let rest = [
        "--bundle",
        &bundle,
        "--trusted-root",
        &root,
        "--certificate-identity",
        case.identity,
        "--certificate-oidc-issuer",
        case.issuer,
        &artifact,
    ];
    let line = [command].into_iter().chain(words).chain(rest);
    let output = run(&waxwing(), folder, line);
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn whatever_one_client_signs_at_an_instance_all_of_them_verify() {
    let installed: Vec<_> = SIGNERS.into_iter().filter_map(peers::require).collect();
    if installed.len() < SIGNERS.len() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let artifact = folder.join("artifact");
    fs::write(&artifact, "an artifact\n").unwrap();
    let running = Running::start(folder);
    let (client, issuer) = (folder.join("data/client"), format!("{}/oidc", running.url));
    let trusted_root = client.join("trusted_root.json");
    let mut matrix = String::new();
    for signer in &installed {
        for attest in [false, true] {
            // Debian's program of sigstore-go signs no statement about a file.
            if attest && signer.peer() == Peer::SigstoreGo {
                continue;
            }
            let bundle = folder.join(format!("{}-{attest}.json", signer.peer().name()));
            signer.sign(&Wish {
                artifact: &artifact,
                client: &client,
                token: &token(folder),
                attest,
                bundle: &bundle,
            });
            let case = Case {
                artifact: &artifact,
                bundle: &bundle,
                trusted_root: &trusted_root,
                identity: IDENTITY,
                issuer: &issuer,
            };
            let kind = if attest { "statement" } else { "file" };
            let _ = write!(matrix, "{:16} {kind:10}", signer.peer().name());
            for verifier in VERIFIERS.into_iter().filter_map(peers::require) {
                verifier.verify(&case).assert_accepted();
                let _ = write!(matrix, " {}", verifier.peer().name());
            }
            ours(folder, &case, attest);
            matrix.push_str(" waxwing\n");
            refused_for_another(folder, &case);
        }
    }
    println!("{matrix}");
    running.stop();
}

/// The same bundle, asked about another file: the judges can say no.
fn refused_for_another(folder: &Path, case: &Case<'_>) {
    let other: PathBuf = folder.join("other");
    fs::write(&other, "another artifact\n").unwrap();
    let case = Case {
        artifact: &other,
        ..*case
    };
    for verifier in VERIFIERS.into_iter().filter_map(peers::require) {
        let verdict = verifier.verify(&case);
        assert!(!verdict.accepted, "{}", verdict.output);
    }
}
