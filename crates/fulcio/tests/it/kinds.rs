//! Every kind of issuer: claims in, name and extensions out, by the tables of the original.

use serde_json::{Value, json};
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::identity::{IdentityRefused, Principal, TokenClaims};
use waxwing_pki::fulcio::SubjectAlternativeName::{self, Email, OtherName, Uri};

pub(crate) fn configuration() -> Configuration {
    Configuration::read(include_bytes!("providers.yaml")).unwrap()
}

pub(crate) fn principal(issuer: &str, claims: &Value) -> Result<Principal, IdentityRefused> {
    let issuer = configuration().issuer(issuer).unwrap();
    let claims = TokenClaims::from_json(claims.to_string().as_bytes()).unwrap();
    issuer.settings().kind().principal(issuer.url(), &claims)
}

/// Name, name of the proof, issuer, and the extensions by number.
fn check(
    issuer: &str,
    claims: &Value,
    name: &SubjectAlternativeName,
    extensions: &[(u8, &str)],
) -> Principal {
    let found = principal(issuer, claims).unwrap();
    assert_eq!(&found.identity().name, name, "{issuer}");
    assert_eq!(found.identity().subject.as_deref(), claims["sub"].as_str());
    let claimed: Vec<(u8, &str)> = found
        .claims()
        .iter()
        .map(|(claim, text)| (claim.number(), text))
        .collect();
    assert_eq!(claimed, extensions, "{issuer}");
    found
}

pub(crate) fn github() -> Value {
    json!({
        "iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/app:ref:refs/heads/main",
        "aud": "sigstore", "event_name": "push", "sha": "c0ffee", "workflow": "Release <&>",
        "repository": "acme/app", "ref": "refs/heads/main",
        "job_workflow_ref": "acme/shared/.github/workflows/r.yml@refs/tags/v1",
        "job_workflow_sha": "beef", "runner_environment": "github-hosted",
        "repository_id": "7", "repository_owner": "acme", "repository_owner_id": "8",
        "repository_visibility": "public", "workflow_ref": "acme/app/.github/workflows/w.yml@refs/heads/main",
        "workflow_sha": "c0ffee", "run_id": "99", "run_attempt": "2",
    })
}

const GITHUB: &[(u8, &str)] = &[
    (2, "push"),
    (3, "c0ffee"),
    (4, "Release <&>"),
    (5, "acme/app"),
    (6, "refs/heads/main"),
    (
        9,
        "https://github.com/acme/shared/.github/workflows/r.yml@refs/tags/v1",
    ),
    (10, "beef"),
    (11, "github-hosted"),
    (12, "https://github.com/acme/app"),
    (13, "c0ffee"),
    (14, "refs/heads/main"),
    (15, "7"),
    (16, "https://github.com/acme"),
    (17, "8"),
    (
        18,
        "https://github.com/acme/app/.github/workflows/w.yml@refs/heads/main",
    ),
    (19, "c0ffee"),
    (20, "push"),
    (21, "https://github.com/acme/app/actions/runs/99/attempts/2"),
    (22, "public"),
];

#[test]
fn github_by_template_and_by_fixed_rules() {
    let name = || Uri("https://github.com/acme/shared/.github/workflows/r.yml@refs/tags/v1".into());
    let by_template = "https://token.actions.githubusercontent.com";
    let found = check(by_template, &github(), &name(), GITHUB);
    assert_eq!(found.name(), "repo:acme/app:ref:refs/heads/main");
    assert_eq!(found.identity().issuer, by_template);
    check("https://github.old.example", &github(), &name(), GITHUB);
    // GitHub Enterprise has a path of its own; the URL of the instance comes as a claim.
    let mut enterprise = github();
    enterprise["url"] = json!("https://git.example.com");
    enterprise["environment"] = json!("production");
    enterprise["run_id"] = json!(12345678901u64);
    let issuer = "https://token.actions.githubusercontent.com/acme";
    let found = principal(issuer, &enterprise).unwrap();
    assert_eq!(found.identity().issuer, issuer);
    let name = "https://git.example.com/acme/shared/.github/workflows/r.yml@refs/tags/v1";
    assert_eq!(found.identity().name, Uri(name.into()));
    let claimed: Vec<(u8, &str)> = found
        .claims()
        .iter()
        .map(|(c, t)| (c.number(), t))
        .collect();
    assert!(claimed.contains(&(23, "production")));
    let run = "https://git.example.com/acme/app/actions/runs/12345678901/attempts/2";
    assert!(claimed.contains(&(21, run)));
}

