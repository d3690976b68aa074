//! People, devices and machines log in, at an issuer of ours and at one that others wrote; and sign.

use std::fs;

use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_testkit::peers::oidc_provider;

use super::Bench;
use super::login_started::{BOTH, Run, Which, start};
use crate::browser::Browser;
use crate::program::{printed, run, waxwing};
use crate::recorder::Recorder;
use crate::up::Running;

const ALICE: &str = "alice@example.com";

/// An instance in the bench's folder, at whose issuer alice can log in, and which believes another issuer too,
/// about those who log in with one program.
fn instance(bench: &Bench, other: Option<(&str, &str)>) -> Running {
    let other = match other {
        Some((issuer, client)) => format!(
            "fulcio:\n  configuration:\n    oidc-issuers:\n      {issuer}: {{issuer-url: '{issuer}', \
             client-id: {client}, type: email}}\n"
        ),
        None => String::new(),
    };
    let settings = format!(
        "listen: 127.0.0.1:0\nissuer:\n  clients:\n    - {{id: robot, secret-file: secret, machine-email: \
         robot@example.com}}\n{other}"
    );
    fs::write(bench.path("secret"), "s3cret\n").unwrap();
    fs::write(bench.path("up.yaml"), settings).unwrap();
    let running = Running::with(bench.folder(), &["--config", "up.yaml"]);
    let add = ["user", "add", "--data", "data", "alice", "--email", ALICE];
    let more = ["--password", "correct horse"];
    let added = run(
        &waxwing(),
        bench.folder(),
        add.into_iter().chain(more).collect::<Vec<_>>(),
    );
    assert!(added.status.success(), "{}", printed(&added));
    running
}

/// The signing config of the instance, with this issuer to log in at.
fn config(bench: &Bench, issuer: &str) {
    let config = bench.read("data/client/signing_config.json");
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    config["oidcUrls"][0]["url"] = json!(issuer);
    fs::write(bench.path("config.json"), config.to_string()).unwrap();
}

const SIGN: &str = "sign-blob --signing-config config.json --trusted-root data/client/trusted_root.json \
                    --bundle bundle.json";

/// Both cosigns take the bundle, as one of alice's.
fn verify(bench: &Bench, issuer: &str) {
    verify_by(bench, ALICE, issuer);
}

fn verify_by(bench: &Bench, name: &str, issuer: &str) {
    let line = format!(
        "verify-blob --bundle bundle.json --trusted-root data/client/trusted_root.json --use-signed-timestamps \
         --certificate-identity {name} --certificate-oidc-issuer {issuer} blob"
    );
    bench.ours(&line);
    bench.theirs(&bench.sid, &line);
    fs::remove_file(bench.path("bundle.json")).unwrap();
}

#[test]
fn people_sign_at_an_issuer_of_ours() {
    let Some(bench) = Bench::new() else { return };
    let running = instance(&bench, None);
    let issuer = format!("{}/oidc", running.url);
    config(&bench, &issuer);
    for which in BOTH {
        let line = format!("{SIGN} --fulcio-auth-flow normal blob");
        let normal = Run {
            line: &line,
            ..Run::default()
        };
        let mut started = start(&bench, which, normal);
        let page = Browser::default().log_in(&started.address(None), "alice");
        assert!(page.url.starts_with("http://localhost:"), "{}", page.url);
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        assert!(
            said.contains("Your browser will now be opened to:"),
            "{said}"
        );
        if which == Which::Ours {
            assert!(page.body.contains("You are back"), "{}", page.body);
        }
        verify(&bench, &issuer);

        // A device is what a program without a terminal is.
        let line = format!("{SIGN} blob");
        let device = Run {
            line: &line,
            ..Run::default()
        };
        let mut started = start(&bench, which, device);
        let address = started.address(Some("in your browser at:"));
        Browser::default().log_in(&address, "alice");
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        for words in [
            "Non-interactive mode detected, using device flow.",
            "Enter the verification code ",
            "Code will be valid for 300 seconds",
            "Token received!",
        ] {
            assert!(said.contains(words), "{which:?}: {said}");
        }
        verify(&bench, &issuer);
    }
    running.stop();
}

#[test]
fn a_code_is_copied_where_no_browser_is() {
    let Some(bench) = Bench::new() else { return };
    let running = instance(&bench, None);
    let issuer = format!("{}/oidc", running.url);
    config(&bench, &issuer);
    for which in BOTH {
        let line = format!("{SIGN} --yes blob");
        let run = Run {
            line: &line,
            browser: false,
            terminal: true,
            ..Run::default()
        };
        let mut started = start(&bench, which, run);
        let address = started.address(Some("Go to the following link in a browser:"));
        let page = Browser::default().log_in(&address, "alice");
        let code = page
            .between("<output class=\"code\">", "</output>")
            .trim()
            .to_owned();
        started.types(&format!("{code}\n"));
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        verify(&bench, &issuer);
    }
    running.stop();
}

