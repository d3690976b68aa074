//! The configuration file, as it is written for the original.

use serde_json::{Value, json};
use waxwing_fulcio::config::{ConfigError, Configuration, IssuerProblem};
use waxwing_fulcio::identity::Kind;

use crate::kinds::configuration;
use crate::world::{Setup, World};

fn problem(text: &str) -> String {
    match Configuration::read(text.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {text}"),
    }
}

#[test]
fn json_under_gos_names_is_the_same_configuration() {
    let json = json!({
        "OIDCIssuers": {"https://a.example": {
            "IssuerURL": "https://a.example", "ClientID": "sigstore", "Type": "ci-provider",
            "CIProvider": "own", "Unknown": [1, {}],
        }},
        "metaissuers": {"https://*.b.example": {"clientid": "x", "type": "email", "SkipEmailVerification": true}},
        "CIIssuerMetadata": {"own": {
            "DefaultTemplateValues": {"url": "https://h"},
            "ExtensionTemplates": {"BuildSignerURI": "{{.url}}/x", "GithubWorkflowSHA": "sha"},
            "SubjectAlternativeNameTemplate": "{{.url}}/{{.sub}}",
        }},
    });
    let read = Configuration::read(json.to_string().as_bytes()).unwrap();
    let issuer = read.issuer("https://a.example").unwrap();
    assert!(matches!(issuer.settings().kind(), Kind::CiProvider(_)));
    let issuer = read.issuer("https://c.b.example").unwrap();
    assert!(issuer.is_by_pattern() && issuer.settings().skip_email_verification());
    assert_eq!(issuer.settings().client_id(), "x");
    assert!(read.issuer("https://b.example").is_none());
}

#[test]
fn exact_issuers_go_before_patterns_and_long_patterns_before_short_ones() {
    let read = configuration();
    let found = |url: &str| {
        let issuer = read.issuer(url)?;
        Some((issuer.settings().place().to_owned(), issuer.is_by_pattern()))
    };
    let github = "https://token.actions.githubusercontent.com";
    assert_eq!(found(github), Some((github.to_owned(), false)));
    assert_eq!(
        found(&format!("{github}/acme")).unwrap().0,
        format!("{github}/*")
    );
    assert_eq!(found(&format!("{github}/acme/")), None);
    assert_eq!(found(&format!("{github}/")), None);
    // Both patterns match; the one with more of its own letters decides.
    let eks = "https://oidc.eks.eu-1.amazonaws.com/id/B02C";
    assert_eq!(
        found(eks).unwrap().0,
        "https://oidc.eks.*.amazonaws.com/id/*"
    );
    let other = "https://oidc.eks.eu-1.amazonaws.com/ab/B02C";
    assert_eq!(
        found(other).unwrap().0,
        "https://oidc.eks.*.amazonaws.com/*/*"
    );
    let google = "https://accounts.google.com";
    assert_eq!(
        found("accounts.google.com"),
        Some((google.to_owned(), false))
    );
    assert_eq!(found("https://accounts.google.com/"), None);
}

#[test]
fn without_a_file_three_issuers_are_believed() {
    let built_in = Configuration::built_in();
    let found: Vec<(&str, &str, &str)> = built_in
        .settings()
        .map(|one| (one.place(), one.kind().name(), one.client_id()))
        .collect();
    assert_eq!(
        found,
        [
            ("https://accounts.google.com", "email", "sigstore"),
            ("https://oauth2.sigstore.dev/auth", "email", "sigstore"),
            (
                "https://token.actions.githubusercontent.com",
                "github-workflow",
                "sigstore"
            ),
        ]
    );
    let empty = Configuration::read(b"").unwrap();
    assert_eq!(empty.settings().count(), 0);
}

