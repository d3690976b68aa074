//! The signing config: which services a signer uses, version 0.2.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",
//!  "caUrls":[{"url":"https://fulcio.sigstore.dev","majorApiVersion":1,
//!    "validFor":{"start":"2022-04-13T20:06:15.000Z"},"operator":"sigstore.dev"}],
//!  "oidcUrls":[…],"rekorTlogUrls":[…],"tsaUrls":[…],
//!  "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}
//! ```
//!
//! The URLs of authority, issuer and logs are bases; the timestamp authority's is whole.

use serde::{Deserialize, Serialize};
use waxwing_encoding::time::UnixTime;

use crate::window::Window;
use crate::wire::{TimeRange, or_default};

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// Largest signing config that is read, in bytes.
const LARGEST_SIGNING_CONFIG: usize = 1024 * 1024;

/// The services to sign with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningConfig {
    /// Fulcio instances.
    pub certificate_authorities: Vec<Service>,
    /// OIDC issuers.
    pub oidc_issuers: Vec<Service>,
    /// Rekor logs.
    pub transparency_logs: Vec<Service>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Where it is.
    pub url: String,
    /// The major version of its API.
    pub major_api_version: u32,
    /// When to use it.
    pub valid_for: Window,
    /// Who runs it.
    pub operator: String,
}

/// Why a document is not a signing config, or offers no service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningConfigError {
    /// More bytes than are read.
    #[error("a signing config of {length} bytes; at most {LARGEST_SIGNING_CONFIG} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not JSON, or not of a signing config's shape.
    #[error("not a signing config: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version or another document.
    #[error("the media type is {found:?}; expected {MEDIA_TYPE:?}")]
    MediaType {
        /// The media type found.
        found: String,
    },
    /// A selector other than ANY.
    #[error(
        "the selector of {services} is {found:?}; expected \"ANY\" (others are not followed yet)"
    )]
    Selector {
        /// Of which services.
        services: &'static str,
        /// The selector found.
        found: String,
    },
    /// A service without the start of its window.
    #[error("the service {url} has no start of its validity")]
    NoStart {
        /// The service.
        url: String,
    },
    /// Nothing to use now.
    #[error(
        "the signing config names no {role} that is valid at {time} with API version {version}"
    )]
    NoService {
        /// What kind of service.
        role: &'static str,
        /// The time asked for.
        time: UnixTime,
        /// The API version asked for.
        version: u32,
    },
}

impl SigningConfig {
    /// Reads a signing config.
    pub fn from_json(json: &[u8]) -> Result<Self, SigningConfigError> {
        if json.len() > LARGEST_SIGNING_CONFIG {
            return Err(SigningConfigError::TooLarge { length: json.len() });
        }
        let wire: Wire = serde_json::from_slice(json)?;
        if wire.media_type != MEDIA_TYPE {
            return Err(SigningConfigError::MediaType {
                found: wire.media_type,
            });
        }
        selector(
            "transparency logs",
            wire.rekor_tlog_config,
            &wire.rekor_tlog_urls,
        )?;
        selector("timestamp authorities", wire.tsa_config, &wire.tsa_urls)?;
        let services = |services: Vec<WireService>| {
            services
                .into_iter()
                .map(Service::try_from)
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            certificate_authorities: services(wire.ca_urls)?,
            oidc_issuers: services(wire.oidc_urls)?,
            transparency_logs: services(wire.rekor_tlog_urls)?,
            timestamp_authorities: services(wire.tsa_urls)?,
        })
    }

    /// Writes the signing config, indented, with a newline at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, SigningConfigError> {
        let services = |services: &[Service]| services.iter().map(WireService::from).collect();
        let any = || {
            Some(Selector {
                selector: "ANY".into(),
            })
        };
        let mut json = serde_json::to_vec_pretty(&Wire {
            media_type: MEDIA_TYPE.into(),
            ca_urls: services(&self.certificate_authorities),
            oidc_urls: services(&self.oidc_issuers),
            rekor_tlog_urls: services(&self.transparency_logs),
            rekor_tlog_config: any(),
            tsa_urls: services(&self.timestamp_authorities),
            tsa_config: any(),
        })?;
        json.push(b'\n');
        Ok(json)
    }
}