#[test]
fn github_without_a_claim_is_refused() {
    for claim in [
        "job_workflow_ref",
        "sha",
        "event_name",
        "repository",
        "workflow",
        "ref",
        "job_workflow_sha",
        "runner_environment",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "workflow_ref",
        "workflow_sha",
        "run_id",
        "run_attempt",
    ] {
        let mut claims = github();
        claims.as_object_mut().unwrap().remove(claim);
        let refused = principal("https://github.old.example", &claims).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("missing {claim} claim in ID token")
        );
        let issuer = "https://token.actions.githubusercontent.com";
        let refused = principal(issuer, &claims).unwrap_err();
        assert!(refused.is_about_the_certificate(), "{refused}");
    }
    let mut claims = github();
    claims.as_object_mut().unwrap().remove("sha");
    let issuer = "https://token.actions.githubusercontent.com";
    assert_eq!(
        principal(issuer, &claims).unwrap_err().to_string(),
        "value <sha> not present in either claims or defaults. {\n\t\"ExtensionName\": \
         \"GithubWorkflowSHA\",\n\t\"Issuer\": \"https://token.actions.githubusercontent.com\"\n}"
    );
}

fn gitlab() -> Value {
    json!({
        "sub": "project_path:acme/app:ref_type:branch:ref:main", "project_path": "acme/app",
        "project_id": "1", "pipeline_source": "push", "pipeline_id": "2",
        "ci_config_ref_uri": "gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "c0ffee", "job_id": "3", "ref": "main", "ref_type": "branch",
        "namespace_path": "acme", "namespace_id": "4", "sha": "beef",
        "runner_environment": "gitlab-hosted", "runner_id": 5, "project_visibility": "private",
    })
}

#[test]
fn gitlab_by_template_and_by_fixed_rules() {
    let config = "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main";
    let expected = [
        (9, config),
        (10, "c0ffee"),
        (11, "gitlab-hosted"),
        (12, "https://gitlab.com/acme/app"),
        (13, "beef"),
        (14, "refs/heads/main"),
        (15, "1"),
        (16, "https://gitlab.com/acme"),
        (17, "4"),
        (18, config),
        (19, "c0ffee"),
        (20, "push"),
        (21, "https://gitlab.com/acme/app/-/jobs/3"),
        (22, "private"),
    ];
    for issuer in ["https://gitlab.com", "https://gitlab.old.example"] {
        check(issuer, &gitlab(), &Uri(config.into()), &expected);
        let mut tagged = gitlab();
        tagged["ref_type"] = json!("tag");
        let found = principal(issuer, &tagged).unwrap();
        let reference = found
            .claims()
            .iter()
            .find(|(claim, _)| claim.number() == 14);
        assert_eq!(reference.unwrap().1, "refs/tags/main");
    }
    let old = "https://gitlab.old.example";
    let mut other = gitlab();
    other["ref_type"] = json!("note");
    let found = "note".to_owned();
    assert_eq!(
        principal(old, &other),
        Err(IdentityRefused::RefType { found })
    );
    for (claim, value) in [("runner_id", json!(0)), ("runner_id", Value::Null)] {
        let mut without = gitlab();
        without[claim] = value;
        assert_eq!(principal(old, &without), Err(IdentityRefused::RunnerId));
    }
}

