//! The client under the command line that the suite tuf-conformance asks for:
//!
//! ```text
//! conformance_client --metadata-dir DIR init ROOT
//! conformance_client --metadata-dir DIR --metadata-url URL refresh
//! conformance_client --metadata-dir DIR --metadata-url URL --target-name PATH … --target-base-url URL --target-dir DIR download
//! ```
//!
//! With it the suite (113 tests) runs against the state machines as they are, and this is all of the
//! input and output that they need: plain HTTP/1.0 on loopback, files in a folder, the clock.
//!
//! ```console
//! $ cargo build -p waxwing-tuf --example conformance_client
//! $ pytest tuf_conformance --entrypoint target/debug/examples/conformance_client
//! ```

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use waxwing_encoding::time::UnixTime;
use waxwing_tuf::client::{
    Answer, Base, LocalChange, LocalCopy, Refresh, Start, Wanted, role_file_name, role_of_file_name,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Default)]
struct Arguments {
    metadata_dir: PathBuf,
    metadata_url: String,
    target_names: Vec<String>,
    target_base_url: String,
    target_dir: PathBuf,
    command: Vec<String>,
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    match arguments.command.as_slice() {
        [command, root] if command == "init" => {
            fs::create_dir_all(&arguments.metadata_dir)?;
            fs::copy(root, arguments.metadata_dir.join("root.json"))?;
            Ok(())
        }
        [command] if command == "refresh" || command == "download" => update(&arguments),
        other => Err(format!("no command {other:?}; expected init, refresh or download").into()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program, which is where the clock is read"
)]
fn update(arguments: &Arguments) -> Result<()> {
    let folder = &arguments.metadata_dir;
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let mut refresh = Refresh::start(Start {
        root: fs::read(folder.join("root.json"))?,
        local: local_copy(folder)?,
        now: UnixTime::from_duration(since_epoch)?,
    })?;
    while let Some(wanted) = refresh.wanted() {
        let answered = refresh.answer(fetch(arguments, &wanted)?);
        make(folder, refresh.take_changes())?;
        answered?;
    }
    let mut trusted = refresh.finish()?;
    for name in &arguments.target_names {
        let mut search = trusted.search(name);
        while let Some(wanted) = search.wanted() {
            let answered = search.answer(fetch(arguments, &wanted)?);
            make(folder, search.take_changes())?;
            answered?;
        }
        let target = search.finish()?;
        let path = arguments.target_dir.join(role_file_name(name));
        // What is there already and right is not fetched again.
        if fs::read(&path).is_ok_and(|content| target.check(&content).is_ok()) {
            continue;
        }
        let Answer::Fetched(content) = fetch(arguments, &target.wanted()?)? else {
            return Err(format!("the repository has no content of {name}").into());
        };
        target.check(&content)?;
        fs::write(path, content)?;
    }
    Ok(())
}

fn local_copy(folder: &Path) -> Result<LocalCopy> {
    let mut local = LocalCopy::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(role) = name.to_str().and_then(role_of_file_name) {
            local.insert(role, fs::read(entry.path())?);
        }
    }
    Ok(local)
}

fn make(folder: &Path, changes: Vec<LocalChange>) -> Result<()> {
    for change in changes {
        match change {
            LocalChange::Store { role, bytes } => {
                fs::write(folder.join(role_file_name(&role)), bytes)?;
            }
            LocalChange::Delete { role } => {
                fs::remove_file(folder.join(role_file_name(&role)))?;
            }
        }
    }
    Ok(())
}

fn fetch(arguments: &Arguments, wanted: &Wanted) -> Result<Answer> {
    let base = match wanted.base {
        Base::Metadata => &arguments.metadata_url,
        Base::Targets => &arguments.target_base_url,
    };
    let url = format!("{}/{}", base.trim_end_matches('/'), wanted.path);
    let rest = url.strip_prefix("http://").ok_or("expected http://")?;
    let (host, path) = rest.split_once('/').ok_or("expected a path")?;
    let mut connection = TcpStream::connect(host)?;
    write!(connection, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut response = Vec::new();
    let most = wanted.max_length.saturating_add(65_536);
    connection.take(most).read_to_end(&mut response)?;
    let end = response.windows(4).position(|four| four == b"\r\n\r\n");
    let body = response.split_off(end.ok_or("no end of the header")? + 4);
    let status = String::from_utf8_lossy(&response);
    match status.split(' ').nth(1) {
        Some("200") => Ok(Answer::Fetched(body)),
        Some("403" | "404") => Ok(Answer::NotFound),
        other => Err(format!("{url} answered {other:?}").into()),
    }
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--metadata-dir" => arguments.metadata_dir = value()?.into(),
            "--metadata-url" => arguments.metadata_url = value()?,
            "--target-name" => arguments.target_names.push(value()?),
            "--target-base-url" => arguments.target_base_url = value()?,
            "--target-dir" => arguments.target_dir = value()?.into(),
            _ => arguments.command.push(word),
        }
    }
    Ok(arguments)
}
