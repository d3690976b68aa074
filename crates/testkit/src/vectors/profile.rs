//! Certificates that say whatever a fault wants them to say.

use std::sync::Arc;

use waxwing_crypto::{PrivateKey, PublicKey, sha1};
use waxwing_pki::certificate::Extension;
use waxwing_pki::fulcio::{Identity, SubjectAlternativeName};
use waxwing_pki::issue::{Authority, CertificateProfile, SerialNumber, Validity};
use waxwing_pki::sct::{self, SignedCertificateTimestamp};
use waxwing_pki::{Certificate, ObjectIdentifier};

use super::kit::{IDENTITY, ISSUER, Log, ages, name, now, serial};

/// The identifiers of extensions, as steps name them.
pub(crate) mod oid {
    /// What the key may do.
    pub(crate) const KEY_USAGE: &str = "2.5.29.15";
    /// What the certificate is for.
    pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// Whether it is an authority.
    pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// Who.
    pub(crate) const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
}

/// Extended key usages as elements of their list.
pub(crate) const CODE_SIGNING: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03";
/// As above.
pub(crate) const TIME_STAMPING: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08";
/// The key signs certificates.
pub(crate) const SIGN_CERTIFICATES: &[u8] = &[1, 0x06];
/// The key signs data.
pub(crate) const SIGN_DATA: &[u8] = &[7, 0x80];
/// The tag of an e-mail address among names.
pub(crate) const EMAIL: u8 = 0x81;

/// One DER element shorter than 64 KiB.
pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let [high, low] = u16::try_from(value.len())
        .expect("an element of a test is short")
        .to_be_bytes();
    let mut out = vec![tag];
    match (high, low) {
        (0, ..0x80) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend(value);
    out
}

fn extension(oid: &str, critical: bool, value: Vec<u8>) -> Extension {
    Extension {
        oid: ObjectIdentifier::new(oid).expect("the test writes identifiers rightly"),
        critical,
        value,
    }
}

/// An authority, with at most so many below it.
pub(crate) fn basic_constraints(path_length: Option<u8>) -> Extension {
    let length = path_length.map(|length| der(2, &[&[length]]));
    let value = der(0x30, &[&[1, 1, 0xff], &length.unwrap_or_default()]);
    extension(oid::BASIC_CONSTRAINTS, true, value)
}

/// What the key may do.
pub(crate) fn key_usage(bits: &[u8]) -> Extension {
    extension(oid::KEY_USAGE, true, der(3, &[bits]))
}

/// What the certificate is for.
pub(crate) fn purposes(purposes: &[&[u8]], critical: bool) -> Extension {
    extension(oid::EXTENDED_KEY_USAGE, critical, der(0x30, purposes))
}

/// An extension that nobody knows.
pub(crate) fn unknown(critical: bool) -> Extension {
    extension("1.3.6.1.4.1.57264.1.99", critical, vec![5, 0])
}

/// E-mail addresses.
pub(crate) fn emails(emails: &[&str]) -> Extension {
    let names: Vec<Vec<u8>> = emails
        .iter()
        .map(|email| der(EMAIL, &[email.as_bytes()]))
        .collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    extension(oid::SUBJECT_ALTERNATIVE_NAME, true, der(0x30, &names))
}

/// Names below this e-mail domain alone are permitted (`0xa0`) or are excluded (`0xa1`).
pub(crate) fn email_constraint(list: u8, domain: &str) -> Extension {
    let subtree = der(0x30, &[&der(EMAIL, &[domain.as_bytes()])]);
    let value = der(0x30, &[&der(list, &[&subtree])]);
    extension("2.5.29.30", true, value)
}

/// What a certificate says besides its key and its issuer.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// The subject's name in DER.
    pub(crate) subject: Vec<u8>,
    /// When it is valid.
    pub(crate) validity: Validity,
    /// Its number.
    pub(crate) serial: SerialNumber,
    /// The extensions, without the key identifiers.
    pub(crate) extensions: Vec<Extension>,
}

impl Profile {
    /// An authority for anything.
    pub(crate) fn authority(common_name: &str) -> Self {
        Self {
            subject: name(common_name).to_der(),
            validity: ages(),
            serial: serial(),
            extensions: vec![key_usage(SIGN_CERTIFICATES), basic_constraints(Some(0))],
        }
    }

    /// An authority that issues for code signing.
    pub(crate) fn issuing(common_name: &str) -> Self {
        Self::authority(common_name).with(purposes(&[CODE_SIGNING], false))
    }

    /// The certificate of a timestamp authority.
    pub(crate) fn timestamping() -> Self {
        Self {
            extensions: vec![key_usage(SIGN_DATA), purposes(&[TIME_STAMPING], true)],
            ..Self::authority("tsa")
        }
    }

    /// The certificate of a signer, as Fulcio issues it, without SCTs.
    pub(crate) fn signer() -> Self {
        let identity = Identity {
            name: SubjectAlternativeName::Email(IDENTITY.into()),
            issuer: ISSUER.into(),
            subject: Some("subject".into()),
        };
        let mut extensions = vec![key_usage(SIGN_DATA), purposes(&[CODE_SIGNING], false)];
        extensions.extend(identity.extensions().expect("the identity can be written"));
        Self {
            subject: vec![0x30, 0],
            validity: Validity {
                not_before: now(0),
                not_after: now(600),
            },
            serial: serial(),
            extensions,
        }
    }