/// The service of this API version that is valid now; of several the newest, and of those the first.
pub fn select<'a>(
    services: &'a [Service],
    role: &'static str,
    version: u32,
    time: UnixTime,
) -> Result<&'a Service, SigningConfigError> {
    let valid = services
        .iter()
        .filter(|service| service.major_api_version == version && service.valid_for.contains(time));
    // `max_by_key` keeps the last of equals; the list is searched from its end so that the first wins.
    valid
        .rev()
        .max_by_key(|service| service.valid_for.start)
        .ok_or(SigningConfigError::NoService {
            role,
            time,
            version,
        })
}

fn selector(
    services: &'static str,
    config: Option<Selector>,
    listed: &[WireService],
) -> Result<(), SigningConfigError> {
    let found = config.map(|config| config.selector).unwrap_or_default();
    if found == "ANY" || listed.is_empty() {
        return Ok(());
    }
    Err(SigningConfigError::Selector { services, found })
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    media_type: String,
    #[serde(default, deserialize_with = "or_default")]
    ca_urls: Vec<WireService>,
    #[serde(default, deserialize_with = "or_default")]
    oidc_urls: Vec<WireService>,
    #[serde(default, deserialize_with = "or_default")]
    rekor_tlog_urls: Vec<WireService>,
    #[serde(default)]
    rekor_tlog_config: Option<Selector>,
    #[serde(default, deserialize_with = "or_default")]
    tsa_urls: Vec<WireService>,
    #[serde(default)]
    tsa_config: Option<Selector>,
}

#[derive(Deserialize, Serialize)]
struct Selector {
    selector: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireService {
    url: String,
    major_api_version: u32,
    valid_for: Option<TimeRange>,
    #[serde(default, deserialize_with = "or_default")]
    operator: String,
}

impl TryFrom<WireService> for Service {
    type Error = SigningConfigError;

    fn try_from(service: WireService) -> Result<Self, SigningConfigError> {
        let range = service.valid_for;
        let Some(start) = range.and_then(|range| range.start) else {
            return Err(SigningConfigError::NoStart { url: service.url });
        };
        let end = range.and_then(|range| range.end).map(|end| end.0);
        Ok(Self {
            url: service.url,
            major_api_version: service.major_api_version,
            valid_for: Window {
                start: start.0,
                end,
            },
            operator: service.operator,
        })
    }
}

impl From<&Service> for WireService {
    fn from(service: &Service) -> Self {
        Self {
            url: service.url.clone(),
            major_api_version: service.major_api_version,
            valid_for: Some(service.valid_for.into()),
            operator: service.operator.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixTime {
        UnixTime::parse(text).unwrap()
    }

    fn service(url: &str, version: u32, start: &str, end: Option<&str>) -> Service {
        Service {
            url: url.into(),
            major_api_version: version,
            valid_for: Window {
                start: at(start),
                end: end.map(at),
            },
            operator: "example.com".into(),
        }
    }

    #[test]
    fn the_newest_valid_service_of_the_version_is_taken() {
        let services = [
            service("old", 2, "2025-01-01T00:00:00Z", None),
            service("new", 2, "2026-01-01T00:00:00Z", None),
            service("twin", 2, "2026-01-01T00:00:00Z", None),
            service(
                "ended",
                2,
                "2026-02-01T00:00:00Z",
                Some("2026-03-01T00:00:00Z"),
            ),
            service("other", 1, "2026-05-01T00:00:00Z", None),
        ];
        let url = |time| select(&services, "log", 2, at(time)).map(|service| service.url.as_str());
        assert_eq!(url("2026-06-01T00:00:00Z").unwrap(), "new");
        assert_eq!(url("2026-03-01T00:00:00Z").unwrap(), "ended");
        assert_eq!(url("2025-06-01T00:00:00Z").unwrap(), "old");
        assert!(matches!(
            url("2024-06-01T00:00:00Z"),
            Err(SigningConfigError::NoService {
                role: "log",
                version: 2,
                ..
            })
        ));
    }

    #[test]
    fn a_written_config_is_read_again() {
        let config = SigningConfig {
            certificate_authorities: vec![service("ca", 1, "2026-01-01T00:00:00Z", None)],
            oidc_issuers: vec![],
            transparency_logs: vec![service("log", 2, "2026-01-01T00:00:00Z", None)],
            timestamp_authorities: vec![],
        };
        let json = config.to_json().unwrap();
        assert_eq!(SigningConfig::from_json(&json).unwrap(), config);
        let all = String::from_utf8(json).unwrap().replace("ANY", "ALL");
        assert!(matches!(
            SigningConfig::from_json(all.as_bytes()),
            Err(SigningConfigError::Selector {
                services: "transparency logs",
                ..
            })
        ));
    }
}
