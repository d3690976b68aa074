//! A promise as CT logs answer it, and as it lies in a file beside a certificate (RFC 6962 section 4.1).
//!
//! ```json
//! {"sct_version":0,"id":"…","timestamp":1764000000123,"extensions":"","signature":"BAMA…"}
//! ```
//!
//! Refused: what is no base64 in a field, and what is no SCT of version 1 when it is put together.

use serde::{Deserialize, Serialize};
use waxwing_encoding::base64::{self, Base64Error};
use waxwing_encoding::tls::put_vector;

use super::{SctError, SignedCertificateTimestamp};

/// The answer to `add-chain` and `add-pre-chain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddChainResponse {
    /// 0 for version 1.
    #[serde(default)]
    pub sct_version: u8,
    /// The log ID in base64.
    pub id: String,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// The extensions in base64.
    #[serde(default)]
    pub extensions: String,
    /// The signature in base64: two bytes of algorithm, two of length, the signature.
    pub signature: String,
}

/// Why an answer holds no promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// A field is not base64.
    #[error("its {field}: {source}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        source: Base64Error,
    },
    /// An identifier that is no digest.
    #[error("its log ID is of {found} bytes; expected 32 (RFC 6962 section 3.2)")]
    LogId {
        /// How many it has.
        found: usize,
    },
    /// The parts make no promise.
    #[error(transparent)]
    Sct(#[from] SctError),
}

impl From<&SignedCertificateTimestamp> for AddChainResponse {
    fn from(sct: &SignedCertificateTimestamp) -> Self {
        let mut signature = sct.algorithm.to_vec();
        // A signature is shorter than 64 KiB, or it would not have been read.
        let length = u16::try_from(sct.signature.len()).unwrap_or_default();
        signature.extend_from_slice(&length.to_be_bytes());
        signature.extend_from_slice(&sct.signature);
        Self {
            sct_version: 0,
            id: base64::encode(&sct.log_id),
            timestamp: sct.timestamp,
            extensions: base64::encode(&sct.extensions),
            signature: base64::encode(&signature),
        }
    }
}

impl TryFrom<&AddChainResponse> for SignedCertificateTimestamp {
    type Error = ResponseError;

    fn try_from(response: &AddChainResponse) -> Result<Self, ResponseError> {
        let decode = |field, text: &str| {
            base64::decode(text).map_err(|source| ResponseError::Field { field, source })
        };
        let mut sct = vec![response.sct_version];
        let id = decode("id", &response.id)?;
        let id: [u8; 32] = id
            .as_slice()
            .try_into()
            .map_err(|_| ResponseError::LogId { found: id.len() })?;
        sct.extend_from_slice(&id);
        sct.extend_from_slice(&response.timestamp.to_be_bytes());
        let extensions = decode("extensions", &response.extensions)?;
        put_vector(&mut sct, 2, &extensions).map_err(SctError::from)?;
        sct.extend(decode("signature", &response.signature)?);
        Ok(Self::from_bytes(&sct)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_the_same_after_its_answer_and_a_log_of_31_bytes_is_refused() {
        let promise = SignedCertificateTimestamp {
            log_id: [7; 32],
            timestamp: 1_764_000_000_123,
            extensions: vec![0, 0, 5, 0, 0, 0, 0, 1],
            algorithm: [4, 3],
            signature: vec![1, 2, 3],
        };
        let mut response = AddChainResponse::from(&promise);
        assert_eq!(SignedCertificateTimestamp::try_from(&response), Ok(promise));
        response.id = base64::encode(&[7; 31]);
        let refused = SignedCertificateTimestamp::try_from(&response);
        assert_eq!(refused, Err(ResponseError::LogId { found: 31 }));
        response.id = "?".into();
        let refused = SignedCertificateTimestamp::try_from(&response);
        let is_field = matches!(refused, Err(ResponseError::Field { field: "id", .. }));
        assert!(is_field, "{refused:?}");
    }
}
