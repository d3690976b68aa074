//! Identities: exact, by pattern, by claims, several, and any.

use waxwing_pki::fulcio::Claim;
use waxwing_verify::policy::{EmptyPolicy, SignerRefused};
use waxwing_verify::{Identity, Matcher, Pattern, Policy, VerifyError};

use crate::world::{ISSUER, KEY, NAME, REKOR_V1, World, world};

fn exactly(issuer: &str, name: &str) -> Identity {
    Identity::exactly(issuer, name).unwrap()
}

fn pattern(text: &str) -> Matcher {
    Matcher::Pattern(Pattern::new(text).unwrap())
}

fn exact(text: &str) -> Matcher {
    Matcher::Exactly(text.into())
}

fn refused(world: &World, identity: Identity) -> SignerRefused {
    match world.under(Policy::identity(identity)).unwrap_err() {
        VerifyError::Signer(error) => error,
        error => panic!("{error}"),
    }
}

#[test]
fn issuer_and_name_are_both_compared_byte_for_byte() {
    let Some(world) = world(REKOR_V1) else { return };
    world
        .under(Policy::identity(exactly(ISSUER, NAME)))
        .unwrap();
    for issuer in [
        "https://token.actions.githubusercontent.com/",
        "https://example.com",
        " ",
    ] {
        let error = refused(&world, exactly(issuer, NAME));
        assert!(matches!(error, SignerRefused::Issuer { .. }), "{error}");
    }
    for name in [
        &NAME[1..],
        &NAME[..NAME.len() - 1],
        &NAME.to_uppercase(),
        "me@example.com",
    ] {
        let error = refused(&world, exactly(ISSUER, name));
        assert!(matches!(error, SignerRefused::Name { .. }), "{error}");
    }
    for (issuer, name, part) in [("", NAME, "issuer"), (ISSUER, "", "name")] {
        assert_eq!(
            Identity::exactly(issuer, name),
            Err(EmptyPolicy::Part { part })
        );
    }
}

#[test]
fn one_of_several_identities_suffices_and_their_parts_are_not_mixed() {
    let Some(world) = world(REKOR_V1) else { return };
    let (right, wrong) = (exactly(ISSUER, NAME), exactly("https://example.com", "me"));
    for identities in [
        vec![right.clone()],
        vec![wrong.clone(), right.clone()],
        vec![right, wrong.clone()],
    ] {
        world.under(Policy::any_of(identities).unwrap()).unwrap();
    }
    let mixed = vec![exactly(ISSUER, "me"), exactly("https://example.com", NAME)];
    let error = world.under(Policy::any_of(mixed).unwrap()).unwrap_err();
    assert!(
        matches!(error, VerifyError::Signer(SignerRefused::Name { .. })),
        "{error}"
    );
    world
        .under(Policy::any_of(vec![wrong]).unwrap())
        .unwrap_err();
    assert_eq!(Policy::any_of(Vec::new()), Err(EmptyPolicy::NoIdentity));
}

#[test]
fn patterns_match_anywhere_unless_they_are_tied_down() {
    let Some(world) = world(REKOR_V1) else { return };
    let by_name = |text: &str| Identity::new(exact(ISSUER), pattern(text)).unwrap();
    let by_issuer = |text: &str| Identity::new(pattern(text), exact(NAME)).unwrap();
    for identity in [
        by_name("^https://github\\.com/sigstore-conformance/[^/]+/.*@refs/heads/main$"),
        by_name("sigstore-conformance"),
        by_issuer("^https://token\\.actions\\.githubusercontent\\.com$"),
    ] {
        world.under(Policy::identity(identity)).unwrap();
    }
    for identity in [by_name("^sigstore-conformance"), by_name("refs/heads$")] {
        assert!(matches!(
            refused(&world, identity),
            SignerRefused::Name { .. }
        ));
    }
    assert!(matches!(
        refused(&world, by_issuer("^http://")),
        SignerRefused::Issuer { .. }
    ));
    // Further matchers have to match as well.
    let both = |name| by_name("conformance").and_name(pattern(name));
    world.under(Policy::identity(both("main$"))).unwrap();
    assert!(matches!(
        refused(&world, both("dev$")),
        SignerRefused::Name { .. }
    ));
    let both = |issuer| exactly(ISSUER, NAME).and_issuer(pattern(issuer));
    world.under(Policy::identity(both("^https:"))).unwrap();
    assert!(matches!(
        refused(&world, both("^http:")),
        SignerRefused::Issuer { .. }
    ));
}

#[test]
fn claims_are_compared_as_well() {
    let Some(world) = world(REKOR_V1) else { return };
    let repository =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    let right = exactly(ISSUER, NAME)
        .and_claim(Claim::SourceRepositoryUri, repository)
        .and_claim(Claim::SourceRepositoryRef, "refs/heads/main");
    world.under(Policy::identity(right.clone())).unwrap();
    for (claim, value) in [
        (
            Claim::SourceRepositoryUri,
            "https://github.com/sigstore-conformance",
        ),
        (Claim::SourceRepositoryRef, "refs/heads/main2"),
        (Claim::SourceRepositoryRef, ""),
        (Claim::DeploymentEnvironment, "production"),
    ] {
        let error = refused(&world, right.clone().and_claim(claim, value));
        assert!(matches!(error, SignerRefused::Claim { .. }), "{error}");
    }
}

#[test]
fn anybody_takes_a_dangerous_name_and_is_a_certificate_all_the_same() {
    let Some(world) = world(REKOR_V1) else { return };
    let any = || Matcher::DangerouslyAny;
    for identity in [
        Identity::new(any(), exact(NAME)),
        Identity::new(exact(ISSUER), any()),
        Identity::new(any(), any()),
    ] {
        world.under(Policy::identity(identity.unwrap())).unwrap();
    }
    let wrong = Identity::new(any(), exact("me")).unwrap();
    assert!(matches!(refused(&world, wrong), SignerRefused::Name { .. }));
    let verified = world.under(Policy::dangerously_any_identity()).unwrap();
    assert_eq!(verified.identity().unwrap().name.value(), NAME);
    let Some(key) = crate::world::world(KEY) else {
        return;
    };
    for policy in [
        Policy::dangerously_any_identity(),
        Policy::identity(Identity::new(any(), any()).unwrap()),
    ] {
        let error = key.under(policy).unwrap_err();
        assert!(
            matches!(
                error,
                VerifyError::Signer(SignerRefused::KeyForIdentity { .. })
            ),
            "{error}"
        );
    }
}
