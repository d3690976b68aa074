//! Kinds of predicates: the short names of `--type` and what they stand for.

/// The short names, and the URIs that statements have.
const KINDS: [(&str, &str); 10] = [
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
];

/// The URI that a value of `--type` stands for: a short name's, else the value itself.
pub(crate) fn uri(kind: &str) -> &str {
    let mut kinds = KINDS.iter();
    let known = kinds.find(|(name, _)| *name == kind);
    known.map_or(kind, |(_, uri)| uri)
}
