//! Opens an address in the browser of whoever sits here.
//!
//! Whatever `BROWSER` names is tried first, as `xdg-open` and Python have it, and then what the system has for
//! it: `xdg-open`, `x-www-browser` and `www-browser` as the originals, `open` on a Mac.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::Environment;

/// A program that has not failed by then shows the address, or is the browser itself.
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(target_os = "macos")]
const PROGRAMS: [&[&str]; 1] = [&["open"]];
#[cfg(windows)]
const PROGRAMS: [&[&str]; 1] = [&["rundll32", "url.dll,FileProtocolHandler"]];
#[cfg(not(any(target_os = "macos", windows)))]
const PROGRAMS: [&[&str]; 3] = [&["xdg-open"], &["x-www-browser"], &["www-browser"]];

/// Opens `url`, or says why that is not possible.
pub async fn open(url: &str, environment: &Environment) -> Result<(), String> {
    let named = environment.value("BROWSER").unwrap_or_default();
    let named = named.split(':').filter(|name| !name.is_empty());
    let named: Vec<Vec<String>> = named.map(|name| vec![name.to_owned()]).collect();
    let usual = PROGRAMS.map(|words| words.iter().map(ToString::to_string).collect());
    let mut tried = Vec::new();
    for words in named.into_iter().chain(usual) {
        match run(&words, url).await {
            Some(outcome) => return outcome,
            None => tried.push(words.join(" ")),
        }
    }
    Err(format!("none of {} is installed", tried.join(", ")))
}

/// Runs a program with the address behind its other words; `None` if there is no such program.
async fn run(words: &[String], url: &str) -> Option<Result<(), String>> {
    let [program, first @ ..] = words else {
        return None;
    };
    let mut child = Command::new(program)
        .args(first)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // In a thread of its own, which nobody has to wait for: some browsers run until they are closed.
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || sender.send(child.wait()));
    Some(match tokio::time::timeout(PATIENCE, ended).await {
        Ok(Ok(Ok(status))) if !status.success() => Err(format!("{program} ended with {status}")),
        _ => Ok(()),
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn open_with(browser: &str) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let environment = Environment::from_iter([("BROWSER", browser)]);
        runtime.block_on(open("http://localhost/x?a=b&c", &environment))
    }

    #[test]
    fn the_browser_that_is_named_gets_the_address_as_one_word() {
        let folder = tempfile::tempdir().unwrap();
        let (program, shown) = (folder.path().join("browser"), folder.path().join("shown"));
        let script = format!(
            "#!/bin/sh\nprintf '%s' \"$1\" > '{}'\nexit \"$EXIT\"\n",
            shown.display()
        );
        for (exit, expected) in [("0", true), ("3", false)] {
            std::fs::write(&program, script.replace("\"$EXIT\"", exit)).unwrap();
            std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
            let opened = open_with(&format!("/none:{}", program.display()));
            assert_eq!(opened.is_ok(), expected, "{opened:?}");
            let shown = std::fs::read_to_string(&shown).unwrap();
            assert_eq!(shown, "http://localhost/x?a=b&c");
        }
    }
}
