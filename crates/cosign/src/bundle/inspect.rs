//! `cosign bundle inspect`: what is in a bundle, for people. Nothing of it is verified.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_encoding::hex;
use waxwing_model::bundle::{Content, KeyMaterial, LARGEST_BUNDLE, LogEntry};
use waxwing_model::{Bundle, Statement};
use waxwing_pki::fulcio::Identity;
use waxwing_pki::timestamp::Timestamp;
use waxwing_pki::{Certificate, DistinguishedName};

use crate::blob;

/// Show what is in a bundle
///
/// Nothing is verified: whoever wrote the file wrote all of it. `cosign verify-blob` verifies.
///
/// Example:
///   cosign bundle inspect app.tar.gz.sigstore.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Inspect {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
}

/// Lines, each indented by how deep it is.
#[derive(Default)]
struct Tree(String);

impl Tree {
    fn line(&mut self, depth: usize, label: &str, value: &str) {
        let indent = "  ".repeat(depth);
        // What is shown came from a stranger, and a terminal obeys some bytes.
        let value: String = value
            .chars()
            .map(|one| if one.is_control() { '?' } else { one })
            .collect();
        let colon = if value.is_empty() { "" } else { " " };
        self.0
            .push_str(&format!("{indent}- {label}:{colon}{value}\n"));
    }

    fn warn(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        self.0.push_str(&format!("{indent}[!] WARNING: {text}\n"));
    }
}

impl Inspect {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let json = files::read(&self.bundle, LARGEST_BUNDLE)?;
        let bundle = Bundle::from_json_with_chain(&json);
        let bundle = bundle.with_context(|| self.bundle.display().to_string())?;
        output.warn("nothing here is verified: whoever wrote the bundle wrote all of it");
        let mut tree = Tree::default();
        tree.line(0, "Media type", bundle.version.media_type());
        content(&bundle.content, &mut tree);
        match &bundle.key_material {
            KeyMaterial::Certificate { leaf, chain } => {
                certificate("Certificate", leaf, &mut tree);
                for above in chain {
                    certificate("Certificate above it", above, &mut tree);
                }
            }
            KeyMaterial::PublicKey { hint } => tree.line(0, "Public key, by its hint", hint),
        }
        for entry in &bundle.entries {
            log_entry(entry, &mut tree);
        }
        if bundle.entries.is_empty() {
            tree.warn(0, "no log entry");
        }
        for response in &bundle.timestamps {
            timestamp(response, &mut tree);
        }
        output.stdout().write(&tree.0)?;
        Ok(())
    }
}

fn content(content: &Content, tree: &mut Tree) {
    match content {
        Content::Message(message) => {
            tree.line(0, "Signature over an artifact", "");
            match &message.digest {
                Some(digest) => tree.line(1, "Digest", &blob::spelled(digest)),
                None => tree.warn(1, "no digest of it"),
            }
        }
        Content::Envelope(envelope) => {
            tree.line(0, "Envelope", &envelope.payload_type);
            match Statement::from_payload(&envelope.payload_type, &envelope.payload) {
                Ok(statement) => {
                    tree.line(1, "Predicate type", &statement.predicate_type);
                    for subject in &statement.subjects {
                        tree.line(1, "Subject", &subject.name);
                        for digest in &subject.digests {
                            tree.line(2, "Digest", &blob::spelled(digest));
                        }
                    }
                }
                Err(error) => tree.warn(1, &error.to_string()),
            }
        }
    }
}

fn certificate(label: &str, certificate: &Certificate, tree: &mut Tree) {
    tree.line(0, label, "");
    let name = |der: &[u8]| {
        let name = DistinguishedName::from_der(der);
        name.map_or_else(
            |error| error.to_string(),
            |name| format!("CN={},O={}", name.common_name, name.organization),
        )
    };
    tree.line(1, "Issuer", &name(certificate.issuer_der()));
    tree.line(1, "Not before", &certificate.not_before().to_string());
    tree.line(1, "Not after", &certificate.not_after().to_string());
    tree.line(
        1,
        "Key",
        &format!("{:?}", certificate.public_key().key_type()),
    );
    match Identity::of(certificate) {
        Ok(identity) => {
            tree.line(1, "Identity", identity.name.value());
            tree.line(1, "OIDC issuer", &identity.issuer);
        }
        Err(error) => tree.warn(1, &error.to_string()),
    }
}

fn log_entry(entry: &LogEntry, tree: &mut Tree) {
    let kind = format!("{} {}", entry.kind, entry.version);
    tree.line(0, "Log entry", &kind);
    tree.line(1, "Log ID", &hex::encode(&entry.log_id));
    tree.line(1, "Index", &entry.log_index.to_string());
    if let Some(time) = entry.integrated_time {
        tree.line(1, "Integrated at", &time.to_string());
    }
    if entry.inclusion_promise.is_some() {
        tree.line(1, "Promise", "present");
    }
    match &entry.inclusion_proof {
        Some(proof) => {
            let origin = proof.checkpoint.lines().next().unwrap_or_default();
            let size = proof.tree_size.to_string();
            tree.line(1, "Proof in a tree of the size", &size);
            tree.line(1, "Checkpoint by", origin);
        }
        None => tree.warn(1, "no proof that the log has it"),
    }
}

fn timestamp(response: &[u8], tree: &mut Tree) {
    match Timestamp::from_der(response) {
        // Its time is nobody's word before it is verified.
        Ok(_) => tree.line(
            0,
            "Timestamp",
            &format!("RFC 3161, {} bytes", response.len()),
        ),
        Err(error) => tree.warn(0, &format!("a timestamp that cannot be read: {error}")),
    }
}
