//! `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K`, perhaps with `/cryptoKeyVersions/V` behind it, for which
//! `/versions/V` is another word.

use std::fmt;

use super::is_name;

pub(super) const FORM: &str = "gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, and \
    /cryptoKeyVersions/NUMBER after it for a certain version";

/// A key in Google Cloud KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleKey {
    path: String,
    version: Option<u64>,
}

impl GoogleKey {
    pub(super) fn read(rest: &str) -> Result<Self, &'static str> {
        let words: Vec<&str> = rest.splitn(11, '/').collect();
        let (key, version) = match words.as_slice() {
            [key @ .., "versions" | "cryptoKeyVersions", version] if key.len() == 8 => {
                (key, Some(number(version)?))
            }
            key if key.len() == 8 => (key, None),
            _ => return Err("it has too few or too many parts"),
        };
        let labels = ["projects", "locations", "keyRings", "cryptoKeys"];
        for (pair, label) in key.chunks(2).zip(labels) {
            match pair {
                [found, name] if *found == label => {
                    // A project of a domain is called example.com:name.
                    if !is_name(name, b"_-.:", 100) {
                        return Err("a name in it is empty or has other characters");
                    }
                }
                _ => return Err("its parts have other labels"),
            }
        }
        Ok(Self {
            path: key.join("/"),
            version,
        })
    }

    /// The key's resource name: `projects/…/cryptoKeys/K`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Which of its versions; the newest one that is enabled if none is named.
    pub fn version(&self) -> Option<u64> {
        self.version
    }
}

impl fmt::Display for GoogleKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "gcpkms://{}", self.path)?;
        match self.version {
            Some(version) => write!(formatter, "/cryptoKeyVersions/{version}"),
            None => Ok(()),
        }
    }
}

fn number(text: &str) -> Result<u64, &'static str> {
    let number: Option<u64> = text.parse().ok();
    match number {
        Some(number) if number.to_string() == text && number > 0 => Ok(number),
        _ => Err("the version is no number"),
    }
}

#[cfg(test)]
mod tests {
    use crate::{KeyReference, ReferenceError};

    const KEY: &str = "projects/example.com:p/locations/europe-west1/keyRings/r/cryptoKeys/k";

    #[test]
    fn both_words_for_a_version_are_read() {
        for (rest, version) in [
            (String::new(), None),
            ("/versions/1".to_owned(), Some(1)),
            ("/cryptoKeyVersions/12".to_owned(), Some(12)),
        ] {
            let text = format!("gcpkms://{KEY}{rest}");
            let KeyReference::Google(key) = KeyReference::parse(&text).unwrap() else {
                panic!("{text}");
            };
            assert_eq!((key.path(), key.version()), (KEY, version));
        }
    }

    #[test]
    fn other_forms_are_refused_by_their_fault() {
        for (rest, fault) in [
            (String::new(), "too few or too many parts"),
            (
                KEY.replace("/cryptoKeys/k", ""),
                "too few or too many parts",
            ),
            (format!("{KEY}/"), "too few or too many parts"),
            (format!("{KEY}/versions/1/x"), "too few or too many parts"),
            (format!("{KEY}/version/1"), "too few or too many parts"),
            (format!("{KEY}/versions/"), "the version is no number"),
            (format!("{KEY}/versions/01"), "the version is no number"),
            (format!("{KEY}/versions/latest"), "the version is no number"),
            (KEY.replace("keyRings", "keyrings"), "other labels"),
            (KEY.replace("/r/", "/../"), "a name in it"),
            (KEY.replace("/r/", "//"), "a name in it"),
            (format!("{KEY}?x"), "a name in it"),
        ] {
            match KeyReference::parse(&format!("gcpkms://{rest}")) {
                Err(ReferenceError::Form { fault: found, .. }) => {
                    assert!(found.contains(fault), "{rest}: {found}");
                }
                other => panic!("{rest}: {other:?}"),
            }
        }
    }
}
