//! The signing config: which services a signer uses.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",
//!  "caUrls":[{"url":"https://fulcio.sigstore.dev","majorApiVersion":1,
//!    "validFor":{"start":"2022-04-13T20:06:15.000Z"},"operator":"sigstore.dev"}],
//!  "oidcUrls":[…],"rekorTlogUrls":[…],"tsaUrls":[…],
//!  "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"EXACT","count":2}}
//! ```
//!
//! Read: version 0.2, and 0.1, which has bare addresses (`caUrl`, `oidcUrl`, `tlogUrls`, `tsaUrls`):
//! those are services of API version 1, of no known operator, to be used at any time. Written: 0.2.
//! Refused: a service without the start of its window, several services without a selector, and a
//! selector that contradicts its count.
//!
//! The URLs of authority, issuer and logs are bases; the timestamp authority's is whole.

mod select;
#[cfg(test)]
mod tests;
mod wire;

use std::num::NonZeroU32;

use waxwing_encoding::time::UnixTime;

use crate::window::Window;

pub use select::{select, select_many};

/// The media type that is written.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// The media type of the older version, which is read.
const MEDIA_TYPE_V0_1: &str = "application/vnd.dev.sigstore.signingconfig.v0.1+json";

/// Largest signing config that is read, in bytes.
pub const LARGEST_SIGNING_CONFIG: usize = 1024 * 1024;

/// The services to sign with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningConfig {
    /// Fulcio instances.
    pub certificate_authorities: Vec<Service>,
    /// OIDC issuers.
    pub oidc_issuers: Vec<Service>,
    /// Rekor logs.
    pub transparency_logs: Vec<Service>,
    /// How many of them hold each signature.
    pub transparency_log_selector: Selector,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
    /// How many of them stamp each signature.
    pub timestamp_authority_selector: Selector,
}

/// How many of the listed services are used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// One, whichever.
    Any,
    /// Every one.
    All,
    /// So many, whichever.
    Exact(NonZeroU32),
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
    #[error("the media type is {found:?}; expected {MEDIA_TYPE:?} or that of version 0.1")]
    MediaType {
        /// The media type found.
        found: String,
    },
    /// Several services and no word on how many of them to use.
    #[error("the {services} have no selector, and {listed} are listed; expected ANY, ALL or EXACT")]
    NoSelector {
        /// Of which services.
        services: &'static str,
        /// How many are listed.
        listed: usize,
    },
    /// A selector that nobody knows.
    #[error("the selector of the {services} is {found:?}; expected ANY, ALL or EXACT")]
    Selector {
        /// Of which services.
        services: &'static str,
        /// The selector found.
        found: String,
    },
    /// EXACT without a count, or with that of nothing.
    #[error("the selector of the {services} is EXACT with count 0; expected at least 1")]
    ExactlyNone {
        /// Of which services.
        services: &'static str,
    },
    /// A count where no number is asked for.
    #[error("the selector of the {services} is {selector} with count {count}; only EXACT has one")]
    CountWithoutExact {
        /// Of which services.
        services: &'static str,
        /// The selector found.
        selector: String,
        /// The count found.
        count: u32,
    },
    /// A service without the start of its window.
    #[error("the service {url} has no start of its validity")]
    NoStart {
        /// The service.
        url: String,
    },
    /// Nothing to use now.
    #[error(
        "the signing config names no {role} that is valid at {time} with API version {}",
        either(.versions)
    )]
    NoService {
        /// What kind of service.
        role: &'static str,
        /// The time asked for.
        time: UnixTime,
        /// The API versions asked for.
        versions: Vec<u32>,
    },
    /// Fewer services than are to be used together.
    #[error(
        "the signing config wants exactly {expected} of the kind {role} by different operators; {found} can be used"
    )]
    TooFewServices {
        /// What kind of service.
        role: &'static str,
        /// How many are wanted.
        expected: usize,
        /// How many operators have one that can be used.
        found: usize,
    },
}

impl SigningConfig {
    /// Reads a signing config.
    pub fn from_json(json: &[u8]) -> Result<Self, SigningConfigError> {
        if json.len() > LARGEST_SIGNING_CONFIG {
            return Err(SigningConfigError::TooLarge { length: json.len() });
        }
        let wire::Head { media_type } = serde_json::from_slice(json)?;
        match media_type.as_str() {
            MEDIA_TYPE => serde_json::from_slice::<wire::V0_2>(json)?.try_into(),
            MEDIA_TYPE_V0_1 => Ok(serde_json::from_slice::<wire::V0_1>(json)?.into()),
            _ => Err(SigningConfigError::MediaType { found: media_type }),
        }
    }

    /// Writes the signing config, indented, with a newline at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, SigningConfigError> {
        let mut json = serde_json::to_vec_pretty(&wire::V0_2::from(self))?;
        json.push(b'\n');
        Ok(json)
    }
}

fn either(versions: &[u32]) -> String {
    if versions.is_empty() {
        return "(none is supported)".into();
    }
    let versions: Vec<String> = versions.iter().map(u32::to_string).collect();
    versions.join(" or ")
}
