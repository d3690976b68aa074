//! What a timestamp says, for people and for programs.
//!
//! ```text
//! {"RawToken":"MII…","HashAlgorithm":5,"HashedMessage":"n4b…","Time":"2026-11-28T21:00:00Z","Accuracy":1000000000,
//!  "SerialNumber":5321…,"Policy":[1,3,6,1,4,1,57264,2],"Ordering":false,"Nonce":17,…}
//! ```
//!
//! The JSON has the members of the original, which are those of a structure in Go: numbers are of any
//! length, the accuracy is in nanoseconds, and the hash a number of Go's. Of each certificate it has the
//! members that tell which one it is; all else is in `Raw`.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;
use waxwing_cli::plain;
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::integer::to_decimal;
use waxwing_encoding::{base64, hex};
use waxwing_pki::timestamp::{Accuracy, Timestamp, TimestampInfo};
use waxwing_pki::{Certificate, DistinguishedName};

/// A timestamp as the original writes it in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Told {
    raw_token: String,
    hash_algorithm: u8,
    hashed_message: String,
    time: String,
    accuracy: u64,
    serial_number: Box<RawValue>,
    policy: Box<RawValue>,
    ordering: bool,
    nonce: Option<Box<RawValue>>,
    qualified: bool,
    /// Null where there are none.
    certificates: Option<Vec<ToldCertificate>>,
    #[serde(rename = "AddTSACertificate")]
    add_tsa_certificate: bool,
    extensions: Option<()>,
    extra_extensions: Option<()>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ToldCertificate {
    raw: String,
    raw_subject: String,
    raw_issuer: String,
    serial_number: Box<RawValue>,
    not_before: String,
    not_after: String,
}

impl Told {
    /// What `timestamp` says, which was read from `response`.
    pub(super) fn new(timestamp: &Timestamp, response: &[u8]) -> anyhow::Result<Self> {
        let info = timestamp.claims();
        let policy = info.policy().to_string().replace('.', ",");
        let certificates = timestamp.certificates().iter();
        let certificates = certificates.map(ToldCertificate::new);
        let certificates: Vec<_> = certificates.collect::<Result<_, _>>()?;
        Ok(Self {
            raw_token: base64::encode(Timestamp::token_der(response)?),
            hash_algorithm: named(info.imprint().algorithm()).1,
            hashed_message: base64::encode(info.imprint().as_bytes()),
            time: info.time().to_string(),
            accuracy: info.accuracy().map_or(0, nanoseconds),
            serial_number: number(info.serial_number())?,
            policy: RawValue::from_string(format!("[{policy}]"))?,
            ordering: info.ordering(),
            nonce: info.nonce().map(number).transpose()?,
            qualified: false,
            add_tsa_certificate: !certificates.is_empty(),
            certificates: Some(certificates).filter(|certificates| !certificates.is_empty()),
            extensions: None,
            extra_extensions: None,
        })
    }
}

impl ToldCertificate {
    fn new(certificate: &Certificate) -> anyhow::Result<Self> {
        Ok(Self {
            raw: base64::encode(certificate.der()),
            raw_subject: base64::encode(certificate.subject_der()),
            raw_issuer: base64::encode(certificate.issuer_der()),
            serial_number: number(certificate.serial())?,
            not_before: certificate.not_before().to_string(),
            not_after: certificate.not_after().to_string(),
        })
    }
}

/// The same in lines for people.
pub(super) fn lines(timestamp: &Timestamp) -> String {
    let info = timestamp.claims();
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<15}{value}", format!("{name}:"));
    };
    line("Time", &info.time().to_string());
    line("Accuracy", &accuracy(info));
    line("Policy", &info.policy().to_string());
    line("Hash", named(info.imprint().algorithm()).0);
    line("Imprint", &hex::encode(info.imprint().as_bytes()));
    line("Serial number", &shown(info.serial_number()));
    line("Nonce", &info.nonce().map_or("none".to_owned(), shown));
    line("Ordering", if info.ordering() { "yes" } else { "no" });
    if info.has_extensions() {
        line("Extensions", "yes");
    }
    if timestamp.certificates().is_empty() {
        line("Certificates", "none");
    }
    for certificate in timestamp.certificates() {
        let name = |der: &[u8]| {
            let name = DistinguishedName::from_der(der).unwrap_or_default();
            format!("{}, {}", name.common_name, name.organization)
        };
        let subject = name(certificate.subject_der());
        let issuer = name(certificate.issuer_der());
        let (from, to) = (certificate.not_before(), certificate.not_after());
        line(
            "Certificate",
            &plain(&format!("{subject}, by {issuer}, {from} to {to}")),
        );
    }
    text
}

fn accuracy(info: &TimestampInfo) -> String {
    match info.accuracy() {
        None => "not told".to_owned(),
        Some(accuracy) => {
            let microseconds =
                u32::from(accuracy.milliseconds) * 1000 + u32::from(accuracy.microseconds);
            match microseconds {
                0 => format!("{} s", accuracy.seconds),
                part => format!("{}.{part:06} s", accuracy.seconds),
            }
        }
    }
}

/// The name of a hash, and its number in Go.
pub(super) fn named(hash: HashAlgorithm) -> (&'static str, u8) {
    match hash {
        HashAlgorithm::Sha256 => ("SHA-256", 5),
        HashAlgorithm::Sha384 => ("SHA-384", 6),
        HashAlgorithm::Sha512 => ("SHA-512", 7),
        // No imprint is read with another.
        _ => ("unknown", 0),
    }
}

fn nanoseconds(accuracy: Accuracy) -> u64 {
    let part = u64::from(accuracy.milliseconds) * 1_000_000;
    let part = part + u64::from(accuracy.microseconds) * 1000;
    accuracy
        .seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(part)
}

fn number(content: &[u8]) -> anyhow::Result<Box<RawValue>> {
    Ok(RawValue::from_string(to_decimal(content)?)?)
}

/// A number for people; one that is too long to be turned into decimals in hexadecimal.
pub(super) fn shown(content: &[u8]) -> String {
    to_decimal(content).unwrap_or_else(|_| format!("0x{}", hex::encode(content)))
}
