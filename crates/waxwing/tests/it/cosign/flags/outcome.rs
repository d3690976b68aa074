//! What a program did with a line: how it ended, what it printed, which files it left, and what these hold,
//! told in words that are the same for every run.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use waxwing_encoding::{base64, pem};
use waxwing_pki::Certificate;

/// How a line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) success: bool,
    printed: String,
    files: BTreeMap<String, String>,
    /// What a person would want to read when it surprises; not compared.
    pub(super) said: Said,
}

/// Words that do not count.
#[derive(Debug, Clone)]
pub(super) struct Said(pub(super) String);

impl PartialEq for Said {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Said {}

impl Outcome {
    /// What `output` and the files that were not in `before` say.
    pub(super) fn new(output: &Output, folder: &Path, before: &[String], url: &str) -> Self {
        let told = |bytes: &[u8]| told(bytes).replace(url, "{url}");
        let mut files = BTreeMap::new();
        for name in names(folder) {
            if !before.contains(&name) && !name.starts_with('.') {
                let path = folder.join(&name);
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                let mode = if mode == 0o644 {
                    String::new()
                } else {
                    format!(", {mode:o}")
                };
                let told = told(&fs::read(&path).unwrap());
                files.insert(name, format!("{told}{mode}"));
            }
        }
        Self {
            success: output.status.success(),
            printed: told(&output.stdout),
            files,
            said: Said(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

impl Outcome {
    /// How it ended, and no more.
    pub(super) fn brief(&self) -> &'static str {
        if self.success { "done" } else { "refused" }
    }
}

impl Said {
    /// Whether the line itself was refused, before any flag of it counted: by a flag that is not there, or
    /// with ours by flags that do not go together.
    pub(super) fn is_no_line(&self) -> bool {
        let refusals = [
            "Error: unknown flag: ",
            "For more information, try '--help'.",
        ];
        refusals.iter().any(|words| self.0.contains(words))
    }

    /// The flags of which it says that they are deprecated, each once.
    pub(super) fn deprecated(&self) -> Vec<&str> {
        let mut flags = Vec::new();
        for line in self.0.lines() {
            let flag = line.strip_prefix("Flag --");
            let flag = flag.and_then(|line| Some(line.split_once(" has been deprecated, ")?.0));
            flags.extend(flag.filter(|flag| !flags.contains(flag)));
        }
        flags
    }
}

/// The files of a folder, by name.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.brief())?;
        if !self.printed.is_empty() {
            write!(formatter, "; prints {}", self.printed)?;
        }
        for (name, told) in &self.files {
            write!(formatter, "; `{name}`: {told}")?;
        }
        Ok(())
    }
}

/// What these bytes are.
fn told(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "bytes".to_owned();
    };
    if text.is_empty() {
        return String::new();
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return told_json(&value);
    }
    if text.starts_with("-----BEGIN ") {
        return text
            .lines()
            .filter_map(|line| line.strip_prefix("-----BEGIN "))
            .map(|label| label.trim_end_matches('-').to_lowercase())
            .collect::<Vec<_>>()
            .join(" and ");
    }
    if let Ok(inner) = base64::decode(text.trim_end()) {
        let newline = if text.ends_with('\n') {
            " with a newline"
        } else {
            ""
        };
        return match told(&inner).as_str() {
            "bytes" => format!("base64{newline}"),
            inner => format!("base64 of a {inner}{newline}"),
        };
    }
    "text".to_owned()
}

fn told_json(value: &Value) -> String {
    let kind = value["mediaType"].as_str().unwrap_or_default();
    if kind.contains("sigstore.bundle") {
        return told_bundle(value);
    }
    if kind.contains("trustedroot") {
        let urls = |name: &str, member: &str| -> Vec<String> {
            let services = value[name].as_array().into_iter().flatten();
            services.map(|one| text(&one[member])).collect()
        };
        return format!(
            "trusted root of {:?}, {:?}, {:?}, {:?}",
            urls("certificateAuthorities", "uri"),
            urls("tlogs", "baseUrl"),
            urls("ctlogs", "baseUrl"),
            urls("timestampAuthorities", "uri")
        );
    }
    if kind.contains("signingconfig") {
        let services = ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"];
        let urls: Vec<String> = services
            .iter()
            .flat_map(|name| value[name].as_array().into_iter().flatten())
            .map(|one| text(&one["url"]))
            .collect();
        return format!(
            "signing config of {urls:?}, {} and {}",
            value["rekorTlogConfig"], value["tsaConfig"]
        );
    }
    if value.get("base64Signature").is_some() {
        let mut members = vec!["older bundle".to_owned()];
        if let Some(certificate) = value["cert"].as_str().filter(|text| !text.is_empty()) {
            members.push(told(&base64::decode(certificate).unwrap()));
        }
        if value.get("rekorBundle").is_some_and(|log| !log.is_null()) {
            members.push("entry".to_owned());
        }
        return members.join(", ");
    }
    if let Some(payload) = value["payload"].as_str() {
        return format!(
            "envelope of {}",
            told_statement(&base64::decode(payload).unwrap())
        );
    }
    if value.get("SignedRFC3161Timestamp").is_some() {
        return "timestamp".to_owned();
    }
    if value.get("_type").is_some() {
        return told_statement(value.to_string().as_bytes());
    }
    match value.as_object() {
        Some(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort();
            format!("JSON of {names:?}")
        }
        None => format!("JSON {value}"),
    }
}

fn told_bundle(value: &Value) -> String {
    let material = &value["verificationMaterial"];
    let mut parts = vec!["bundle".to_owned()];
    if let Some(raw) = material["certificate"]["rawBytes"].as_str() {
        let leaf = Certificate::from_der(&base64::decode(raw).unwrap()).unwrap();
        let names = waxwing_pki::fulcio::names(&leaf).unwrap();
        let name = names.first().map(|name| name.value().to_owned());
        parts.push(format!(
            "certificate of {} with a key of {:?}",
            name.unwrap_or_default(),
            leaf.public_key().key_type()
        ));
    } else if let Some(chain) = material["x509CertificateChain"]["certificates"].as_array() {
        parts.push(format!("{} certificates", chain.len()));
    } else {
        parts.push("key".to_owned());
    }
    let entries = material["tlogEntries"].as_array().into_iter().flatten();
    for entry in entries {
        parts.push(format!("{} entry", text(&entry["kindVersion"]["kind"])));
    }
    let stamps = material["timestampVerificationData"]["rfc3161Timestamps"].as_array();
    if let Some(stamps) = stamps.filter(|stamps| !stamps.is_empty()) {
        parts.push(format!("{} timestamp", stamps.len()));
    }
    if let Some(payload) = value["dsseEnvelope"]["payload"].as_str() {
        parts.push(told_statement(&base64::decode(payload).unwrap()));
    }
    parts.join(", ")
}

fn told_statement(json: &[u8]) -> String {
    let statement: Value = serde_json::from_slice(json).unwrap();
    let subject = &statement["subject"][0];
    let digest = subject["digest"].as_object().into_iter().flatten();
    let digest: Vec<String> = digest
        .map(|(name, digest)| format!("{name}:{:.6}", text(digest)))
        .collect();
    let predicate = match &statement["predicate"] {
        Value::Object(object) => {
            let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
            names.sort_unstable();
            names.join(",")
        }
        other => other.to_string(),
    };
    format!(
        "statement {} of {} with {predicate} about {} {}",
        text(&statement["_type"]).trim_start_matches("https://in-toto.io/"),
        text(&statement["predicateType"]),
        text(&subject["name"]),
        digest.join(" ")
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The labels of a PEM file must be those that our own reader finds, too.
#[test]
fn what_is_told_of_a_file_is_what_it_holds() {
    let pem = pem::encode("PUBLIC KEY", b"x");
    assert_eq!(told(pem.as_bytes()), "public key");
    assert_eq!(told(b"eA==\n"), "base64 of a text with a newline");
    assert_eq!(told(b"\xff"), "bytes");
}
