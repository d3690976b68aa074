//! What a client may send to a Rekor v2 log: one proposal, of either kind.
//!
//! ```json
//! {"hashedRekordRequestV002":{…}}
//! {"dsseRequestV002":{…}}
//! ```
//!
//! Refused: none or both of the two, and what [`hashedrekord`] and [`dsse`] refuse.

use waxwing_crypto::KeyType;

use crate::hashedrekord::{ProposalError, missing};
use crate::wire::{self, DsseSpec};
use crate::{dsse, fields, hashedrekord};

/// Largest request that is read, in bytes.
pub const LARGEST_REQUEST: usize = dsse::LARGEST_PROPOSAL;

/// What is proposed; not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A signature over a digest.
    HashedRekord(hashedrekord::Proposal),
    /// An envelope.
    Dsse(dsse::Proposal),
}

/// Which kind is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// hashedrekord 0.0.2.
    HashedRekord,
    /// dsse 0.0.2.
    Dsse,
}

/// A request that is refused.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct RequestError {
    /// Of which kind, as far as is known: what cannot be read counts as hashedrekord.
    pub kind: Kind,
    /// Why.
    #[source]
    pub reason: ProposalError,
}

/// An entry whose signatures were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    kind: Kind,
    body: Vec<u8>,
}

impl Kind {
    /// The kind's name in an entry.
    pub fn name(self) -> &'static str {
        match self {
            Self::HashedRekord => hashedrekord::KIND,
            Self::Dsse => dsse::KIND,
        }
    }

    /// The kind's version in an entry.
    pub fn version(self) -> &'static str {
        match self {
            Self::HashedRekord => hashedrekord::VERSION,
            Self::Dsse => dsse::VERSION,
        }
    }

    fn refuse(self, reason: ProposalError) -> RequestError {
        RequestError { kind: self, reason }
    }
}

impl Request {
    /// Reads the request of a client.
    pub fn from_json(json: &[u8]) -> Result<Self, RequestError> {
        let unknown = |reason| Kind::HashedRekord.refuse(reason);
        let (length, most) = (json.len(), LARGEST_REQUEST);
        if length > most {
            return Err(unknown(ProposalError::TooLarge { length, most }));
        }
        let request: wire::Request<'_, DsseSpec<'_>> =
            serde_json::from_slice(json).map_err(|error| unknown(error.into()))?;
        match (request.hashed_rekord, request.dsse) {
            (Some(spec), None) => {
                // Before the work of decoding.
                let fields = hashedrekord::limit(length).and_then(|()| spec.decoded());
                Self::from_hashedrekord(fields.map_err(unknown)?, length)
            }
            (None, Some(spec)) => {
                let fields = spec.decoded().map_err(|reason| Kind::Dsse.refuse(reason))?;
                Self::from_dsse(fields)
            }
            (Some(_), Some(_)) => Err(unknown(ProposalError::TwoKinds)),
            (None, None) => Err(Self::nothing()),
        }
    }

    /// Reads the fields of a hashedrekord that came in a request of `length` bytes.
    pub fn from_hashedrekord(
        fields: fields::HashedRekord<'_>,
        length: usize,
    ) -> Result<Self, RequestError> {
        hashedrekord::limit(length)
            .and_then(|()| hashedrekord::Proposal::from_fields(fields))
            .map(Self::HashedRekord)
            .map_err(|reason| Kind::HashedRekord.refuse(reason))
    }

    /// Reads the fields of an envelope.
    pub fn from_dsse(fields: fields::Dsse<'_>) -> Result<Self, RequestError> {
        dsse::Proposal::from_fields(fields)
            .map(Self::Dsse)
            .map_err(|reason| Kind::Dsse.refuse(reason))
    }

    /// The refusal of a request that proposes nothing.
    pub fn nothing() -> RequestError {
        Kind::HashedRekord.refuse(missing())
    }

    /// The same as a proposal of the kind hashedrekord ([`dsse::Proposal::into_hashedrekord`]).
    pub fn into_hashedrekord(self) -> Result<Self, RequestError> {
        match self {
            Self::Dsse(proposal) => proposal
                .into_hashedrekord()
                .map(Self::HashedRekord)
                .map_err(|reason| Kind::Dsse.refuse(reason)),
            same @ Self::HashedRekord(_) => Ok(same),
        }
    }

    /// Checks the signatures.
    pub fn check(&self) -> Result<Entry, RequestError> {
        let kind = self.kind();
        let body = match self {
            Self::HashedRekord(proposal) => proposal.check().map(|entry| entry.into_body()),
            Self::Dsse(proposal) => proposal.check().map(|entry| entry.into_body()),
        };
        let body = body.map_err(|reason| kind.refuse(reason))?;
        Ok(Entry { kind, body })
    }

    /// Which kind is proposed.
    pub fn kind(&self) -> Kind {
        match self {
            Self::HashedRekord(_) => Kind::HashedRekord,
            Self::Dsse(_) => Kind::Dsse,
        }
    }

    /// Whether the check takes much longer than that of one P-256 signature: by large curves, or by
    /// several verifiers.
    pub fn is_slow_to_check(&self) -> bool {
        let verifier = match self {
            Self::HashedRekord(proposal) => &proposal.verifier,
            Self::Dsse(proposal) => match proposal.verifiers.as_slice() {
                [one] if proposal.signatures.len() == 1 => &one.verifier,
                _ => return true,
            },
        };
        let key = verifier.public_key().key_type();
        matches!(key, KeyType::EcdsaP384 | KeyType::EcdsaP521)
    }

    /// The names of the algorithms in `PublicKeyDetails`, one for each verifier.
    pub fn key_details(&self) -> Vec<&'static str> {
        let name = |verifier: &hashedrekord::Verifier,
                    algorithm: waxwing_crypto::SignatureAlgorithm| {
            algorithm.key_details(verifier.public_key().key_type())
        };
        match self {
            Self::HashedRekord(proposal) => {
                let name = name(&proposal.verifier, proposal.algorithm);
                name.into_iter().collect()
            }
            Self::Dsse(proposal) => {
                let verifiers = proposal.verifiers.iter();
                verifiers
                    .filter_map(|each| name(&each.verifier, each.algorithm))
                    .collect()
            }
        }
    }
}

impl Entry {
    /// The entry's kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The leaf.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The leaf, taken out.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_of_exactly_one_kind() {
        let refused = |json: &str| Request::from_json(json.as_bytes()).unwrap_err();
        let none = refused("{}");
        assert!(
            matches!(none.reason, ProposalError::Missing { .. }),
            "{none}"
        );
        let verifier = r#"{"keyDetails":5,"publicKey":{"rawBytes":"AAAA"}}"#;
        let signature = format!(r#"{{"content":"AA==","verifier":{verifier}}}"#);
        let hashed =
            format!(r#""hashedRekordRequestV002":{{"digest":"AA==","signature":{signature}}}"#);
        let envelope = r#"{"payload":"AA==","payloadType":"t","signatures":[{"sig":"AA=="}]}"#;
        let dsse =
            format!(r#""dsseRequestV002":{{"envelope":{envelope},"verifiers":[{verifier}]}}"#);
        let both = refused(&format!("{{{hashed},{dsse}}}"));
        assert!(matches!(both.reason, ProposalError::TwoKinds), "{both}");
        // Either alone comes as far as its key.
        for (one, kind) in [(hashed, Kind::HashedRekord), (dsse, Kind::Dsse)] {
            let one = refused(&format!("{{{one}}}"));
            assert!(matches!(one.reason, ProposalError::PublicKey(_)), "{one}");
            assert_eq!(one.kind, kind);
        }
    }
}
