//! A whole session of a client. What is trusted at its end belongs together and is not expired, a
//! second session asks for nothing new, and no change to a good repository is trusted.
//!
//! The input is a repository, a JSON object of texts by path, or a list of changes to the good one,
//! four bytes each: which file, where in it (two bytes), and what to flip there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fuzz::tuf::{Files, GOOD_REPOSITORY, now, search, update};
use waxwing_tuf::client::{LocalCopy, Refresh, Start};
use waxwing_tuf::metadata::Signed;

fuzz_target!(|input: &[u8]| {
    if let Ok(files) = serde_json::from_slice::<Files>(input) {
        session(&files);
        return;
    }
    let mut files = GOOD_REPOSITORY.clone();
    for edit in input.chunks_exact(4).take(8) {
        let which = usize::from(edit[0]) % files.len();
        let text = files.values_mut().nth(which).expect("there are so many");
        let place = usize::from(u16::from_be_bytes([edit[1], edit[2]])) % text.len();
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= edit[3];
        if let Ok(changed) = String::from_utf8(bytes) {
            *text = changed;
        }
    }
    let Some(found) = session(&files) else {
        return;
    };
    let good = session(&GOOD_REPOSITORY).expect("the seed is accepted");
    // The first root is the client's own, and so is what it says if it verifies.
    assert_eq!(found.payloads, good.payloads);
    for (found, good) in found.targets.into_iter().zip(good.targets) {
        if let Some(found) = found {
            assert_eq!(Some(found), good);
        }
    }
});

#[derive(Debug)]
struct Found {
    payloads: [Vec<u8>; 4],
    /// The hashed paths of two targets.
    targets: [Option<String>; 2],
}

fn session(files: &Files) -> Option<Found> {
    let (mut trusted, local) = update(files, LocalCopy::new()).ok()?;
    assert!(trusted.expires() > now());
    let timestamp = trusted.timestamp().signed();
    let snapshot = trusted.snapshot().signed();
    let targets = trusted.targets().signed();
    assert_eq!(timestamp.snapshot().version(), snapshot.version());
    let listed = snapshot.role("targets").expect("it was followed");
    assert_eq!(listed.version(), targets.version());
    let payloads = [
        trusted.root().payload().to_vec(),
        trusted.timestamp().payload().to_vec(),
        trusted.snapshot().payload().to_vec(),
        trusted.targets().payload().to_vec(),
    ];

    // The local copy alone says the same.
    let root = files["1.root.json"].clone().into_bytes();
    let start = Start {
        root,
        local: local.clone(),
        now: now(),
    };
    let offline = Refresh::offline(start).expect("what was just stored is whole");
    assert_eq!(offline.timestamp().payload(), payloads[1]);
    let (again, kept) = update(files, local.clone()).expect("nothing has changed");
    assert_eq!(again.targets().payload(), payloads[3]);
    assert_eq!(kept, local);

    let targets = ["x", "a/x"].map(|path| {
        let target = search(files, &mut trusted, path).ok()?;
        assert_eq!(target.path(), path);
        target.hashed_path().ok()
    });
    Some(Found { payloads, targets })
}
