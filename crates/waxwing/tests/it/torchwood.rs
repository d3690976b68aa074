//! Torchwood, which is Go and not ours, verifies what `waxwing log serve` answers.

use std::fs;

use waxwing_testkit::peers::torchwood;

use crate::log_serve::{Served, post};

/// The version in Debian is from before the first line that C2SP tlog-proof has now.
fn spicy(proof: &str) -> String {
    let (first, rest) = proof.split_once('\n').unwrap();
    assert_eq!(first, "c2sp.org/tlog-proof@v1");
    rest.to_owned()
}

#[test]
fn torchwood_verifies_the_proofs_of_a_served_log() {
    let Some(torchwood) = torchwood::require() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["log", "--origin", "log.example.com/test"]);
    // Proofs of every shape: alone, in the middle, over the edge of a tile, at the right edge.
    let mut files = Vec::new();
    for number in 0..300 {
        let content = format!("file {number}\n");
        let proof = post(&served.url, content.as_bytes());
        if [0, 1, 2, 7, 128, 254, 255, 256, 257, 299].contains(&number) {
            let path = folder.path().join(format!("file-{number}"));
            fs::write(&path, content).unwrap();
            fs::write(path.with_extension("spicy"), spicy(&proof)).unwrap();
            files.push(path);
        }
    }
    // One more time, when the tree has long grown: the proofs go through tiles that are files by then.
    for path in files.clone() {
        let proof = post(&served.url, &fs::read(&path).unwrap());
        let copy = path.with_file_name(format!("later-{}", path.file_name().unwrap().display()));
        fs::copy(&path, &copy).unwrap();
        fs::write(copy.with_extension("spicy"), spicy(&proof)).unwrap();
        files.push(copy);
    }
    for path in &files {
        let (code, printed) = torchwood.verify(&served.vkey, path);
        assert_eq!(code, Some(0), "{}: {printed}", path.display());
    }

    // Another file, a proof with one other hash, another key: each is refused for itself.
    let path = &files[4];
    let proof_path = path.with_extension("spicy");
    let (content, proof) = (
        fs::read(path).unwrap(),
        fs::read_to_string(&proof_path).unwrap(),
    );
    let refused = |what: &str, vkey: &str| {
        let (code, printed) = torchwood.verify(vkey, path);
        assert!(code.is_some_and(|code| code != 0), "{what}: {printed}");
    };
    fs::write(path, b"another file\n").unwrap();
    refused("another file", &served.vkey);
    fs::write(path, &content).unwrap();
    let mut lines: Vec<String> = proof.lines().map(str::to_owned).collect();
    let first = if lines[1].starts_with('A') { "B" } else { "A" };
    lines[1].replace_range(..1, first);
    fs::write(&proof_path, lines.join("\n") + "\n").unwrap();
    refused("another hash", &served.vkey);
    fs::write(&proof_path, &proof).unwrap();
    let other = tempfile::tempdir().unwrap();
    let foreign = Served::start(other.path(), &["log", "--origin", "log.example.com/test"]);
    refused("another key", &foreign.vkey);
    let (code, printed) = torchwood.verify(&served.vkey, path);
    assert_eq!(code, Some(0), "{printed}");
}
