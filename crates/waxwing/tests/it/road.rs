//! The road's end: what `try` left convinces every peer, and with one fault in it none.

use waxwing_testkit::peers::fault::Fault;
use waxwing_testkit::peers::{Case, Peer, require};

use crate::program::{IDENTITY, ISSUER, Tried};

fn judge(peer: Peer) {
    let Some(installed) = require(peer) else {
        return;
    };
    let tried = Tried::new();
    let (artifact, bundle, trusted_root) = (tried.artifact(), tried.bundle(), tried.trusted_root());
    let good = Case {
        artifact: &artifact,
        bundle: &bundle,
        trusted_root: &trusted_root,
        identity: IDENTITY,
        issuer: ISSUER,
    };
    installed.verify(&good).assert_accepted();
    for fault in Fault::ALL {
        let folder = tempfile::tempdir().unwrap();
        let faulty = fault.put_into(&good, folder.path());
        println!("{fault:?}");
        installed
            .verify(&faulty.case())
            .assert_refused(fault.words(peer));
    }
}

#[test]
fn cosign_verifies_what_try_left_and_refuses_every_fault() {
    judge(Peer::Cosign);
}

#[test]
fn sigstore_go_verifies_what_try_left_and_refuses_every_fault() {
    judge(Peer::SigstoreGo);
}

#[test]
fn sigstore_python_verifies_what_try_left_and_refuses_every_fault() {
    judge(Peer::SigstorePython);
}

#[test]
fn sigstore_js_verifies_what_try_left_and_refuses_every_fault() {
    judge(Peer::SigstoreJs);
}

/// cosign 2.5 knows Rekor v1 alone. When Debian's stable release learns v2, this test says so.
#[test]
fn cosign_of_trixie_cannot_read_entries_of_rekor_v2() {
    let Some(installed) = require(Peer::CosignTrixie) else {
        return;
    };
    let tried = Tried::new();
    let (artifact, bundle, trusted_root) = (tried.artifact(), tried.bundle(), tried.trusted_root());
    let case = Case {
        artifact: &artifact,
        bundle: &bundle,
        trusted_root: &trusted_root,
        identity: IDENTITY,
        issuer: ISSUER,
    };
    installed
        .verify(&case)
        .assert_refused("nil value in transaction log entry");
}
