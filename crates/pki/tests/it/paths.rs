//! The search for a path: several certificates of one name, levels, circles, bounds.

use waxwing_crypto::KeyType;
use waxwing_pki::Certificate;
use waxwing_pki::chain::{self, ChainError, TrustedChain};
use waxwing_pki::issue::{Authority, Purpose};

use crate::authorities::{at, key, name, years};
use crate::profiles::{
    ANY_PURPOSE, CODE_SIGNING, Draft, NOON, TIME_STAMPING, basic_constraints, code_signing_issuer,
    code_signing_root, extension, key_usage, name_only, names, path, purposes,
};

const CODE: Purpose = Purpose::CodeSigning;

fn verify(
    leaf: &Certificate,
    hints: &[Certificate],
    authority: &[Certificate],
) -> Result<(), ChainError> {
    chain::verify(leaf, hints, authority, CODE, at(NOON)).map(|_| ())
}

#[test]
fn of_two_intermediates_with_one_name_the_one_that_signed_is_found() {
    let root = code_signing_root().root();
    let [one, two] = [0; 2].map(|_| code_signing_issuer().below(&root));
    let certificates = [&one, &two].map(|issuer| issuer.certificate.clone());
    for (issuer, place) in [(&one, 0), (&two, 1)] {
        let leaf = Draft::leaf().certify(issuer, &key(KeyType::EcdsaP256));
        for order in [[0, 1], [1, 0]] {
            let mut authority: Vec<_> = order.map(|place| certificates[place].clone()).to_vec();
            authority.push(root.certificate.clone());
            let path = chain::verify(&leaf, &[], &authority, CODE, at(NOON)).unwrap();
            assert_eq!(path.issuer(), certificates[place].public_key());
        }
        // Without it nothing holds, and the error says who did not sign.
        let other = [certificates[1 - place].clone(), root.certificate.clone()];
        let refused = verify(&leaf, &[], &other).unwrap_err().to_string();
        assert!(
            refused.starts_with(
                r#"the leaf certificate is not signed by the key of "issuing" of "example.com": "#
            ),
            "{refused}"
        );
    }
}

#[test]
fn a_second_parent_helps_when_the_first_leads_nowhere() {
    let root = code_signing_root().root();
    let other = name_only(&name("other").to_der(), key(KeyType::EcdsaP256));
    let issuing = code_signing_issuer();
    let issuing_key = key(KeyType::EcdsaP256);
    let ours = issuing.certify(&root, &issuing_key);
    let theirs = issuing.certify(&other, &issuing_key);
    let issuer = Authority {
        certificate: ours.clone(),
        key: issuing_key,
    };
    let leaf = Draft::leaf().certify(&issuer, &key(KeyType::EcdsaP256));
    let anchor = [root.certificate];
    for hints in [[ours.clone(), theirs.clone()], [theirs.clone(), ours]] {
        assert_eq!(verify(&leaf, &hints, &anchor), Ok(()));
    }
    // The error is that of the path that got farthest, and names whom it looked for.
    let stranger = code_signing_issuer().below(&other).certificate;
    let issuer = r#""other" of "example.com""#.to_owned();
    let role = "intermediate";
    for hints in [[theirs.clone(), stranger.clone()], [stranger, theirs]] {
        let refused = verify(&leaf, &hints, &anchor);
        let issuer = issuer.clone();
        assert_eq!(refused, Err(ChainError::NoIssuer { role, issuer }));
    }
}