#[test]
fn buildkite_by_template_and_by_fixed_rules() {
    let claims = json!({
        "sub": "organization:acme:pipeline:app", "organization_slug": "acme", "pipeline_slug": "app",
        "build_number": 9, "job_id": "0190-ab", "runner_environment": "self-hosted",
        "build_commit": "c0ffee", "build_source": "ui",
    });
    let name = || Uri("https://buildkite.com/acme/app".into());
    let expected = [
        (11, "self-hosted"),
        (13, "c0ffee"),
        (20, "ui"),
        (21, "https://buildkite.com/acme/app/builds/9#0190-ab"),
    ];
    check("https://agent.buildkite.com", &claims, &name(), &expected);
    check("https://buildkite.old.example", &claims, &name(), &[]);
}

#[test]
fn codefresh_by_template_and_by_fixed_rules() {
    let claims = json!({
        "sub": "account:62:pipeline:65", "account_id": "62", "account_name": "acme",
        "pipeline_id": "65", "pipeline_name": "app/build", "workflow_id": "64f",
        "scm_ref": "main", "scm_repo_url": "https://github.com/acme/app",
    });
    let name = || Uri("https://g.codefresh.io/acme/app/build:62/65".into());
    let expected = [
        (9, "https://g.codefresh.io/build/64f"),
        (12, "https://github.com/acme/app"),
        (14, "main"),
        (18, "https://g.codefresh.io/api/pipelines/65"),
        (21, "https://g.codefresh.io/build/64f"),
    ];
    for issuer in ["https://oidc.codefresh.io", "https://codefresh.old.example"] {
        check(issuer, &claims, &name(), &expected);
    }
    let mut own = claims;
    own["platform_url"] = json!("https://cf.example.com");
    own["runner_environment"] = json!("hybrid");
    for issuer in ["https://oidc.codefresh.io", "https://codefresh.old.example"] {
        let found = principal(issuer, &own).unwrap();
        let name = "https://cf.example.com/acme/app/build:62/65";
        assert_eq!(found.identity().name, Uri(name.into()));
    }
}

#[test]
fn circleci_and_buddy_by_template() {
    let circle = |name: &str| format!("oidc.circleci.com/{name}");
    let mut claims = json!({"sub": "org/o/project/p/user/u"});
    for (name, value) in [
        ("project-id", "p1"),
        ("pipeline-definition-id", "d1"),
        ("pipeline-id", "i1"),
        ("workflow-id", "w1"),
        ("job-id", "j1"),
        ("vcs-ref", "refs/heads/main"),
        ("vcs-origin", "github.com/acme/app"),
    ] {
        claims[circle(name)] = json!(value);
    }
    let signer = "https://circleci.com/api/v2/projects/p1/pipeline-definitions/d1";
    let mut expected = [
        (9, signer),
        (11, "\"\""),
        (12, "github.com/acme/app"),
        (14, "refs/heads/main"),
        (18, "https://circleci.com/api/v2/pipeline/i1/config"),
        (21, "https://app.circleci.com//workflow/w1/job/j1"),
    ];
    check(
        "https://oidc.circleci.com",
        &claims,
        &Uri(signer.into()),
        &expected,
    );
    claims[circle("ssh-rerun")] = json!(true);
    expected[1].1 = "ssh-rerun";
    check(
        "https://oidc.circleci.com",
        &claims,
        &Uri(signer.into()),
        &expected,
    );

    let claims = json!({
        "sub": "acme:app", "workspace_domain": "acme", "project_name": "app", "pipeline_id": 3,
        "execution_id": "e7", "runner_environment": "buddy-hosted", "triggered_on": "CLICK",
        "revision": "c0ffee", "ref": "refs/heads/main",
    });
    let pipeline = "https://app.buddy.works/acme/app/pipelines/pipeline/3";
    let expected = [
        (9, pipeline),
        (11, "buddy-hosted"),
        (12, "https://app.buddy.works/acme/app"),
        (13, "c0ffee"),
        (14, "refs/heads/main"),
        (16, "https://app.buddy.works/acme"),
        (20, "CLICK"),
        (
            21,
            "https://app.buddy.works/acme/app/pipelines/pipeline/3/execution/e7",
        ),
    ];
    let issuer = "https://oidc.buddyusercontent.com";
    check(issuer, &claims, &Uri(pipeline.into()), &expected);
}

