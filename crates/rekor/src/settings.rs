//! How the service behaves where the original leaves a choice, or where we chose otherwise.

use std::time::Duration;

/// What is answered for an entry that the log has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// 201 with the entry, as if it were new: a client whose answer was lost may ask again.
    #[default]
    Return,
    /// 409 with its index in `x-log-index`, as the original does.
    Refuse,
}

/// Whether proposals of DSSE envelopes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dsse {
    /// They become entries of the kind dsse 0.0.2, as until 2026. Of today's verifiers sigstore-js and
    /// ours read these; cosign, sigstore-go and sigstore-python do not.
    Accept,
    /// They become entries of the kind hashedrekord 0.0.2 over the digest of the PAE, which is how
    /// envelopes are logged since, and which all verifiers read. One signature, by one verifier.
    #[default]
    AsHashedRekord,
    /// 400 `invalid type, must be hashedrekord`, as the original does since.
    Refuse,
}

/// How the service behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What is answered for an entry that the log has already.
    pub duplicates: Duplicates,
    /// Whether proposals of DSSE envelopes are taken.
    pub dsse: Dsse,
    /// Every proposal is answered as if the log were frozen (405); reading goes on.
    pub read_only: bool,
    /// The names in `PublicKeyDetails` of the algorithms that are taken; `None` for all that the kinds
    /// allow. It can only narrow these.
    pub key_details: Option<Vec<String>>,
    /// How long a request waits for its place in the log before 504.
    pub deadline: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            duplicates: Duplicates::default(),
            dsse: Dsse::default(),
            read_only: false,
            key_details: None,
            deadline: Duration::from_secs(20),
        }
    }
}