#[test]
fn what_cannot_work_is_refused_with_the_originals_sentence() {
    let issuer =
        |fields: &str| format!("oidc-issuers: {{https://a.example: {{client-id: c, {fields}}}}}");
    for (fields, sentence) in [
        (
            "type: kubernetes, issuer-claim: $.a",
            "only email issuers can use issuer claim mapping: the type is kubernetes",
        ),
        (
            "type: spiffe",
            "spiffe issuer must have SPIFFETrustDomain set: spiffe-trust-domain is empty",
        ),
        (
            "type: spiffe, spiffe-trust-domain: Example.org",
            "spiffe trust domain is invalid: found \"Example.org\", expected a name such as example.org",
        ),
        (
            "type: uri",
            "uri issuer must have SubjectDomain set: subject-domain is empty",
        ),
        (
            "type: uri, subject-domain: a.example",
            "SubjectDomain for uri must contain scheme: found \"a.example\", expected https://HOST",
        ),
        (
            "type: uri, subject-domain: 'http://a.example'",
            "subject (http) and issuer (https) URI schemes do not match",
        ),
        (
            "type: uri, subject-domain: 'https://b.test'",
            "hostname top-level and second-level domains do not match: b.test, a.example",
        ),
        (
            "type: username",
            "username issuer must have SubjectDomain set: subject-domain is empty",
        ),
        (
            "type: username, subject-domain: 'https://a.example'",
            "SubjectDomain for username should not contain scheme: found \"https://a.example\", expected a domain",
        ),
        (
            "type: username, subject-domain: b.test",
            "hostname top-level and second-level domains do not match: b.test, a.example",
        ),
        (
            "type: username, subject-domain: localhost",
            "URI hostname too short: localhost",
        ),
        (
            "type: ci-provider, ci-provider: none",
            "metadata not found for ci provider \"none\"",
        ),
        (
            "type: email, issuer-claim: federated",
            "the issuer claim: the path \"federated\" is not understood; expected $.NAME.NAME or $['NAME']",
        ),
        (
            "type: email, issuer-claim: '$..x'",
            "the issuer claim: the path \"$..x\" is not understood; expected $.NAME.NAME or $['NAME']",
        ),
        (
            "type: email, issuer-url: 'https://b.example'",
            "the issuer-url is \"https://b.example\"; expected the one under which the issuer is listed, since tokens would have to match both",
        ),
    ] {
        let expected = format!("{sentence} (oidc-issuers, https://a.example)");
        assert_eq!(problem(&issuer(fields)), expected);
    }
    for good in [
        "type: email, issuer-claim: \"$.a['b.c'].d\"",
        "type: spiffe, spiffe-trust-domain: 'spiffe://example.org/x'",
        "type: uri, subject-domain: 'https://b.a.example'",
        "type: username, subject-domain: a.example",
    ] {
        let text = issuer(good);
        assert!(Configuration::read(text.as_bytes()).is_ok(), "{text}");
    }
    let unknown = problem(&issuer("type: circleci"));
    assert!(
        unknown.starts_with("issuer missing challenge claim: the type \"circleci\" is not known")
    );
    let certificate = problem(&issuer("type: email, ca-cert: nonsense"));
    assert!(certificate.starts_with("failed to parse CA certificate for issuer: no PEM block"));
    assert!(certificate.ends_with("(oidc-issuers, https://a.example)"));

    let meta =
        "meta-issuers: {'https://*.a': {client-id: c, type: spiffe, spiffe-trust-domain: a}}";
    assert_eq!(
        problem(meta),
        "SPIFFE meta issuers not supported: one trust domain would have many issuers \
         (meta-issuers, https://*.a)"
    );
    let audience = Configuration::read(b"oidc-issuers: {https://a: {type: email}}").unwrap_err();
    let ConfigError::Issuer { problem, .. } = audience else {
        panic!("{audience}");
    };
    assert_eq!(*problem, IssuerProblem::NoClientId);
}

#[test]
fn templates_are_read_at_start() {
    let provider = |key: &str, value: &str| {
        format!(
            "oidc-issuers: {{https://a: {{client-id: c, type: ci-provider, ci-provider: p}}}}\n\
             ci-issuer-metadata:\n  p:\n    {key}: {value}\n"
        )
    };
    assert_eq!(
        problem(&provider("subject-alternative-name-template", "'{{.a'")),
        "the template \"{{.a\" at byte 0: the action is not closed by }} \
         (ci-issuer-metadata, p, subject-alternative-name-template)"
    );
    let text = provider("extension-templates", "{build-trigger: '{{range .a}}'}");
    assert!(problem(&text).ends_with("(ci-issuer-metadata, p, buildTrigger)"));
    let blank = "SubjectAlternativeNameTemplate should not be empty: provider \"p\" (oidc-issuers, https://a)";
    assert_eq!(
        problem(&provider("subject-alternative-name-template", "' '")),
        blank
    );
    let good = provider("subject-alternative-name-template", "'{{.a}}'");
    assert!(Configuration::read(good.as_bytes()).is_ok());
}