#[test]
fn hints_are_never_anchors_and_may_repeat_the_authority() {
    let path = path(
        &[code_signing_root(), code_signing_issuer()],
        &Draft::leaf(),
    );
    let [issuing, root] = [0, 1].map(|place| path.authority[place].clone());
    let (leaf, anchor) = (&path.leaf, [root.clone()]);
    assert_eq!(
        verify(
            leaf,
            &[issuing.clone(), root.clone(), issuing.clone()],
            &anchor
        ),
        Ok(())
    );
    let stranger = [code_signing_root().root().certificate];
    let signature = verify(leaf, &[issuing.clone(), root.clone()], &stranger);
    assert!(
        matches!(
            signature,
            Err(ChainError::Signature {
                role: "intermediate",
                ..
            })
        ),
        "{signature:?}"
    );
    // An intermediate can be an anchor where the trusted root says so.
    assert_eq!(verify(leaf, &[], std::slice::from_ref(&issuing)), Ok(()));
    assert_eq!(
        verify(&root, &[], &anchor),
        Err(ChainError::LeafIsAuthority)
    );
}

#[test]
fn path_length_counts_authorities_that_did_not_issue_themselves() {
    let (root, issuing) = (code_signing_root(), code_signing_issuer());
    let middle = |length| Draft::authority("middle").with(basic_constraints(length));
    for (length, accepted) in [(None, true), (Some(0), false), (Some(1), true)] {
        let path = path(
            &[root.clone(), middle(length), issuing.clone()],
            &Draft::leaf(),
        );
        let expected = match accepted {
            true => Ok(()),
            false => Err(ChainError::PathLength {
                role: "intermediate",
                allowed: 0,
                found: 1,
            }),
        };
        assert_eq!(path.verify().map(|_| ()), expected);
    }
    // The renewed key of the same name is no further level; the same under a new name is one.
    let renewed = |name| {
        path(
            &[root.clone(), middle(Some(0)), Draft::authority(name)],
            &Draft::leaf(),
        )
    };
    assert!(renewed("middle").verify().is_ok());
    assert!(renewed("muddle").verify().is_err());
}

#[test]
fn each_rule_of_an_intermediate_broken_once() {
    let issuing = code_signing_issuer();
    let role = "intermediate";
    for (faulty, error) in [
        (
            issuing.clone().without("2.5.29.19"),
            ChainError::NotAnAuthority { role },
        ),
        (
            issuing
                .clone()
                .with(extension("2.5.29.19", true, vec![0x30, 3, 1, 1, 0])),
            ChainError::NotAnAuthority { role },
        ),
        (
            issuing.clone().with(purposes(&[TIME_STAMPING])),
            ChainError::ExtendedKeyUsage {
                role,
                purpose: CODE,
            },
        ),
        (
            issuing.clone().with(purposes(&[])),
            ChainError::ExtendedKeyUsage {
                role,
                purpose: CODE,
            },
        ),
        (
            issuing.clone().valid(years("2027", "2036")),
            ChainError::Time {
                role,
                not_before: at("2027-01-01T00:00:00Z"),
                not_after: at("2036-01-01T00:00:00Z"),
                time: at(NOON),
            },
        ),
    ] {
        let faulty = path(&[code_signing_root(), faulty], &Draft::leaf());
        assert_eq!(faulty.verify(), Err(error));
    }
    for good in [
        issuing.clone(),
        issuing
            .clone()
            .with(purposes(&[TIME_STAMPING, ANY_PURPOSE])),
        issuing.with(purposes(&[TIME_STAMPING, CODE_SIGNING])),
    ] {
        assert!(
            path(&[code_signing_root(), good], &Draft::leaf())
                .verify()
                .is_ok()
        );
    }
}

