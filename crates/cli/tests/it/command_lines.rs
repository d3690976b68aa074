//! Command lines as cobra and pflag read them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use waxwing_cli::{
    Deprecated, DeprecatedFlag, Dialect, Environment, Exit, SingleDash, Standing, parse_duration,
};

use crate::desk;

/// Signs and verifies.
#[derive(Debug, Parser)]
#[command(name = "tool", version = "1.2.3")]
struct Tool {
    /// How long a command may take
    #[arg(short, long, global = true, default_value = "3m0s", value_parser = parse_duration)]
    timeout: Duration,
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Sign a file
    SignBlob(SignBlob),
    /// Show the environment
    Env {
        /// Which key
        #[arg(long)]
        key: Option<String>,
    },
}

#[derive(Debug, Args, PartialEq)]
struct SignBlob {
    /// Answer all questions with yes
    #[arg(short, long)]
    yes: bool,
    /// Debug
    #[arg(short, long)]
    debug: bool,
    /// Ask a signing configuration for the services
    #[arg(long, default_value_t = true)]
    use_signing_config: bool,
    /// Upload to the log
    #[arg(long)]
    tlog_upload: Option<bool>,
    /// Which key
    #[arg(long, alias = "private-key")]
    key: Option<String>,
    /// Annotations
    #[arg(short, long)]
    annotation: Vec<String>,
    /// Files
    files: Vec<String>,
}

fn arguments(line: &str) -> Vec<OsString> {
    line.split(' ').map(OsString::from).collect()
}

/// The parsed command, or the exit and all that was printed.
fn parse(dialect: Dialect<'_>, line: &str) -> Result<Tool, String> {
    let mut desk = desk(false, &Environment::new());
    let parsed = dialect.parse::<Tool>(arguments(line), &mut desk.output);
    let (stdout, stderr) = (desk.stdout.text(), desk.stderr.text());
    match parsed {
        Ok(tool) => {
            assert_eq!((stdout.as_str(), stderr.as_str()), ("", ""));
            Ok(tool)
        }
        Err(exit) => {
            let code = exit.code();
            Err(format!(
                "exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}"
            ))
        }
    }
}

fn sign_blob(line: &str) -> SignBlob {
    signed(parse(Dialect::new(), &format!("tool sign-blob {line}")).unwrap())
}

fn signed(tool: Tool) -> SignBlob {
    match tool.command {
        Verb::SignBlob(sign_blob) => sign_blob,
        other @ Verb::Env { .. } => panic!("{other:?}"),
    }
}

#[test]
fn boolean_flags_stand_alone_or_have_a_value_after_an_equals_sign() {
    let yes = |line| sign_blob(line).yes;
    assert!(!yes("file"));
    assert!(yes("--yes file") && yes("--yes=true file") && yes("-y file") && yes("-y=T file"));
    assert!(!yes("--yes=false file") && !yes("-y=0 file"));
    assert!(!yes("--yes --yes=false file") && yes("--yes=false --yes file"));
    let config = |line| sign_blob(line).use_signing_config;
    assert!(config("file") && config("--use-signing-config file"));
    assert!(!config("--use-signing-config=false file"));
    let upload = |line| sign_blob(line).tlog_upload;
    assert_eq!(upload("file"), None);
    assert_eq!(upload("--tlog-upload file"), Some(true));
    assert_eq!(upload("--tlog-upload=FALSE file"), Some(false));
}

#[test]
fn a_word_after_a_boolean_flag_is_an_argument() {
    let parsed = sign_blob("--yes false");
    assert!(parsed.yes);
    assert_eq!(parsed.files, ["false"]);
    let parsed = sign_blob("-yd file");
    assert!(parsed.yes && parsed.debug);
    assert_eq!(parsed.files, ["file"]);
}

#[test]
fn repeated_flags_override_and_lists_grow() {
    let parsed = sign_blob("--key one -a x=1 --key two --private-key three -a y=2,3");
    assert_eq!(parsed.key.as_deref(), Some("three"));
    assert_eq!(parsed.annotation, ["x=1", "y=2,3"]);
    let tool = parse(Dialect::new(), "tool sign-blob -t 90s file").unwrap();
    assert_eq!(tool.timeout, Duration::from_secs(90));
    let tool = parse(Dialect::new(), "tool -t30s sign-blob file").unwrap();
    assert_eq!(tool.timeout, Duration::from_secs(30));
}

