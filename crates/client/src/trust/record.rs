//! The two small files beside the folders of a cache, and the folders' names, as cosign 3 writes them:
//!
//! ```json
//! {"mirror":"https://sigstore.example/tuf"}
//! {"lastTimestamp":"2026-11-28T19:34:20.604559844Z"}
//! ```
//!
//! Refused: an empty mirror, a time that is none of RFC 3339, and a repository whose folder would lie
//! elsewhere.

use serde::Deserialize;
use serde_json::json;
use waxwing_encoding::time::UnixTime;

#[derive(Deserialize)]
struct Remote {
    mirror: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    last_timestamp: String,
}

/// The repository that `remote.json` names, or what is wrong with it.
pub fn mirror(json: &[u8]) -> Result<String, String> {
    let remote: Remote = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    match remote.mirror.is_empty() {
        true => Err("the mirror is empty".to_owned()),
        false => Ok(remote.mirror),
    }
}

/// The content of `remote.json` that names this repository.
pub fn of_mirror(mirror: &str) -> Vec<u8> {
    json!({ "mirror": mirror }).to_string().into()
}

/// When a repository was last asked. A file that does not say so says that it never was.
pub fn asked(json: &[u8]) -> Option<UnixTime> {
    let asked: Asked = serde_json::from_slice(json).ok()?;
    UnixTime::parse(&asked.last_timestamp).ok()
}

/// The content of the file that says that a repository was asked then.
pub fn of_asked(time: UnixTime) -> Vec<u8> {
    json!({ "lastTimestamp": time.to_string() })
        .to_string()
        .into()
}

/// The name of the folder of a repository: the URL without its scheme, in small letters, on one line of
/// the path. `None` if that is no name, or one of another file.
pub fn folder_name(mirror: &str) -> Option<String> {
    let (_, rest) = mirror.split_once("://").unwrap_or(("", mirror));
    let name = rest.replace(['/', ':', '\\'], "-").to_lowercase();
    // With a dot in front it could be another place, or one of our unfinished files.
    let is_name = !name.is_empty() && name != "remote" && !name.starts_with('.');
    (is_name && !name.contains('\0')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_the_folder_that_cosign_gives_it() {
        for (mirror, expected) in [
            (
                "https://tuf-repo-cdn.sigstore.dev",
                "tuf-repo-cdn.sigstore.dev",
            ),
            ("http://127.0.0.1:4961/tuf", "127.0.0.1-4961-tuf"),
            ("https://Host.example/A", "host.example-a"),
        ] {
            assert_eq!(folder_name(mirror).as_deref(), Some(expected));
        }
        for mirror in [
            "",
            "https://",
            "https://..",
            "https://../x",
            "https://.",
            "remote",
            "https://a\0",
        ] {
            assert_eq!(folder_name(mirror), None, "{mirror}");
        }
    }

    #[test]
    fn a_time_is_read_as_either_writes_it() {
        let go = br#"{"lastTimestamp":"2026-11-28T19:34:20.604559844Z"}"#;
        let time = asked(go).unwrap();
        assert_eq!(of_asked(time), go);
        for spoiled in ["", "{}", r#"{"lastTimestamp":"yesterday"}"#, "[]"] {
            assert_eq!(asked(spoiled.as_bytes()), None, "{spoiled}");
        }
    }
}
