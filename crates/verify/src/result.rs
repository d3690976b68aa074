//! The verdict as JSON, in the form of Sigstore's Go library.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.verificationresult+json;version=0.1",
//!  "signature":{"certificate":{"certificateIssuer":"CN=sigstore-intermediate,O=sigstore.dev",
//!    "subjectAlternativeName":"https://github.com/…","issuer":"https://token.actions…",…}},
//!  "verifiedTimestamps":[{"type":"Tlog","uri":"https://rekor.sigstore.dev",
//!    "timestamp":"2024-03-19T17:26:26Z"}],
//!  "verifiedIdentity":{"subjectAlternativeName":{"subjectAlternativeName":"https://github.com/…"},
//!    "issuer":{"issuer":"https://token.actions…"}},
//!  "statement":{}}
//! ```
//!
//! `gh attestation verify --format json` prints it too, so that programs read it. `signature` is what
//! the certificate says, `verifiedIdentity` the identity of the policy that it met: exact texts and
//! patterns as they were asked for. A bundle that signs the artifact itself has the statement `{}`,
//! because Go's reader of this form refuses a result without one.
//!
//! Compared with sigstore-go 1.3.0, value by value. What differs:
//!
//! - Times are in UTC; there they are in the zone of the machine.
//! - `certificate` also has `deploymentEnvironment` and `subject`, which that version does not know.
//! - `certificateIssuer` has the organization and the common name; there it has every attribute.
//! - The statement is the payload as it was signed, without the blanks between its parts; there it
//!   is written anew, numbers as floating-point ones.
//! - A certificate whose name is a DNS name or an address is told by it; there it is refused.
//! - An identity that asks for several exact texts or patterns in one place is told by the first of
//!   each; there it has one.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use waxwing_encoding::base64;
use waxwing_pki::fulcio::{Claim, Identity, IdentityError};
use waxwing_pki::{Certificate, DistinguishedName, MalformedDer};

use crate::matched::{Asked, MatchedIdentity};
use crate::time::{TimeSource, VerifiedTime};
use crate::verifier::{Verified, VerifiedSigner};

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.verificationresult+json;version=0.1";

/// Why a verdict cannot be told as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError {
    /// A claim in the certificate that no policy asked for is not text.
    #[error(transparent)]
    Claim(#[from] IdentityError),
    /// The certificate's issuer is not a name.
    #[error("the certificate's issuer: {0}")]
    Issuer(#[from] MalformedDer),
    /// The part of the statement that nothing was checked in is not UTF-8.
    #[error("the verdict cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl Verified {
    /// The verdict in the JSON form of Sigstore's Go library: see [`crate::result`].
    ///
    /// It is made of this value alone, of what was verified, and not of a bundle handed in beside it,
    /// which could be another.
    pub fn to_json(&self) -> Result<Vec<u8>, ResultError> {
        let signature = match &self.signer {
            VerifiedSigner::Certificate {
                identity,
                certificate,
            } => Signature::Certificate(Fields(certificate_fields(identity, certificate)?)),
            VerifiedSigner::Key { hint } => Signature::PublicKeyId(base64::encode(hint.as_bytes())),
        };
        let result = VerificationResult {
            media_type: MEDIA_TYPE,
            signature,
            verified_timestamps: timestamps(self.times()),
            verified_identity: self.matched.as_ref(),
            statement: statement(self.payload.as_deref().unwrap_or(b"{}"))?,
        };
        Ok(serde_json::to_vec(&result)?)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationResult<'a> {
    media_type: &'static str,
    signature: Signature,
    verified_timestamps: Vec<VerifiedTimestamp<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_identity: Option<&'a MatchedIdentity>,
    statement: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Signature {
    PublicKeyId(String),
    Certificate(Fields),
}

#[derive(Serialize)]
struct VerifiedTimestamp<'a> {
    r#type: &'static str,
    uri: &'a str,
    timestamp: String,
}

/// Named texts in their order; an empty one is left out, as Go's `omitempty` has it.
struct Fields(Vec<(&'static str, String)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = self.0.iter().filter(|(_, text)| !text.is_empty());
        serializer.collect_map(told.map(|(name, text)| (name, text)))
    }
}

impl Serialize for MatchedIdentity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, asked) in [
            ("subjectAlternativeName", &self.name),
            ("issuer", &self.issuer),
        ] {
            map.serialize_entry(name, &asked.as_fields(name))?;
        }
        for (claim, text) in &self.claims {
            // The issuer has its place above; a name must not come twice.
            if *claim != Claim::Issuer && !text.is_empty() {
                map.serialize_entry(claim.name(), text)?;
            }
        }
        map.end()
    }
}

