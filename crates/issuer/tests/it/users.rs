//! The users file: what is added is found by another reader, and nothing half-written ever is.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use waxwing_crypto::SystemRandom;
use waxwing_issuer::{
    FileUsers, MemoryUsers, PasswordError, PasswordHash, User, Users, UsersError,
};

use crate::world::{CHEAP, PASSWORD, user};

#[test]
fn users_are_added_listed_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    let (writer, reader) = (FileUsers::new(&path), FileUsers::new(&path));
    assert!(reader.list().unwrap().is_empty());
    assert!(reader.find("alice").unwrap().is_none());
    let (alice, bob) = (user("alice"), user("bob"));
    writer.add(bob.clone()).unwrap();
    writer.add(alice.clone()).unwrap();
    assert_eq!(reader.list().unwrap(), [alice.clone(), bob.clone()]);
    for name in ["alice", "ALICE", "alice@example.com"] {
        assert_eq!(reader.find(name).unwrap(), Some(alice.clone()));
    }
    assert_eq!(writer.remove("Bob@example.com").unwrap(), bob);
    assert!(reader.find("bob").unwrap().is_none());
    let unknown = writer.remove("bob").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no user \"bob\"");
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("\"version\": 1") && !text.contains(PASSWORD),
        "{text}"
    );
    let debug = format!("{:?}", reader.list().unwrap());
    assert!(!debug.contains("$argon2id"), "{debug}");
}

#[test]
fn two_writers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let users = FileUsers::new(&path);
            scope.spawn(move || users.add(user(&format!("user{number}"))).unwrap());
        }
    });
    assert_eq!(FileUsers::new(&path).list().unwrap().len(), 8);
}

#[test]
fn a_writer_that_died_leaves_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    let users = FileUsers::new(&path);
    users.add(user("alice")).unwrap();
    fs::write(folder.path().join("users.json.new"), "{\"version\":1,\"us").unwrap();
    users.add(user("bob")).unwrap();
    assert_eq!(users.list().unwrap().len(), 2);
}

#[test]
fn who_could_be_taken_for_another_is_refused() {
    let users = MemoryUsers::new();
    users.add(user("alice")).unwrap();
    let made = |name: &str, email: &str| {
        let password = PasswordHash::with_cost(PASSWORD, CHEAP, &SystemRandom).unwrap();
        User::new(name, email, None, password, &SystemRandom)
    };
    for (name, email, taken) in [
        ("alice", "other@example.com", "alice"),
        ("Alice", "other@example.com", "Alice"),
        ("other", "alice@example.com", "alice@example.com"),
        ("other", "ALICE@EXAMPLE.COM", "ALICE@EXAMPLE.COM"),
        (
            "alice@example.com",
            "other@example.com",
            "alice@example.com",
        ),
    ] {
        let refused = users.add(made(name, email).unwrap());
        assert!(
            matches!(&refused, Err(UsersError::Taken { text }) if text == taken),
            "{refused:?}"
        );
    }
    users
        .add(made("other", "other@example.com").unwrap())
        .unwrap();
    for (name, email) in [
        ("", "a@b"),
        ("a b", "a@b"),
        ("аlice", "a@b"),
        (&"x".repeat(201)[..], "a@b"),
    ] {
        assert!(
            matches!(made(name, email), Err(UsersError::Name { .. })),
            "{name}"
        );
    }
    for email in ["", "alice", "älice@example.com", "a@b@c"] {
        assert!(
            matches!(made("x", email), Err(UsersError::Email { .. })),
            "{email}"
        );
    }
}

#[test]
fn other_files_are_refused_by_cause() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    let users = FileUsers::new(&path);
    users.add(user("alice")).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        users.list().map(|users| users.len())
    };
    assert_eq!(read(&good).unwrap(), 1);
    for (text, expected) in [
        (String::new(), "not a users file"),
        ("[]".to_owned(), "not a users file"),
        (good.replace("\"name\"", "\"Name\""), "unknown field `Name`"),
        (
            good.replace("\"version\": 1", "\"version\": 1, \"more\": 2"),
            "unknown field `more`",
        ),
        (
            good.replace("\"version\": 1", "\"version\": 2"),
            "a users file of version 2; this program knows version 1",
        ),
        (
            good.replace("argon2id", "argon2d"),
            "the password of \"alice\": not a hash",
        ),
        (good.replace("alice@", "ali ce@"), "is not an ASCII address"),
        (good[..good.len() / 2].to_owned(), "not a users file"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("m=1024"), "{error}");
    }
    assert_eq!(read(&good).unwrap(), 1);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = users.list().unwrap_err();
    assert!(error.to_string().contains("mode 640"), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(users.list().unwrap().len(), 1);
}

#[test]
fn short_passwords_are_refused() {
    let refused = PasswordHash::new("1234567", &SystemRandom);
    assert_eq!(refused, Err(PasswordError::Length { length: 7 }));
}
