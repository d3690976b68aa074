//! Each rule of a chain, broken once, with the same chain unbroken accepted beside it.

use waxwing_crypto::KeyType;
use waxwing_pki::chain::{self, ChainError, LinkError};
use waxwing_pki::issue::{Authority, Purpose};

use crate::authorities::{Authorities, at, key, name, serial, years};

const NOON: &str = "2026-06-01T12:05:00Z";

#[test]
fn a_leaf_is_accepted_inside_its_ten_minutes_and_not_a_second_outside() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let leaf = authorities.leaf(&[0, 0]);
    let verify = |time| {
        chain::verify(
            &leaf,
            &[],
            &authorities.chain(),
            Purpose::CodeSigning,
            at(time),
        )
    };
    for time in [
        "2026-06-01T12:00:00Z",
        NOON,
        "2026-06-01T12:10:00Z",
        "2026-06-01T12:10:00.9Z",
    ] {
        let path = verify(time).unwrap();
        assert_eq!(path.issuer(), authorities.issuing.certificate.public_key());
    }
    for time in ["2026-06-01T11:59:59.9Z", "2026-06-01T12:10:01Z"] {
        assert!(
            matches!(verify(time), Err(ChainError::Time { role: "leaf", .. })),
            "{time}"
        );
    }
}

#[test]
fn another_authority_of_the_same_names_is_refused() {
    let ours = Authorities::new(Purpose::CodeSigning);
    let other = Authorities::new(Purpose::CodeSigning);
    let leaf = ours.leaf(&[0, 0]);
    let verify =
        |chain: &[_]| chain::verify(&leaf, &[], chain, Purpose::CodeSigning, at(NOON)).map(|_| ());
    assert_eq!(verify(&ours.chain()), Ok(()));
    assert!(matches!(
        verify(&other.chain()),
        Err(ChainError::Signature { role: "leaf", .. })
    ));
    assert_eq!(verify(&[]), Err(ChainError::NoAuthority));
    // The intermediate may come along with the bundle, but never be an anchor.
    let root = [ours.root.certificate.clone()];
    let hints = [ours.issuing.certificate];
    let purpose = Purpose::CodeSigning;
    assert!(chain::verify(&leaf, &hints, &root, purpose, at(NOON)).is_ok());
    assert!(matches!(
        verify(&root),
        Err(ChainError::NoIssuer { role: "leaf", .. })
    ));
}

#[test]
fn the_purpose_is_checked_on_the_leaf_and_above_it() {
    let code = Authorities::new(Purpose::CodeSigning);
    let stamps = Authorities::new(Purpose::TimeStamping);
    let leaf = code.leaf(&[0, 0]);
    assert_eq!(
        chain::verify(&leaf, &[], &code.chain(), Purpose::TimeStamping, at(NOON)),
        Err(ChainError::ExtendedKeyUsage {
            role: "leaf",
            purpose: Purpose::TimeStamping
        })
    );
    let leaf = stamps.leaf(&[0, 0]);
    assert_eq!(
        chain::verify(&leaf, &[], &stamps.chain(), Purpose::CodeSigning, at(NOON)),
        Err(ChainError::ExtendedKeyUsage {
            role: "intermediate",
            purpose: Purpose::CodeSigning
        })
    );
}

#[test]
fn the_dates_of_the_root_count_too() {
    let root = Authority::root(
        key(KeyType::EcdsaP384),
        &name("r"),
        serial(),
        years("2020", "2026"),
    );
    let root = root.unwrap();
    let issuing = root
        .intermediate(
            key(KeyType::EcdsaP256),
            &name("i"),
            serial(),
            years("2020", "2030"),
            Purpose::CodeSigning,
        )
        .unwrap();
    let expired = Authorities { root, issuing };
    let leaf = expired.leaf(&[0, 0]);
    let verify = |time| chain::verify(&leaf, &[], &expired.chain(), Purpose::CodeSigning, at(time));
    assert!(matches!(
        verify(NOON),
        Err(ChainError::Time { role: "root", .. })
    ));
}

#[test]
fn an_authority_is_no_leaf() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let issuing = &authorities.issuing.certificate;
    assert_eq!(
        chain::verify(
            issuing,
            &[],
            &authorities.chain(),
            Purpose::CodeSigning,
            at(NOON)
        ),
        Err(ChainError::LeafIsAuthority)
    );
}

#[test]
fn the_links_of_a_submission_are_checked_one_by_one() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let leaf = authorities.leaf(&[0, 0]);
    let roots = [authorities.root.certificate.clone()];
    let issuing = authorities.issuing.certificate;
    let whole = [leaf.clone(), issuing.clone(), roots[0].clone()];
    for length in [2, 3] {
        let issuer = chain::verify_links(&whole[..length], &roots);
        assert_eq!(issuer, Ok(issuing.public_key()));
    }
    assert_eq!(chain::verify_links(&[], &roots), Err(LinkError::Empty));
    assert_eq!(
        chain::verify_links(&whole[..1], &roots),
        Err(LinkError::UnknownRoot)
    );
    let swapped = [issuing, leaf, roots[0].clone()];
    assert_eq!(
        chain::verify_links(&swapped, &roots),
        Err(LinkError::NotIssuedByNext { position: 0 })
    );
    let stranger = [Authorities::new(Purpose::CodeSigning).root.certificate];
    assert_eq!(
        chain::verify_links(&whole, &stranger),
        Err(LinkError::UnknownRoot)
    );
}
