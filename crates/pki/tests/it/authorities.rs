//! Makes what the other tests break, and checks what was made.

use waxwing_crypto::{KeyType, PrivateKey, Random as _, SystemRandom};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};
use waxwing_pki::issue::{Authority, CodeSigningLeaf, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).unwrap()
}

pub(crate) fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

pub(crate) fn serial() -> SerialNumber {
    let mut bytes = [0; 20];
    SystemRandom.fill(&mut bytes);
    SerialNumber::new(bytes)
}

pub(crate) fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "example.com".into(),
        common_name: common_name.into(),
    }
}

pub(crate) fn years(from: &str, to: &str) -> Validity {
    Validity {
        not_before: at(&format!("{from}-01-01T00:00:00Z")),
        not_after: at(&format!("{to}-01-01T00:00:00Z")),
    }
}

pub(crate) fn identity() -> Identity {
    Identity {
        name: SubjectAlternativeName::Email("someone@example.com".into()),
        issuer: "https://issuer.example.com".into(),
        subject: Some("subject".into()),
    }
}

/// A root and an intermediate for code signing.
pub(crate) struct Authorities {
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
}

impl Authorities {
    pub(crate) fn new(purpose: Purpose) -> Self {
        let root = Authority::root(
            key(KeyType::EcdsaP384),
            &name("root"),
            serial(),
            years("2026", "2036"),
        )
        .unwrap();
        let issuing = root
            .intermediate(
                key(KeyType::EcdsaP256),
                &name("issuing"),
                serial(),
                years("2026", "2029"),
                purpose,
            )
            .unwrap();
        Self { root, issuing }
    }

    pub(crate) fn chain(&self) -> Vec<Certificate> {
        vec![
            self.issuing.certificate.clone(),
            self.root.certificate.clone(),
        ]
    }

    /// A leaf valid for ten minutes from 2026-06-01T12:00:00Z, with this SCT list.
    pub(crate) fn leaf(&self, scts: &[u8]) -> Certificate {
        let key = key(KeyType::EcdsaP256);
        self.issuing
            .code_signing_leaf(&leaf_of(&key, &identity(), serial()), scts)
            .unwrap()
    }
}

pub(crate) fn leaf_of<'a>(
    key: &'a PrivateKey,
    identity: &'a Identity,
    serial: SerialNumber,
) -> CodeSigningLeaf<'a> {
    let validity = Validity {
        not_before: at("2026-06-01T12:00:00Z"),
        not_after: at("2026-06-01T12:10:00Z"),
    };
    CodeSigningLeaf {
        public_key: key.public_key(),
        identity,
        claims: Claims::NONE,
        serial,
        validity,
    }
}

#[test]
fn a_leaf_says_what_it_was_told_to_say() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let leaf = authorities.leaf(&[0, 0]);
    assert_eq!(Identity::of(&leaf), Ok(identity()));
    assert_eq!(leaf.subject_der(), [0x30, 0]);
    assert_eq!(leaf.not_before(), at("2026-06-01T12:00:00Z"));
    assert_eq!(leaf.not_after(), at("2026-06-01T12:10:00Z"));
    assert!(!leaf.is_authority());
    assert!(authorities.issuing.certificate.is_authority());
    assert_eq!(Certificate::from_pem(&leaf.to_pem()), Ok(leaf.clone()));
    let order: Vec<String> = leaf
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_string())
        .collect();
    assert_eq!(
        order,
        [
            "2.5.29.15",
            "2.5.29.37",
            "2.5.29.14",
            "2.5.29.35",
            "2.5.29.17",
            "1.3.6.1.4.1.57264.1.1",
            "1.3.6.1.4.1.57264.1.8",
            "1.3.6.1.4.1.57264.1.24",
            "1.3.6.1.4.1.11129.2.4.2"
        ]
    );
    let critical: Vec<bool> = leaf
        .extensions()
        .iter()
        .map(|extension| extension.critical)
        .collect();
    assert_eq!(
        critical,
        [true, false, false, false, true, false, false, false, false]
    );
}

#[test]
fn every_kind_of_name_survives_and_others_are_refused_by_name() {
    use waxwing_pki::fulcio::IdentityError;
    let authorities = Authorities::new(Purpose::CodeSigning);
    let issue = |identity: &Identity| {
        let key = key(KeyType::EcdsaP256);
        authorities
            .issuing
            .code_signing_leaf(&leaf_of(&key, identity, serial()), &[0, 0])
    };
    for name in [
        SubjectAlternativeName::Uri("https://example.com/workflow@refs/heads/main".into()),
        SubjectAlternativeName::OtherName("user!example.com".into()),
    ] {
        let identity = Identity {
            name,
            subject: None,
            ..identity()
        };
        assert_eq!(Identity::of(&issue(&identity).unwrap()), Ok(identity));
    }
    let umlaut = SubjectAlternativeName::Email("jörg@example.com".into());
    assert_eq!(
        issue(&Identity {
            name: umlaut,
            ..identity()
        }),
        Err(waxwing_pki::issue::IssueError::Identity(
            IdentityError::NotText
        ))
    );
    assert_eq!(
        Identity::of(&authorities.root.certificate),
        Err(IdentityError::NoName)
    );
}
