//! The flags of `verify-blob` and `verify-blob-attestation`.

use super::case::{Case, case};

const BOTH: &[&str] = &["verify-blob", "verify-blob-attestation"];
const BLOB: &[&str] = &["verify-blob"];
const STATEMENT: &[&str] = &["verify-blob-attestation"];

/// All of them.
pub(super) const CASES: &[Case] = &[
    case(
        BOTH,
        "key",
        "--insecure-ignore-tlog --bundle alone.{x} {} blob",
        &[
            "--key cosign.pub",
            "--key other.pub",
            "--key env://PUBLIC",
            "--key env://NOTHING",
            "--key blob",
            "--key cosign.key",
        ],
    ),
    case(
        BOTH,
        "sk",
        "--insecure-ignore-tlog --bundle alone.{x} {} blob",
        &[
            "--sk",
            "--key cosign.pub --sk=false",
            "--key cosign.pub --sk",
        ],
    ),
    case(
        BOTH,
        "certificate-identity",
        "--trusted-root trusted_root.json --use-signed-timestamps --certificate-oidc-issuer {url}/oidc --bundle keyless.{x} {} blob",
        &[
            "--certificate-identity me@example.com",
            "--certificate-identity you@example.com",
            "--cert-identity me@example.com",
            "--certificate-identity=",
            "--certificate-identity me@example.com --key cosign.pub",
        ],
    ),
    case(
        BOTH,
        "certificate-identity-regexp",
        "--trusted-root trusted_root.json --use-signed-timestamps --certificate-oidc-issuer {url}/oidc --bundle keyless.{x} {} blob",
        &[
            "--certificate-identity-regexp ^me@",
            "--certificate-identity-regexp ^you@",
            "--certificate-identity-regexp example",
            "--certificate-identity-regexp (",
        ],
    ),
    case(
        BOTH,
        "certificate-oidc-issuer",
        "--trusted-root trusted_root.json --use-signed-timestamps --certificate-identity me@example.com --bundle keyless.{x} {} blob",
        &[
            "--certificate-oidc-issuer {url}/oidc",
            "--certificate-oidc-issuer {url}",
            "--cert-oidc-issuer {url}/oidc",
            "",
        ],
    ),
    case(
        BOTH,
        "certificate-oidc-issuer-regexp",
        "--trusted-root trusted_root.json --use-signed-timestamps --certificate-identity me@example.com --bundle keyless.{x} {} blob",
        &[
            "--certificate-oidc-issuer-regexp ^http://127",
            "--certificate-oidc-issuer-regexp ^https",
            "--certificate-oidc-issuer-regexp *",
        ],
    ),
    case(
        BLOB,
        "certificate-github-workflow-trigger",
        "--trusted-root workflow_root.json --use-signed-timestamps --certificate-identity someone@virtual.localhost --certificate-oidc-issuer http://virtual.localhost/oidc --bundle workflow.json {} blob",
        &[
            "--certificate-github-workflow-trigger push",
            "--certificate-github-workflow-trigger pull_request",
        ],
    ),
    case(
        BLOB,
        "certificate-github-workflow-sha",
        "--trusted-root workflow_root.json --use-signed-timestamps --certificate-identity someone@virtual.localhost --certificate-oidc-issuer http://virtual.localhost/oidc --bundle workflow.json {} blob",
        &[
            "--certificate-github-workflow-sha c0ffee",
            "--certificate-github-workflow-sha C0FFEE",
        ],
    ),
    case(
        BLOB,
        "certificate-github-workflow-name",
        "--trusted-root workflow_root.json --use-signed-timestamps --certificate-identity someone@virtual.localhost --certificate-oidc-issuer http://virtual.localhost/oidc --bundle workflow.json {} blob",
        &[
            "--certificate-github-workflow-name build",
            "--certificate-github-workflow-name buil",
        ],
    ),
    case(
        BLOB,
        "certificate-github-workflow-repository",
        "--trusted-root workflow_root.json --use-signed-timestamps --certificate-identity someone@virtual.localhost --certificate-oidc-issuer http://virtual.localhost/oidc --bundle workflow.json {} blob",
        &[
            "--certificate-github-workflow-repository owner/name",
            "--certificate-github-workflow-repository owner/names",
        ],
    ),
    case(
        BLOB,
        "certificate-github-workflow-ref",
        "--trusted-root workflow_root.json --use-signed-timestamps --certificate-identity someone@virtual.localhost --certificate-oidc-issuer http://virtual.localhost/oidc --bundle workflow.json {} blob",
        &[
            "--certificate-github-workflow-ref refs/heads/main",
            "--certificate-github-workflow-ref refs/heads/mai",
        ],
    ),
    case(
        STATEMENT,
        "certificate-github-workflow-trigger",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle keyless.att {} blob",
        &[
            "--certificate-github-workflow-trigger push",
            "--certificate-github-workflow-trigger=",
        ],
    ),
    case(
        STATEMENT,
        "certificate-github-workflow-sha",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle keyless.att {} blob",
        &[
            "--certificate-github-workflow-sha c0ffee",
            "--certificate-github-workflow-sha=",
        ],
    ),
    case(
        STATEMENT,
        "certificate-github-workflow-name",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle keyless.att {} blob",
        &[
            "--certificate-github-workflow-name build",
            "--certificate-github-workflow-name=",
        ],
    ),
    case(
        STATEMENT,
        "certificate-github-workflow-repository",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle keyless.att {} blob",
        &[
            "--certificate-github-workflow-repository owner/name",
            "--certificate-github-workflow-repository=",
        ],
    ),
    case(
        STATEMENT,
        "certificate-github-workflow-ref",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle keyless.att {} blob",
        &[
            "--certificate-github-workflow-ref refs/heads/main",
            "--certificate-github-workflow-ref=",
        ],
    ),
    case(
        BOTH,
        "insecure-ignore-sct",
        "--trusted-root without-ctlogs.json --use-signed-timestamps {me} --bundle keyless.{x} {} blob",
        &["--insecure-ignore-sct", "--insecure-ignore-sct=false"],
    ),
    case(
        BOTH,
        "insecure-ignore-tlog",
        "--trusted-root without-tlogs.json --use-signed-timestamps {me} --bundle keyless.{x} {} blob",
        &["--insecure-ignore-tlog", "--insecure-ignore-tlog=false"],
    ),
    case(
        BOTH,
        "insecure-ignore-tlog",
        "--key cosign.pub --bundle alone.{x} {} blob",
        &["--insecure-ignore-tlog", "--insecure-ignore-tlog=false"],
    ),
    case(
        BOTH,
        "private-infrastructure",
        "--key cosign.pub --bundle alone.{x} {} blob",
        &["--private-infrastructure", "--private-infrastructure=false"],
    ),
    case(
        BOTH,
        "certificate",
        "--insecure-ignore-tlog --insecure-ignore-sct --certificate-identity me@example.com --certificate-oidc-issuer-regexp .* --new-bundle-format=false --ca-roots root.pem --ca-intermediates middle.pem --signature {sig} {} blob",
        &[
            "--certificate leaf.pem",
            "--certificate leaf.b64",
            "--certificate stranger.pem",
            "--certificate blob",
            "--cert leaf.pem",
        ],
    ),
    case(
        BOTH,
        "ca-roots",
        "--insecure-ignore-tlog --insecure-ignore-sct --certificate-identity me@example.com --certificate-oidc-issuer-regexp .* --new-bundle-format=false --certificate leaf.pem --ca-intermediates middle.pem --signature {sig} {} blob",
        &[
            "--ca-roots root.pem",
            "--ca-roots other-root.pem",
            "--ca-roots root.pem --certificate-chain chain.pem",
        ],
    ),
    case(
        BOTH,
        "ca-intermediates",
        "--insecure-ignore-tlog --insecure-ignore-sct --certificate-identity me@example.com --certificate-oidc-issuer-regexp .* --new-bundle-format=false --certificate leaf.pem --ca-roots root.pem --signature {sig} {} blob",
        &[
            "--ca-intermediates middle.pem",
            "--ca-intermediates other-root.pem",
            "",
        ],
    ),
    case(
        BOTH,
        "certificate-chain",
        "--insecure-ignore-tlog --insecure-ignore-sct --certificate-identity me@example.com --certificate-oidc-issuer-regexp .* --new-bundle-format=false --certificate leaf.pem --signature {sig} {} blob",
        &[
            "--certificate-chain chain.pem",
            "--certificate-chain other-root.pem",
            "--cert-chain chain.pem",
        ],
    ),
    case(
        BOTH,
        "use-signed-timestamps",
        "--key cosign.pub --insecure-ignore-tlog --trusted-root trusted_root.json {} --bundle alone.{x} blob",
        &["--use-signed-timestamps", "--use-signed-timestamps=false"],
    ),
    case(
        BOTH,
        "max-workers",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.{x} {} blob",
        &["--max-workers 0", "--max-workers 1", "--max-workers x"],
    ),
    case(
        BOTH,
        "trusted-root",
        "--use-signed-timestamps {me} --bundle keyless.{x} {} blob",
        &[
            "--trusted-root trusted_root.json",
            "--trusted-root other_root.json",
            "--trusted-root blob",
            "",
        ],
    ),
    case(
        BOTH,
        "timestamp-certificate-chain",
        "--key cosign.pub --insecure-ignore-tlog --new-bundle-format=false --signature {stamped} --rfc3161-timestamp {tsr} {} blob",
        &[
            "--timestamp-certificate-chain tsa.pem",
            "--timestamp-certificate-chain chain.pem",
            "",
        ],
    ),
    case(
        BOTH,
        "rfc3161-timestamp",
        "--key cosign.pub --insecure-ignore-tlog --new-bundle-format=false --signature {stamped} --timestamp-certificate-chain tsa.pem {} blob",
        &["--rfc3161-timestamp {tsr}", "--rfc3161-timestamp blob"],
    ),
    case(
        BOTH,
        "signature",
        "--key cosign.pub --insecure-ignore-tlog --new-bundle-format=false {} blob",
        &[
            "--signature {sig}",
            "--signature {other-sig}",
            "--signature nothing",
            "",
        ],
    ),
    case(
        BLOB,
        "signature-digest-algorithm",
        "--key plain.pub --insecure-ignore-tlog --new-bundle-format=false --signature sha512.sig {} blob",
        &[
            "--signature-digest-algorithm sha512",
            "--signature-digest-algorithm sha384",
            "--signature-digest-algorithm sha256",
            "--signature-digest-algorithm nonsense",
        ],
    ),
    case(
        BLOB,
        "signature-digest-algorithm",
        "--key plain.pub --insecure-ignore-tlog --new-bundle-format=false --signature sha256.sig {} blob",
        &[
            "--signature-digest-algorithm sha512",
            "--signature-digest-algorithm sha256",
        ],
    ),
    case(
        STATEMENT,
        "signature-digest-algorithm",
        "--key cosign.pub --insecure-ignore-tlog --new-bundle-format=false --signature env.att {} blob",
        &[
            "--signature-digest-algorithm sha512",
            "--signature-digest-algorithm sha256",
        ],
    ),
    case(
        BOTH,
        "bundle",
        "--key cosign.pub --insecure-ignore-tlog {} blob",
        &[
            "--bundle alone.{x}",
            "--bundle other.{x}",
            "--bundle nothing",
            "--bundle blob",
        ],
    ),
    case(
        BLOB,
        "new-bundle-format",
        "--key cosign.pub --insecure-ignore-tlog --bundle older.json {} blob",
        &["--new-bundle-format=false", "--new-bundle-format"],
    ),
    case(
        BOTH,
        "new-bundle-format",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.{x} {} blob",
        &["--new-bundle-format=false", "--new-bundle-format"],
    )
    .but("the format is seen"),
    case(
        STATEMENT,
        "type",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.att {} blob",
        &[
            "--type custom",
            "--type https://cosign.sigstore.dev/attestation/v1",
            "--type spdx",
            "--type nonsense",
            "",
        ],
    ),
    case(
        STATEMENT,
        "check-claims",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.att {} other",
        &["--check-claims", "--check-claims=false"],
    ),
    case(
        STATEMENT,
        "digest",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.att --digestAlg sha256 {}",
        &[
            "--digest {sha256}",
            "--digest 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
            "--digest 01ba",
            "",
        ],
    ),
    case(
        STATEMENT,
        "digestAlg",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.att --digest {sha256} {}",
        &[
            "--digestAlg sha256",
            "--digestAlg sha512",
            "--digestAlg nonsense",
            "",
        ],
    ),
    case(
        BOTH,
        "output-file",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.{x} {} blob",
        &["--output-file out.txt", ""],
    ),
    case(
        BOTH,
        "timeout",
        "--key {url}/nothing --insecure-ignore-tlog --bundle alone.{x} {} blob",
        &["--timeout nonsense", "--timeout 1m"],
    ),
    case(
        BOTH,
        "output",
        "--key cosign.pub --insecure-ignore-tlog --bundle alone.{x} {} blob",
        &["--output json", "--output text"],
    )
    .but("an addition"),
    case(
        BLOB,
        "allow-certificate-chain",
        "--trusted-root trusted_root.json --use-signed-timestamps {me} --bundle chain.json {} blob",
        &[
            "--allow-certificate-chain",
            "--allow-certificate-chain=false",
        ],
    )
    .but("a flag of later versions of cosign"),
];
