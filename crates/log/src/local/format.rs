//! What a directory says about itself, so that an unknown version is refused and not misread.
//!
//! ```text
//! waxwing-log 1 tlog-tiles 000102030405060708090a0b0c0d0e0f
//! ```
//!
//! The last word is the nonce of the log's records; it is the reason why the file is private.

use std::io;

use waxwing_crypto::Random;
use waxwing_encoding::hex;

use super::layout::Layout;
use super::record::Nonce;
use crate::files::{self, FileSystem};
use crate::{DriverError, Format};

const NAME: &str = "waxwing-log";
const VERSION: &str = "1";
const LONGEST: u64 = 1024;

/// Reads the nonce of a log; `None` if the directory has no log.
pub(super) fn read(
    files: &dyn FileSystem,
    layout: &Layout,
    format: Format,
) -> Result<Option<Nonce>, DriverError> {
    let path = layout.format();
    let content = files::read(files, &path, LONGEST).map_err(failed)?;
    let Some(content) = content else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&content).trim_end().to_owned();
    let mut words = text.split(' ');
    let (name, version, kind) = (words.next(), words.next(), words.next());
    let nonce = words.next().and_then(|word| hex::decode(word).ok());
    let nonce = nonce.and_then(|nonce| nonce.try_into().ok());
    match nonce {
        Some(nonce) if (name, version, kind) == (Some(NAME), Some(VERSION), Some(word(format))) => {
            Ok(Some(nonce))
        }
        _ => Err(DriverError::Format {
            path,
            found: text
                .rsplit_once(' ')
                .map_or("", |(start, _)| start)
                .to_owned(),
            expected: format!("{NAME} {VERSION} {}", word(format)),
        }),
    }
}

/// Begins a log in an empty directory.
pub(super) fn write(
    files: &dyn FileSystem,
    layout: &Layout,
    format: Format,
    random: &dyn Random,
) -> Result<Nonce, DriverError> {
    let mut nonce = Nonce::default();
    random.fill(&mut nonce);
    let content = format!(
        "{NAME} {VERSION} {} {}\n",
        word(format),
        hex::encode(&nonce)
    );
    let temporary = layout.temporary().join("format");
    files::replace(
        files,
        &temporary,
        &layout.format(),
        content.as_bytes(),
        true,
    )
    .map_err(failed)?;
    Ok(nonce)
}

fn word(format: Format) -> &'static str {
    match format {
        Format::TlogTiles => "tlog-tiles",
        Format::StaticCt => "static-ct",
    }
}

fn failed(source: io::Error) -> DriverError {
    files::failed("open the log", source)
}