#[test]
fn extensions_that_cannot_be_read_are_refused_in_an_issuer_and_in_a_leaf() {
    for faulty in [
        extension("2.5.29.19", true, vec![0x30, 3, 1, 1, 1]),
        extension("2.5.29.19", true, vec![0x30, 4, 1, 1, 0xff, 0]),
        extension("2.5.29.19", true, vec![0x30, 3, 1, 1, 0xff, 0]),
        extension("2.5.29.19", true, vec![0x30, 6, 1, 1, 0xff, 2, 1, 0xff]),
        extension("2.5.29.19", true, vec![0x30, 6, 2, 1, 0, 1, 1, 0xff]),
        extension("2.5.29.19", true, vec![]),
        key_usage(&[]),
        key_usage(&[8, 0]),
        key_usage(&[2, 0x06]),
        extension("2.5.29.37", false, vec![0x30, 2, 5, 0]),
    ] {
        let issuing = code_signing_issuer().with(faulty.clone());
        assert!(
            matches!(
                path(&[code_signing_root(), issuing], &Draft::leaf()).verify(),
                Err(ChainError::Der {
                    role: "intermediate",
                    ..
                })
            ),
            "{faulty:?}"
        );
        let leaf = Draft::leaf().with(faulty.clone());
        assert!(
            matches!(
                path(&[code_signing_root(), code_signing_issuer()], &leaf).verify(),
                Err(ChainError::Der { role: "leaf", .. })
            ),
            "{faulty:?}"
        );
    }
    // FALSE written out, and a path length that means nothing, are common in leaves.
    for value in [
        vec![0x30, 3, 1, 1, 0],
        vec![0x30, 0],
        vec![0x30, 3, 2, 1, 0],
    ] {
        let leaf = Draft::leaf().with(extension("2.5.29.19", true, value));
        assert!(
            path(&[code_signing_root(), code_signing_issuer()], &leaf)
                .verify()
                .is_ok()
        );
    }
}

#[test]
fn policies_may_be_critical_and_what_needs_them_may_not() {
    let leaf = Draft::leaf();
    let policies = extension("2.5.29.32", true, vec![0x30, 6, 0x30, 4, 6, 2, 42, 3]);
    let path_of = |leaf| path(&[code_signing_root(), code_signing_issuer()], &leaf);
    assert!(path_of(leaf.clone().with(policies)).verify().is_ok());
    for oid in ["2.5.29.36", "2.5.29.54", "2.5.29.33"] {
        let critical = extension(oid, true, vec![2, 1, 0]);
        assert!(matches!(
            path_of(leaf.clone().with(critical)).verify(),
            Err(ChainError::UnknownCriticalExtension { role: "leaf", oid: found })
                if found.to_string() == oid
        ));
    }
    // A critical name of a kind that only Fulcio knows.
    let other: &[u8] = &[6, 2, 42, 3, 0xa0, 3, 0x0c, 1, b'x'];
    let leaf = leaf.with(names(&[(0xa0, other)]));
    assert!(path_of(leaf).verify().is_ok());
}

#[test]
fn circles_and_crowds_end_with_an_error_that_names_the_bound() {
    // Two authorities that certified each other, with no way out.
    let [one, two] = ["one", "two"].map(|name| (Draft::authority(name), key(KeyType::EcdsaP256)));
    let as_issuer = |(draft, key): &(Draft, waxwing_crypto::PrivateKey)| {
        let key = waxwing_crypto::PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
        name_only(&draft.subject, key)
    };
    let circle = [
        one.0.certify(&as_issuer(&two), &one.1),
        two.0.certify(&as_issuer(&one), &two.1),
    ];
    let leaf = Draft::leaf().certify(&as_issuer(&one), &key(KeyType::EcdsaP256));
    let anchor = [code_signing_root().root().certificate];
    assert!(matches!(
        verify(&leaf, &circle, &anchor),
        Err(ChainError::NoIssuer {
            role: "intermediate",
            ..
        })
    ));

    // Eight authorities above the leaf are a path, nine are not.
    for (height, accepted) in [(8, true), (9, false)] {
        let drafts: Vec<Draft> = (0..height)
            .map(|level| Draft::authority(&format!("level {level}")))
            .collect();
        let verified = path(&drafts, &Draft::leaf()).verify().map(|_| ());
        let expected = match accepted {
            true => Ok(()),
            false => Err(ChainError::TooDeep),
        };
        assert_eq!(verified, expected);
    }

    // 64 strangers of the issuer's name are asked whether they signed, and no more.
    let root = code_signing_root().root();
    let issuing = code_signing_issuer().below(&root);
    let leaf = Draft::leaf().certify(&issuing, &key(KeyType::EcdsaP256));
    let mut hints: Vec<Certificate> = (0..64)
        .map(|_| code_signing_issuer().below(&root).certificate)
        .collect();
    let anchor = [root.certificate];
    hints.push(issuing.certificate);
    assert_eq!(
        verify(&leaf, &hints, &anchor),
        Err(ChainError::TooManySignatures)
    );
    hints.drain(..2);
    assert_eq!(verify(&leaf, &hints, &anchor), Ok(()));
    // One of them a hundred times is one.
    let mut repeated = vec![hints[0].clone(); 100];
    repeated.extend(hints.last().cloned());
    assert_eq!(verify(&leaf, &repeated, &anchor), Ok(()));

    let crowd = vec![anchor[0].clone(); 33];
    let too_many = Err(ChainError::TooManyCertificates { count: 33 });
    assert_eq!(verify(&leaf, &[], &crowd), too_many);
    assert_eq!(TrustedChain::new(crowd).map(|_| ()), too_many);
    assert_eq!(TrustedChain::new(vec![]), Err(ChainError::NoAuthority));
}

