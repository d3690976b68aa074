//! Variables and the file of flags: each under its names, and which of them counts.

use std::process::Command;

use serde_json::json;

use super::{PASSWORD, World, issuing, refused};
use crate::configured::server::Ask;
use crate::program::{printed, waxwing};

/// Which authority a Fulcio with these variables issues with.
fn issues(world: &World, variables: &[(&str, &str)]) -> String {
    let fulcio = world.fulcio_with(&[], variables);
    issuing(&fulcio.certificate(&world.token()).is(200).json())
}

#[test]
fn a_variable_with_dashes_or_underscores_stands_for_each_flag() {
    let world = World::new();
    let url = format!("{}/ct", world.server.url());
    // Flag, value, and what is said where it is missing.
    for (flag, value, missing) in [
        ("ca", "fileca", "required flag \"ca\" not set"),
        (
            "fileca-cert",
            "ca.pem",
            "fileca-cert must be set to certificate path when using fileca",
        ),
        (
            "fileca-key",
            "ca.key",
            "fileca-key must be set to private key path when using fileca",
        ),
        (
            "fileca-key-passwd",
            PASSWORD,
            "fileca-key-passwd must be set to encryption password for private key file when using fileca",
        ),
    ] {
        world.write("less.yaml", &world.base_without(&[flag]));
        let config = ["--config", "less.yaml"];
        let said = refused(world.path(), &config, &[]);
        assert!(said.contains(missing), "{said}");
        let dashed = format!("FULCIO_SERVE_{}", flag.to_uppercase());
        for name in [dashed.clone(), dashed.replace('-', "_")] {
            let fulcio = super::Fulcio::with(world.path(), &config, &[(&name, value)]);
            fulcio.certificate(&world.token()).is(200);
            // As in the original, an empty one is none.
            let said = refused(world.path(), &config, &[(&name, "")]);
            assert!(said.contains(missing), "{name}: {said}");
        }
    }
    // Those that have a default without: the value shows in what becomes of a request.
    let nobody = "http://127.0.0.1:1";
    world.write("no-log.yaml", &{
        let mut base = world.base_without(&[]);
        base["ct-log-url"] = nobody.into();
        base
    });
    for name in ["FULCIO_SERVE_CT-LOG-URL", "FULCIO_SERVE_CT_LOG_URL"] {
        let config = ["--config", "no-log.yaml"];
        let fulcio = super::Fulcio::with(world.path(), &config, &[(name, &url)]);
        fulcio.certificate(&world.token()).is(200);
        let fulcio = super::Fulcio::with(world.path(), &config, &[(name, nobody)]);
        fulcio.certificate(&world.token()).is(500);
    }
    for name in [
        "FULCIO_SERVE_CT-LOG.TLS-CA-CERT",
        "FULCIO_SERVE_CT_LOG_TLS_CA_CERT",
    ] {
        let config = ["--config", "base.yaml"];
        let said = refused(world.path(), &config, &[(name, "ca.key")]);
        assert!(
            said.contains("failed to append TLS CA certificate"),
            "{said}"
        );
    }
}

#[test]
fn the_command_line_goes_before_variables_and_those_before_the_file() {
    let world = World::new();
    for name in ["variable", "line"] {
        super::authority(world.path(), name);
    }
    let variables = [
        ("FULCIO_SERVE_FILECA_CERT", "variable.pem"),
        ("FULCIO_SERVE_FILECA_KEY", "variable.key"),
    ];
    assert_eq!(issues(&world, &[]), "ca");
    assert_eq!(issues(&world, &variables), "variable");
    let line = ["--fileca-cert", "line.pem", "--fileca-key=line.key"];
    let fulcio = world.fulcio_with(&line, &variables);
    assert_eq!(
        issuing(&fulcio.certificate(&world.token()).is(200).json()),
        "line"
    );
    // With both names the original's counts.
    let both = [
        ("FULCIO_SERVE_FILECA-CERT", "variable.pem"),
        ("FULCIO_SERVE_FILECA-KEY", "variable.key"),
        ("FULCIO_SERVE_FILECA_CERT", "line.pem"),
        ("FULCIO_SERVE_FILECA_KEY", "line.key"),
    ];
    assert_eq!(issues(&world, &both), "variable");
    // The file itself can be named by a variable.
    let fulcio = super::Fulcio::with(world.path(), &[], &[("FULCIO_SERVE_CONFIG", "base.yaml")]);
    fulcio.certificate(&world.token()).is(200);
}

