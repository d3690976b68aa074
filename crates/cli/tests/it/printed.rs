//! What is printed, to which stream, and how it looks where.

use std::time::Duration;

use serde::Serialize;
use waxwing_cli::{Environment, Step};

use crate::{Desk, desk};

fn steps(desk: &mut Desk) {
    let milliseconds = Duration::from_micros;
    let issued = "issued to alice@example.com by http://waxwing.localhost/oidc";
    let output = &mut desk.output;
    output.step(&Step::done("certificate", issued, milliseconds(1_849)));
    output.step(&Step::done("log entry", "index 1", milliseconds(12_300)));
    output.step(&Step {
        took: Some(Duration::from_secs(75)),
        ..Step::failed("timestamp", "no answer")
    });
    output.step(&Step::skipped("witness", "none is configured"));
    let long = "x".repeat(70);
    output.step(&Step::done(
        "a-rather-long-name",
        &long,
        milliseconds(1_500_000),
    ));
}

#[test]
fn steps_are_plain_ascii_away_from_a_terminal() {
    let mut desk = desk(false, &Environment::new());
    steps(&mut desk);
    assert!(desk.stderr.text().is_ascii());
    assert!(
        desk.stderr
            .text()
            .lines()
            .all(|line| line.starts_with("  "))
    );
    assert_eq!(desk.stdout.text(), "");
    insta::assert_snapshot!(desk.stderr.text(), @"
    ok certificate    issued to alice@example.com by http://waxwing.localhost/oidc       1.8 ms
    ok log entry      index 1                                                           12.3 ms
    no timestamp      no answer                                                       1 min 15 s
    -- witness        none is configured
    ok a-rather-long-name  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx      1.5 s
    ");
}

#[test]
fn steps_have_signs_and_colours_on_a_terminal() {
    let mut desk = desk(true, &Environment::new());
    steps(&mut desk);
    insta::assert_snapshot!(desk.stderr.text().replace('\u{1b}', "ESC"), @"
    ESC[32m✓ESC[0m certificate    issued to alice@example.com by http://waxwing.localhost/oidc    ESC[2m   1.8 msESC[0m
    ESC[32m✓ESC[0m log entry      index 1                                                         ESC[2m  12.3 msESC[0m
    ESC[31m✗ESC[0m timestamp      no answer                                                       ESC[2m1 min 15 sESC[0m
    ESC[33m–ESC[0m witness        none is configured
    ESC[32m✓ESC[0m a-rather-long-name  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  ESC[2m    1.5 sESC[0m
    ");
}

#[test]
fn no_colour_leaves_the_signs() {
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let mut desk = desk(true, &Environment::from_iter([(name, value)]));
        steps(&mut desk);
        let text = desk.stderr.text();
        assert!(!text.contains('\u{1b}') && text.contains('✓'), "{text}");
    }
    // The convention counts only a value that is not empty.
    let mut desk = desk(true, &Environment::from_iter([("NO_COLOR", "")]));
    steps(&mut desk);
    assert!(desk.stderr.text().contains('\u{1b}'));
}

#[test]
fn results_and_the_rest_go_to_different_streams() {
    #[derive(Serialize)]
    struct Verified {
        issuer: &'static str,
        steps: [u8; 2],
    }
    let mut desk = desk(false, &Environment::new());
    let output = &mut desk.output;
    output.line("Verified OK").unwrap();
    let verified = Verified {
        issuer: "https://issuer.example",
        steps: [1, 2],
    };
    output.json(&verified).unwrap();
    output.note("Using the payload from: file");
    output.warn("the log is not asked");
    output.deprecated_flag("bundle", "use --new");
    let error = anyhow::anyhow!("the certificate expired").context("verifying the bundle");
    output.error(&error);
    // A library that says its cause itself, as ours do.
    let cause = std::io::Error::other("no proof");
    let error = anyhow::Error::new(cause).context("the entry 7: no proof");
    output.error(&error.context("bundle.json"));
    insta::assert_snapshot!(desk.stdout.text(), @r#"
    Verified OK
    {
      "issuer": "https://issuer.example",
      "steps": [
        1,
        2
      ]
    }
    "#);
    insta::assert_snapshot!(desk.stderr.text(), @"
    Using the payload from: file
    WARNING: the log is not asked
    Flag --bundle has been deprecated, use --new
    Error: verifying the bundle: the certificate expired
    Error: bundle.json: the entry 7: no proof
    ");
}

#[test]
fn errors_are_red_on_a_terminal() {
    let mut desk = desk(true, &Environment::new());
    desk.output.complain("no");
    assert_eq!(desk.stderr.text(), "\u{1b}[1;31mError:\u{1b}[0m no\n");
}