#[test]
fn a_long_flag_with_one_dash_is_refused_or_rewritten() {
    let refused = parse(Dialect::new(), "tool sign-blob -key=x file").unwrap_err();
    insta::assert_snapshot!(refused, @r"
    exit 1
    --- stdout
    --- stderr
    Error: -key=x: long flags have two dashes; write --key=x
    ");
    let dialect = Dialect::new().with_single_dash(SingleDash::Rewrite);
    let mut desk = desk(false, &Environment::new());
    let line = arguments("tool sign-blob -key x -yd -- -yes");
    let parsed = signed(dialect.parse(line, &mut desk.output).unwrap());
    assert_eq!(parsed.key.as_deref(), Some("x"));
    assert_eq!(parsed.files, ["-yes"]);
    insta::assert_snapshot!(
        desk.stderr.text(),
        @"WARNING: -key is read as --key; long flags have two dashes"
    );
}

#[test]
fn variables_stand_for_flags_that_are_not_given() {
    let environment = Environment::from_iter([
        ("TOOL_YES", "true"),
        ("TOOL_KEY", "secret"),
        ("TOOL_TLOG_UPLOAD", "0"),
        ("TOOL_ANNOTATION", "a=b"),
        ("TOOL_TIMEOUT", "5s"),
        ("TOOL_DEBUG", ""),
    ]);
    let dialect = Dialect::new().with_environment("TOOL", &environment, &["env"]);
    let bound = |line: &str| parse(dialect, line).unwrap();
    let tool = bound("tool sign-blob file");
    assert_eq!(tool.timeout, Duration::from_secs(5));
    let from_environment = SignBlob {
        yes: true,
        debug: false,
        use_signing_config: true,
        tlog_upload: Some(false),
        key: Some("secret".to_owned()),
        annotation: vec!["a=b".to_owned()],
        files: vec!["file".to_owned()],
    };
    assert_eq!(signed(tool), from_environment);
    let line = "tool sign-blob --yes=false --key other --tlog-upload -a c=d -t 1s file";
    let tool = bound(line);
    assert_eq!(tool.timeout, Duration::from_secs(1));
    let from_line = SignBlob {
        yes: false,
        tlog_upload: Some(true),
        key: Some("other".to_owned()),
        annotation: vec!["c=d".to_owned()],
        ..from_environment
    };
    assert_eq!(signed(tool), from_line);
    let unbound = bound("tool env").command;
    assert!(matches!(unbound, Verb::Env { key: None }), "{unbound:?}");
    let help = parse(dialect, "tool sign-blob --help").unwrap_err();
    assert!(!help.contains("secret"), "{help}");
}

#[test]
fn a_variable_that_is_no_boolean_is_refused() {
    let environment = Environment::from_iter([("TOOL_YES", "maybe")]);
    let dialect = Dialect::new().with_environment("TOOL", &environment, &[]);
    let refused = parse(dialect, "tool sign-blob file").unwrap_err();
    insta::assert_snapshot!(refused, @"
    exit 1
    --- stdout
    --- stderr
    Error: invalid value 'maybe' for '--yes[=<BOOL>]': expected true or false (also 1, t, T, TRUE, True, 0, f, F, FALSE, False)

    For more information, try '--help'.
    The value of --yes is that of the variable TOOL_YES.
    ");
}

#[test]
fn what_was_found_elsewhere_stands_for_flags_that_are_not_given() {
    let standing = |values: &[(&str, &str)]| -> BTreeMap<String, Standing> {
        let values = values.iter().map(|(name, value)| {
            let (value, source) = ((*value).to_owned(), format!("{name} in tool.yaml"));
            ((*name).to_owned(), Standing { value, source })
        });
        values.collect()
    };
    let values = standing(&[
        ("key", "secret"),
        ("yes", "true"),
        ("timeout", "5s"),
        ("x", "y"),
    ]);
    let dialect = Dialect::new().with_values(&values);
    let tool = parse(dialect, "tool sign-blob").unwrap();
    assert_eq!(tool.timeout, Duration::from_secs(5));
    let signed_blob = signed(tool);
    assert_eq!(
        (signed_blob.key.as_deref(), signed_blob.yes),
        (Some("secret"), true)
    );
    let tool = parse(dialect, "tool sign-blob --key other --yes=false").unwrap();
    let signed_blob = signed(tool);
    assert_eq!(
        (signed_blob.key.as_deref(), signed_blob.yes),
        (Some("other"), false)
    );
    let help = parse(dialect, "tool sign-blob --help").unwrap_err();
    assert!(!help.contains("secret") && !format!("{values:?}").contains("secret"));
    let values = standing(&[("timeout", "soon")]);
    let refused = parse(Dialect::new().with_values(&values), "tool env").unwrap_err();
    assert!(
        refused.ends_with("The value of --timeout is that of timeout in tool.yaml.\n"),
        "{refused}"
    );
}

#[test]
fn help_is_a_success_and_goes_to_the_standard_output() {
    let help = parse(Dialect::new(), "tool sign-blob --help").unwrap_err();
    insta::assert_snapshot!(help, @"
    exit 0
    --- stdout
    Sign a file

    Usage: tool sign-blob [OPTIONS] [FILES]...

    Arguments:
      [FILES]...  Files

    Options:
      -t, --timeout <TIMEOUT>            How long a command may take [default: 3m0s]
      -y, --yes[=<BOOL>]                 Answer all questions with yes
      -d, --debug[=<BOOL>]               Debug
          --use-signing-config[=<BOOL>]  Ask a signing configuration for the services [default: true]
          --tlog-upload[=<BOOL>]         Upload to the log
          --key <KEY>                    Which key
      -a, --annotation <ANNOTATION>      Annotations
      -h, --help                         Print help
    --- stderr
    ");
    let version = parse(Dialect::new(), "tool --version").unwrap_err();
    insta::assert_snapshot!(version, @"
    exit 0
    --- stdout
    tool 1.2.3
    --- stderr
    ");
}

#[test]
fn mistakes_fail_with_code_1_and_go_to_the_standard_error() {
    let unknown = parse(Dialect::new(), "tool sign-blob --unknown").unwrap_err();
    insta::assert_snapshot!(unknown, @"
    exit 1
    --- stdout
    --- stderr
    Error: unexpected argument '--unknown' found

      tip: to pass '--unknown' as a value, use '-- --unknown'

    Usage: tool sign-blob [OPTIONS] [FILES]...

    For more information, try '--help'.
    ");
    let boolean = parse(Dialect::new(), "tool sign-blob --yes=maybe").unwrap_err();
    insta::assert_snapshot!(boolean, @"
    exit 1
    --- stdout
    --- stderr
    Error: invalid value 'maybe' for '--yes[=<BOOL>]': expected true or false (also 1, t, T, TRUE, True, 0, f, F, FALSE, False)

    For more information, try '--help'.
    ");
    let duration = parse(Dialect::new(), "tool --timeout 3 env").unwrap_err();
    insta::assert_snapshot!(duration, @"
    exit 1
    --- stdout
    --- stderr
    Error: invalid value '3' for '--timeout <TIMEOUT>': expected a duration like 30s, 3m0s or 1h30m, of the units h, m, s, ms, us and ns

    For more information, try '--help'.
    ");
}

#[test]
fn a_tool_without_a_command_shows_its_help() {
    let mut desk = desk(false, &Environment::new());
    let exit = Dialect::new()
        .parse::<Tool>(arguments("tool"), &mut desk.output)
        .unwrap_err();
    assert_eq!(exit, Exit::Success);
    assert!(desk.stdout.text().contains("Usage: tool"));
    assert_eq!(desk.stderr.text(), "");
}

#[test]
fn a_deprecated_flag_is_told_of_where_it_stands_on_the_command_line() {
    const FLAGS: &[DeprecatedFlag<'_>] = &[
        DeprecatedFlag::new("key", "use another"),
        DeprecatedFlag::new("use-signing-config", "it is used"),
        DeprecatedFlag {
            name: "annotation",
            advice: "but for new",
            stays_for: &["new"],
        },
    ];
    let table = [Deprecated {
        command: "sign-blob",
        flags: &[FLAGS],
    }];
    let environment =
        Environment::from_iter([("TOOL_KEY", "k"), ("TOOL_USE_SIGNING_CONFIG", "false")]);
    let dialect = Dialect::new()
        .with_environment("TOOL", &environment, &[])
        .with_deprecated(&table);
    for (line, expected) in [
        ("sign-blob f", ""),
        (
            "sign-blob --use-signing-config=true --private-key k f",
            "Flag --use-signing-config has been deprecated, it is used\n\
             Flag --key has been deprecated, use another\n",
        ),
        ("sign-blob -a new f", ""),
        (
            "sign-blob -a old f",
            "Flag --annotation has been deprecated, but for new\n",
        ),
        ("env --key k", ""),
    ] {
        let mut desk = desk(false, &Environment::new());
        let parsed = dialect.parse::<Tool>(arguments(&format!("tool {line}")), &mut desk.output);
        assert!(parsed.is_ok(), "{line}");
        assert_eq!(desk.stderr.text(), expected, "{line}");
    }
}
