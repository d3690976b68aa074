//! The flags that version 3.1.1 of the original marks as deprecated, command by command. They all work here;
//! which of them are told of is compared with the original, what is advised instead is ours.

use waxwing_cli::{Deprecated, DeprecatedFlag};

const IN_BUNDLE: &str = "it works here; the bundle has all of it";
const IN_BUNDLES: &str = "it works here; bundles have its place";
const IN_CONFIG: &str = "it works here; a --signing-config has its place";
const IN_ROOT: &str = "it works here; trusted roots have its place";
const IN_BOTH: &str = "it works here; bundles and trusted roots have its place";

/// Of every command that signs.
const SIGNING: &[DeprecatedFlag<'_>] = &[
    DeprecatedFlag::new("fulcio-url", IN_CONFIG),
    DeprecatedFlag::new("insecure-skip-verify", "it has no effect"),
    DeprecatedFlag::new("issue-certificate", "it works here"),
    DeprecatedFlag::new("new-bundle-format", "both formats are written here"),
    DeprecatedFlag::new("oidc-issuer", IN_CONFIG),
    DeprecatedFlag::new("output-certificate", IN_BUNDLE),
    DeprecatedFlag::new("output-signature", IN_BUNDLE),
    DeprecatedFlag::new("rekor-url", IN_CONFIG),
    DeprecatedFlag::new("timestamp-server-url", IN_CONFIG),
    DeprecatedFlag::new(
        "tlog-upload",
        "it works here; a --signing-config without logs says the same",
    ),
];

/// Of every command that verifies.
const VERIFYING: &[DeprecatedFlag<'_>] = &[
    DeprecatedFlag::new("ca-intermediates", IN_BOTH),
    DeprecatedFlag::new("ca-roots", IN_BOTH),
    DeprecatedFlag::new("certificate", IN_BOTH),
    DeprecatedFlag::new("certificate-chain", IN_BOTH),
    DeprecatedFlag::new("experimental-oci11", "it has no effect"),
    DeprecatedFlag::new("new-bundle-format", "both formats are read here"),
    DeprecatedFlag::new("offline", "it works here, and makes no connection at all"),
    DeprecatedFlag::new("private-infrastructure", "use --insecure-ignore-tlog"),
    DeprecatedFlag::new("rekor-url", IN_BUNDLES),
    DeprecatedFlag::new("rfc3161-timestamp", IN_BUNDLES),
    DeprecatedFlag::new("sct", IN_BOTH),
    DeprecatedFlag::new("signature", IN_BUNDLES),
    DeprecatedFlag::new("signature-digest-algorithm", IN_BUNDLES),
    DeprecatedFlag::new("timestamp-certificate-chain", IN_ROOT),
];

const SIGNING_BLOBS: &[DeprecatedFlag<'_>] = &[
    DeprecatedFlag::new("b64", IN_BUNDLE),
    DeprecatedFlag {
        name: "output",
        advice: "for a file: use --output-signature",
        stays_for: &["json", "text"],
    },
    DeprecatedFlag::new("rfc3161-timestamp", IN_BUNDLE),
];

const ATTESTING_BLOBS: &[DeprecatedFlag<'_>] = &[
    DeprecatedFlag::new("rekor-entry-type", "it has no effect"),
    DeprecatedFlag::new("rfc3161-timestamp-bundle", IN_BUNDLE),
];

const CREATING_ROOTS: &[DeprecatedFlag<'_>] = &[
    DeprecatedFlag::new("certificate-chain", "use --fulcio"),
    DeprecatedFlag::new("ctfe-end-time", "use --ctfe"),
    DeprecatedFlag::new("ctfe-key", "use --ctfe"),
    DeprecatedFlag::new("ctfe-start-time", "use --ctfe"),
    DeprecatedFlag::new("ctfe-url", "use --ctfe"),
    DeprecatedFlag::new("fulcio-uri", "use --fulcio"),
    DeprecatedFlag::new("rekor-end-time", "use --rekor"),
    DeprecatedFlag::new("rekor-key", "use --rekor"),
    DeprecatedFlag::new("rekor-start-time", "use --rekor"),
    DeprecatedFlag::new("rekor-url", "use --rekor"),
    DeprecatedFlag::new("timestamp-certificate-chain", "use --tsa"),
    DeprecatedFlag::new("timestamp-uri", "use --tsa"),
];

/// All of them.
pub(crate) const DEPRECATED: &[Deprecated<'_>] = &[
    Deprecated {
        command: "sign-blob",
        flags: &[SIGNING, SIGNING_BLOBS],
    },
    Deprecated {
        command: "attest-blob",
        flags: &[SIGNING, ATTESTING_BLOBS],
    },
    Deprecated {
        command: "verify-blob",
        flags: &[VERIFYING],
    },
    Deprecated {
        command: "verify-blob-attestation",
        flags: &[VERIFYING],
    },
    Deprecated {
        command: "trusted-root create",
        flags: &[CREATING_ROOTS],
    },
    Deprecated {
        command: "bundle create",
        flags: &[&[DeprecatedFlag::new("rekor-url", "it works here")]],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A row for a flag that is not there would never be seen.
    #[test]
    fn every_flag_of_the_table_is_a_flag_of_its_command() {
        let cosign = crate::command();
        for row in DEPRECATED {
            let mut command = &cosign;
            for name in row.command.split(' ') {
                command = command.find_subcommand(name).unwrap();
            }
            for flag in row.flags.iter().copied().flatten() {
                let mut arguments = command.get_arguments();
                let is_there = arguments.any(|one| one.get_long() == Some(flag.name));
                assert!(is_there, "{} --{}", row.command, flag.name);
            }
        }
    }
}
