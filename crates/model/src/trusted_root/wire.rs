//! The trusted root as it stands in JSON.

use serde::{Deserialize, Serialize};
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_pki::{Certificate, DistinguishedName};

use super::{
    CertificateAuthority, MEDIA_TYPE, READ_MEDIA_TYPES, TransparencyLog, TrustedRootError,
};
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
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Key {
    #[serde(alias = "raw_bytes")]
    raw_bytes: Bytes,
    #[serde(alias = "key_details")]
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
    #[serde(alias = "valid_for")]
    valid_for: Option<TimeRange>,
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
    certificates: Vec<RawBytes>,
}

impl TryFrom<TrustedRoot> for super::TrustedRoot {
    type Error = TrustedRootError;

    fn try_from(root: TrustedRoot) -> Result<Self, TrustedRootError> {
        if !READ_MEDIA_TYPES.contains(&root.media_type.as_str()) {
            return Err(TrustedRootError::MediaType {
                found: root.media_type,
            });
        }
        let logs = |role, logs: Vec<Log>| {
            logs.into_iter()
                .map(|log| log.read(role))
                .collect::<Result<Vec<_>, _>>()
        };
        let authorities = |role, authorities: Vec<Authority>| {
            let authorities = authorities.into_iter();
            authorities
                .map(|authority| authority.read(role))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            transparency_logs: logs("transparency log", root.tlogs)?,
            certificate_authorities: authorities(
                "certificate authority",
                root.certificate_authorities,
            )?,
            ct_logs: logs("CT log", root.ctlogs)?,
            timestamp_authorities: authorities("timestamp authority", root.timestamp_authorities)?,
        })
    }
}

impl Log {
    fn read(self, role: &'static str) -> Result<TransparencyLog, TrustedRootError> {
        let name = self.base_url.clone();
        let missing = |part| TrustedRootError::Missing {
            role,
            name: self.base_url.clone(),
            part,
        };
        if self.hash_algorithm != "SHA2_256" {
            let found = self.hash_algorithm;
            return Err(TrustedRootError::HashAlgorithm { role, name, found });
        }
        let key = self.public_key.ok_or_else(|| missing("publicKey"))?;
        let log_id = self.log_id.ok_or_else(|| missing("logId"))?.key_id.0;
        let valid_for = window(key.valid_for).ok_or_else(|| missing("start of its validity"))?;
        // The staging CT log of 2021 publishes its RSA key in PKCS#1 form.
        let public_key = match key.key_details.as_str() {
            "PKCS1_RSA_PKCS1V5" => PublicKey::from_pkcs1_der(&key.raw_bytes.0),
            _ => PublicKey::from_spki_der(&key.raw_bytes.0),
        };
        let public_key = public_key.map_err(|source| TrustedRootError::PublicKey {
            role,
            name: name.clone(),
            source,
        })?;
        let algorithm = match key.key_details.as_str() {
            "PKCS1_RSA_PKCS1V5" | "PKIX_RSA_PKCS1V5" => Some(SignatureAlgorithm::RsaPkcs1Sha256),
            details => SignatureAlgorithm::from_key_details(details, public_key.key_type()),
        };
        let Some(algorithm) = algorithm else {
            return Err(TrustedRootError::KeyDetails {
                role,
                name,
                found: key.key_details,
            });
        };
        Ok(TransparencyLog {
            base_url: name,
            public_key,
            algorithm,
            valid_for,
            log_id,
        })
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
            valid_for: window(self.valid_for).ok_or_else(|| missing("start of its validity"))?,
            uri: self.uri,
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
            media_type: MEDIA_TYPE.into(),
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
                raw_bytes: Bytes(log.public_key.spki_der().to_vec()),
                key_details: details.unwrap_or_default().into(),
                valid_for: Some(log.valid_for.into()),
            }),
            log_id: Some(LogId {
                key_id: Bytes(log.log_id.clone()),
            }),
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
            valid_for: Some(authority.valid_for.into()),
        }
    }
}
