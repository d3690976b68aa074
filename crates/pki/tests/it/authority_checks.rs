//! What a chain must be before it issues: each rule broken once.

use waxwing_crypto::KeyType;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{AuthorityRefused, check_authority};
use waxwing_pki::issue::Authority;

use crate::authorities::{at, key, years};
use crate::profiles::{
    ANY_PURPOSE, CODE_SIGNING, Draft, NOON, SIGN_DATA, TIME_STAMPING, basic_constraints,
    code_signing_issuer, code_signing_root, extension, key_usage, purposes, unknown,
};

/// Both have the key identifier that leaves name their issuer by.
fn issuer() -> Draft {
    code_signing_issuer().with(extension("2.5.29.14", false, vec![4, 1, 7]))
}

struct Chain {
    issuing: Authority,
    certificates: Vec<Certificate>,
}

/// The issuing authority's draft last.
fn chain(drafts: &[Draft]) -> Chain {
    let (first, others) = drafts.split_first().unwrap();
    let mut issuing = first.root();
    let mut certificates = vec![issuing.certificate.clone()];
    for draft in others {
        issuing = draft.below(&issuing);
        certificates.insert(0, issuing.certificate.clone());
    }
    Chain {
        issuing,
        certificates,
    }
}

impl Chain {
    fn check(&self) -> Result<(), AuthorityRefused> {
        self.check_at(NOON)
    }

    fn check_at(&self, time: &str) -> Result<(), AuthorityRefused> {
        check_authority(&self.certificates, self.issuing.key.public_key(), at(time))
    }
}

#[test]
fn good_chains_are_taken() {
    let root = code_signing_root;
    let silent = root().with(extension("2.5.29.14", false, vec![4, 1, 7]));
    for drafts in [
        vec![root(), issuer()],
        // A root that issues by itself may be silent about what it is for.
        vec![silent],
        vec![
            root().with(basic_constraints(Some(1))),
            issuer().with(basic_constraints(Some(0))),
        ],
        vec![
            root(),
            issuer().with(purposes(&[TIME_STAMPING, CODE_SIGNING])),
        ],
        vec![root().with(purposes(&[ANY_PURPOSE])), issuer()],
        vec![root(), issuer(), issuer()],
    ] {
        assert_eq!(chain(&drafts).check(), Ok(()));
    }
}

#[test]
fn each_rule_is_named_when_it_is_broken() {
    let root = code_signing_root;
    for (drafts, expected) in [
        (
            vec![root(), issuer().without("2.5.29.19")],
            AuthorityRefused::NotAnAuthority { position: 0 },
        ),
        (
            vec![root().without("2.5.29.19"), issuer()],
            AuthorityRefused::NotAnAuthority { position: 1 },
        ),
        (
            vec![root(), issuer().with(key_usage(SIGN_DATA))],
            AuthorityRefused::KeyUsage { position: 0 },
        ),
        (
            vec![root(), issuer().without("2.5.29.37")],
            AuthorityRefused::NoCodeSigning,
        ),
        (
            vec![root(), issuer().with(purposes(&[TIME_STAMPING]))],
            AuthorityRefused::NoCodeSigning,
        ),
        (
            vec![root().with(purposes(&[TIME_STAMPING])), issuer()],
            AuthorityRefused::ExtendedKeyUsage { position: 1 },
        ),
        (
            vec![root().with(basic_constraints(Some(0))), issuer()],
            AuthorityRefused::PathLength {
                position: 1,
                allowed: 0,
                found: 1,
            },
        ),
        (
            vec![root(), issuer().with(unknown(true))],
            AuthorityRefused::UnknownCriticalExtension {
                position: 0,
                oid: unknown(true).oid,
            },
        ),
        (
            vec![root(), issuer().without("2.5.29.14")],
            AuthorityRefused::NoKeyIdentifier,
        ),
    ] {
        assert_eq!(chain(&drafts).check(), Err(expected));
    }
    let repaired = chain(&[root(), issuer().with(unknown(false))]);
    assert_eq!(repaired.check(), Ok(()));
}

#[test]
fn order_dates_and_keys_are_checked() {
    let mut good = chain(&[code_signing_root(), issuer(), issuer()]);
    assert_eq!(good.check(), Ok(()));
    let other = key(KeyType::EcdsaP256);
    assert!(matches!(
        check_authority(&good.certificates, other.public_key(), at(NOON)),
        Err(AuthorityRefused::OtherKey { .. })
    ));
    assert_eq!(
        check_authority(&[], other.public_key(), at(NOON))
            .unwrap_err()
            .to_string(),
        "certificate chain must contain at least one certificate"
    );
    for time in ["2025-12-31T23:59:59Z", "2036-01-01T00:00:01Z"] {
        assert!(matches!(
            good.check_at(time),
            Err(AuthorityRefused::Time { position: 0, .. })
        ));
    }
    assert_eq!(good.check_at("2026-01-01T00:00:00Z"), Ok(()));
    let old = chain(&[code_signing_root().valid(years("2020", "2026")), issuer()]);
    assert!(matches!(
        old.check(),
        Err(AuthorityRefused::Time { position: 1, .. })
    ));

    // The root above another issuer of the same name.
    let stranger = chain(&[code_signing_root(), issuer()]);
    good.certificates[2] = stranger.certificates[1].clone();
    assert_eq!(
        good.check(),
        Err(AuthorityRefused::Signature { position: 1 })
    );
    good.certificates.remove(1);
    // Both intermediates have one name, so that only the signature tells.
    assert_eq!(good.check(), Err(AuthorityRefused::Order { position: 0 }));
    let long = chain(&vec![issuer(); 9]);
    assert_eq!(long.check(), Err(AuthorityRefused::TooLong { count: 9 }));
}
