//! Tokens that lie ready: both programs find them where they run.

use super::login_started::{BOTH, Run, start};
use super::{AT_INSTANCE, Bench, expected};
use crate::program::printed;
use crate::recorder::Recorder;

/// GitHub's side of a workflow: whoever shows the secret and asks for Sigstore gets the token.
fn github(token: String) -> Recorder {
    Recorder::start(move |asked, _| {
        let asks = asked.line == "GET /token?api-version=2.0&audience=sigstore";
        let knows = asked
            .header("authorization")
            .eq_ignore_ascii_case("bearer secret");
        match asks && knows {
            true => (200, format!(r#"{{"value":"{token}"}}"#)),
            false => (401, "{}".to_owned()),
        }
    })
}

#[test]
fn in_a_workflow_both_programs_sign_without_being_given_a_token() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let github = github(String::from_utf8(bench.read("token")).unwrap());
    let url = format!("{}/token?api-version=2.0", github.url);
    let workflow = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret"),
    ];
    let at = AT_INSTANCE.replace("--identity-token token", "");
    bench.ours_with(
        &format!("sign-blob {at} --bundle ours.json blob"),
        &workflow,
    );
    let theirs = format!("sign-blob {at} --bundle theirs.json blob");
    let program = bench.sid.program("usr/bin/cosign");
    let signed = bench.run(&program, &[], &theirs, &workflow);
    assert!(signed.status.success(), "{}", printed(&signed));
    let verify = format!("verify-blob {} --bundle", expected(&running));
    for bundle in ["ours.json", "theirs.json"] {
        bench.ours(&format!("{verify} {bundle} blob"));
        bench.theirs(&bench.sid, &format!("{verify} {bundle} blob"));
    }
    let by_name = format!("sign-blob {at} --oidc-provider github-actions --bundle a.json blob");
    bench.ours_with(&by_name, &workflow);
    bench.ours_refuses(&by_name, "permissions: id-token: write");
    let wrong = [workflow[0], ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another")];
    bench.ours_refuses_with(&by_name, &wrong, "401");

    // Whoever may have one ready is passed over: somebody has to log in.
    let disabled = format!("sign-blob {at} --oidc-disable-ambient-providers --bundle b.json blob");
    for which in BOTH {
        let run = Run {
            line: &disabled,
            variables: &workflow,
            ..Run::default()
        };
        github.take();
        let mut started = start(&bench, which, run);
        started.address(Some("in your browser at:"));
        assert!(github.take().is_empty());
    }
    let unknown = format!("sign-blob {at} --oidc-provider google --bundle b.json blob");
    bench.ours_refuses_with(&unknown, &workflow, "google is not a valid provider");
    assert!(!bench.path("b.json").exists());
    // cosign 3.1.1 passes a name over that it does not know, and signs as whoever is there.
    let signed = bench.run(&program, &[], &unknown, &workflow);
    assert!(signed.status.success(), "{}", printed(&signed));
    running.stop();
}