#[test]
fn people_by_their_address() {
    let google = "https://accounts.google.com";
    let mut claims = json!({"sub": "1", "email": "a.b+c@example.com", "email_verified": true});
    let name = || Email("a.b+c@example.com".into());
    let found = check(google, &claims, &name(), &[]);
    assert_eq!(
        (found.name(), found.identity().issuer.as_str()),
        ("a.b+c@example.com", google)
    );
    for verified in [
        json!(false),
        json!("false"),
        json!("yes"),
        json!(1),
        Value::Null,
    ] {
        claims["email_verified"] = verified.clone();
        let found = verified.to_string();
        let refused = IdentityRefused::EmailNotVerified { found };
        assert_eq!(principal(google, &claims), Err(refused));
        assert!(
            principal("https://entra.example.com", &claims).is_ok(),
            "skipped by configuration"
        );
    }
    claims["email_verified"] = json!("true");
    for bad in [
        "a", "a@", "@b.c", "a b@c.d", "a@b@c", "ä@b.c", "a@ü.c", "a.@b.c", "a@b..c",
    ] {
        claims["email"] = json!(bad);
        let found = bad.to_owned();
        assert_eq!(
            principal(google, &claims),
            Err(IdentityRefused::NotAnEmail { found })
        );
    }
    claims["email"] = json!(["a@b.c"]);
    let refused = principal(google, &claims).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the claim email is a list; expected text"
    );
}

#[test]
fn behind_dex_the_connector_vouches() {
    let dex = "https://oauth2.sigstore.dev/auth";
    let mut claims = json!({
        "sub": "CgY", "email": "a@example.com", "email_verified": true,
        "federated_claims": {"connector_id": "https://github.com/login/oauth", "user_id": "1"},
    });
    let found = check(dex, &claims, &Email("a@example.com".into()), &[]);
    assert_eq!(found.identity().issuer, "https://github.com/login/oauth");
    for bad in [
        json!({}),
        json!({"connector_id": 7}),
        json!({"connector_id": ""}),
        json!("x"),
    ] {
        claims["federated_claims"] = bad;
        let path = "$.federated_claims.connector_id".to_owned();
        assert_eq!(
            principal(dex, &claims),
            Err(IdentityRefused::IssuerClaim { path })
        );
    }
}

