//! The trusted root as it stands in JSON.

use serde::{Deserialize, Serialize};
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::{Certificate, DistinguishedName};

use super::{CertificateAuthority, PassedOver, Reason, TransparencyLog, TrustedRootError, Version};
use crate::window::Window;
use crate::wire::{Bytes, LogId, RawBytes, TimeRange, or_default};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TrustedRoot {
    #[serde(alias = "media_type")]
    media_type: String,
    #[serde(default, deserialize_with = "or_default")]
    tlogs: Vec<Log>,
    #[serde(
        alias = "certificate_authorities",
        default,
        deserialize_with = "or_default"
    )]
    certificate_authorities: Vec<Authority>,
    #[serde(default, deserialize_with = "or_default")]
    ctlogs: Vec<Log>,
    #[serde(
        alias = "timestamp_authorities",
        default,
        deserialize_with = "or_default"
    )]
    timestamp_authorities: Vec<Authority>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Log {
    #[serde(alias = "base_url", default, deserialize_with = "or_default")]
    base_url: String,
    #[serde(alias = "hash_algorithm", default, deserialize_with = "or_default")]
    hash_algorithm: String,
    #[serde(alias = "public_key")]
    public_key: Option<Key>,
    #[serde(alias = "log_id")]
    log_id: Option<LogId>,
    #[serde(
        alias = "checkpoint_key_id",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    checkpoint_key_id: Option<LogId>,
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    operator: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Key {
    #[serde(alias = "raw_bytes", default)]
    raw_bytes: Option<Bytes>,
    #[serde(alias = "key_details", default, deserialize_with = "or_default")]
    key_details: String,
    #[serde(alias = "valid_for")]
    valid_for: Option<TimeRange>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Authority {
    #[serde(default)]
    subject: Option<Subject>,
    #[serde(default, deserialize_with = "or_default")]
    uri: String,
    #[serde(alias = "cert_chain")]
    cert_chain: Option<Chain>,
    #[serde(alias = "valid_for", default, skip_serializing_if = "Option::is_none")]
    valid_for: Option<TimeRange>,
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    operator: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Subject {
    #[serde(default, deserialize_with = "or_default")]
    organization: String,
    #[serde(alias = "common_name", default, deserialize_with = "or_default")]
    common_name: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Chain {
    #[serde(default, deserialize_with = "or_default")]
    certificates: Vec<RawBytes>,
}

impl TryFrom<TrustedRoot> for super::TrustedRoot {
    type Error = TrustedRootError;

    fn try_from(root: TrustedRoot) -> Result<Self, TrustedRootError> {
        let Some(version) = Version::of_media_type(&root.media_type) else {
            return Err(TrustedRootError::MediaType {
                found: root.media_type,
            });
        };
        let mut passed_over = Vec::new();
        let mut logs = |role, logs: Vec<Log>| {
            let mut read = Vec::new();
            for log in logs {
                match log.read(role)? {
                    Read::Log(log) => read.push(log),
                    Read::UnknownAlgorithm(log) => passed_over.push(log),
                }
            }
            Ok::<_, TrustedRootError>(read)
        };
        let transparency_logs = logs("transparency log", root.tlogs)?;
        let ct_logs = logs("CT log", root.ctlogs)?;
        let authorities = |role, authorities: Vec<Authority>| {
            let authorities = authorities.into_iter();
            authorities
                .map(|authority| authority.read(role))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            version,
            transparency_logs,
            certificate_authorities: authorities(
                "certificate authority",
                root.certificate_authorities,
            )?,
            ct_logs,
            timestamp_authorities: authorities("timestamp authority", root.timestamp_authorities)?,
            passed_over,
        })
    }
}

/// What became of one log.
enum Read {
    Log(TransparencyLog),
    UnknownAlgorithm(PassedOver),
}

impl Log {
    fn read(self, role: &'static str) -> Result<Read, TrustedRootError> {
        let name = self.base_url;
        let missing = |part| TrustedRootError::Missing {
            role,
            name: name.clone(),
            part,
        };
        // Of the tree, which is SHA-256's in every log that there is. `cosign trusted-root create` writes
        // that of the key here, and no reader looks.
        if !["SHA2_256", "SHA2_384", "SHA2_512"].contains(&self.hash_algorithm.as_str()) {
            let found = self.hash_algorithm;
            return Err(TrustedRootError::HashAlgorithm { role, name, found });
        }
        let key = self.public_key.ok_or_else(|| missing("publicKey"))?;
        let valid_for = window(key.valid_for).ok_or_else(|| missing("start of its validity"))?;
        let log_id = self.log_id.map(|log_id| log_id.key_id.0);
        let log_id = log_id.filter(|log_id| !log_id.is_empty());
        let log_id = log_id.ok_or_else(|| missing("logId"))?;
        let checkpoint_key_id = match self.checkpoint_key_id {
            Some(id) => Some(id.key_id.0.as_slice().try_into().map_err(|_| {
                TrustedRootError::CheckpointKeyId {
                    name: name.clone(),
                    length: id.key_id.0.len(),
                }
            })?),
            None => None,
        };
        let raw_bytes = key.raw_bytes.filter(|bytes| !bytes.0.is_empty());
        let raw_bytes = raw_bytes.ok_or_else(|| missing("key bytes"))?.0;
        let details = key.key_details;
        if !SignatureAlgorithm::is_key_details(&details) {
            return Ok(Read::UnknownAlgorithm(PassedOver {
                role,
                name,
                reason: Reason::Algorithm {
                    key_details: details,
                },
            }));
        }
        // The staging CT log of 2021 publishes its RSA key in PKCS#1 form.
        let public_key = match details.starts_with("PKCS1_") {
            true => PublicKey::from_pkcs1_der(&raw_bytes),
            false => PublicKey::from_spki_der(&raw_bytes),
        };
        let public_key = match public_key {
            Ok(public_key) => public_key,
            Err(source) => return Err(TrustedRootError::PublicKey { role, name, source }),
        };
        let algorithm = SignatureAlgorithm::from_key_details(&details, public_key.key_type());
        let Some(algorithm) = algorithm else {
            let found = details;
            return Err(TrustedRootError::KeyDetails { role, name, found });
        };
        Ok(Read::Log(TransparencyLog {
            base_url: name,
            public_key,
            algorithm,
            valid_for,
            log_id,
            checkpoint_key_id,
            operator: self.operator,
        }))
    }
}

impl Authority {
    fn read(self, role: &'static str) -> Result<CertificateAuthority, TrustedRootError> {
        let name = self.uri.clone();
        let missing = |part| TrustedRootError::Missing {
            role,
            name: self.uri.clone(),
            part,
        };
        let chain = self
            .cert_chain
            .map(|chain| chain.certificates)
            .unwrap_or_default();
        if chain.is_empty() {
            return Err(missing("certificates"));
        }
        let certificates = chain.iter().map(|certificate| {
            Certificate::from_der(&certificate.raw_bytes.0).map_err(|source| {
                TrustedRootError::Certificate {
                    role,
                    name: name.clone(),
                    source,
                }
            })
        });
        let subject = self.subject.unwrap_or_default();
        Ok(CertificateAuthority {
            subject: DistinguishedName {
                organization: subject.organization,
                common_name: subject.common_name,
            },
            certificates: certificates.collect::<Result<_, _>>()?,
            // An authority without a window is trusted as long as its certificates are valid.
            valid_for: self.valid_for.map_or(Window::ALWAYS, |range| Window {
                start: range.start.map_or(UnixTime::EARLIEST, |start| start.0),
                end: range.end.map(|end| end.0),
            }),
            uri: self.uri,
            operator: self.operator,
        })
    }
}

fn window(range: Option<TimeRange>) -> Option<Window> {
    let range = range?;
    Some(Window {
        start: range.start?.0,
        end: range.end.map(|end| end.0),
    })
}

impl From<&super::TrustedRoot> for TrustedRoot {
    fn from(root: &super::TrustedRoot) -> Self {
        let authorities = |authorities: &[CertificateAuthority]| {
            authorities.iter().map(Authority::from).collect()
        };
        Self {
            media_type: root.version.media_type().into(),
            tlogs: root.transparency_logs.iter().map(Log::from).collect(),
            certificate_authorities: authorities(&root.certificate_authorities),
            ctlogs: root.ct_logs.iter().map(Log::from).collect(),
            timestamp_authorities: authorities(&root.timestamp_authorities),
        }
    }
}

impl From<&TransparencyLog> for Log {
    fn from(log: &TransparencyLog) -> Self {
        let details = log.algorithm.key_details(log.public_key.key_type());
        Self {
            base_url: log.base_url.clone(),
            hash_algorithm: "SHA2_256".into(),
            public_key: Some(Key {
                raw_bytes: Some(Bytes(log.public_key.spki_der().to_vec())),
                key_details: details.unwrap_or_default().into(),
                valid_for: Some(log.valid_for.into()),
            }),
            log_id: Some(LogId {
                key_id: Bytes(log.log_id.clone()),
            }),
            checkpoint_key_id: log.checkpoint_key_id.map(|id| LogId {
                key_id: Bytes(id.to_vec()),
            }),
            operator: log.operator.clone(),
        }
    }
}

impl From<&CertificateAuthority> for Authority {
    fn from(authority: &CertificateAuthority) -> Self {
        let certificates = authority.certificates.iter();
        let certificates = certificates.map(|certificate| RawBytes {
            raw_bytes: Bytes(certificate.der().to_vec()),
        });
        Self {
            subject: Some(Subject {
                organization: authority.subject.organization.clone(),
                common_name: authority.subject.common_name.clone(),
            }),
            uri: authority.uri.clone(),
            cert_chain: Some(Chain {
                certificates: certificates.collect(),
            }),
            valid_for: Some(authority.valid_for)
                .filter(|window| *window != Window::ALWAYS)
                .map(TimeRange::from),
            operator: authority.operator.clone(),
        }
    }
}
