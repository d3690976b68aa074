//! The statement about a file that `attest-blob` signs.
//!
//! ```json
//! {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app.tar.gz","digest":{"sha256":"a0cf…"}}],
//!  "predicateType":"https://slsa.dev/provenance/v1","predicate":{…}}
//! ```
//!
//! The predicate is what its file holds, byte for byte but for the white space around it: the original reads
//! it into a structure and writes it anew, which loses large numbers and the order of members.

use anyhow::{Context, bail, ensure};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use waxwing_encoding::time::UnixTime;

use crate::predicate;

/// The first and the present version of statements.
const V0_1: &str = "https://in-toto.io/Statement/v0.1";
const V1: &str = "https://in-toto.io/Statement/v1";

/// What a statement is made of.
pub(crate) struct Draft<'a> {
    /// `0.1` or `1`.
    pub(crate) version: &'a str,
    /// The name of the file, which identifies nothing.
    pub(crate) name: &'a str,
    /// Its SHA-256, in hexadecimal.
    pub(crate) digest: &'a str,
    /// The value of `--type`.
    pub(crate) kind: &'a str,
    /// What the file of the predicate holds.
    pub(crate) predicate: &'a [u8],
    pub(crate) now: UnixTime,
}

impl Draft<'_> {
    /// The statement's JSON.
    pub(crate) fn write(&self) -> anyhow::Result<Vec<u8>> {
        let uri = predicate::uri(self.kind);
        ensure!(
            uri.contains("://"),
            "invalid predicate type: {:?} is neither a URI nor one of the names of --type",
            self.kind
        );
        let kind = match self.version {
            "1" | "v1" => V1,
            "0.1" | "v0.1" => V0_1,
            other => bail!("--statement-version {other:?}; expected 1 or 0.1"),
        };
        let subject = json!([{"name": self.name, "digest": {"sha256": self.digest}}]);
        let predicate = self.predicate()?;
        let statement = format!(
            r#"{{"_type":"{kind}","subject":{subject},"predicateType":{uri},"predicate":{predicate}}}"#,
            uri = Value::from(uri),
        );
        Ok(statement.into_bytes())
    }

    fn predicate(&self) -> anyhow::Result<String> {
        let text = std::str::from_utf8(self.predicate).context("the predicate is not UTF-8")?;
        match self.kind {
            "custom" | "https://cosign.sigstore.dev/attestation/v1" => {
                let now = self.now.whole_second().to_string();
                Ok(json!({"Data": text, "Timestamp": now}).to_string())
            }
            "spdx" => Ok(Value::from(text).to_string()),
            kind => {
                let raw: &RawValue = serde_json::from_str(text)
                    .with_context(|| format!("the predicate of the kind {kind:?} is not JSON"))?;
                check(kind, raw)?;
                Ok(raw.get().trim().to_owned())
            }
        }
    }
}

/// Whether a predicate has what its kind demands.
fn check(kind: &str, predicate: &RawValue) -> anyhow::Result<()> {
    let value: Value = serde_json::from_str(predicate.get())?;
    ensure!(
        value.is_object(),
        "the predicate of the kind {kind:?} is not a JSON object"
    );
    let needed: &[&str] = match kind {
        "slsaprovenance" | "slsaprovenance02" => &["/builder/id", "/buildType"],
        "slsaprovenance1" => &[
            "/buildDefinition/buildType",
            "/buildDefinition/externalParameters",
            "/runDetails/builder/id",
        ],
        "link" => &["/name", "/materials"],
        "vuln" => &["/invocation", "/scanner", "/metadata"],
        _ => &[],
    };
    match needed
        .iter()
        .find(|pointer| value.pointer(pointer).is_none())
    {
        None => Ok(()),
        Some(missing) => bail!(
            "the predicate of the kind {kind:?} has no {}",
            missing.trim_start_matches('/').replace('/', ".")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_model::Statement;

    fn draft<'a>(kind: &'a str, predicate: &'a [u8]) -> Draft<'a> {
        Draft {
            version: "1",
            name: "app \"x\"",
            digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            kind,
            predicate,
            now: UnixTime::parse("2026-06-01T12:00:00.5Z").unwrap(),
        }
    }

    #[test]
    fn a_predicate_keeps_its_numbers_and_its_order() {
        let json = br#" {"z":9007199254740993,"a":1.10} "#;
        let statement = draft("openvex", json).write().unwrap();
        let text = String::from_utf8(statement.clone()).unwrap();
        assert!(
            text.ends_with(r#""predicate":{"z":9007199254740993,"a":1.10}}"#),
            "{text}"
        );
        let read = Statement::from_json(&statement).unwrap();
        assert_eq!(read.predicate_type, "https://openvex.dev/ns");
        assert_eq!(read.subjects[0].name, "app \"x\"");
    }

    #[test]
    fn a_custom_predicate_is_text_with_a_time() {
        let statement = draft("custom", b"any \"text\"").write().unwrap();
        let value: Value = serde_json::from_slice(&statement).unwrap();
        assert_eq!(
            value["predicate"],
            json!({"Data": "any \"text\"", "Timestamp": "2026-06-01T12:00:00Z"})
        );
        assert_eq!(value["_type"], V1);
    }

    #[test]
    fn what_its_kind_demands_must_be_there() {
        for (kind, predicate, expected) in [
            (
                "slsaprovenance",
                &br#"{"builder":{"id":"b"}}"#[..],
                "has no buildType",
            ),
            ("slsaprovenance1", b"{}", "has no buildDefinition.buildType"),
            ("vuln", b"[]", "is not a JSON object"),
            ("spdxjson", b"not JSON", "is not JSON"),
            ("nonsense", b"{}", "neither a URI nor one of the names"),
            ("custom", b"\xff", "is not UTF-8"),
        ] {
            let refused = draft(kind, predicate).write().unwrap_err().to_string();
            assert!(refused.contains(expected), "{kind}: {refused}");
        }
        let good = br#"{"builder":{"id":"b"},"buildType":"t"}"#;
        draft("slsaprovenance", good).write().unwrap();
    }
}
