//! The in-toto statement: what somebody says about which artifacts.
//!
//! ```json
//! {"_type":"https://in-toto.io/Statement/v1",
//!  "subject":[{"name":"app.tar.gz","digest":{"sha256":"a0cf…"}}],
//!  "predicateType":"https://slsa.dev/provenance/v1","predicate":{…}}
//! ```
//!
//! Read: versions 0.1 and 1. Fields that are unknown are passed over, as in-toto demands of its
//! consumers, and the predicate is never taken apart: it may have many megabytes, and nothing here
//! depends on it. Refused: another type, no subject or more than 1024, a subject without a digest or
//! with more than 32, the same hash twice in one subject, a digest that its hash cannot have made.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_encoding::hex;

/// The payload type of an envelope with a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Most subjects in one statement, and most digests in one subject.
const MOST_SUBJECTS: usize = 1024;
const MOST_DIGESTS: usize = 32;

/// A statement, without its predicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which kind of predicate.
    pub predicate_type: String,
    /// What the statement is about; at least one.
    pub subjects: Vec<Subject>,
}

/// An artifact, by its digests: the name identifies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What the signer calls it; empty where in-toto 1 leaves it out.
    pub name: String,
    /// Its digests by those hashes that are checked here; others, `gitCommit` for one, are passed
    /// over.
    pub digests: Vec<Digest>,
}

/// Why a payload is not a statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Another payload type.
    #[error("the envelope's payload type is {found:?}; expected {PAYLOAD_TYPE:?}")]
    PayloadType {
        /// The type found.
        found: String,
    },
    /// Not JSON, or not of a statement's shape.
    #[error("not an in-toto statement: {0}")]
    Json(#[from] serde_json::Error),
    /// Another document.
    #[error(
        "the statement's type is {found:?}; expected \"https://in-toto.io/Statement/v1\" or \"https://in-toto.io/Statement/v0.1\""
    )]
    Type {
        /// The type found.
        found: String,
    },
    /// A part that must be there.
    #[error("the statement has no {part}")]
    Missing {
        /// Which part.
        part: &'static str,
    },
    /// More than are read.
    #[error("the statement has {count} {part}; at most {most} are read")]
    TooMany {
        /// Of what.
        part: &'static str,
        /// How many.
        count: usize,
        /// How many are read.
        most: usize,
    },
    /// A digest that is not hexadecimal or of the wrong length.
    #[error(
        "the subject {name:?} has the {algorithm} digest {found:?}, which that hash cannot give"
    )]
    Digest {
        /// The subject.
        name: String,
        /// The hash's name.
        algorithm: &'static str,
        /// The digest found.
        found: String,
    },
}

impl Statement {
    /// Reads the payload of an envelope of this type: `application/vnd.in-toto+json`, or with a
    /// predicate's name in it, `application/vnd.in-toto.provenance+json`.
    pub fn from_payload(payload_type: &str, payload: &[u8]) -> Result<Self, StatementError> {
        let of_a_predicate = payload_type
            .strip_prefix("application/vnd.in-toto.")
            .and_then(|rest| rest.strip_suffix("+json"))
            .is_some_and(|predicate| !predicate.is_empty());
        if payload_type != PAYLOAD_TYPE && !of_a_predicate {
            return Err(StatementError::PayloadType {
                found: payload_type.into(),
            });
        }
        Self::from_json(payload)
    }

