//! The trust config: a trusted root and a signing config in one document, for clients that are
//! pointed at an instance.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
//!  "trustedRoot":{…},"signingConfig":{…}}
//! ```
//!
//! Both parts are required, and each is read by the door through which it comes alone: its text is
//! cut out of the document and not copied, so that there is one set of rules for each.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::signing_config::{LARGEST_SIGNING_CONFIG, SigningConfig, SigningConfigError};
use crate::trusted_root::{LARGEST_TRUSTED_ROOT, TrustedRoot, TrustedRootError};

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

/// Largest trust config that is read, in bytes: room for the largest parts.
pub const LARGEST_TRUST_CONFIG: usize = LARGEST_TRUSTED_ROOT + LARGEST_SIGNING_CONFIG;

/// Whose word counts, and whom to ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustConfig {
    /// The keys and certificates to verify with.
    pub trusted_root: TrustedRoot,
    /// The services to sign with.
    pub signing_config: SigningConfig,
}

/// Why a document is not a trust config.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustConfigError {
    /// More bytes than are read.
    #[error("a trust config of {length} bytes; at most {LARGEST_TRUST_CONFIG} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not JSON, or not of a trust config's shape.
    #[error("not a trust config: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version or another document.
    #[error("the media type is {found:?}; expected {MEDIA_TYPE:?}")]
    MediaType {
        /// The media type found.
        found: String,
    },
    /// A part that must be there.
    #[error("the trust config has no {part}")]
    Missing {
        /// Which part.
        part: &'static str,
    },
    /// The trusted root in it.
    #[error("the trust config's trustedRoot: {0}")]
    TrustedRoot(#[from] TrustedRootError),
    /// The signing config in it.
    #[error("the trust config's signingConfig: {0}")]
    SigningConfig(#[from] SigningConfigError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire<'a> {
    #[serde(alias = "media_type")]
    media_type: String,
    #[serde(alias = "trusted_root", borrow)]
    trusted_root: Option<&'a RawValue>,
    #[serde(alias = "signing_config", borrow)]
    signing_config: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    media_type: &'static str,
    trusted_root: Box<RawValue>,
    signing_config: Box<RawValue>,
}

impl TrustConfig {
    /// Reads a trust config.
    pub fn from_json(json: &[u8]) -> Result<Self, TrustConfigError> {
        if json.len() > LARGEST_TRUST_CONFIG {
            return Err(TrustConfigError::TooLarge { length: json.len() });
        }
        let wire: Wire<'_> = serde_json::from_slice(json)?;
        if wire.media_type != MEDIA_TYPE {
            return Err(TrustConfigError::MediaType {
                found: wire.media_type,
            });
        }
        Ok(Self {
            trusted_root: TrustedRoot::from_json(part(wire.trusted_root, "trustedRoot")?)?,
            signing_config: SigningConfig::from_json(part(wire.signing_config, "signingConfig")?)?,
        })
    }

    /// Writes the trust config, indented, with a newline at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, TrustConfigError> {
        let mut json = serde_json::to_vec_pretty(&Written {
            media_type: MEDIA_TYPE,
            trusted_root: one_deeper(&self.trusted_root.to_json()?)?,
            signing_config: one_deeper(&self.signing_config.to_json()?)?,
        })?;
        json.push(b'\n');
        Ok(json)
    }
}

/// The text of one part.
fn part<'a>(value: Option<&'a RawValue>, part: &'static str) -> Result<&'a [u8], TrustConfigError> {
    match value {
        Some(value) => Ok(value.get().as_bytes()),
        None => Err(TrustConfigError::Missing { part }),
    }
}

/// A written document as the part of another. Strings in JSON hold no line breaks of their own, so
/// that each one here ends a line and the next can be indented.
fn one_deeper(json: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let text = String::from_utf8_lossy(json);
    RawValue::from_string(text.trim_end().replace('\n', "\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str =
        r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    const SERVICES: &str =
        r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json","caUrl":"ca"}"#;

    fn read(json: &str) -> Result<TrustConfig, String> {
        TrustConfig::from_json(json.as_bytes()).map_err(|error| error.to_string())
    }

    fn document() -> String {
        format!(r#"{{"mediaType":"{MEDIA_TYPE}","trustedRoot":{ROOT},"signingConfig":{SERVICES}}}"#)
    }

    #[test]
    fn both_parts_are_read_as_they_are_alone_and_written_again() {
        let config = read(&document()).unwrap();
        let alone = TrustedRoot::from_json(ROOT.as_bytes()).unwrap();
        assert_eq!(config.trusted_root, alone);
        let alone = SigningConfig::from_json(SERVICES.as_bytes()).unwrap();
        assert_eq!(config.signing_config, alone);
        let written = String::from_utf8(config.to_json().unwrap()).unwrap();
        assert_eq!(read(&written), Ok(config.clone()));
        // The parts are indented as everything else is.
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        let depth = |line: &&str| line.len() - line.trim_start().len();
        let again = serde_json::to_string_pretty(&value).unwrap();
        let depths = |text: &str| {
            let mut depths: Vec<_> = text.lines().map(|line| depth(&line)).collect();
            depths.sort_unstable();
            depths
        };
        assert_eq!(depths(&written), depths(&again));
        let aliases = document()
            .replacen("mediaType", "media_type", 1)
            .replacen("trustedRoot", "trusted_root", 1)
            .replacen("signingConfig", "signing_config", 1);
        assert_eq!(read(&aliases), Ok(config));
    }

    #[test]
    fn what_is_missing_or_too_much_is_refused() {
        let document = document();
        for (from, to, words) in [
            (ROOT, "null", "the trust config has no trustedRoot"),
            (SERVICES, "null", "the trust config has no signingConfig"),
            (
                &format!(",\"signingConfig\":{SERVICES}"),
                "",
                "the trust config has no signingConfig",
            ),
            (
                &format!("\"trustedRoot\":{ROOT},"),
                "",
                "the trust config has no trustedRoot",
            ),
            (MEDIA_TYPE, "other", "the media type is \"other\""),
            (
                "\"trustedRoot\"",
                "\"more\":1,\"trustedRoot\"",
                "unknown field `more`",
            ),
            (
                "\"trustedRoot\"",
                "\"trusted_root\":{},\"trustedRoot\"",
                "duplicate field `trustedRoot`",
            ),
            (
                "trustedroot+json",
                "other+json",
                "the trust config's trustedRoot: the media type is",
            ),
            (
                "\"caUrl\"",
                "\"more\"",
                "the trust config's signingConfig: not a signing config: unknown field `more`",
            ),
            (
                ROOT,
                "\"\"",
                "the trust config's trustedRoot: not a trusted root",
            ),
        ] {
            assert!(document.contains(from), "{from}");
            let error = read(&document.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(words), "{to}: {error}");
        }
        let large = format!("{document}{}", " ".repeat(LARGEST_TRUST_CONFIG));
        assert!(read(&large).unwrap_err().contains("at most 5242880"));
        assert!(read(&format!("{document}{{}}")).is_err());
    }
}