#[test]
fn a_value_that_cannot_be_is_named_with_where_it_is_from() {
    let world = World::new();
    let config = ["--config", "base.yaml"];
    let said = refused(world.path(), &config, &[("FULCIO_SERVE_PORT", "http")]);
    assert!(
        said.contains("invalid value 'http' for '--port <PORT>'")
            && said.contains("The value of --port is that of the variable FULCIO_SERVE_PORT."),
        "{said}"
    );
    let mut base = world.base_without(&["port"]);
    base["http-port"] = "http".into();
    world.write("wrong.json", &base);
    let said = refused(world.path(), &["--config", "wrong.json"], &[]);
    assert!(
        said.contains("The value of --port is that of http-port in wrong.json."),
        "{said}"
    );
    base["http-port"] = 0.into();
    base["hots"] = "127.0.0.1".into();
    world.write("wrong.json", &base);
    let fulcio = super::Fulcio::start(world.path(), &["--config", "wrong.json"]);
    let said = fulcio.stop();
    assert!(
        said.contains("wrong.json: hots is the name of no flag, and does nothing"),
        "{said}"
    );
    let said = refused(world.path(), &["--config", "none.yaml"], &[]);
    assert!(
        said.contains("unable to stat config file provided"),
        "{said}"
    );
    let said = refused(world.path(), &["--config", "ca.pem"], &[]);
    assert!(
        said.contains("config file must have one of the following extensions"),
        "{said}"
    );
    // A password is in no complaint, wherever it stands.
    let said = refused(
        world.path(),
        &["--config", "base.yaml", "--fileca-key-passwd=tr0ub4dor"],
        &[],
    );
    assert!(
        said.contains("the password does not open the encrypted private key")
            && !said.contains("tr0ub4dor"),
        "{said}"
    );
}

#[test]
fn a_file_may_be_yaml_with_tables_and_lists() {
    let world = World::new();
    let base = world.base_without(&["ct-log-url", "host"]);
    let mut yaml = format!(
        "HOST: 127.0.0.1\nct-log: {{tls-ca-cert: chain.pem}}\nct-log-url: '{}/ct'\n\
         client-signing-algorithms: [ed25519, ecdsa-sha2-256-nistp256]\n",
        world.server.url()
    );
    for (name, value) in base.as_object().unwrap() {
        yaml.push_str(&format!("{name}: {value}\n"));
    }
    std::fs::write(world.file("server.yaml"), yaml).unwrap();
    let fulcio = super::Fulcio::start(world.path(), &["-c", "server.yaml"]);
    fulcio.certificate(&world.token()).is(200);
    let other = waxwing_crypto::KeyType::EcdsaP384;
    super::certificate(&fulcio.address("http"), &world.token(), other).is(400);
    let health = Ask::new("GET /healthz").of(fulcio.address("http").parse().unwrap());
    assert_eq!(health.is(200).json(), json!({"status": "SERVING"}));
}

/// Flags of authorities that are not here yet, and what is said once they are read: the authority, the
/// flag, its value, and the others that it needs.
const ELSEWHERE: [(&str, &str, &str, &[&str], &str); 11] = [
    (
        "kmsca",
        "kms-resource",
        "K",
        &[],
        "kms-cert-chain-path must be set",
    ),
    (
        "kmsca",
        "kms-cert-chain-path",
        "C",
        &["--kms-resource=K"],
        "kms-cert-chain-path: opening C: ",
    ),
    (
        "kmsca",
        "gcp-kms-retries",
        "x",
        &["--kms-resource=K", "--kms-cert-chain-path=C"],
        "invalid value 'x' for '--gcp-kms-retries",
    ),
    (
        "kmsca",
        "gcp-kms-timeout",
        "x",
        &["--kms-resource=K", "--kms-cert-chain-path=C"],
        "invalid value 'x' for '--gcp-kms-timeout",
    ),
    (
        "tinkca",
        "tink-kms-resource",
        "K",
        &[],
        "tink-cert-chain-path must be set",
    ),
    (
        "tinkca",
        "tink-cert-chain-path",
        "C",
        &["--tink-kms-resource=K"],
        "tink-keyset-path must be set",
    ),
    (
        "tinkca",
        "tink-keyset-path",
        "S",
        &["--tink-kms-resource=K", "--tink-cert-chain-path=C"],
        "the keyset \"S\"",
    ),
    ("pkcs11ca", "hsm-caroot-id", "7", &[], "the root \"7\""),
    (
        "pkcs11ca",
        "pkcs11-config-path",
        "P",
        &["--hsm-caroot-id=7"],
        "the module of P",
    ),
    (
        "pkcs11ca",
        "hsm-key-label",
        "L",
        &["--hsm-caroot-id=7"],
        "the key L",
    ),
    (
        "pkcs11ca",
        "aws-hsm-root-ca-path",
        "R",
        &["--hsm-caroot-id=7"],
        "(\"R\")",
    ),
];

