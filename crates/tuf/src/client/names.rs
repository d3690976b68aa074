//! Names of files: percent-encoded, so that no role and no target leaves its folder.

use std::fmt::Write;

/// The file name of a role's metadata in a local copy, as go-tuf and python-tuf have it:
/// `root.json`, `..%2Frelease.json`.
pub fn role_file_name(role: &str) -> String {
    format!("{}.json", encode(role, ""))
}

/// The role whose metadata a local copy keeps under this name; `None` for other files.
pub fn role_of_file_name(name: &str) -> Option<String> {
    let encoded = name.strip_suffix(".json")?;
    let role = decode(encoded)?;
    // One name a role.
    (encode(&role, "") == encoded).then_some(role)
}

/// The path of a role's metadata in a repository.
pub(super) fn metadata_path(role: &str, version: Option<u64>) -> String {
    match version {
        Some(version) => format!("{version}.{}", role_file_name(role)),
        None => role_file_name(role),
    }
}

/// A path of a target, segment by segment (RFC 3986 section 3.3).
pub(super) fn target_path(path: &str) -> String {
    encode(path, "/!$&'()*+,;=:@")
}

fn encode(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(character) || kept.contains(character) {
            encoded.push(character);
        } else {
            // Writing to a string does not fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_file_name_inside_its_folder() {
        for (role, name) in [
            ("root", "root.json"),
            ("a role", "a%20role.json"),
            ("../delegatedrole", "..%2Fdelegatedrole.json"),
            ("?", "%3F.json"),
            ("#", "%23.json"),
            ("%2F", "%252F.json"),
            ("é~_-.", "%C3%A9~_-..json"),
        ] {
            assert_eq!(role_file_name(role), name);
            assert_eq!(role_of_file_name(name).as_deref(), Some(role));
        }
        for name in [
            "root",
            "a role.json",
            "%2f.json",
            "%.json",
            "%zz.json",
            "%FF.json",
        ] {
            assert_eq!(role_of_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn paths_of_targets_keep_their_slashes() {
        assert_eq!(target_path("a b/c?d#e%/f@1:2"), "a%20b/c%3Fd%23e%25/f@1:2");
    }
}
