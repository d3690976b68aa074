//! The authority in files is exchanged while requests run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use waxwing_crypto::KeyType;

use super::{Fulcio, World, authority, certificate, issuing};
use crate::configured::server::until;

/// Says when it is dropped that it is over.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks for certificates by two threads while `exchange` runs; how many each authority issued.
fn asked_while(fulcio: &Fulcio, world: &World, exchange: impl FnOnce()) -> BTreeMap<String, usize> {
    let (address, token) = (fulcio.address("http"), world.token());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let ask = || {
            let mut issued = BTreeMap::<String, usize>::new();
            while !stop.load(Ordering::Relaxed) {
                let answer = certificate(&address, &token, KeyType::EcdsaP256).is(200);
                *issued.entry(issuing(&answer.json())).or_default() += 1;
            }
            issued
        };
        let askers = [scope.spawn(ask), scope.spawn(ask)];
        // However the exchange ends, the askers end too.
        let stopping = Stopping(&stop);
        exchange();
        drop(stopping);
        let mut all = BTreeMap::new();
        for asker in askers {
            for (name, count) in asker.join().unwrap() {
                *all.entry(name).or_default() += count;
            }
        }
        all
    })
}

fn issues(fulcio: &Fulcio, world: &World) -> String {
    issuing(&fulcio.certificate(&world.token()).is(200).json())
}

#[test]
fn files_are_exchanged_by_renaming_and_no_request_fails() {
    let world = World::new();
    authority(world.path(), "next");
    let fulcio = world.fulcio(&[]);
    assert_eq!(issues(&fulcio, &world), "ca");
    let issued = asked_while(&fulcio, &world, || {
        // Between the two renamings chain and key do not belong together, for longer than one look.
        fs::rename(world.file("next.pem"), world.file("ca.pem")).unwrap();
        until("the warning", || {
            fulcio
                .said()
                .contains("the old chain and key go on issuing")
        });
        fs::rename(world.file("next.key"), world.file("ca.key")).unwrap();
        until("the next authority", || issues(&fulcio, &world) == "next");
    });
    let names: Vec<&String> = issued.keys().collect();
    assert_eq!(names, ["ca", "next"], "{issued:?}");
    let bundle = fulcio.get("/api/v2/trustBundle").is(200).json();
    let first = bundle["chains"][0]["certificates"][0].as_str().unwrap();
    let expected = fs::read_to_string(world.file("next.leaf")).unwrap();
    assert_eq!(first, expected);
    fulcio.stop();
}

#[test]
fn files_are_exchanged_as_kubernetes_does_and_no_request_fails() {
    let world = World::new();
    let mounted = world.file("mounted");
    for name in ["ca", "next", "third"] {
        if name != "ca" {
            authority(world.path(), name);
        }
        let version = mounted.join(format!("..{name}"));
        fs::create_dir_all(&version).unwrap();
        fs::copy(world.file(&format!("{name}.pem")), version.join("tls.crt")).unwrap();
        fs::copy(world.file(&format!("{name}.key")), version.join("tls.key")).unwrap();
    }
    let show = |name: &str| {
        symlink(format!("..{name}"), mounted.join("..data_tmp")).unwrap();
        fs::rename(mounted.join("..data_tmp"), mounted.join("..data")).unwrap();
    };
    show("ca");
    for file in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{file}"), mounted.join(file)).unwrap();
    }
    let flags = [
        "--fileca-cert",
        "mounted/tls.crt",
        "--fileca-key",
        "mounted/tls.key",
    ];
    let fulcio = world.fulcio(&flags);
    let issued = asked_while(&fulcio, &world, || {
        for name in ["next", "third"] {
            show(name);
            until(name, || issues(&fulcio, &world) == name);
        }
    });
    let names: Vec<&String> = issued.keys().collect();
    assert_eq!(names, ["ca", "next", "third"], "{issued:?}");
    // What is exchanged in one step is seen in one step.
    let said = fulcio.stop();
    assert!(!said.contains("WARN"), "{said}");
}

#[test]
fn files_that_are_not_watched_stay_what_they_were_until_a_signal() {
    let world = World::new();
    authority(world.path(), "next");
    let watched = world.fulcio(&[]);
    let fulcio = world.fulcio(&["--fileca-watch=false"]);
    for end in ["pem", "key"] {
        fs::rename(
            world.file(&format!("next.{end}")),
            world.file(&format!("ca.{end}")),
        )
        .unwrap();
    }
    until("the next authority", || issues(&watched, &world) == "next");
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(issues(&fulcio, &world), "ca");
    fulcio.signal("HUP");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(issues(&fulcio, &world), "ca", "it was told not to look");
    // A good end of both.
    watched.stop();
    fulcio.stop();
}
