//! Writes `tests/vectors/` anew, with fresh keys; the peers' answers in the index are kept:
//!
//! ```text
//! cargo run -p waxwing-testkit --example vectors
//! ```
//!
//! With `-- --ask` it asks the peers instead, and prints what differs from the index, as JSON for
//! whoever brings the index up to date.
#![expect(clippy::print_stdout, reason = "what the peers say is the result")]

use serde_json::json;
use waxwing_testkit::peers::require;
use waxwing_testkit::vectors::ask::{PEERS, ask};
use waxwing_testkit::vectors::index::Index;
use waxwing_testkit::vectors::{Cases, Kit};

fn main() {
    if std::env::args().nth(1).as_deref() != Some("--ask") {
        Cases::new(&Kit::new()).write();
        return;
    }
    let index = Index::read();
    for (name, peer) in PEERS {
        let Some(peer) = require(peer) else { continue };
        for asked in ask(name, &peer, &index.vectors) {
            if asked.wrong(name).is_none() {
                continue;
            }
            let answer = json!({
                "peer": name,
                "vector": asked.vector.name,
                "repaired": asked.repaired,
                "accepted": asked.verdict.accepted,
                "code": asked.verdict.code,
                "output": asked.verdict.output,
            });
            println!("{answer}");
        }
    }
}