#[test]
fn the_key_that_a_certificate_names_is_asked_first_and_not_alone() {
    let root = code_signing_root().root();
    let named = |id: u8| extension("2.5.29.14", false, vec![4, 1, id]);
    let names_key = |id: u8| extension("2.5.29.35", false, vec![0x30, 3, 0x80, 1, id]);
    let issuing = code_signing_issuer().with(named(7)).below(&root);
    let mut hints: Vec<Certificate> = (0..70)
        .map(|_| {
            code_signing_issuer()
                .with(named(8))
                .below(&root)
                .certificate
        })
        .collect();
    hints.push(issuing.certificate.clone());
    let leaf = |id| {
        let draft = Draft::leaf().with(names_key(id));
        draft.certify(&issuing, &key(KeyType::EcdsaP256))
    };
    let anchor = [root.certificate];
    // Asked first: the crowd of strangers is not gone through.
    assert_eq!(verify(&leaf(7), &hints, &anchor), Ok(()));
    let crowd = Err(ChainError::TooManySignatures);
    assert_eq!(verify(&leaf(8), &hints, &anchor), crowd);
    // Not alone: a certificate may name a wrong key.
    assert_eq!(verify(&leaf(8), &hints[60..], &anchor), Ok(()));
    assert_eq!(verify(&leaf(9), &hints[60..], &anchor), Ok(()));
}

#[test]
fn a_path_can_be_asked_about_another_time() {
    let issuing = code_signing_issuer().valid(years("2026", "2027"));
    let leaf = Draft::leaf().valid(years("2026", "2030"));
    let path = path(&[code_signing_root(), issuing], &leaf);
    let verified = path.verify().unwrap();
    assert_eq!(verified.check_time(at("2026-12-31T23:59:59Z")), Ok(()));
    for (time, role) in [
        ("2025-12-31T23:59:59Z", "leaf"),
        ("2028-01-01T00:00:00Z", "intermediate"),
        ("2031-01-01T00:00:00Z", "leaf"),
    ] {
        assert!(matches!(
            verified.check_time(at(time)),
            Err(ChainError::Time { role: found, .. }) if found == role
        ));
        assert_eq!(
            path.verify_at(at(time)).map(|_| ()),
            verified.check_time(at(time))
        );
    }
}

#[test]
fn trusted_chains_are_equal_when_their_certificates_are() {
    let path = path(
        &[code_signing_root(), code_signing_issuer()],
        &Draft::leaf(),
    );
    let chain = TrustedChain::new(path.authority.clone()).unwrap();
    assert!(chain.verify(&path.leaf, &[], CODE, at(NOON)).is_ok());
    assert_eq!(chain, TrustedChain::new(path.authority.clone()).unwrap());
    assert_eq!(chain, chain.clone());
    assert_ne!(
        chain,
        TrustedChain::new(path.authority[1..].to_vec()).unwrap()
    );
    assert_eq!(chain.certificates(), path.authority);
}