#[test]
fn subjects_as_uri_spiffe_id_and_user_name() {
    let of = |sub: &str| json!({"sub": sub});
    let uri = "https://accounts.example.com";
    let good = "https://users.example.com/a b";
    check(
        uri,
        &of(good),
        &Uri("https://users.example.com/a%20b".into()),
        &[],
    );
    assert_eq!(principal(uri, &of(good)).unwrap().name(), good);
    for (sub, error) in [
        (
            "http://users.example.com/a",
            "subject URI scheme (http) must match expected domain URI scheme (https)",
        ),
        (
            "https://users.example.com.evil/a",
            "subject hostname (users.example.com.evil) must match expected domain (users.example.com)",
        ),
        (
            "a@users.example.com",
            "uri subject should not be an email address: found \"a@users.example.com\"",
        ),
        (
            "https://x@users.example.com/a",
            "the name of the certificate \"https://x@users.example.com/a\": the URL has userinfo, which does not belong into a certificate",
        ),
    ] {
        assert_eq!(principal(uri, &of(sub)).unwrap_err().to_string(), error);
    }

    let spiffe = "https://spire.example.org";
    let good = "spiffe://example.org/ns/a/sa/B_1.x";
    assert_eq!(
        check(spiffe, &of(good), &Uri(good.into()), &[]).name(),
        good
    );
    let refused = principal(spiffe, &of("spiffe://example.com/a")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "spiffe ID trust domain example.com doesn't match configured trust domain example.org"
    );
    for bad in [
        "https://example.org/a",
        "spiffe://example.org/",
        "spiffe://example.org//a",
        "spiffe://example.org/..",
        "spiffe://example.org/a?b",
        "spiffe://example.org/a#b",
        "spiffe://example.org:80/a",
        "spiffe://Example.org/a",
        "spiffe:///a",
        "SPIFFE://example.org/a",
    ] {
        let found = bad.to_owned();
        assert_eq!(
            principal(spiffe, &of(bad)),
            Err(IdentityRefused::Spiffe { found })
        );
    }

    let names = "https://names.example.com";
    let found = check(
        names,
        &of("älice"),
        &OtherName("älice!example.com".into()),
        &[],
    );
    assert_eq!(found.name(), "älice");
    let refused = principal(names, &of("a!evil.com")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "username cannot contain ! character: found \"a!evil.com\""
    );
    let found = "a@b.c".to_owned();
    assert_eq!(
        principal(names, &of("a@b.c")),
        Err(IdentityRefused::IsAnEmail { found })
    );
}

#[test]
fn service_accounts_and_chainguard() {
    let cluster = "https://oidc.eks.us-west-2.amazonaws.com/id/B02C";
    let mut claims = json!({
        "sub": "system:serviceaccount:default:builder",
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "builder"}},
    });
    let name = "https://kubernetes.io/namespaces/default/serviceaccounts/builder";
    for issuer in [cluster, "https://kubernetes.default.svc"] {
        let found = check(issuer, &claims, &Uri(name.into()), &[]);
        assert_eq!(found.name(), "system:serviceaccount:default:builder");
        assert_eq!(found.identity().issuer, issuer);
    }
    for (namespace, account) in [
        (json!(""), json!("b")),
        (json!("a"), Value::Null),
        (json!("a/serviceaccounts/b"), json!("b")),
        (json!("a"), json!("b?c")),
        (json!("A"), json!("b")),
        (json!(".."), json!("b")),
    ] {
        claims["kubernetes.io"] =
            json!({"namespace": namespace, "serviceaccount": {"name": account}});
        let refused = principal(cluster, &claims).unwrap_err();
        assert!(
            matches!(refused, IdentityRefused::Kubernetes { .. }),
            "{refused}"
        );
    }
    claims.as_object_mut().unwrap().remove("kubernetes.io");
    assert!(principal(cluster, &claims).is_err());

    let issuer = "https://issuer.enforce.dev";
    let mut claims = json!({"sub": "a1b2/c3"});
    let name = || Uri("https://issuer.enforce.dev/a1b2/c3".into());
    assert_eq!(check(issuer, &claims, &name(), &[]).name(), "a1b2/c3");
    claims["email"] = json!("a@example.com");
    assert!(matches!(
        principal(issuer, &claims),
        Err(IdentityRefused::EmailNotVerified { .. })
    ));
    claims["email_verified"] = json!(true);
    assert_eq!(check(issuer, &claims, &name(), &[]).name(), "a@example.com");
}

#[test]
fn names_that_are_no_urls_are_told_as_they_are() {
    let issuer = "https://agent.buildkite.com";
    let claims = json!({
        "sub": "s", "organization_slug": "a%zz", "pipeline_slug": "app", "build_number": 9,
        "job_id": "j", "runner_environment": "r", "build_commit": "c", "build_source": "ui",
    });
    let refused = principal(issuer, &claims).unwrap_err();
    assert!(refused.is_about_the_certificate());
    assert_eq!(
        refused.to_string(),
        "the name of the certificate \"https://buildkite.com/a%zz/app\": invalid URL escape in path"
    );
}
