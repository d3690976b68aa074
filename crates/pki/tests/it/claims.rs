//! Fulcio's claims and the names of a certificate.

use waxwing_crypto::KeyType;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{self, Claim, Identity, IdentityError, SubjectAlternativeName};

use crate::authorities::key;
use crate::profiles::{Draft, code_signing_root, der, extension, names};

fn certificate(draft: &Draft) -> Certificate {
    draft.certify(&code_signing_root().root(), &key(KeyType::EcdsaP256))
}

fn identifier(claim: Claim) -> String {
    format!("1.3.6.1.4.1.57264.1.{}", claim.number())
}

#[test]
fn every_claim_is_read_by_its_name() {
    let mut draft = Draft::leaf();
    for claim in Claim::ALL {
        let text = format!("value of {}", claim.name());
        let value = match claim.number() {
            ..8 => text.into_bytes(),
            _ => der(0x0c, &[text.as_bytes()]),
        };
        draft = draft.with(extension(&identifier(*claim), false, value));
    }
    let (full, empty) = (certificate(&draft), certificate(&Draft::leaf()));
    for claim in Claim::ALL {
        let text = format!("value of {}", claim.name());
        assert_eq!(claim.read(&full), Ok(Some(text)));
        assert_eq!(claim.read(&empty), Ok(None));
        assert_eq!(Claim::named(claim.name()), Some(*claim));
    }
    assert_eq!(Claim::named("githubworkflowsha"), None);
    let numbers: Vec<u8> = Claim::ALL.iter().map(|claim| claim.number()).collect();
    let expected: Vec<u8> = (2..=6).chain(8..=24).collect();
    assert_eq!(numbers, expected);
    assert_eq!(
        Claim::SourceRepositoryOwnerIdentifier.name(),
        "sourceRepositoryOwnerIdentifier"
    );
    assert_eq!(Claim::SourceRepositoryOwnerIdentifier.number(), 17);
    assert_eq!(Claim::RunInvocationUri.number(), 21);
    assert_eq!(Claim::DeploymentEnvironment.number(), 23);
}

#[test]
fn a_claim_is_one_string_and_nothing_after_it() {
    let read = |claim: Claim, value: &[u8]| {
        let draft = Draft::leaf().with(extension(&identifier(claim), false, value.to_vec()));
        claim.read(&certificate(&draft))
    };
    for claim in Claim::ALL.iter().copied() {
        if claim.number() < 8 {
            assert_eq!(read(claim, b"\x0c\x01x"), Ok(Some("\x0c\x01x".into())));
            assert_eq!(read(claim, b"\xff"), Err(IdentityError::NotText));
            continue;
        }
        assert_eq!(read(claim, b"\x0c\x01x"), Ok(Some("x".into())));
        assert_eq!(read(claim, b"\x0c\x00"), Ok(Some(String::new())));
        for faulty in [
            &b"\x0c\x01xy"[..],
            b"\x0c\x01x\x0c\x01y",
            b"\x13\x01x",
            b"\x0c\x02x",
            b"\x0c\x81\x01x",
            b"text",
            b"",
        ] {
            assert!(
                matches!(read(claim, faulty), Err(IdentityError::Der(_))),
                "{claim:?} {faulty:?}"
            );
        }
        assert_eq!(read(claim, b"\x0c\x01\xff"), Err(IdentityError::NotText));
    }
}

#[test]
fn all_names_are_told_and_an_identity_is_exactly_one() {
    use SubjectAlternativeName::{Dns, Email, Ip, OtherName, Uri};
    let fulcio = der(0x0c, &[b"user!example.com"]);
    let other_name = [
        b"\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07".to_vec(),
        der(0xa0, &[&fulcio]),
    ]
    .concat();
    let issuer = extension("1.3.6.1.4.1.57264.1.8", false, der(0x0c, &[b"https://i"]));
    let leaf =
        |list: &[(u8, &[u8])]| certificate(&Draft::leaf().with(issuer.clone()).with(names(list)));
    let v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let all = leaf(&[
        (0x81, b"a@example.com"),
        (0x86, b"https://example.com"),
        (0xa0, &other_name),
        (0xa0, &[6, 2, 42, 3, 0xa0, 3, 0x0c, 1, b'x']),
        (0x82, b"example.com"),
        (0x87, &[192, 0, 2, 1]),
        (0x87, &v6),
    ]);
    let expected = vec![
        Email("a@example.com".into()),
        Uri("https://example.com".into()),
        OtherName("user!example.com".into()),
        Dns("example.com".into()),
        Ip("192.0.2.1".into()),
        Ip("2001:db8::1".into()),
    ];
    assert_eq!(fulcio::names(&all), Ok(expected.clone()));
    assert_eq!(
        Identity::of(&all),
        Err(IdentityError::SeveralNames { count: 7 })
    );
    let twice: (u8, &[u8]) = (0x81, b"a@example.com");
    assert_eq!(
        Identity::of(&leaf(&[twice, twice])),
        Err(IdentityError::SeveralNames { count: 2 })
    );
    let nameless = certificate(&Draft::leaf().without("2.5.29.17"));
    assert_eq!(fulcio::names(&nameless), Ok(vec![]));
    // Own authorities' names are none of Fulcio's.
    for (name, is_identity) in [
        ((0x81, &b"a@example.com"[..]), true),
        ((0xa0, &other_name), true),
        ((0x82, b"example.com"), false),
        ((0x87, &[192, 0, 2, 1]), false),
    ] {
        match is_identity {
            true => assert!(Identity::of(&leaf(&[name])).is_ok()),
            false => assert_eq!(Identity::of(&leaf(&[name])), Err(IdentityError::NoName)),
        }
    }
    assert!(matches!(
        fulcio::names(&leaf(&[(0x87, &[192, 0, 2])])),
        Err(IdentityError::Der(_))
    ));
    assert_eq!(
        fulcio::names(&leaf(&[(0x82, b"\xff")])),
        Err(IdentityError::NotText)
    );
    // What is told is written the same way again.
    for name in expected {
        let identity = Identity {
            name: name.clone(),
            issuer: "https://i".into(),
            subject: None,
        };
        let mut draft = Draft::leaf();
        for extension in identity.extensions().unwrap() {
            draft = draft.with(extension);
        }
        assert_eq!(fulcio::names(&certificate(&draft)), Ok(vec![name]));
    }
}