impl Asked {
    /// Go writes the exact text even when it is empty, and the pattern only where there is one.
    fn as_fields<'a>(&'a self, name: &'a str) -> AskedFields<'a> {
        AskedFields { name, asked: self }
    }
}

struct AskedFields<'a> {
    name: &'a str,
    asked: &'a Asked,
}

impl Serialize for AskedFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, &self.asked.exactly)?;
        if !self.asked.pattern.is_empty() {
            map.serialize_entry("regexp", &self.asked.pattern)?;
        }
        map.end()
    }
}

fn certificate_fields(
    identity: &Identity,
    certificate: &Certificate,
) -> Result<Vec<(&'static str, String)>, ResultError> {
    let issuer = DistinguishedName::from_der(certificate.issuer_der())?;
    let mut fields = vec![
        ("certificateIssuer", rfc2253(&issuer)),
        ("subjectAlternativeName", identity.name.value().to_owned()),
        (Claim::Issuer.name(), identity.issuer.clone()),
    ];
    for claim in Claim::ALL {
        // The issuer is that of the identity: certificates of 2022 have it in an older place.
        if *claim != Claim::Issuer {
            let text = claim.read(certificate)?.unwrap_or_default();
            fields.push((claim.name(), text));
        }
    }
    Ok(fields)
}