/// All others: the flag, a value that is refused, and what is said of it.
const HERE: [(&str, &str, &str); 25] = [
    ("ca", "x", "--ca=x is not a valid selection"),
    ("fileca-cert", "none.pem", "--ca=fileca: none.pem: "),
    ("fileca-key", "none.key", "--ca=fileca: none.key: "),
    (
        "fileca-key-passwd",
        "x",
        "the password does not open the encrypted private key",
    ),
    ("fileca-key-passwd-file", "x", "are both set"),
    (
        "fileca-watch",
        "maybe",
        "invalid value 'maybe' for '--fileca-watch",
    ),
    (
        "gcp_private_ca_parent",
        "P",
        "--ca=googleca is not here yet",
    ),
    (
        "gcp_private_ca_version",
        "v1",
        "gcp_private_ca_version is deprecated",
    ),
    (
        "config-path",
        "none.yaml",
        "error loading --config-path=none.yaml",
    ),
    (
        "client-signing-algorithms",
        "rsa",
        "the signing algorithm \"rsa\" is not known",
    ),
    (
        "ct-log-public-key-path",
        "ca.pem",
        "--ct-log-public-key-path ca.pem",
    ),
    (
        "ct-log.tls-ca-cert",
        "ctlog.pub",
        "--ct-log.tls-ca-cert ctlog.pub",
    ),
    ("host", "nowhere.invalid", "the host \"nowhere.invalid\""),
    ("port", "x", "invalid value 'x' for '--port"),
    (
        "grpc-host",
        "nowhere.invalid",
        "the host \"nowhere.invalid\"",
    ),
    ("grpc-port", "x", "invalid value 'x' for '--grpc-port"),
    (
        "metrics-host",
        "nowhere.invalid",
        "the host \"nowhere.invalid\"",
    ),
    ("metrics-port", "x", "invalid value 'x' for '--metrics-port"),
    ("grpc-tls-certificate", "x", "grpc-tls-key is not"),
    ("grpc-tls-key", "x", "grpc-tls-certificate is not"),
    (
        "legacy-unix-domain-socket",
        "/nowhere/x",
        "the Unix socket /nowhere/x",
    ),
    (
        "read-header-timeout",
        "x",
        "invalid value 'x' for '--read-header-timeout",
    ),
    (
        "idle-connection-timeout",
        "x",
        "invalid value 'x' for '--idle-connection-timeout",
    ),
    ("config", "none.yaml", "none.yaml"),
    ("log_type", "prod", ""),
];

/// Those whose values are refused by nobody; other tests show what they do.
const NEVER_REFUSED: [&str; 3] = ["ct-log-url", "ct-log-origin", "help"];

#[test]
fn every_flag_has_a_variable_of_each_form() {
    let world = World::new();
    let both = |flag: &str| {
        let dashed = format!("FULCIO_SERVE_{}", flag.to_uppercase());
        [dashed.clone(), dashed.replace(['-', '.'], "_")]
    };
    for (authority, flag, value, others, expected) in ELSEWHERE {
        let authority = format!("--ca={authority}");
        let arguments = [&[authority.as_str()], others].concat();
        for name in both(flag) {
            let said = refused(world.path(), &arguments, &[(&name, value)]);
            assert!(said.contains(expected), "{name}: {said}");
            let without = refused(world.path(), &arguments, &[]);
            assert!(!without.contains(expected), "{name}: {without}");
        }
    }
    for (flag, value, expected) in HERE {
        for name in both(flag) {
            let (config, google) = (["--config", "base.yaml"], ["--ca=googleca"]);
            let mut variables = vec![(name.as_str(), value)];
            let arguments: &[&str] = match flag {
                "config" => &[],
                "gcp_private_ca_parent" => &google,
                "gcp_private_ca_version" => {
                    variables.push(("FULCIO_SERVE_GCP_PRIVATE_CA_PARENT", "P"));
                    &google
                }
                "log_type" => {
                    let fulcio = world.fulcio_with(&[], &variables);
                    assert!(fulcio.stop().contains("{\"severity\":\"info\","));
                    continue;
                }
                _ => &config,
            };
            let said = refused(world.path(), arguments, &variables);
            assert!(said.contains(expected), "{name}: {said}");
        }
    }
    // No flag is left out of these tables.
    let help = Command::new(waxwing())
        .args(["fulcio", "serve", "--help"])
        .output()
        .unwrap();
    let help = printed(&help);
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let lines = options.lines().map(str::trim_start);
    let flags = lines.filter(|line| line.starts_with('-')).map(|line| {
        let (_, flag) = line.split_once("--").unwrap();
        flag.split([' ', '[']).next().unwrap()
    });
    let known = |flag: &str| {
        ELSEWHERE.iter().any(|(_, known, ..)| *known == flag)
            || HERE.iter().any(|(known, ..)| *known == flag)
            || NEVER_REFUSED.contains(&flag)
    };
    let flags: Vec<&str> = flags.collect();
    assert!(flags.len() > 35, "{flags:?}");
    let unknown: Vec<&&str> = flags.iter().filter(|flag| !known(flag)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
