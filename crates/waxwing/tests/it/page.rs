//! The commands of a page of the documentation, run as a reader would paste them.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{printed, waxwing};

/// What stands in the blocks of a shell, in their order.
pub(crate) fn commands(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks.collect()
}

/// A page of this repository.
pub(crate) fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The commands with a free port in the place of each that the page has.
pub(crate) fn on_free_ports<const N: usize>(commands: &str, ports: [&str; N]) -> String {
    // All are open before one is closed, so that none comes twice.
    let free = ports.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let free = free.map(|free| free.local_addr().unwrap().port().to_string());
    let pairs = ports.into_iter().zip(&free);
    pairs.fold(commands.to_owned(), |commands, (port, free)| {
        commands.replace(port, free)
    })
}

/// How long a page may take, in seconds.
const LONGEST: &str = "120";

/// The shell of any system.
pub(crate) const SHELL: &[&str] = &["/bin/sh"];

/// A shell that has jobs, as a person's has.
pub(crate) const WITH_JOBS: &[&str] = &["/bin/bash", "-m"];

/// Runs them in a folder; in the end, however it comes, the processes of the variables `ended` are ended.
/// `programs` are found by their names, before those of the system. What was said, if all succeeded.
#[track_caller]
pub(crate) fn run(
    folder: &Path,
    shell: &[&str],
    commands: &str,
    ended: &str,
    programs: &[PathBuf],
) -> String {
    let script = format!("set -eu\ntrap 'kill {ended} 2>/dev/null || true' EXIT\n{commands}");
    let directory = |path: &Path| path.parent().unwrap().display().to_string();
    let programs = programs.iter().map(|path| directory(path));
    let path: Vec<String> = [directory(&waxwing())]
        .into_iter()
        .chain(programs)
        .chain(["/usr/bin:/bin".to_owned()])
        .collect();
    // A page waits for what it starts, and would wait for ever for what has ended.
    let output = Command::new("timeout")
        .args(["--foreground", LONGEST])
        .args(shell)
        .args(["-c", &script])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("COSIGN_PASSWORD", "correct horse")
        .env("PATH", path.join(":"))
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(output.status.success(), "{said}");
    said
}
