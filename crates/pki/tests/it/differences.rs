//! Our paths beside those of rustls-webpki: the same answer wherever the rules are the same, and the
//! seven places where they are not, each by itself.

use rustls_pki_types::{CertificateDer, UnixTime as WebpkiTime};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::Certificate;
use waxwing_pki::chain::{ChainError, TrustedChain};
use waxwing_pki::issue::{Authority, Purpose};

use crate::authorities::{at, key, name, serial, years};
use crate::profiles::{
    CODE_SIGNING, Draft, NOON, Path, SIGN_CERTIFICATES, SIGN_DATA, TIME_STAMPING,
    basic_constraints, code_signing_issuer, code_signing_root, constraints, key_usage, name_only,
    names, path, purposes, unknown,
};

const CODE_SIGNING_BYTES: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x03";

fn webpki_verify(
    leaf: &Certificate,
    intermediates: &[&Certificate],
    anchor: &Certificate,
    time: UnixTime,
    usage: webpki::KeyUsage,
) -> Result<(), webpki::Error> {
    let leaf = CertificateDer::from(leaf.der());
    let anchor = CertificateDer::from(anchor.der());
    let anchors = [webpki::anchor_from_trusted_cert(&anchor)?];
    let intermediates: Vec<_> = intermediates
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der()))
        .collect();
    let time = std::time::Duration::from_secs(time.seconds() as u64);
    webpki::EndEntityCert::try_from(&leaf)?
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            WebpkiTime::since_unix_epoch(time),
            usage,
            None,
            None,
        )
        .map(|_| ())
}

fn webpki_of(path: &Path) -> Result<(), webpki::Error> {
    let (anchor, own) = path.authority.split_last().unwrap();
    let own: Vec<_> = own.iter().collect();
    let usage = webpki::KeyUsage::required_if_present(CODE_SIGNING_BYTES);
    webpki_verify(&path.leaf, &own, anchor, at(NOON), usage)
}

/// xorshift: the same chains in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }
}

const NAMES: [(u8, &[u8]); 7] = [
    (0x82, b"example.com"),
    (0x82, b"a.example.com"),
    (0x82, b"A.B.Example.Com"),
    (0x82, b"notexample.com"),
    (0x86, b"https://example.com/workflow"),
    (0x87, &[192, 0, 2, 1]),
    (0x87, &[198, 51, 100, 7]),
];

const SUBTREES: [(u8, &[u8]); 7] = [
    (0x82, b"example.com"),
    (0x82, b".example.com"),
    (0x82, b"a.example.com"),
    (0x82, b"com"),
    (0x86, b"example.com"),
    (0x87, &[192, 0, 2, 0, 255, 255, 255, 0]),
    (0x87, &[128, 0, 0, 0, 128, 0, 0, 0]),
];

/// A chain with its faults.
struct Drawn {
    leaf: Certificate,
    own: Vec<Certificate>,
    hints: Vec<Certificate>,
    /// webpki does not compute these, and refuses.
    has_uri_constraint: bool,
}

