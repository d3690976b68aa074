//! The signing config as it stands in JSON, in both versions.

use std::num::NonZeroU32;

use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MEDIA_TYPE, Selector, Service, SigningConfig, SigningConfigError};
use crate::window::Window;
use crate::wire::{Integer, TimeRange, or_default};

/// What both versions have: it says how to read the rest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    #[serde(alias = "media_type")]
    pub(super) media_type: String,
}

/// Version 0.1: addresses and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct V0_1 {
    #[serde(rename = "mediaType", alias = "media_type")]
    _media_type: IgnoredAny,
    #[serde(alias = "ca_url", default, deserialize_with = "or_default")]
    ca_url: String,
    #[serde(alias = "oidc_url", default, deserialize_with = "or_default")]
    oidc_url: String,
    #[serde(alias = "tlog_urls", default, deserialize_with = "or_default")]
    tlog_urls: Vec<String>,
    #[serde(alias = "tsa_urls", default, deserialize_with = "or_default")]
    tsa_urls: Vec<String>,
}

/// Version 0.2.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct V0_2 {
    #[serde(alias = "media_type")]
    media_type: String,
    #[serde(alias = "ca_urls", default, deserialize_with = "or_default")]
    ca_urls: Vec<WireService>,
    #[serde(alias = "oidc_urls", default, deserialize_with = "or_default")]
    oidc_urls: Vec<WireService>,
    #[serde(alias = "rekor_tlog_urls", default, deserialize_with = "or_default")]
    rekor_tlog_urls: Vec<WireService>,
    #[serde(alias = "rekor_tlog_config", default)]
    rekor_tlog_config: Option<Configuration>,
    #[serde(alias = "tsa_urls", default, deserialize_with = "or_default")]
    tsa_urls: Vec<WireService>,
    #[serde(alias = "tsa_config", default)]
    tsa_config: Option<Configuration>,
}

/// `Service`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireService {
    url: String,
    #[serde(alias = "major_api_version")]
    major_api_version: Unsigned,
    #[serde(alias = "valid_for")]
    valid_for: Option<TimeRange>,
    #[serde(default, deserialize_with = "or_default")]
    operator: String,
}

/// `ServiceConfiguration`.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    selector: String,
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Unsigned::is_zero"
    )]
    count: Unsigned,
}

/// A `uint32` field: written as a number, read as ProtoJSON has it from a number or a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Unsigned(u32);

impl Unsigned {
    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl<'de> Deserialize<'de> for Unsigned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Integer(number) = Integer::deserialize(deserializer)?;
        let number = u32::try_from(number);
        number
            .map(Self)
            .map_err(|_| D::Error::custom("expected a whole number from 0 to 4294967295"))
    }
}

impl Serialize for Unsigned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl From<V0_1> for SigningConfig {
    fn from(wire: V0_1) -> Self {
        // An empty string is an absent one in ProtoJSON.
        let services = |urls: Vec<String>| {
            let urls = urls.into_iter().filter(|url| !url.is_empty());
            let services = urls.map(|url| Service {
                url,
                major_api_version: 1,
                valid_for: Window::ALWAYS,
                operator: String::new(),
            });
            services.collect()
        };
        Self {
            certificate_authorities: services(vec![wire.ca_url]),
            oidc_issuers: services(vec![wire.oidc_url]),
            transparency_logs: services(wire.tlog_urls),
            transparency_log_selector: Selector::Any,
            timestamp_authorities: services(wire.tsa_urls),
            timestamp_authority_selector: Selector::Any,
        }
    }
}

impl TryFrom<V0_2> for SigningConfig {
    type Error = SigningConfigError;

    fn try_from(wire: V0_2) -> Result<Self, SigningConfigError> {
        let services = |services: Vec<WireService>| {
            let services = services.into_iter().map(Service::try_from);
            services.collect::<Result<Vec<_>, _>>()
        };
        let (logs, stampers) = (wire.rekor_tlog_urls.len(), wire.tsa_urls.len());
        Ok(Self {
            transparency_log_selector: selector("transparency logs", wire.rekor_tlog_config, logs)?,
            timestamp_authority_selector: selector(
                "timestamp authorities",
                wire.tsa_config,
                stampers,
            )?,
            certificate_authorities: services(wire.ca_urls)?,
            oidc_issuers: services(wire.oidc_urls)?,
            transparency_logs: services(wire.rekor_tlog_urls)?,
            timestamp_authorities: services(wire.tsa_urls)?,
        })
    }
}

fn selector(
    services: &'static str,
    configuration: Option<Configuration>,
    listed: usize,
) -> Result<Selector, SigningConfigError> {
    let no_selector = SigningConfigError::NoSelector { services, listed };
    let Some(Configuration { selector, count }) = configuration else {
        // Of one service every selector that is none would take that one.
        return match listed {
            0 | 1 => Ok(Selector::Any),
            _ => Err(no_selector),
        };
    };
    match (selector.as_str(), NonZeroU32::new(count.0)) {
        ("ANY", None) => Ok(Selector::Any),
        ("ALL", None) => Ok(Selector::All),
        ("EXACT", Some(count)) => Ok(Selector::Exact(count)),
        ("EXACT", None) => Err(SigningConfigError::ExactlyNone { services }),
        // sigstore-go writes an empty configuration for a kind of which it lists no service.
        ("" | "SERVICE_SELECTOR_UNDEFINED", None) if listed == 0 => Ok(Selector::Any),
        ("" | "SERVICE_SELECTOR_UNDEFINED", _) => Err(no_selector),
        ("ANY" | "ALL", Some(count)) => Err(SigningConfigError::CountWithoutExact {
            services,
            selector,
            count: count.get(),
        }),
        _ => Err(SigningConfigError::Selector {
            services,
            found: selector,
        }),
    }
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
            major_api_version: service.major_api_version.0,
            valid_for: Window {
                start: start.0,
                end,
            },
            operator: service.operator,
        })
    }
}

impl From<&SigningConfig> for V0_2 {
    fn from(config: &SigningConfig) -> Self {
        let services = |services: &[Service]| services.iter().map(WireService::from).collect();
        Self {
            media_type: MEDIA_TYPE.into(),
            ca_urls: services(&config.certificate_authorities),
            oidc_urls: services(&config.oidc_issuers),
            rekor_tlog_urls: services(&config.transparency_logs),
            rekor_tlog_config: Some(Configuration::of(
                &config.transparency_logs,
                config.transparency_log_selector,
            )),
            tsa_urls: services(&config.timestamp_authorities),
            tsa_config: Some(Configuration::of(
                &config.timestamp_authorities,
                config.timestamp_authority_selector,
            )),
        }
    }
}

impl Configuration {
    /// Empty where nothing is said about no services, as sigstore-go writes it.
    fn of(services: &[Service], selector: Selector) -> Self {
        match services.is_empty() && selector == Selector::Any {
            true => Self::default(),
            false => selector.into(),
        }
    }
}

impl From<Selector> for Configuration {
    fn from(selector: Selector) -> Self {
        let (selector, count) = match selector {
            Selector::Any => ("ANY", 0),
            Selector::All => ("ALL", 0),
            Selector::Exact(count) => ("EXACT", count.get()),
        };
        Self {
            selector: selector.into(),
            count: Unsigned(count),
        }
    }
}

impl From<&Service> for WireService {
    fn from(service: &Service) -> Self {
        Self {
            url: service.url.clone(),
            major_api_version: Unsigned(service.major_api_version),
            valid_for: Some(service.valid_for.into()),
            operator: service.operator.clone(),
        }
    }
}
