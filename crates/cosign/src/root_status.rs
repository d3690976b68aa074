//! What `initialize` prints of a repository that gives out no trusted root, as the original does, with a space
//! behind the colon and tabs before the names:
//!
//! ```text
//! Root status:
//!  {
//!   "local": "/home/me/.sigstore/root",
//!   "remote": "https://sigstore.example/tuf",
//!   "metadata": {
//!     "root.json": {
//!       "version": 1,
//!       "len": 2178,
//!       "expiration": "28 Nov 36 19:34 UTC",
//!       "error": ""
//!     },
//! …
//!   "targets": [
//!     "ctfe.pub",
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use waxwing_cli::Output;
use waxwing_client::trust::Inventory;
use waxwing_encoding::time::UnixTime;

#[derive(Serialize)]
struct RootStatus<'a> {
    local: String,
    remote: &'a str,
    metadata: BTreeMap<&'a str, Metadata>,
    targets: &'a [String],
}

#[derive(Serialize)]
struct Metadata {
    version: u64,
    len: usize,
    expiration: String,
    error: &'static str,
}

/// Prints it.
pub(crate) fn print(
    local: &Path,
    remote: &str,
    inventory: &Inventory,
    output: &mut Output,
) -> anyhow::Result<()> {
    let metadata = inventory.metadata.iter().map(|document| {
        let metadata = Metadata {
            version: document.version,
            len: document.length,
            expiration: rfc_822(document.expires),
            error: "",
        };
        (document.name, metadata)
    });
    let status = RootStatus {
        local: local.display().to_string(),
        remote,
        metadata: metadata.collect(),
        targets: &inventory.targets,
    };
    let mut json = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"\t");
    status.serialize(&mut Serializer::with_formatter(&mut json, formatter))?;
    output.line(&format!("Root status: \n {}", String::from_utf8(json)?))?;
    Ok(())
}

/// A time as Go's `RFC822` has it, to the minute.
fn rfc_822(time: UnixTime) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = time.to_string();
    let part = |from, to| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok();
    let month = month.and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!(
        "{} {} {} {} UTC",
        part(8, 10),
        month.copied().unwrap_or_default(),
        part(2, 4),
        part(11, 16)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_the_minute() {
        for (time, expected) in [
            ("2036-11-28T19:34:20.5Z", "28 Nov 36 19:34 UTC"),
            ("2026-01-02T00:00:00Z", "02 Jan 26 00:00 UTC"),
        ] {
            assert_eq!(rfc_822(UnixTime::parse(time).unwrap()), expected);
        }
    }
}