    /// This extension in the place of the one of the same identifier, or after the others.
    pub(crate) fn with(mut self, extension: Extension) -> Self {
        let place = self
            .extensions
            .iter()
            .position(|old| old.oid == extension.oid);
        match place {
            Some(place) => self.extensions[place] = extension,
            None => self.extensions.push(extension),
        }
        self
    }

    /// Without the extension of this identifier.
    pub(crate) fn without(mut self, oid: &str) -> Self {
        self.extensions
            .retain(|extension| extension.oid.to_string() != oid);
        self
    }

    /// Issues it.
    ///
    /// # Panics
    ///
    /// When what comes out is no certificate.
    pub(crate) fn certify(&self, issuer: &Authority, key: &PublicKey) -> Certificate {
        let mut extensions = self.extensions.clone();
        let identifier = sha1(key.bits());
        extensions.push(extension("2.5.29.14", false, der(4, &[&identifier])));
        if let Some(parent) = issuer.certificate.subject_key_identifier() {
            let value = der(0x30, &[&der(0x80, &[parent])]);
            extensions.push(extension("2.5.29.35", false, value));
        }
        // What has to stand last: the poison or the SCT list.
        extensions.sort_by_key(|extension| extension.oid.to_string().starts_with(SCT_ARC));
        let profile = CertificateProfile {
            subject: &self.subject,
            public_key: key,
            serial: self.serial,
            validity: self.validity,
            extensions: &extensions,
        };
        issuer.certify(&profile).expect("a certificate can be made")
    }
}

const SCT_ARC: &str = "1.3.6.1.4.1.11129.2.4.";

/// A CT log's promise to publish a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    /// The log.
    pub(crate) log_id: [u8; 32],
    /// The key that signs.
    pub(crate) key: Arc<PrivateKey>,
    /// When.
    pub(crate) timestamp: u64,
    /// The extensions in the SCT.
    pub(crate) extensions: Vec<u8>,
    /// Those under the signature.
    pub(crate) signed_extensions: Vec<u8>,
    /// The parent's key under the signature, if it is not the issuer's.
    pub(crate) parent: Option<PublicKey>,
    /// Flips one bit of the signature.
    pub(crate) flipped: bool,
}

impl Promise {
    /// The promise of this log.
    pub(crate) fn of(log: &Log) -> Self {
        let extensions = vec![0, 0, 5, 0, 0, 0, 0, 1];
        Self {
            log_id: log.key.public_key().sha256_of_spki(),
            key: Arc::clone(&log.key),
            timestamp: now(0).milliseconds(),
            signed_extensions: extensions.clone(),
            extensions,
            parent: None,
            flipped: false,
        }
    }

    fn sign(&self, precertificate: &Certificate, issuer: &PublicKey) -> SignedCertificateTimestamp {
        let parent = self.parent.as_ref().unwrap_or(issuer);
        let entry = sct::precertificate_entry(precertificate, parent).expect("an entry is made");
        let signed = sct::signed_bytes(self.timestamp, &entry, &self.signed_extensions);
        let signed = signed.expect("the extensions are short");
        let mut signature = self.key.sign(&signed).expect("the log signs");
        if self.flipped {
            flip(&mut signature);
        }
        SignedCertificateTimestamp {
            log_id: self.log_id,
            timestamp: self.timestamp,
            extensions: self.extensions.clone(),
            algorithm: [4, 3],
            signature,
        }
    }
}

/// How a signer's certificate is issued.
#[derive(Debug, Clone)]
pub(crate) struct Issuance {
    /// By whom.
    pub(crate) issuer: Arc<Authority>,
    /// What it says.
    pub(crate) profile: Profile,
    /// The promises in it; `None` for a certificate without a list.
    pub(crate) promises: Option<Vec<Promise>>,
}

impl Issuance {
    /// Issues the certificate: first a precertificate for the logs to promise.
    pub(crate) fn issue(&self, key: &PublicKey) -> Certificate {
        let Some(promises) = &self.promises else {
            return self.profile.certify(&self.issuer, key);
        };
        let last = |oid, critical, value| {
            let profile = self.profile.clone();
            let profile = profile.with(extension(oid, critical, value));
            profile.certify(&self.issuer, key)
        };
        let precertificate = last("1.3.6.1.4.1.11129.2.4.3", true, vec![5, 0]);
        let parent = self.issuer.certificate.public_key();
        let scts: Vec<SignedCertificateTimestamp> = promises
            .iter()
            .map(|promise| promise.sign(&precertificate, parent))
            .collect();
        let list = sct::list(&scts).expect("the list is short");
        last("1.3.6.1.4.1.11129.2.4.2", false, der(4, &[&list]))
    }
}

/// Flips the last bit: in a signature of ECDSA it belongs to the second number, and the DER around
/// it stays whole.
pub(crate) fn flip(signature: &mut [u8]) {
    *signature.last_mut().expect("a signature has bytes") ^= 1;
}
