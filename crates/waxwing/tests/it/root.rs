//! `waxwing root` as people of several machines use it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::program::{printed, run, waxwing};
use crate::up::Running;

fn ours(folder: &Path, arguments: &[&str]) -> Output {
    run(&waxwing(), folder, arguments)
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let done = ours(folder, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", printed(&done));
    printed(&done)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let done = ours(folder, arguments);
    assert_eq!(done.status.code(), Some(1), "{}", printed(&done));
    printed(&done)
}

/// A key that openssl made, under a password if there is one.
fn make_key(folder: &Path, name: &str, password: Option<&str>) {
    let (private, public) = (format!("{name}.pem"), format!("{name}.pub"));
    let openssl = |arguments: &[&str]| {
        let made = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", printed(&made));
    };
    let word = format!("pass:{}", password.unwrap_or_default());
    let mut arguments = vec!["genpkey", "-algorithm", "EC", "-out", &private];
    arguments.extend(["-pkeyopt", "ec_paramgen_curve:P-256"]);
    if password.is_some() {
        arguments.extend(["-aes256", "-pass", &word]);
    }
    openssl(&arguments);
    openssl(&[
        "pkey", "-in", &private, "-passin", &word, "-pubout", "-out", &public,
    ]);
}

#[test]
fn an_instance_whose_root_was_never_on_its_machine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_key(folder, "alice", None);
    make_key(folder, "bob", Some("correct horse"));
    make_key(folder, "mallory", None);
    let url = "http://127.0.0.1:1";
    let mut init = vec!["root", "init", "--data", "data", "--public-url", url];
    let said = refused(folder, &init);
    assert!(said.contains("no key lies elsewhere"), "{said}");
    init.extend(["--root-key", "alice.pub", "--root-key", "bob.pub"]);
    let said = refused(folder, &[&init[..], &["--root-threshold", "3"]].concat());
    assert!(said.contains("a threshold of 3 with 2 keys"), "{said}");
    let said = succeeds(folder, &init);
    assert!(said.contains("data/tuf/drafts/1.root.json: "), "{said}");
    let said = refused(folder, &["up", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert!(
        said.contains("the first root of trust is not signed yet"),
        "{said}"
    );

    fs::copy(
        folder.join("data/tuf/drafts/1.root.json"),
        folder.join("copy.json"),
    )
    .unwrap();
    let said = succeeds(folder, &["root", "sign", "copy.json", "--key", "alice.pem"]);
    assert!(said.contains("Root 1, good until 20"), "{said}");
    assert!(said.contains("root: 2 of "), "{said}");
    assert!(said.contains("copy.json: signed\n"), "{said}");
    // Bob's key is under a password, which comes from the standard input where no terminal is.
    let with_password = |password: &str| {
        let script = format!("echo '{password}' | \"$0\" root sign copy.json --key bob.pem");
        Command::new("sh")
            .args(["-c", &script])
            .arg(waxwing())
            .current_dir(folder)
            .output()
            .unwrap()
    };
    let wrong = with_password("wrong");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(printed(&wrong).contains("bob.pem"), "{}", printed(&wrong));
    assert!(with_password("correct horse").status.success());
    let strange = fs::read(folder.join("copy.json")).unwrap();
    fs::write(folder.join("strange.json"), strange).unwrap();
    succeeds(
        folder,
        &["root", "sign", "strange.json", "--key", "mallory.pem"],
    );
    let said = refused(folder, &["root", "sign", "--data", "data", "strange.json"]);
    assert!(said.contains("is by no key that may sign"), "{said}");
    let said = succeeds(folder, &["root", "sign", "--data", "data", "copy.json"]);
    assert!(
        said.contains("complete; the next start publishes it"),
        "{said}"
    );

    let running = Running::with(folder, &["--listen", "127.0.0.1:0"]);
    let root = fs::read_to_string(folder.join("data/client/root.json")).unwrap();
    assert!(root.contains("\"version\": 1"), "{root}");
    let said = succeeds(folder, &["root", "sign", "--data", "data"]);
    assert_eq!(said, "Nothing waits for a signature.\n");
    // A new online key: drafted here, signed there, published at once.
    let nothing = refused(folder, &["root", "rotate", "--data", "data"]);
    assert!(nothing.contains("nothing would change"), "{nothing}");
    let said = succeeds(
        folder,
        &["root", "rotate", "--data", "data", "--new", "online"],
    );
    assert!(said.contains("data/tuf/drafts/2.root.json: "), "{said}");
    let sign = ["root", "sign", "--data", "data", "--key"];
    let said = refused(folder, &[&sign[..], &["mallory.pem"]].concat());
    assert!(said.contains("is by no key that may sign"), "{said}");
    let said = succeeds(folder, &[&sign[..], &["alice.pem"]].concat());
    assert!(said.contains("signed by 1 of the keys"), "{said}");
    fs::copy(
        folder.join("data/tuf/drafts/2.root.json"),
        folder.join("copy.json"),
    )
    .unwrap();
    assert!(with_password("correct horse").status.success());
    let said = succeeds(folder, &["root", "sign", "--data", "data", "copy.json"]);
    assert_eq!(said, "Nothing waits for a signature.\n");
    let root = fs::read_to_string(folder.join("data/client/root.json")).unwrap();
    assert!(root.contains("\"version\": 2"), "{root}");
    running.stop();
}
