//! Tokens that lie ready: both programs find them where they run.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use super::{AT_INSTANCE, Bench, expected};
use crate::program::printed;

/// GitHub's side of a workflow: whoever shows the secret and asks for Sigstore gets the token.
fn github(token: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/token?api-version=2.0",
        listener.local_addr().unwrap()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            let asks = first.starts_with("GET /token?api-version=2.0&audience=sigstore ");
            let mut head = lines
                .map(Result::unwrap)
                .take_while(|line| !line.is_empty());
            let knows = head.any(|line| line.eq_ignore_ascii_case("authorization: bearer secret"));
            let (status, body) = match asks && knows {
                true => ("200 OK", format!(r#"{{"value":"{token}"}}"#)),
                false => ("401 Unauthorized", "{}".to_owned()),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn in_a_workflow_both_programs_sign_without_being_given_a_token() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let url = github(String::from_utf8(bench.read("token")).unwrap());
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

    let disabled = format!("sign-blob {at} --oidc-disable-ambient-providers --bundle b.json blob");
    bench.ours_refuses_with(&disabled, &workflow, "no identity token");
    let unknown = format!("sign-blob {at} --oidc-provider google --bundle b.json blob");
    bench.ours_refuses_with(&unknown, &workflow, "google is not a valid provider");
    assert!(!bench.path("b.json").exists());
    // cosign 3.1.1 passes a name over that it does not know, and signs as whoever is there.
    let signed = bench.run(&program, &[], &unknown, &workflow);
    assert!(signed.status.success(), "{}", printed(&signed));
    running.stop();
}
