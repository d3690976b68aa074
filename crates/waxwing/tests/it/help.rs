//! Help teaches by example, and is the same text everywhere.

use crate::program::{printed, run, waxwing};

fn help(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&waxwing(), folder.path(), arguments);
    assert!(output.status.success(), "{}", printed(&output));
    printed(&output)
}

#[test]
fn waxwing_itself() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn waxwing_try() {
    insta::assert_snapshot!(help(&["try", "--help"]));
}

#[test]
fn waxwing_conformance_verify_bundle() {
    insta::assert_snapshot!(help(&["conformance", "verify-bundle", "--help"]));
}

#[test]
fn cosign_verify_blob() {
    insta::assert_snapshot!(help(&["cosign", "verify-blob", "--help"]));
}

#[test]
fn fulcio() {
    insta::assert_snapshot!(help(&["fulcio", "--help"]));
}

#[test]
fn fulcio_serve() {
    insta::assert_snapshot!(help(&["fulcio", "serve", "--help"]));
}

#[test]
fn waxwing_log_serve() {
    insta::assert_snapshot!(help(&["log", "serve", "--help"]));
}

#[test]
fn waxwing_hammer() {
    insta::assert_snapshot!(help(&["hammer", "--help"]));
}

#[test]
fn waxwing_log_freeze() {
    insta::assert_snapshot!(help(&["log", "freeze", "--help"]));
}

#[test]
fn waxwing_fsck() {
    insta::assert_snapshot!(help(&["fsck", "--help"]));
}

#[test]
fn waxwing_backup() {
    insta::assert_snapshot!(help(&["backup", "--help"]));
}

#[test]
fn waxwing_restore() {
    insta::assert_snapshot!(help(&["restore", "--help"]));
}

#[test]
fn waxwing_up() {
    insta::assert_snapshot!(help(&["up", "--help"]));
}

#[test]
fn waxwing_token() {
    insta::assert_snapshot!(help(&["token", "--help"]));
}

#[test]
fn waxwing_install() {
    insta::assert_snapshot!(help(&["install", "--help"]));
}

#[test]
fn waxwing_env() {
    insta::assert_snapshot!(help(&["env", "--help"]));
}

#[test]
fn waxwing_user_add() {
    insta::assert_snapshot!(help(&["user", "add", "--help"]));
}

#[test]
fn waxwing_root() {
    insta::assert_snapshot!(help(&["root", "--help"]));
}

#[test]
fn waxwing_root_init() {
    insta::assert_snapshot!(help(&["root", "init", "--help"]));
}

#[test]
fn waxwing_root_sign() {
    insta::assert_snapshot!(help(&["root", "sign", "--help"]));
}

#[test]
fn waxwing_root_rotate() {
    insta::assert_snapshot!(help(&["root", "rotate", "--help"]));
}

#[test]
fn waxwing_move() {
    insta::assert_snapshot!(help(&["move", "--help"]));
}

#[test]
fn waxwing_rotate() {
    insta::assert_snapshot!(help(&["rotate", "--help"]));
}

#[test]
fn timestamp_cli() {
    insta::assert_snapshot!(help(&["timestamp-cli", "--help"]));
}

#[test]
fn timestamp_cli_timestamp() {
    insta::assert_snapshot!(help(&["timestamp-cli", "timestamp", "--help"]));
}

#[test]
fn timestamp_cli_verify() {
    insta::assert_snapshot!(help(&["timestamp-cli", "verify", "--help"]));
}

#[test]
fn timestamp_server_serve() {
    insta::assert_snapshot!(help(&["timestamp-server", "serve", "--help"]));
}