/// A name as Go writes it: the last attribute first, and escaped.
fn rfc2253(name: &DistinguishedName) -> String {
    let attributes = [("CN", &name.common_name), ("O", &name.organization)];
    let attributes = attributes.iter().filter(|(_, value)| !value.is_empty());
    let attributes = attributes.map(|(kind, value)| {
        let last = value.len() - 1;
        let mut escaped = format!("{kind}=");
        for (place, character) in value.char_indices() {
            let escape = match character {
                ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
                ' ' => place == 0 || place == last,
                '#' => place == 0,
                _ => false,
            };
            if escape {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped
    });
    attributes.collect::<Vec<_>>().join(",")
}

/// The logs' times first, as Go has them.
fn timestamps(times: &[VerifiedTime]) -> Vec<VerifiedTimestamp<'_>> {
    let is_a_logs = |time: &&VerifiedTime| matches!(time.source, TimeSource::TransparencyLog(_));
    let logs = times.iter().filter(is_a_logs);
    let others = times.iter().filter(|time| !is_a_logs(time));
    let timestamps = logs.chain(others).map(|VerifiedTime { time, source }| {
        let (kind, uri) = match source {
            TimeSource::TransparencyLog(url) => ("Tlog", url.as_str()),
            TimeSource::TimestampAuthority(uri) => ("TimestampAuthority", uri.as_str()),
            TimeSource::Caller => ("CurrentTime", ""),
        };
        VerifiedTimestamp {
            r#type: kind,
            uri,
            timestamp: time.to_string(),
        }
    });
    timestamps.collect()
}

/// The payload's JSON without the blanks between its parts, so that the verdict is one line.
fn statement(payload: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let payload: &RawValue = serde_json::from_slice(payload)?;
    let mut compact = String::with_capacity(payload.get().len());
    let (mut in_text, mut escaped) = (false, false);
    for character in payload.get().chars() {
        if !in_text && character.is_ascii_whitespace() {
            continue;
        }
        in_text ^= character == '"' && !escaped;
        escaped = in_text && character == '\\' && !escaped;
        compact.push(character);
    }
    RawValue::from_string(compact)
}

#[cfg(test)]
mod tests {
    use waxwing_encoding::time::UnixTime;

    use super::*;
    use crate::policy::{self, Matcher};

    #[test]
    fn names_are_escaped_as_in_go() {
        let name = |organization: &str, common_name: &str| {
            rfc2253(&DistinguishedName {
                organization: organization.into(),
                common_name: common_name.into(),
            })
        };
        assert_eq!(
            name("sigstore.dev", "sigstore-intermediate"),
            "CN=sigstore-intermediate,O=sigstore.dev"
        );
        assert_eq!(name("", "one"), "CN=one");
        assert_eq!(name("", ""), "");
        assert_eq!(
            name(" a #b ", "#a, \"b\" + <c>; d\\"),
            "CN=\\#a\\, \\\"b\\\" \\+ \\<c\\>\\; d\\\\,O=\\ a #b\\ "
        );
    }

    #[test]
    fn times_of_logs_come_first_and_each_by_its_kind() {
        let times = [
            (
                "2026-01-01T00:00:00Z",
                TimeSource::TimestampAuthority("tsa".into()),
            ),
            (
                "2026-01-02T00:00:00.250Z",
                TimeSource::TransparencyLog("log".into()),
            ),
            ("2026-01-03T00:00:00Z", TimeSource::Caller),
        ]
        .map(|(time, source)| VerifiedTime {
            time: UnixTime::parse(time).unwrap(),
            source,
        });
        let told: Vec<_> = timestamps(&times)
            .into_iter()
            .map(|time| format!("{} {} {}", time.r#type, time.uri, time.timestamp))
            .collect();
        assert_eq!(
            told,
            [
                "Tlog log 2026-01-02T00:00:00.25Z",
                "TimestampAuthority tsa 2026-01-01T00:00:00Z",
                "CurrentTime  2026-01-03T00:00:00Z",
            ]
        );
    }

    #[test]
    fn a_statement_loses_its_blanks_and_nothing_else() {
        let compact = |json: &str| statement(json.as_bytes()).map(|json| json.get().to_owned());
        for (json, expected) in [
            (" { \"a\" :\n\t[ 1.0e5 , 2 ] }\r\n", r#"{"a":[1.0e5,2]}"#),
            (
                r#"{"a b": " \" c \\", "d": 1}"#,
                r#"{"a b":" \" c \\","d":1}"#,
            ),
            (r#"{"\\": "\\\" : ,"}"#, r#"{"\\":"\\\" : ,"}"#),
            (
                r#"{"n": 12345678901234567890123}"#,
                r#"{"n":12345678901234567890123}"#,
            ),
        ] {
            assert_eq!(compact(json).unwrap(), expected);
        }
        assert!(statement(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn the_first_of_each_kind_is_told() {
        let pattern = |text| Matcher::Pattern(crate::Pattern::new(text).unwrap());
        let exactly = |text: &str| Matcher::Exactly(text.into());
        let identity = policy::Identity::new(Matcher::DangerouslyAny, pattern("^a"))
            .unwrap()
            .and_name(exactly("abc"))
            .and_name(pattern("c$"))
            .and_claim(Claim::BuildTrigger, "push")
            .and_claim(Claim::Issuer, "twice");
        let told = serde_json::to_string(&MatchedIdentity::of(&identity)).unwrap();
        assert_eq!(
            told,
            r#"{"subjectAlternativeName":{"subjectAlternativeName":"abc","regexp":"^a"},"issuer":{"issuer":""},"buildTrigger":"push"}"#
        );
    }
}
