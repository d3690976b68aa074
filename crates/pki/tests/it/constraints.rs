//! Name constraints: each form inside and outside its subtree, by an intermediate and by the anchor.

use waxwing_pki::chain::ChainError;

use crate::authorities::name;
use crate::profiles::{
    Draft, code_signing_issuer, code_signing_root, constraints, der, extension, names, path,
};

const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

type Name<'a> = (u8, &'a [u8]);
type Values<'a> = &'a [&'a [u8]];

fn verify(root: Draft, issuing: Draft, leaf: &Draft) -> Result<(), ChainError> {
    path(&[root, issuing], leaf).verify().map(|_| ())
}

fn leaf(name: Name<'_>) -> Draft {
    Draft::leaf().with(names(&[name]))
}

/// Whether the name is accepted, with the constraint in the intermediate and in the anchor.
fn accepted(permitted: &[Name<'_>], excluded: &[Name<'_>], name: Name<'_>) -> bool {
    let constraints = constraints(permitted, excluded);
    let (root, issuing) = (code_signing_root(), code_signing_issuer());
    let by_issuing = verify(
        root.clone(),
        issuing.clone().with(constraints.clone()),
        &leaf(name),
    );
    let by_root = verify(root.with(constraints), issuing, &leaf(name));
    assert_eq!(by_issuing.is_ok(), by_root.is_ok());
    if by_root.is_err() {
        assert!(matches!(
            by_root,
            Err(ChainError::NameConstraint { role: "leaf", .. })
        ));
    }
    by_root.is_ok()
}

#[test]
fn a_name_inside_is_permitted_or_excluded_and_one_outside_is_not() {
    let directory = |common_name: &str| name(common_name).to_der();
    let (one, two) = (directory("one"), directory("two"));
    // The organization alone: the first element of the two.
    let organization = der(0x30, &[&one[2..2 + 2 + one[3] as usize]]);
    let cases: &[(Name<'_>, Values<'_>, Values<'_>)] = &[
        (
            (EMAIL, b"example.com"),
            &[b"a@example.com", b"A.b@EXAMPLE.com"],
            &[
                b"a@sub.example.com",
                b"a@notexample.com",
                b"a@example.com.org",
            ],
        ),
        (
            (EMAIL, b".example.com"),
            &[b"a@sub.example.com", b"a@b.c.Example.com"],
            &[b"a@example.com", b"a@notexample.com"],
        ),
        (
            (EMAIL, b"a.b@Example.com"),
            &[b"a.b@example.com", b"a.b@eXample.com"],
            &[b"A.b@example.com", b"b@example.com", b"a.b@sub.example.com"],
        ),
        (
            (DNS, b"example.com"),
            &[b"example.com", b"a.b.EXAMPLE.com", b"*.example.com"],
            &[b"notexample.com", b"com", b"example.com.org"],
        ),
        (
            (DNS, b".example.com"),
            &[b"a.example.com", b"*.example.com"],
            &[b"example.com"],
        ),
        (
            (URI, b"example.com"),
            &[
                b"https://example.com/a",
                b"https://user@EXAMPLE.com:8443?x",
                b"spiffe://example.com/a@example.org/b",
                b"https://example.com",
            ],
            &[
                b"https://sub.example.com/",
                b"https://example.org/example.com",
                b"https://example.com@example.org/",
                b"https://example.org#@example.com",
            ],
        ),
        (
            (URI, b".example.com"),
            &[b"https://sub.example.com/"],
            &[b"https://example.com/", b"https://notexample.com/"],
        ),
        (
            (IP, &[192, 0, 2, 9, 255, 255, 255, 0]),
            &[&[192, 0, 2, 1], &[192, 0, 2, 255]],
            &[&[192, 0, 3, 1], &[0; 16]],
        ),
        (
            (
                IP,
                &[
                    0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0,
                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                ],
            ),
            &[&[0x20, 1, 0xd, 0xb8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]],
            &[&[0; 16], &[0x20, 1, 0xd, 0xb8]],
        ),
        ((DIRECTORY, &organization), &[&one, &two], &[&[0x30, 0]]),
        ((DIRECTORY, &one), &[&one], &[&two, &organization]),
    ];
    for (constraint, inside, outside) in cases {
        let tag = constraint.0;
        for name in *inside {
            let seen = format!("{constraint:?} {}", String::from_utf8_lossy(name));
            assert!(accepted_subtree(*constraint, true, (tag, name)), "{seen}");
            assert!(!accepted_subtree(*constraint, false, (tag, name)), "{seen}");
        }
        for name in *outside {
            let seen = format!("{constraint:?} {}", String::from_utf8_lossy(name));
            assert!(!accepted_subtree(*constraint, true, (tag, name)), "{seen}");
            assert!(accepted_subtree(*constraint, false, (tag, name)), "{seen}");
        }
    }
}

/// As [`accepted`], by the intermediate alone where the form is the one of its own subject: the
/// anchor's constraint would meet that too.
fn accepted_subtree(constraint: Name<'_>, permitted: bool, name: Name<'_>) -> bool {
    let list = [constraint];
    let lists: [&[Name<'_>]; 2] = match permitted {
        true => [&list, &[]],
        false => [&[], &list],
    };
    if constraint.0 != DIRECTORY {
        return accepted(lists[0], lists[1], name);
    }
    let issuing = code_signing_issuer().with(constraints(lists[0], lists[1]));
    verify(code_signing_root(), issuing, &leaf(name)).is_ok()
}

#[test]
fn names_that_cannot_be_taken_apart_are_refused_once_their_form_is_constrained() {
    let cases: &[(u8, &[u8], Values<'_>)] = &[
        (
            EMAIL,
            b"example.com",
            &[
                b"example.com",
                b"@example.com",
                b"a@",
                b"\"a@b\"@example.org",
                b"a..b@example.org",
                b"a@example..org",
                b"a@[192.0.2.1]",
                b"a b@example.org",
                b"a@ex\xc3\xa4mple.org",
                b"a@example.org.",
                b"a@b@example.org",
            ],
        ),
        (
            DNS,
            b"example.com",
            &[
                b"", b"a..org", b".org", b"a.org.", b"*.*.org", b"a*.org", b"\xff",
            ],
        ),
        (
            URI,
            b"example.com",
            &[
                b"example.org",
                b"mailto:a@example.org",
                b"https:///path",
                b"https://192.0.2.1/",
                b"https://[2001:db8::1]/",
                b"https://example.org:port/",
                b"https://example.org\\@example.com/",
                b"https://example.org@user@example.com/",
                b"://example.org/",
                b"https://ex%61mple.org/",
            ],
        ),
        (
            IP,
            &[10, 0, 0, 0, 255, 0, 0, 0],
            &[&[], &[1, 2, 3], &[0; 5]],
        ),
    ];
    for (tag, constraint, malformed) in cases {
        for name in *malformed {
            for permitted in [true, false] {
                assert!(
                    !accepted_subtree((*tag, constraint), permitted, (*tag, name)),
                    "{tag:x} {}",
                    String::from_utf8_lossy(name)
                );
            }
            // Nobody constrains the form: nobody takes the name apart.
            let other: Name<'_> = match *tag {
                DNS => (URI, b"example.com"),
                _ => (DNS, b"example.com"),
            };
            assert!(accepted(&[other], &[], (*tag, name)));
        }
    }
}

#[test]
fn a_wildcard_is_refused_where_one_of_the_names_it_stands_for_is_excluded() {
    let excluded =
        |constraint, name: &'static [u8]| !accepted(&[], &[(DNS, constraint)], (DNS, name));
    assert!(excluded(b"www.example.com", b"*.example.com"));
    assert!(excluded(b"www.example.com", b"*.EXAMPLE.com"));
    assert!(!excluded(b"www.example.com", b"mail.example.com"));
    assert!(!excluded(b"a.www.example.com", b"*.example.com"));
    // And is not permitted because one of them is.
    assert!(!accepted(
        &[(DNS, b"www.example.com")],
        &[],
        (DNS, b"*.example.com")
    ));
}

#[test]
fn forms_that_cannot_be_compared_are_refused_once_constrained() {
    let other: &[u8] = &[6, 2, 42, 3, 0xa0, 3, 0x0c, 1, b'x'];
    for tag in [0xa0, 0xa3, 0xa5, 0x88] {
        assert!(!accepted(&[(tag, other)], &[], (tag, other)), "{tag:x}");
        assert!(!accepted(&[], &[(tag, other)], (tag, other)), "{tag:x}");
        assert!(accepted(&[(tag, other)], &[], (EMAIL, b"a@example.com")));
    }
}

#[test]
fn permitted_and_excluded_hold_together_and_each_form_for_itself() {
    let permitted: [Name<'_>; 2] = [(EMAIL, b"example.com"), (EMAIL, b"example.org")];
    let excluded: [Name<'_>; 1] = [(EMAIL, b"evil@example.com")];
    for (name, expected) in [
        (&b"a@example.com"[..], true),
        (b"a@example.org", true),
        (b"evil@example.com", false),
        (b"a@example.net", false),
    ] {
        assert_eq!(accepted(&permitted, &excluded, (EMAIL, name)), expected);
    }
    assert!(accepted(
        &permitted,
        &excluded,
        (URI, b"https://example.net/")
    ));
    // Every name counts, not the first alone; a certificate without names has none to refuse.
    let issuing = code_signing_issuer().with(constraints(&permitted, &[]));
    let two = names(&[(EMAIL, b"a@example.com"), (EMAIL, b"a@example.net")]);
    let refused = verify(
        code_signing_root(),
        issuing.clone(),
        &Draft::leaf().with(two),
    );
    assert_eq!(
        refused,
        Err(ChainError::NameConstraint {
            role: "leaf",
            name: "e-mail a@example.net".into()
        })
    );
    let nameless = Draft::leaf().without("2.5.29.17");
    assert_eq!(verify(code_signing_root(), issuing, &nameless), Ok(()));
}

#[test]
fn every_certificate_below_is_constrained_and_none_above() {
    let named = names(&[(DNS, b"ca.example.org")]);
    let constraint = constraints(&[(DNS, b"example.com")], &[]);
    let root = code_signing_root();
    let good = leaf((DNS, b"a.example.com"));
    let refused = verify(
        root.clone().with(constraint.clone()),
        code_signing_issuer().with(named.clone()),
        &good,
    );
    assert!(matches!(
        refused,
        Err(ChainError::NameConstraint {
            role: "intermediate",
            ..
        })
    ));
    let itself = code_signing_issuer().with(named).with(constraint);
    assert_eq!(verify(root.clone(), itself.clone(), &good), Ok(()));
    // The subject is a directory name, also of an authority.
    let other = name("other").to_der();
    let only_other = constraints(&[(DIRECTORY, &other)], &[]);
    assert!(matches!(
        verify(root.clone().with(only_other.clone()), code_signing_issuer(), &good),
        Err(ChainError::NameConstraint { role: "intermediate", name })
            if name == r#""issuing" of "example.com""#
    ));
    assert_eq!(verify(root, itself.with(only_other), &good), Ok(()));
}

#[test]
fn constraints_that_are_empty_or_malformed_are_refused() {
    let subtree = |name: Name<'_>| der(0x30, &[&der(name.0, &[name.1])]);
    let permitted = |subtrees: &[u8]| der(0x30, &[&der(0xa0, &[subtrees])]);
    let mut values = vec![
        der(0x30, &[]),
        permitted(&[]),
        der(0x30, &[&der(0xa1, &[])]),
        der(0x30, &[&der(0xa2, &[&subtree((DNS, b"a.b"))])]),
        // A minimum, and a maximum.
        permitted(&der(0x30, &[&der(DNS, &[b"a.b"]), &[0x80, 1, 0]])),
        permitted(&der(0x30, &[&der(DNS, &[b"a.b"]), &[0x81, 1, 1]])),
    ];
    let names: &[Name<'_>] = &[
        (EMAIL, b""),
        (EMAIL, b"."),
        (EMAIL, b"@example.com"),
        (EMAIL, b"a@.example.com"),
        (DNS, b""),
        (DNS, b"*.example.com"),
        (DNS, b"..example.com"),
        (DNS, b"example.com."),
        (URI, b""),
        (URI, b"https://example.com"),
        (URI, b"192.0.2.1"),
        (IP, &[]),
        (IP, &[192, 0, 2, 1]),
        (IP, &[192, 0, 2, 0, 255, 0, 255, 0]),
        (IP, &[192, 0, 2, 0, 255, 253, 0, 0]),
        (IP, &[0; 16]),
        (DIRECTORY, &[0x30, 0]),
        (DIRECTORY, &[0x30, 2, 5, 0]),
        (DIRECTORY, &[]),
        (0x83, b"x"),
        (0x89, b"x"),
    ];
    values.extend(names.iter().map(|name| permitted(&subtree(*name))));
    for value in values {
        let issuing = code_signing_issuer().with(extension("2.5.29.30", true, value.clone()));
        assert!(
            matches!(
                verify(code_signing_root(), issuing, &Draft::leaf()),
                Err(ChainError::Der {
                    role: "intermediate",
                    ..
                })
            ),
            "{value:02x?}"
        );
    }
    // A constraint need not be critical to hold.
    let mut lax = constraints(&[(EMAIL, b"example.org")], &[]);
    lax.critical = false;
    let issuing = code_signing_issuer().with(lax);
    assert!(verify(code_signing_root(), issuing, &Draft::leaf()).is_err());
}
