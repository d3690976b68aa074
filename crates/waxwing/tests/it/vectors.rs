//! The vectors of `tests/vectors/`, as the programs of others judge them: each peer must say to each
//! bundle, the faulty and the repaired one, what the index says that it says. Where that is not what
//! our verifier says, the index has the reason; should such a test fail one day, the peer has
//! mended it.

use waxwing_testkit::peers::{Peer, require};
use waxwing_testkit::vectors::ask::ask;
use waxwing_testkit::vectors::index::{Answer, Index};

/// The peer says what the index says, to so many bundles, and cannot be asked about so many vectors.
fn agrees_with_the_index(name: &str, peer: Peer, asked_about: usize, silent: usize) {
    let Some(peer) = require(peer) else { return };
    let index = Index::read();
    let asked = ask(name, &peer, &index.vectors);
    let wrong: Vec<String> = asked.iter().filter_map(|asked| asked.wrong(name)).collect();
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    let cannot = index.vectors.iter().filter(|vector| {
        let opinion = vector.peers.get(name);
        opinion.is_some_and(|opinion| matches!(opinion.bundle, Answer::CannotBeAsked(_)))
    });
    assert_eq!((asked.len(), cannot.count()), (asked_about, silent));
}

#[test]
fn cosign_says_what_the_index_says() {
    agrees_with_the_index("cosign", Peer::Cosign, 434, 10);
}

#[test]
fn sigstore_go_says_what_the_index_says() {
    agrees_with_the_index("sigstore-go", Peer::SigstoreGo, 422, 18);
}

#[test]
fn sigstore_python_says_what_the_index_says() {
    agrees_with_the_index("sigstore-python", Peer::SigstorePython, 422, 18);
}
