//! The flags of `sign-blob` and `attest-blob`.

use super::case::{Case, case};

const BOTH: &[&str] = &["sign-blob", "attest-blob"];
const SIGN: &[&str] = &["sign-blob"];
const ATTEST: &[&str] = &["attest-blob"];

const ALONE: &str = "`--tlog-upload=false` is enough to be left alone";

/// All of them.
pub(super) const CASES: &[Case] = &[
    case(
        BOTH,
        "key",
        "--yes --tlog-upload=false --use-signing-config=false {} --bundle b.json blob",
        &[
            "--key cosign.key",
            "--key nothing.key",
            "--key env://PUBLIC",
            "--key blob",
        ],
    ),
    case(
        BOTH,
        "sk",
        "{own} {} --bundle b.json blob",
        &["--sk=false", "--sk"],
    ),
    case(
        BOTH,
        "certificate",
        "{own} {} --bundle b.json blob",
        &[
            "--certificate leaf.pem",
            "--certificate stranger.pem",
            "--certificate blob",
            "--cert leaf.pem",
        ],
    ),
    case(
        BOTH,
        "certificate-chain",
        "{own} --certificate leaf.pem {} --bundle b.json blob",
        &[
            "--certificate-chain chain.pem",
            "--certificate-chain other-root.pem",
            "--cert-chain chain.pem",
        ],
    ),
    case(
        BOTH,
        "tlog-upload",
        "--yes --key cosign.key --use-signing-config=false --rekor-url {dead} {} --bundle b.json blob",
        &["--tlog-upload=false", "--tlog-upload=true", "--tlog-upload"],
    ),
    case(
        BOTH,
        "tlog-upload",
        "--yes --key cosign.key {} --bundle b.json blob",
        &["--tlog-upload=true", "--tlog-upload=false"],
    )
    .but(ALONE),
    case(
        BOTH,
        "rekor-url",
        "--yes --key cosign.key --use-signing-config=false --tlog-upload=false {} --bundle b.json blob",
        &["--rekor-url {dead}"],
    ),
    case(
        BOTH,
        "rekor-url",
        "--yes --key cosign.key {} --bundle b.json blob",
        &[
            "--rekor-url {dead}",
            "--rekor-url https://rekor.sigstore.dev",
        ],
    ),
    case(
        BOTH,
        "issue-certificate",
        "{instance} --key cosign.key --identity-token token {} --bundle b.json blob",
        &["--issue-certificate", "--issue-certificate=false"],
    ),
    case(
        BOTH,
        "new-bundle-format",
        "{own} {} --bundle b.json blob",
        &["--new-bundle-format", "--new-bundle-format=false"],
    )
    .but("a public key in an older bundle could be taken for the one to verify by (GHSA-fx35-mq7g-6g98)"),
    case(
        BOTH,
        "use-signing-config",
        "--yes --key cosign.key --rekor-url {dead} {} --bundle b.json blob",
        &[
            "--use-signing-config=false --tlog-upload=false",
            "--use-signing-config",
        ],
    ),
    case(
        BOTH,
        "use-signing-config",
        "--yes --key cosign.key {} --bundle b.json blob",
        &[
            "--use-signing-config=false --tlog-upload=false",
            "--use-signing-config",
        ],
    ),
    case(
        BOTH,
        "signing-config",
        "--yes --key cosign.key --trusted-root trusted_root.json {} --bundle b.json blob",
        &[
            "--signing-config signing_config.json",
            "--signing-config no-log.json",
            "--signing-config blob",
        ],
    ),
    case(
        BOTH,
        "trusted-root",
        "--yes --key cosign.key --signing-config signing_config.json {} --bundle b.json blob",
        &[
            "--trusted-root trusted_root.json",
            "--trusted-root other_root.json",
            "--trusted-root blob",
        ],
    ),
    case(
        BOTH,
        "bundle",
        "{own} {} blob",
        &["--bundle b.json", "--bundle nowhere/b.json"],
    ),
    case(BOTH, "bundle", "{own} {} blob", &[""]).but("without `--bundle` it goes beside the file"),
    case(
        BOTH,
        "fulcio-url",
        "--yes --use-signing-config=false --tlog-upload=false --timestamp-server-url {url}/api/v1/timestamp --identity-token token {} --bundle b.json blob",
        &["--fulcio-url {url}", "--fulcio-url {dead}"],
    ),
    case(
        BOTH,
        "oidc-issuer",
        "{instance} --identity-token token {} --bundle b.json blob",
        &[
            "--oidc-issuer https://oauth2.sigstore.dev/auth",
            "--oidc-issuer {url}/oidc",
        ],
    ),
    case(
        BOTH,
        "timestamp-server-url",
        "{own} {} --bundle b.json blob",
        &[
            "--timestamp-server-url {url}/api/v1/timestamp",
            "--timestamp-server-url {dead}",
        ],
    ),
    case(
        BOTH,
        "timestamp-client-cacert",
        "{own} --timestamp-server-url {tls}/api/v1/timestamp {} --bundle b.json blob",
        &[
            "--timestamp-client-cacert root.pem",
            "--timestamp-client-cacert other-root.pem",
        ],
    ),
    case(
        BOTH,
        "timestamp-client-cert",
        "{own} --timestamp-server-url {tls}/api/v1/timestamp --timestamp-client-cacert root.pem --timestamp-client-key root.key {} --bundle b.json blob",
        &[
            "--timestamp-client-cert root.pem",
            "--timestamp-client-cert other-root.pem",
        ],
    ),
    case(
        BOTH,
        "timestamp-client-key",
        "{own} --timestamp-server-url {tls}/api/v1/timestamp --timestamp-client-cacert root.pem --timestamp-client-cert root.pem {} --bundle b.json blob",
        &[
            "--timestamp-client-key root.key",
            "--timestamp-client-key other-root.key",
        ],
    ),
    case(
        BOTH,
        "timestamp-server-name",
        "{own} --timestamp-server-url {tls}/api/v1/timestamp --timestamp-client-cacert root.pem {} --bundle b.json blob",
        &[
            "--timestamp-server-name 127.0.0.1",
            "--timestamp-server-name elsewhere.example",
        ],
    ),
    case(
        BOTH,
        "identity-token",
        "{instance} {} --bundle b.json blob",
        &[
            "--identity-token token",
            "--identity-token blob",
            "--identity-token nothing",
        ],
    ),
    case(
        SIGN,
        "signing-algorithm",
        "{instance} --identity-token token {} --bundle b.json blob",
        &[
            "--signing-algorithm ecdsa-sha2-256-nistp256",
            "--signing-algorithm ecdsa-sha2-384-nistp384",
            "--signing-algorithm ecdsa-sha2-512-nistp521",
            "--signing-algorithm rsa-sign-pkcs1-2048-sha256",
            "--signing-algorithm nonsense",
        ],
    ),
    case(
        SIGN,
        "b64",
        "{own} --new-bundle-format=false {} blob",
        &["--b64", "--b64=false"],
    ),
    case(
        SIGN,
        "output",
        "{own} --new-bundle-format=false {} blob",
        &["--output out.sig", "--output other-name.sig"],
    ),
    case(
        BOTH,
        "output-signature",
        "{own} --new-bundle-format=false {} blob",
        &[
            "--output-signature out.sig",
            "--output-signature other-name.sig",
            "--output-signature nowhere/out.sig",
        ],
    ),
    case(
        BOTH,
        "output-certificate",
        "{own} --certificate leaf.pem --new-bundle-format=false --output-signature out.sig {} blob",
        &["--output-certificate out.pem", "--output-cert name.pem"],
    ),
    case(
        BOTH,
        "output-certificate",
        "--yes --use-signing-config=false --tlog-upload=false --timestamp-server-url {url}/api/v1/timestamp --fulcio-url {url} --identity-token token --new-bundle-format=false --output-signature out.sig {} blob",
        &["--output-certificate out.pem", ""],
    ),
    case(
        ATTEST,
        "output-attestation",
        "{own} --new-bundle-format=false {} blob",
        &["--output-attestation out.att", ""],
    ),
    case(
        SIGN,
        "rfc3161-timestamp",
        "{own} --new-bundle-format=false --output-signature out.sig --timestamp-server-url {url}/api/v1/timestamp {} blob",
        &[
            "--rfc3161-timestamp out.tsr",
            "--rfc3161-timestamp other.tsr",
        ],
    ),
    case(
        ATTEST,
        "rfc3161-timestamp-bundle",
        "{own} --new-bundle-format=false --output-signature out.sig --timestamp-server-url {url}/api/v1/timestamp {} blob",
        &[
            "--rfc3161-timestamp-bundle out.tsr",
            "--rfc3161-timestamp-bundle other.tsr",
        ],
    ),
    case(
        ATTEST,
        "hash",
        "{own} --bundle b.json {} blob",
        &[
            "--hash 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
            "",
        ],
    ),
    case(
        ATTEST,
        "hash",
        "{own} --bundle b.json {} blob",
        &["--hash 01ba"],
    )
    .but("a hash that is none is refused"),
    case(
        ATTEST,
        "type",
        "{own} --bundle b.json {} blob",
        &[
            "--type custom",
            "--type spdx",
            "--type spdxjson",
            "--type cyclonedx",
            "--type openvex",
            "--type https://example.com/kind",
        ],
    ),
    case(
        ATTEST,
        "type",
        "{own} --bundle b.json {} blob",
        &[
            "--type link",
            "--type vuln",
            "--type slsaprovenance",
            "--type slsaprovenance02",
            "--type slsaprovenance1",
            "--type nonsense",
        ],
    )
    .but("a predicate without what its kind demands is refused, and so is a kind that is neither known nor a URI"),
    case(
        ATTEST,
        "predicate",
        "{own} --bundle b.json --type https://example.com/kind {} statement blob",
        &[
            "--predicate predicate.json",
            "--predicate list.json",
            "--predicate blob",
            "--predicate nothing",
        ],
    ),
    case(
        ATTEST,
        "statement",
        "{own} --bundle b.json {} statement",
        &["--statement statement.json", "--statement blob", ""],
    ),
    case(
        ATTEST,
        "statement",
        "{own} --bundle b.json {} statement",
        &["--statement predicate.json"],
    )
    .but("what is no statement could be verified by nobody"),
    case(
        ATTEST,
        "statement",
        "{own} --bundle b.json {} statement blob",
        &["--statement statement.json --predicate predicate.json"],
    ),
    case(
        ATTEST,
        "statement-version",
        "{own} --bundle b.json {} blob",
        &["--statement-version 0.1", "--statement-version 1"],
    )
    .but("an addition; with 0.1 the statement is as cosign writes it"),
    case(
        ATTEST,
        "rekor-entry-type",
        "{own} --bundle b.json {} blob",
        &[
            "--rekor-entry-type dsse",
            "--rekor-entry-type intoto",
            "--rekor-entry-type nonsense",
        ],
    ),
    case(
        BOTH,
        "output-file",
        "{own} --new-bundle-format=false {} blob",
        &["--output-file out.txt", ""],
    ),
    case(
        BOTH,
        "timeout",
        "{instance} --key cosign.key {} --bundle b.json blob",
        &[
            "--timeout 1m",
            "-t 90s",
            "--timeout 5",
            "--timeout 1ns --timeout 1m",
        ],
    ),
    case(
        BOTH,
        "timeout",
        "{instance} --key cosign.key {} --bundle b.json blob",
        &["--timeout 1ns"],
    )
    .but("cosign does not look at the clock while it signs files"),
];
