//! DSSE envelopes: a payload, its type, and a signature over both (DSSE protocol 1.0).
//!
//! ```text
//! signed: "DSSEv1" SP length(type) SP type SP length(payload) SP payload     (PAE)
//! ```

/// An envelope with its one signature. DSSE knows several; a bundle holds exactly one, since a
/// verifier that took any of several would leave open whose signature it had found
/// (TOB-SIGSTORE-9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The payload's media type, for example `application/vnd.in-toto+json`.
    pub payload_type: String,
    /// What was signed, byte for byte.
    pub payload: Vec<u8>,
    /// The signature over [`pae`](Self::pae).
    pub signature: Vec<u8>,
    /// Which key, by the signer's word; often empty, never believed.
    pub key_id: String,
}

impl Envelope {
    /// The bytes that are signed.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }
}

/// The pre-authentication encoding. Both lengths stand in front of what they count, so that no two
/// pairs of type and payload give the same bytes.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (type_length, length) = (payload_type.len(), payload.len());
    let mut bytes = format!("DSSEv1 {type_length} {payload_type} {length} ").into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the DSSE protocol.
    #[test]
    fn the_vector_of_the_protocol() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }
}