fn draw(dice: &mut Dice, keys: &[PrivateKey]) -> Drawn {
    let copy = |key: &PrivateKey| PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
    let mut has_uri_constraint = false;
    let mut constrain = |dice: &mut Dice, draft: Draft| {
        if !dice.one_in(6) {
            return draft;
        }
        let subtree = [SUBTREES[dice.below(SUBTREES.len())]];
        has_uri_constraint |= subtree[0].0 == 0x86;
        match dice.one_in(2) {
            true => draft.with(constraints(&subtree, &[])),
            false => draft.with(constraints(&[], &subtree)),
        }
    };
    // What webpki does not look at in an anchor is in order there.
    let root = constrain(dice, code_signing_root());
    let signer = name_only(&root.subject, copy(&keys[0]));
    let anchor = root.certify(&signer, &keys[0]);
    let other_root = name_only(&name("other root").to_der(), copy(&keys[1]));

    let mut issuer = Authority {
        certificate: anchor.clone(),
        key: copy(&keys[0]),
    };
    let (mut own, mut hints) = (Vec::new(), Vec::new());
    let wrong_key = |dice: &mut Dice, issuer: &Authority| Authority {
        certificate: issuer.certificate.clone(),
        key: match dice.one_in(25) {
            true => copy(&keys[2]),
            false => copy(&issuer.key),
        },
    };
    let faulty = |dice: &mut Dice, draft: Draft| {
        let draft = match dice.one_in(25) {
            true => draft.valid(years("2020", "2026")),
            false => draft,
        };
        match dice.below(30) {
            0 => draft.with(unknown(true)),
            1 => draft.with(unknown(false)),
            2 => draft.with(purposes(&[TIME_STAMPING])),
            _ => draft,
        }
    };
    let length = dice.below(4);
    for level in 0..length {
        let key = &keys[3 + level];
        let mut draft = constrain(dice, Draft::authority(&format!("level {level}")));
        if dice.one_in(2) {
            draft = draft.with(purposes(&[CODE_SIGNING]));
        }
        draft = match dice.below(20) {
            0 => draft.without("2.5.29.19"),
            1..8 => draft.with(basic_constraints(Some(dice.below(3) as u8))),
            _ => draft,
        };
        if dice.one_in(8) {
            draft = draft.with(names(&[NAMES[dice.below(NAMES.len())]]));
        }
        let draft = faulty(dice, draft);
        let certificate = draft.certify(&wrong_key(dice, &issuer), key);
        let mut put = |dice: &mut Dice, certificate: Certificate| match dice.one_in(3) {
            true => hints.push(certificate),
            false => own.push(certificate),
        };
        put(dice, certificate.clone());
        if dice.one_in(6) {
            put(dice, certificate.clone());
        }
        // The same name and key under another parent, and the same name with another key.
        if dice.one_in(5) {
            put(dice, draft.certify(&other_root, key));
        }
        if dice.one_in(5) {
            put(dice, draft.certify(&issuer, &keys[2]));
        }
        issuer = Authority {
            certificate,
            key: copy(key),
        };
    }
    let leaf = match dice.one_in(2) {
        true => Draft::leaf(),
        false => Draft::leaf().with(names(&[
            NAMES[dice.below(NAMES.len())],
            NAMES[dice.below(NAMES.len())],
        ])),
    };
    let leaf = faulty(dice, leaf).certify(&wrong_key(dice, &issuer), &keys[8]);
    for list in [&mut own, &mut hints] {
        for position in (1..list.len()).rev() {
            list.swap(position, dice.below(position + 1));
        }
    }
    own.push(anchor);
    Drawn {
        leaf,
        own,
        hints,
        has_uri_constraint,
    }
}

