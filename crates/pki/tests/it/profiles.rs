//! Certificates that say whatever a test wants them to say.

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::certificate::Extension;
use waxwing_pki::chain::{self, ChainError, VerifiedPath};
use waxwing_pki::issue::{Authority, CertificateProfile, Purpose, Validity};
use waxwing_pki::{Certificate, ObjectIdentifier};

use crate::authorities::{at, key, name, serial, years};

pub(crate) const NOON: &str = "2026-06-01T12:05:00Z";

pub(crate) const CODE_SIGNING: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03";
pub(crate) const TIME_STAMPING: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08";
pub(crate) const ANY_PURPOSE: &[u8] = b"\x06\x04\x55\x1d\x25\x00";

/// One DER element shorter than 64 KiB.
pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut out = vec![tag];
    match value.len() {
        short @ ..0x80 => out.push(short as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(value);
    out
}

pub(crate) fn extension(oid: &str, critical: bool, value: Vec<u8>) -> Extension {
    Extension {
        oid: ObjectIdentifier::new_unwrap(oid),
        critical,
        value,
    }
}

pub(crate) fn basic_constraints(path_length: Option<u8>) -> Extension {
    let length = path_length.map(|length| der(2, &[&[length]]));
    let value = der(0x30, &[&[1, 1, 0xff], &length.unwrap_or_default()]);
    extension("2.5.29.19", true, value)
}

pub(crate) fn key_usage(bits: &[u8]) -> Extension {
    extension("2.5.29.15", true, der(3, &[bits]))
}

pub(crate) fn purposes(purposes: &[&[u8]]) -> Extension {
    extension("2.5.29.37", false, der(0x30, purposes))
}

pub(crate) fn unknown(critical: bool) -> Extension {
    extension("1.3.6.1.4.1.57264.1.99", critical, vec![5, 0])
}

/// A list of GeneralName: tag and value of each.
pub(crate) fn names(names: &[(u8, &[u8])]) -> Extension {
    let names: Vec<Vec<u8>> = names
        .iter()
        .map(|(tag, value)| der(*tag, &[value]))
        .collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    extension("2.5.29.17", true, der(0x30, &names))
}

pub(crate) fn constraints(permitted: &[(u8, &[u8])], excluded: &[(u8, &[u8])]) -> Extension {
    let list = |tag, names: &[(u8, &[u8])]| {
        let subtrees = names
            .iter()
            .map(|(tag, value)| der(0x30, &[&der(*tag, &[value])]));
        match names {
            [] => Vec::new(),
            _ => der(tag, &[&subtrees.collect::<Vec<_>>().concat()]),
        }
    };
    let value = der(0x30, &[&list(0xa0, permitted), &list(0xa1, excluded)]);
    extension("2.5.29.30", true, value)
}

pub(crate) const SIGN_CERTIFICATES: &[u8] = &[1, 0x06];
pub(crate) const SIGN_DATA: &[u8] = &[7, 0x80];

/// What a certificate of a path says; changed by a test before it is issued.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) subject: Vec<u8>,
    pub(crate) validity: Validity,
    pub(crate) extensions: Vec<Extension>,
}

impl Draft {
    pub(crate) fn authority(common_name: &str) -> Self {
        Self {
            subject: name(common_name).to_der(),
            validity: years("2026", "2036"),
            extensions: vec![basic_constraints(None), key_usage(SIGN_CERTIFICATES)],
        }
    }

    pub(crate) fn leaf() -> Self {
        Self {
            subject: vec![0x30, 0],
            validity: Validity {
                not_before: at("2026-06-01T12:00:00Z"),
                not_after: at("2026-06-01T12:10:00Z"),
            },
            extensions: vec![
                key_usage(SIGN_DATA),
                purposes(&[CODE_SIGNING]),
                names(&[(0x81, b"someone@example.com")]),
            ],
        }
    }

    /// In the place of the extension of the same identifier, or after the others.
    pub(crate) fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|old| old.oid != extension.oid);
        self.extensions.push(extension);
        self
    }

    pub(crate) fn without(mut self, oid: &str) -> Self {
        let oid = ObjectIdentifier::new_unwrap(oid);
        self.extensions.retain(|extension| extension.oid != oid);
        self
    }

    pub(crate) fn valid(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    pub(crate) fn certify(&self, issuer: &Authority, key: &PrivateKey) -> Certificate {
        let profile = CertificateProfile {
            subject: &self.subject,
            public_key: key.public_key(),
            serial: serial(),
            validity: self.validity,
            extensions: &self.extensions,
        };
        issuer.certify(&profile).unwrap()
    }

    /// An authority below `issuer`.
    pub(crate) fn below(&self, issuer: &Authority) -> Authority {
        let key = key(KeyType::EcdsaP256);
        Authority {
            certificate: self.certify(issuer, &key),
            key,
        }
    }

    /// An authority that certifies itself.
    pub(crate) fn root(&self) -> Authority {
        let parent = name_only(&self.subject, key(KeyType::EcdsaP256));
        Authority {
            certificate: self.certify(&parent, &parent.key),
            key: parent.key,
        }
    }
}

/// An authority of which only the name and the key matter.
pub(crate) fn name_only(subject: &[u8], key: PrivateKey) -> Authority {
    let any = Authority::root(
        PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap(),
        &name("any"),
        serial(),
        years("2026", "2036"),
    )
    .unwrap();
    let draft = Draft {
        subject: subject.to_vec(),
        ..Draft::authority("any")
    };
    let certificate = draft.certify(&any, &key);
    Authority { certificate, key }
}

/// A path of drafts, the root's first, issued one below the other.
pub(crate) struct Path {
    pub(crate) leaf: Certificate,
    /// Leaf-most first.
    pub(crate) authority: Vec<Certificate>,
}

pub(crate) fn path(authorities: &[Draft], leaf: &Draft) -> Path {
    let mut issuer: Option<Authority> = None;
    let mut authority = Vec::new();
    for draft in authorities {
        let next = match &issuer {
            None => draft.root(),
            Some(issuer) => draft.below(issuer),
        };
        authority.insert(0, next.certificate.clone());
        issuer = Some(next);
    }
    let leaf = leaf.certify(&issuer.unwrap(), &key(KeyType::EcdsaP256));
    Path { leaf, authority }
}

impl Path {
    pub(crate) fn verify(&self) -> Result<VerifiedPath, ChainError> {
        self.verify_at(at(NOON))
    }

    pub(crate) fn verify_at(&self, time: UnixTime) -> Result<VerifiedPath, ChainError> {
        let purpose = Purpose::CodeSigning;
        chain::verify(&self.leaf, &[], &self.authority, purpose, time)
    }
}

pub(crate) fn code_signing_root() -> Draft {
    Draft::authority("root")
}

pub(crate) fn code_signing_issuer() -> Draft {
    Draft::authority("issuing").with(purposes(&[CODE_SIGNING]))
}