#[test]
fn values_of_other_types_and_large_files_are_refused() {
    for (text, expected) in [
        ("[]", "the file: expected an object, found a list"),
        (
            "oidc-issuers: [a]",
            "oidc-issuers: expected an object, found a list",
        ),
        (
            "oidc-issuers: {https://a: {type: [email]}}",
            "oidc-issuers, https://a, type: expected text, found a list",
        ),
        (
            r#"{"OIDCIssuers":{"https://a":{"ClientID":7}}}"#,
            "oidc-issuers, https://a, client-id: expected text, found a number",
        ),
        (
            "oidc-issuers: {https://a: {skip-email-verification: perhaps}}",
            "oidc-issuers, https://a, skip-email-verification: expected true or false, found text",
        ),
    ] {
        assert_eq!(problem(text), expected);
    }
    assert!(problem("{\"OIDCIssuers\": ").starts_with("JSON: EOF"));
    assert!(problem("a: [").starts_with("YAML, line"));
    let long = "#".repeat((1 << 20) + 1);
    assert!(problem(&long).contains("at most 1048576 are read"));
}

#[tokio::test]
async fn the_configuration_shows_every_kind_and_every_field() {
    let world = World::with(Setup {
        configuration: configuration(),
        ..Setup::default()
    });
    let url = "http://fulcio.test/api/v2/configuration";
    let found: Value = world.client.get(url).await.unwrap().json().unwrap();
    let issuers = found["issuers"].as_array().unwrap();
    assert_eq!(issuers.len(), configuration().settings().count());
    let of = |name: &str, place: &str| {
        let mut issuers = issuers.iter();
        issuers
            .find(|issuer| issuer[name] == place)
            .unwrap()
            .clone()
    };
    let expected = |mut fields: Value| {
        for (name, value) in [
            ("audience", json!("sigstore")),
            ("challengeClaim", json!("sub")),
            ("spiffeTrustDomain", json!("")),
            ("subjectDomain", json!("")),
            ("skipEmailVerification", json!(false)),
        ] {
            let fields = fields.as_object_mut().unwrap();
            fields.entry(name).or_insert(value);
        }
        fields
    };
    for fields in [
        json!({"issuerUrl": "https://accounts.google.com", "issuerType": "email", "challengeClaim": "email"}),
        json!({"issuerUrl": "https://entra.example.com", "issuerType": "email", "challengeClaim": "email", "skipEmailVerification": true}),
        json!({"issuerUrl": "https://spire.example.org", "issuerType": "spiffe", "spiffeTrustDomain": "example.org"}),
        json!({"issuerUrl": "https://accounts.example.com", "issuerType": "uri", "subjectDomain": "https://users.example.com", "challengeClaim": "uri"}),
        json!({"issuerUrl": "https://names.example.com", "issuerType": "username", "subjectDomain": "example.com"}),
        json!({"issuerUrl": "https://gitlab.com", "issuerType": "ci-provider"}),
        json!({"issuerUrl": "https://gitlab.old.example", "issuerType": "gitlab-pipeline"}),
        json!({"issuerUrl": "https://issuer.enforce.dev", "issuerType": "chainguard-identity"}),
        json!({"wildcardIssuerUrl": "https://oidc.eks.*.amazonaws.com/id/*", "issuerType": "kubernetes"}),
    ] {
        let (name, place) = match fields.get("issuerUrl") {
            Some(url) => ("issuerUrl", url),
            None => ("wildcardIssuerUrl", &fields["wildcardIssuerUrl"]),
        };
        let found = of(name, place.as_str().unwrap());
        assert_eq!(found, expected(fields));
    }
}