#[test]
fn a_machine_shows_the_same_token_to_the_authority() {
    let Some(bench) = Bench::new() else { return };
    let running = instance(&bench, None);
    let fulcio = Recorder::start(|_, _| {
        let refused = json!({"code": 3, "message": "taken down", "details": []});
        (400, refused.to_string())
    });
    let line = format!(
        "sign-blob --use-signing-config=false --tlog-upload=false --fulcio-url {} --oidc-issuer {}/oidc \
         --fulcio-auth-flow client_credentials --oidc-client-id robot --oidc-client-secret-file secret \
         --bundle b.json blob",
        fulcio.url, running.url
    );
    let mut claims = Vec::new();
    for which in BOTH {
        let run = Run {
            line: &line,
            ..Run::default()
        };
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("taken down"), "{which:?}: {said}");
        let asked = fulcio.take().remove(0);
        let token = asked
            .header("authorization")
            .strip_prefix("Bearer ")
            .unwrap();
        let part = base64::decode_proto_json(token.split('.').nth(1).unwrap()).unwrap();
        let part: Value = serde_json::from_slice(&part).unwrap();
        claims.push(["iss", "aud", "sub", "email"].map(|name| part[name].clone()));
    }
    assert_eq!(claims[0], claims[1]);
    assert_eq!(claims[0][1..2], [json!("robot")]);
    // Another secret, and the issuer says why not.
    fs::write(bench.path("another"), "another").unwrap();
    let run = Run {
        line: &line.replace(
            "--oidc-client-secret-file secret",
            "--oidc-client-secret-file another",
        ),
        ..Run::default()
    };
    for which in BOTH {
        let (_, said) = start(&bench, which, run).end();
        assert!(said.contains("invalid_client"), "{which:?}: {said}");
        assert!(fulcio.take().is_empty());
    }
    running.stop();
}

#[test]
fn people_sign_at_an_issuer_of_others() {
    let (Some(bench), Some(provider)) = (Bench::new(), oidc_provider::serve()) else {
        return;
    };
    let running = instance(&bench, Some((&provider.issuer, "sigstore")));
    config(&bench, &provider.issuer);
    let mut copied = Vec::new();
    for which in BOTH {
        let line = format!("{SIGN} --fulcio-auth-flow normal blob");
        let run = Run {
            line: &line,
            ..Run::default()
        };
        let mut started = start(&bench, which, run);
        Browser::default().log_in(&started.address(None), ALICE);
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        verify(&bench, &provider.issuer);

        let line = format!("{SIGN} --fulcio-auth-flow device blob");
        let run = Run {
            line: &line,
            ..Run::default()
        };
        let mut started = start(&bench, which, run);
        let address = started.address(Some("in your browser at:"));
        Browser::default().log_in(&address, ALICE);
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        verify(&bench, &provider.issuer);

        // Without a browser the code is copied, here from where the browser could not go.
        let line = format!("{SIGN} --yes blob");
        let run = Run {
            line: &line,
            browser: false,
            terminal: true,
            ..Run::default()
        };
        provider.asked();
        let mut started = start(&bench, which, run);
        let address = started.address(Some("Go to the following link in a browser:"));
        let page = Browser::default().log_in(&address, ALICE);
        let query = page.url.strip_prefix("urn:ietf:wg:oauth:2.0:oob?");
        let mut pairs = query.expect(&page.url).split('&');
        let code = pairs.find_map(|pair| pair.strip_prefix("code=")).unwrap();
        started.types(&format!("{code}\n"));
        let (success, said) = started.end();
        assert!(success, "{which:?}: {said}");
        verify(&bench, &provider.issuer);
        let mut asked = provider.asked();
        // A client without a secret is shown by the original in two ways, of which the second is right.
        asked.dedup();
        copied.push(asked);
    }
    assert_eq!(copied[0], copied[1]);
    assert_eq!(copied[0].len(), 2, "{copied:?}");
    running.stop();
}

#[test]
fn a_machine_signs_at_an_issuer_of_others_that_says_who_it_is() {
    let (Some(bench), Some(provider)) = (Bench::new(), oidc_provider::serve()) else {
        return;
    };
    let running = instance(&bench, Some((&provider.issuer, "vouched-robot")));
    config(&bench, &provider.issuer);
    let line = format!(
        "{SIGN} --fulcio-auth-flow client_credentials --oidc-client-id vouched-robot \
         --oidc-client-secret-file secret blob"
    );
    let mut asked = Vec::new();
    for which in BOTH {
        let run = |line| {
            start(
                &bench,
                which,
                Run {
                    line,
                    ..Run::default()
                },
            )
            .end()
        };
        let (success, said) = run(&line);
        assert!(success, "{which:?}: {said}");
        verify_by(&bench, "robot@foreign.example", &provider.issuer);
        asked.push(provider.asked());
        // By itself it gives machines an access token alone, which says to nobody who they are.
        let (success, said) = run(&line.replace("vouched-robot", "robot"));
        assert!(!success, "{which:?}: {said}");
        let words = match which {
            Which::Ours => "the identity provider answered without an id_token",
            Which::Theirs => "unexpected error in client flow",
        };
        assert!(said.contains(words), "{which:?}: {said}");
        assert!(!bench.path("bundle.json").exists());
        assert_eq!(provider.asked(), asked[0]);
    }
    assert_eq!(asked[0], asked[1]);
    let [once] = &asked[0][..] else {
        panic!("{asked:?}")
    };
    let expected = r#"POST /token {"grant_type":"client_credentials","scope":"openid email"}"#;
    assert_eq!(once, expected);
    running.stop();
}