    /// Reads a statement.
    pub fn from_json(json: &[u8]) -> Result<Self, StatementError> {
        // What is passed over is not looked at by the reader: text that is none would get through in
        // a predicate, and another consumer of the same signed bytes would stumble over it.
        let json = str::from_utf8(json).map_err(Error::custom);
        let wire: Wire = serde_json::from_str(json.map_err(StatementError::Json)?)?;
        let is_first = match wire.r#type.as_str() {
            "https://in-toto.io/Statement/v0.1" => true,
            "https://in-toto.io/Statement/v1" => false,
            _ => return Err(StatementError::Type { found: wire.r#type }),
        };
        if wire.predicate_type.is_empty() {
            return Err(StatementError::Missing {
                part: "predicateType",
            });
        }
        if wire.subject.is_empty() {
            return Err(StatementError::Missing { part: "subject" });
        }
        limit("subjects", wire.subject.len(), MOST_SUBJECTS)?;
        let subjects = wire.subject.into_iter();
        let subjects = subjects.map(|subject| subject.read(is_first));
        Ok(Self {
            predicate_type: wire.predicate_type,
            subjects: subjects.collect::<Result<_, _>>()?,
        })
    }

    /// Whether one of the subjects is the artifact with these digests: by one hash at least, and by
    /// every hash that both sides know. A subject of which one digest fits and another does not names
    /// two artifacts, and so neither.
    pub fn is_about(&self, artifact: &[Digest]) -> bool {
        self.subjects.iter().any(|subject| {
            let mut common = artifact.iter().flat_map(|digest| {
                let digests = subject.digests.iter();
                digests
                    .filter(|other| other.algorithm() == digest.algorithm())
                    .map(move |other| other == digest)
            });
            // `all` alone would hold of no digest at all.
            common
                .next()
                .is_some_and(|first| first && common.all(|same| same))
        })
    }

    /// The hashes by which subjects are named: an artifact has to be hashed with each to be found.
    pub fn hashes(&self) -> Vec<HashAlgorithm> {
        let digests = self.subjects.iter().flat_map(|subject| &subject.digests);
        let mut hashes: Vec<HashAlgorithm> = digests.map(Digest::algorithm).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}

/// The hash of a name in a digest set, with the name.
fn hash_of_name(name: &str) -> Option<(&'static str, HashAlgorithm)> {
    match name {
        "sha256" => Some(("sha256", HashAlgorithm::Sha256)),
        "sha384" => Some(("sha384", HashAlgorithm::Sha384)),
        "sha512" => Some(("sha512", HashAlgorithm::Sha512)),
        _ => None,
    }
}

fn limit(part: &'static str, count: usize, most: usize) -> Result<(), StatementError> {
    if count > most {
        return Err(StatementError::TooMany { part, count, most });
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "_type", default)]
    r#type: String,
    #[serde(default)]
    subject: Vec<WireSubject>,
    #[serde(default)]
    predicate_type: String,
    #[serde(default, rename = "predicate")]
    _predicate: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    digest: DigestSet,
}

impl WireSubject {
    fn read(self, name_is_demanded: bool) -> Result<Subject, StatementError> {
        if name_is_demanded && self.name.is_none() {
            return Err(StatementError::Missing {
                part: "name of a subject, which version 0.1 demands",
            });
        }
        let name = self.name.unwrap_or_default();
        if self.digest.0.is_empty() {
            return Err(StatementError::Missing {
                part: "digest of a subject",
            });
        }
        limit("digests of one subject", self.digest.0.len(), MOST_DIGESTS)?;
        let mut digests = Vec::new();
        for (algorithm, found) in self.digest.0 {
            let Some((algorithm, hash)) = hash_of_name(&algorithm) else {
                continue;
            };
            let bytes = hex::decode(&found).unwrap_or_default();
            match Digest::new(hash, &bytes) {
                Some(digest) => digests.push(digest),
                None => {
                    return Err(StatementError::Digest {
                        name,
                        algorithm,
                        found,
                    });
                }
            }
        }
        Ok(Subject { name, digests })
    }
}

/// Pairs of hash and hexadecimal digest. A map of the library would keep the last of two equal
/// names, others keep the first: the same bytes would be about different artifacts.
#[derive(Default)]
struct DigestSet(Vec<(String, String)>);

impl<'de> Deserialize<'de> for DigestSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = DigestSet;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of digests")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DigestSet, A::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some((name, digest)) = map.next_entry::<String, String>()? {
                    // Compared with at most so many: the limit is checked again with its own error.
                    if pairs.len() <= MOST_DIGESTS && pairs.iter().any(|(known, _)| *known == name)
                    {
                        return Err(A::Error::custom(format!("the hash {name:?} stands twice")));
                    }
                    pairs.push((name, digest));
                }
                Ok(DigestSet(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA_256: &str = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

    fn statement(version: &str, subject: &str) -> String {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/{version}","subject":{subject},"predicateType":"https://example.com/p","predicate":{{"a":[1]}},"more":1}}"#
        )
    }

    fn read(version: &str, subject: &str) -> Result<Statement, StatementError> {
        Statement::from_payload(PAYLOAD_TYPE, statement(version, subject).as_bytes())
    }

    #[test]
    fn subjects_are_found_by_any_known_digest_and_never_by_name() {
        let sha_512 = "ab".repeat(64);
        let subject = format!(
            r#"[{{"name":"a","digest":{{"gitCommit":"xyz","sha512":"{sha_512}"}}}},{{"name":"b","digest":{{"sha256":"{}"}}}}]"#,
            SHA_256.to_uppercase()
        );
        for version in ["v1", "v0.1"] {
            let statement = read(version, &subject).unwrap();
            let digest = |hash, text: &str| Digest::new(hash, &hex::decode(text).unwrap()).unwrap();
            let (by_256, by_512) = (
                digest(HashAlgorithm::Sha256, SHA_256),
                digest(HashAlgorithm::Sha512, &sha_512),
            );
            assert!(statement.is_about(&[by_256]));
            assert!(statement.is_about(&[by_512]));
            assert!(!statement.is_about(&[]));
            assert!(!statement.is_about(&[HashAlgorithm::Sha256.digest(b"a")]));
            assert_eq!(
                statement.hashes(),
                [HashAlgorithm::Sha256, HashAlgorithm::Sha512]
            );
        }
    }

    #[test]
    fn a_subject_with_digests_of_two_artifacts_is_neither() {
        let (one, other) = (HashAlgorithm::Sha256, HashAlgorithm::Sha512);
        let hex = |hash: HashAlgorithm, text: &[u8]| hex::encode(hash.digest(text).as_bytes());
        let subject = |text_of_512: &[u8]| {
            let (by_256, by_512) = (hex(one, b"a"), hex(other, text_of_512));
            format!(r#"[{{"digest":{{"sha256":"{by_256}","sha512":"{by_512}"}}}}]"#)
        };
        let both = [one.digest(b"a"), other.digest(b"a")];
        assert!(read("v1", &subject(b"a")).unwrap().is_about(&both));
        assert!(!read("v1", &subject(b"b")).unwrap().is_about(&both));
    }

    #[test]
    fn each_fault_is_refused_by_its_name() {
        let good = format!(r#"[{{"name":"a","digest":{{"sha256":"{SHA_256}"}}}}]"#);
        assert!(read("v1", &good).is_ok());
        let many = |count: usize, one: &str| vec![one; count].join(",");
        let digests: Vec<String> = (0..33).map(|n| format!("\"h{n}\":\"\"")).collect();
        for (version, subject, words) in [
            ("v2", good.clone(), "the statement's type is"),
            ("v1", "[]".into(), "no subject"),
            ("v1", "null".into(), "not an in-toto statement"),
            ("v1", "[null]".into(), "not an in-toto statement"),
            ("v1", r#"[{"name":"a"}]"#.into(), "no digest of a subject"),
            (
                "v1",
                r#"[{"name":"a","digest":{}}]"#.into(),
                "no digest of a subject",
            ),
            (
                "v0.1",
                good.replace(r#""name":"a","#, ""),
                "no name of a subject",
            ),
            (
                "v1",
                good.replace("a0cf", "zzzz"),
                "which that hash cannot give",
            ),
            (
                "v1",
                good.replace("a0cf", ""),
                "which that hash cannot give",
            ),
            (
                "v1",
                good.replace(
                    "{\"sha256\"",
                    &format!("{{\"sha256\":\"{SHA_256}\",\"sha256\""),
                ),
                "stands twice",
            ),
            (
                "v1",
                format!("[{}]", many(1025, r#"{"digest":{"x":"y"}}"#)),
                "1025 subjects",
            ),
            (
                "v1",
                format!(r#"[{{"digest":{{{}}}}}]"#, digests.join(",")),
                "33 digests of one subject",
            ),
        ] {
            let error = read(version, &subject).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
        let text = statement("v1", &good);
        let typed = |payload_type| Statement::from_payload(payload_type, text.as_bytes());
        assert!(typed("application/vnd.in-toto.provenance+json").is_ok());
        for payload_type in [
            "",
            "text/plain",
            "application/vnd.in-toto.+json",
            "application/json",
        ] {
            let error = typed(payload_type).unwrap_err();
            assert!(
                matches!(error, StatementError::PayloadType { .. }),
                "{error}"
            );
        }
        let mut no_text = text.clone().into_bytes();
        let place = text.find("more").unwrap();
        no_text[place] = 0xff;
        let error = Statement::from_json(&no_text).unwrap_err().to_string();
        assert!(error.contains("invalid utf-8"), "{error}");
        let twice = text.replace("\"more\":1", "\"_type\":\"x\"");
        assert!(Statement::from_json(twice.as_bytes()).is_err());
    }
}
