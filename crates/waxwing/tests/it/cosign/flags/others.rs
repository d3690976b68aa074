//! The flags of the commands around signing and verifying.

use super::case::{Case, case};

const CREATE: &[&str] = &["bundle create"];
const CONFIG: &[&str] = &["signing-config create"];
const ROOT: &[&str] = &["trusted-root create"];

/// All of them.
pub(super) const CASES: &[Case] = &[
    case(
        &["generate-key-pair"],
        "output-key-prefix",
        "{}",
        &["--output-key-prefix fresh", "--output-key-prefix also"],
    ),
    case(
        &["generate-key-pair"],
        "kms",
        "--output-key-prefix fresh {}",
        &["--kms nonsense", ""],
    ),
    case(
        &["import-key-pair"],
        "key",
        "--output-key-prefix fresh {}",
        &[
            "--key plain.pem",
            "-k plain.pem",
            "--key blob",
            "--key nothing",
        ],
    ),
    case(
        &["import-key-pair"],
        "output-key-prefix",
        "--key plain.pem {}",
        &["--output-key-prefix fresh", "-o also", ""],
    ),
    case(
        &["import-key-pair"],
        "yes",
        "--key plain.pem --output-key-prefix other {}",
        &["--yes", "-y", ""],
    ),
    case(
        &["public-key"],
        "key",
        "{}",
        &["--key cosign.key", "--key cosign.pub", "--key nothing", ""],
    ),
    case(
        &["public-key"],
        "outfile",
        "--key cosign.key {}",
        &["--outfile out.pub", "--outfile nowhere/out.pub", ""],
    ),
    case(
        &["public-key"],
        "sk",
        "{}",
        &[
            "--sk",
            "--key cosign.key --sk=false",
            "--key cosign.key --sk",
        ],
    ),
    case(
        CREATE,
        "artifact",
        "--key cosign.pub --signature blob.sig --ignore-tlog --out out.json {}",
        &["--artifact blob", "--artifact nothing", ""],
    ),
    case(
        CREATE,
        "signature",
        "--key cosign.pub --artifact blob --ignore-tlog --out out.json {}",
        &["--signature blob.sig", "--signature nothing", ""],
    ),
    case(
        CREATE,
        "attestation",
        "--key cosign.pub --artifact blob --ignore-tlog --out out.json {}",
        &["--attestation env.att", "--attestation blob"],
    )
    .but("the envelope has the signature"),
    case(
        CREATE,
        "bundle",
        "--key cosign.pub --artifact blob --ignore-tlog --out out.json {}",
        &[
            "--bundle older.json",
            "--bundle blob",
            "--bundle older.json --signature blob.sig",
        ],
    ),
    case(
        CREATE,
        "certificate",
        "--artifact blob --signature blob.sig --ignore-tlog --out out.json {}",
        &[
            "--certificate leaf.b64",
            "--cert leaf.b64",
            "--certificate blob",
        ],
    ),
    case(
        CREATE,
        "key",
        "--artifact blob --signature blob.sig --ignore-tlog --out out.json {}",
        &["--key cosign.pub", "--key blob", ""],
    ),
    case(
        CREATE,
        "ignore-tlog",
        "--key cosign.pub --artifact blob --signature blob.sig --rekor-url {dead} --out out.json {}",
        &["--ignore-tlog", "--ignore-tlog=false"],
    ),
    case(
        CREATE,
        "out",
        "--key cosign.pub --artifact blob --signature blob.sig --ignore-tlog {}",
        &["--out out.json", "--out nowhere/out.json", ""],
    ),
    case(
        CREATE,
        "rfc3161-timestamp",
        "--key cosign.pub --artifact blob --signature stamped.sig --ignore-tlog --out out.json {}",
        &[
            "--rfc3161-timestamp blob.tsr",
            "--rfc3161-timestamp blob",
            "",
        ],
    ),
    case(
        CREATE,
        "sk",
        "--artifact blob --signature blob.sig --ignore-tlog --out out.json {}",
        &["--sk", "--key cosign.pub --sk=false"],
    ),
    case(
        &["bundle upgrade"],
        "out",
        "two.json {}",
        &["--out out.json", "--out nowhere/out.json", ""],
    ),
    case(
        CONFIG,
        "fulcio",
        "{}",
        &[
            "--fulcio url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me",
            "--fulcio url=https://b.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me",
            "--fulcio url=https://a.example",
            "--fulcio nonsense",
        ],
    ),
    case(
        CONFIG,
        "oidc-provider",
        "{}",
        &[
            "--oidc-provider url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me",
            "--oidc-provider url=https://a.example",
            "",
        ],
    ),
    case(
        CONFIG,
        "rekor",
        "--rekor-config ANY {}",
        &[
            "--rekor url=https://a.example,api-version=2,start-time=2026-01-01T00:00:00Z,operator=me",
            "--rekor url=https://a.example,api-version=x,start-time=2026-01-01T00:00:00Z,operator=me",
        ],
    ),
    case(
        CONFIG,
        "rekor-config",
        "--rekor url=https://a.example,api-version=2,start-time=2026-01-01T00:00:00Z,operator=me {}",
        &[
            "--rekor-config ANY",
            "--rekor-config ALL",
            "--rekor-config EXACT:1",
            "--rekor-config EXACT",
            "--rekor-config SOME",
            "",
        ],
    ),
    case(
        CONFIG,
        "tsa",
        "--tsa-config ANY {}",
        &[
            "--tsa url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me",
            "--tsa url=https://a.example,api-version=1,start-time=yesterday,operator=me",
        ],
    ),
    case(
        CONFIG,
        "tsa-config",
        "--tsa url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me {}",
        &[
            "--tsa-config ANY",
            "--tsa-config ALL",
            "--tsa-config EXACT:2",
            "",
        ],
    ),
    case(
        CONFIG,
        "with-default-services",
        "{}",
        &["--with-default-services", "--with-default-services=false"],
    ),
    case(
        CONFIG,
        "no-default-fulcio",
        "--with-default-services {}",
        &["--no-default-fulcio", "--no-default-fulcio=false"],
    ),
    case(
        CONFIG,
        "no-default-oidc",
        "--with-default-services {}",
        &["--no-default-oidc", "--no-default-oidc=false"],
    ),
    case(
        CONFIG,
        "no-default-rekor",
        "--with-default-services {}",
        &["--no-default-rekor", "--no-default-rekor=false"],
    ),
    case(
        CONFIG,
        "no-default-tsa",
        "--with-default-services {}",
        &["--no-default-tsa", "--no-default-tsa=false"],
    ),
    case(
        CONFIG,
        "with-default-rekor-v2",
        "{}",
        &["--with-default-rekor-v2", "--with-default-rekor-v2=false"],
    ),
    case(
        CONFIG,
        "base-config",
        "{}",
        &["--base-config signing_config.json", "--base-config blob"],
    )
    .but("a flag of later versions of cosign"),
    case(
        CONFIG,
        "out",
        "--fulcio url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=me {}",
        &["--out out.json", "--out nowhere/out.json", ""],
    ),
    case(
        ROOT,
        "fulcio",
        "{}",
        &[
            "--fulcio url=https://a.example,certificate-chain=ca.pem",
            "--fulcio url=https://a.example,certificate-chain=ca.pem,start-time=2026-01-01T00:00:00Z,end-time=2027-01-01T00:00:00Z",
            "--fulcio url=https://a.example",
            "--fulcio url=https://a.example,certificate-chain=blob",
        ],
    ),
    case(
        ROOT,
        "ctfe",
        "{}",
        &[
            "--ctfe url=https://a.example,public-key=ct.pub,start-time=2026-01-01T00:00:00Z",
            "--ctfe url=https://a.example,public-key=blob,start-time=2026-01-01T00:00:00Z",
            "--ctfe url=https://a.example,public-key=ct.pub",
        ],
    ),
    case(
        ROOT,
        "rekor",
        "{}",
        &[
            "--rekor url=https://a.example,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z",
            "--rekor url=https://a.example,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z,origin=a.example",
            "--rekor url=https://a.example,start-time=2026-01-01T00:00:00Z",
        ],
    ),
    case(
        ROOT,
        "tsa",
        "{}",
        &[
            "--tsa url=https://a.example,certificate-chain=tsa.pem",
            "--tsa url=https://a.example,certificate-chain=ca.pem",
            "--tsa certificate-chain=tsa.pem",
        ],
    ),
    case(
        ROOT,
        "with-default-services",
        "{}",
        &["--with-default-services", "--with-default-services=false"],
    ),
    case(
        ROOT,
        "no-default-fulcio",
        "--with-default-services {}",
        &["--no-default-fulcio", "--no-default-fulcio=false"],
    ),
    case(
        ROOT,
        "no-default-ctfe",
        "--with-default-services {}",
        &["--no-default-ctfe", "--no-default-ctfe=false"],
    ),
    case(
        ROOT,
        "no-default-rekor",
        "--with-default-services {}",
        &["--no-default-rekor", "--no-default-rekor=false"],
    ),
    case(
        ROOT,
        "no-default-tsa",
        "--with-default-services {}",
        &["--no-default-tsa", "--no-default-tsa=false"],
    ),
    case(
        ROOT,
        "out",
        "--ctfe url=https://a.example,public-key=ct.pub,start-time=2026-01-01T00:00:00Z {}",
        &["--out out.json", "--out nowhere/out.json", ""],
    ),
    case(
        ROOT,
        "certificate-chain",
        "--fulcio-uri https://a.example {}",
        &[
            "--certificate-chain ca.pem",
            "--cert-chain ca.pem",
            "--certificate-chain blob",
        ],
    ),
    case(
        ROOT,
        "fulcio-uri",
        "--certificate-chain ca.pem {}",
        &[
            "--fulcio-uri https://a.example",
            "--fulcio-uri https://b.example",
            "",
        ],
    ),
    case(
        ROOT,
        "ctfe-key",
        "--ctfe-url https://a.example {}",
        &["--ctfe-key ct.pub", "--ctfe-key blob"],
    ),
    case(
        ROOT,
        "ctfe-url",
        "--ctfe-key ct.pub {}",
        &[
            "--ctfe-url https://a.example",
            "--ctfe-url https://b.example",
        ],
    ),
    case(
        ROOT,
        "ctfe-start-time",
        "--ctfe-key ct.pub --ctfe-url https://a.example {}",
        &[
            "--ctfe-start-time 2026-01-01T00:00:00Z",
            "--ctfe-start-time yesterday",
        ],
    ),
    case(
        ROOT,
        "ctfe-end-time",
        "--ctfe-key ct.pub --ctfe-url https://a.example {}",
        &[
            "--ctfe-end-time 2026-01-01T00:00:00Z",
            "--ctfe-end-time tomorrow",
        ],
    ),
    case(
        ROOT,
        "rekor-key",
        "--rekor-url https://a.example {}",
        &[
            "--rekor-key rekor.pub",
            "--rekor-key rekor.pub,a.example",
            "--rekor-key blob",
        ],
    ),
    case(
        ROOT,
        "rekor-url",
        "--rekor-key rekor.pub {}",
        &[
            "--rekor-url https://a.example",
            "--rekor-url https://b.example",
        ],
    ),
    case(
        ROOT,
        "rekor-start-time",
        "--rekor-key rekor.pub --rekor-url https://a.example {}",
        &[
            "--rekor-start-time 2026-01-01T00:00:00Z",
            "--rekor-start-time yesterday",
        ],
    ),
    case(
        ROOT,
        "rekor-end-time",
        "--rekor-key rekor.pub --rekor-url https://a.example {}",
        &[
            "--rekor-end-time 2026-01-01T00:00:00Z",
            "--rekor-end-time tomorrow",
        ],
    ),
    case(
        ROOT,
        "timestamp-certificate-chain",
        "--timestamp-uri https://a.example {}",
        &[
            "--timestamp-certificate-chain tsa.pem",
            "--timestamp-certificate-chain blob",
        ],
    ),
    case(
        ROOT,
        "timestamp-uri",
        "--timestamp-certificate-chain tsa.pem {}",
        &[
            "--timestamp-uri https://a.example",
            "--timestamp-uri https://b.example",
        ],
    ),
    case(&["version"], "json", "{}", &["--json", "--json=false"]),
];