#[test]
fn two_thousand_chains_get_the_same_answer_from_both() {
    let keys: Vec<PrivateKey> = (0..9).map(|_| key(KeyType::EcdsaP256)).collect();
    let mut dice = Dice(0x5157_0f5e_77a1_0b3d);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..2000 {
        let drawn = draw(&mut dice, &keys);
        let (anchor, others) = drawn.own.split_last().unwrap();
        let others: Vec<_> = others.iter().chain(&drawn.hints).collect();
        let usage = webpki::KeyUsage::required_if_present(CODE_SIGNING_BYTES);
        let theirs = webpki_verify(&drawn.leaf, &others, anchor, at(NOON), usage);
        let chain = TrustedChain::new(drawn.own.clone()).unwrap();
        let verify = || {
            let purpose = Purpose::CodeSigning;
            chain.verify(&drawn.leaf, &drawn.hints, purpose, at(NOON))
        };
        let ours = verify();
        assert_eq!(
            ours,
            verify(),
            "round {round}: remembered links change nothing"
        );
        if let Ok(path) = &ours {
            drawn.leaf.verify_signature(path.issuer()).unwrap();
        }
        // Under a constraint on URIs webpki refuses every URI (difference 4), so there only its
        // consent says something.
        if drawn.has_uri_constraint && ours.is_ok() && theirs.is_err() {
            continue;
        }
        let seen = format!("round {round}: ours {ours:?}, webpki's {theirs:?}");
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{seen}");
        match ours {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 700 && refused > 700, "{accepted} {refused}");
}

/// Both accept: what the faulty twin of this path is refused for is its one fault.
fn both_accept(path: &Path) {
    assert_eq!(path.verify().map(|_| ()), Ok(()));
    assert_eq!(webpki_of(path), Ok(()));
}

#[test]
fn difference_1_an_intermediate_without_purposes_may_issue_for_any() {
    let silent = path(
        &[code_signing_root(), Draft::authority("issuing")],
        &Draft::leaf(),
    );
    assert!(silent.verify().is_ok());
    // As a requirement webpki asks it of every certificate below the anchor.
    let required = |path: &Path| {
        let usage = webpki::KeyUsage::required(CODE_SIGNING_BYTES);
        let (anchor, own) = (&path.authority[1], &path.authority[0]);
        webpki_verify(&path.leaf, &[own], anchor, at(NOON), usage)
    };
    assert!(required(&silent).is_err());
    let spoken = path(
        &[code_signing_root(), code_signing_issuer()],
        &Draft::leaf(),
    );
    assert!(spoken.verify().is_ok());
    assert_eq!(required(&spoken), Ok(()));
    // And a leaf that is silent is refused here.
    let leaf = Draft::leaf().without("2.5.29.37");
    let silent_leaf = path(&[code_signing_root(), code_signing_issuer()], &leaf);
    assert_eq!(
        silent_leaf.verify(),
        Err(ChainError::ExtendedKeyUsage {
            role: "leaf",
            purpose: Purpose::CodeSigning
        })
    );
}

#[test]
fn difference_2_key_usage_counts() {
    let authorities = [code_signing_root(), code_signing_issuer()];
    let [root, issuing] = authorities.clone();
    both_accept(&path(&authorities, &Draft::leaf()));
    let refused = |role, expected| Err(ChainError::KeyUsage { role, expected });
    for leaf in [
        Draft::leaf().with(key_usage(SIGN_CERTIFICATES)),
        Draft::leaf().without("2.5.29.15"),
    ] {
        let path = path(&authorities, &leaf);
        assert_eq!(path.verify(), refused("leaf", "digitalSignature"));
        assert_eq!(webpki_of(&path), Ok(()));
    }
    let signs_data = path(
        &[root.clone(), issuing.clone().with(key_usage(SIGN_DATA))],
        &Draft::leaf(),
    );
    assert_eq!(signs_data.verify(), refused("intermediate", "keyCertSign"));
    assert_eq!(webpki_of(&signs_data), Ok(()));
    // Silence is consent, in an issuer.
    both_accept(&path(&[root, issuing.without("2.5.29.15")], &Draft::leaf()));
}

#[test]
fn difference_3_the_anchor_has_dates() {
    let issuing = code_signing_issuer();
    let expired = code_signing_root().valid(years("2020", "2026"));
    let expired = path(&[expired, issuing.clone()], &Draft::leaf());
    assert!(matches!(
        expired.verify(),
        Err(ChainError::Time { role: "root", .. })
    ));
    assert_eq!(webpki_of(&expired), Ok(()));
    both_accept(&path(&[code_signing_root(), issuing], &Draft::leaf()));
}

#[test]
fn difference_4_names_of_mail_and_uris_are_compared() {
    for (constraint, inside, outside) in [
        (
            (0x81, &b"example.com"[..]),
            (0x81, &b"someone@example.com"[..]),
            (0x81, &b"someone@example.org"[..]),
        ),
        (
            (0x86, b"example.com"),
            (0x86, b"https://example.com/workflow"),
            (0x86, b"https://example.org/workflow"),
        ),
    ] {
        let authorities = [
            code_signing_root(),
            code_signing_issuer().with(constraints(&[constraint], &[])),
        ];
        let [inside, outside] =
            [inside, outside].map(|name| path(&authorities, &Draft::leaf().with(names(&[name]))));
        assert!(inside.verify().is_ok());
        assert!(webpki_of(&inside).is_err());
        assert!(matches!(
            outside.verify(),
            Err(ChainError::NameConstraint { role: "leaf", .. })
        ));
        assert!(webpki_of(&outside).is_err());
        // Without the constraint both accept either.
        let free = [code_signing_root(), code_signing_issuer()];
        both_accept(&path(&free, &Draft::leaf().with(names(&[constraint]))));
    }
}

#[test]
fn difference_5_the_anchor_is_an_issuer_like_any_other() {
    let issuing = code_signing_issuer();
    let root = code_signing_root();
    let role = "root";
    let purpose = Purpose::CodeSigning;
    for (faulty, error) in [
        (
            root.clone().with(purposes(&[TIME_STAMPING])),
            ChainError::ExtendedKeyUsage { role, purpose },
        ),
        (
            root.clone().with(key_usage(SIGN_DATA)),
            ChainError::KeyUsage {
                role,
                expected: "keyCertSign",
            },
        ),
        (
            root.clone().without("2.5.29.19"),
            ChainError::NotAnAuthority { role },
        ),
        (
            root.clone().with(basic_constraints(Some(0))),
            ChainError::PathLength {
                role,
                allowed: 0,
                found: 1,
            },
        ),
    ] {
        let faulty = path(&[faulty, issuing.clone()], &Draft::leaf());
        assert_eq!(faulty.verify(), Err(error));
        assert_eq!(webpki_of(&faulty), Ok(()));
    }
    both_accept(&path(&[root.clone(), issuing.clone()], &Draft::leaf()));
    let one = root.with(basic_constraints(Some(1)));
    both_accept(&path(&[one, issuing], &Draft::leaf()));
}

#[test]
fn difference_6_a_certificate_lasts_through_its_last_second_and_time_before_1970_is_a_time() {
    let path = path(
        &[code_signing_root(), code_signing_issuer()],
        &Draft::leaf(),
    );
    let verify = |time| path.verify_at(at(time)).map(|_| ());
    for time in ["2026-06-01T12:10:00.999Z", "2026-06-01T12:00:00Z"] {
        assert_eq!(verify(time), Ok(()), "{time}");
    }
    // webpki counts unsigned seconds, and would take 11:59:59.9 for 11:59:59 and 1969 for 1970.
    for time in [
        "2026-06-01T12:10:01Z",
        "2026-06-01T11:59:59.9Z",
        "1969-12-31T23:59:59Z",
    ] {
        assert!(
            matches!(verify(time), Err(ChainError::Time { role: "leaf", .. })),
            "{time}"
        );
    }
}

#[test]
fn difference_7_a_critical_extension_that_is_not_known_is_refused_wherever_it_stands() {
    let drafts = [code_signing_root(), code_signing_issuer(), Draft::leaf()];
    for (place, role) in ["root", "intermediate", "leaf"].into_iter().enumerate() {
        for critical in [true, false] {
            let mut drafts = drafts.clone();
            drafts[place] = drafts[place].clone().with(unknown(critical));
            let path = path(&drafts[..2], &drafts[2]);
            if !critical {
                both_accept(&path);
                continue;
            }
            assert!(matches!(
                path.verify(),
                Err(ChainError::UnknownCriticalExtension { role: found, .. }) if found == role
            ));
            // webpki agrees, but for the anchor, of which it reads the key alone.
            assert_eq!(webpki_of(&path).is_ok(), role == "root");
        }
    }
}

#[test]
fn the_serial_of_a_profile_is_kept() {
    let root = code_signing_root().root();
    let serial = serial();
    let profile = waxwing_pki::issue::CertificateProfile {
        subject: &[0x30, 0],
        public_key: root.key.public_key(),
        serial,
        validity: years("2026", "2027"),
        extensions: &Draft::leaf().extensions,
    };
    let certificate = root.certify(&profile).unwrap();
    assert_eq!(certificate.extensions(), profile.extensions);
    assert_eq!(certificate.issuer_der(), root.certificate.subject_der());
    assert_eq!(certificate.not_after(), at("2027-01-01T00:00:00Z"));
}
