//! The command line of each peer, and the words with which it accepts.

use std::path::{Path, absolute};

use super::{Peer, Question, repository};

/// The name of the file in the run's home directory that sigstore-python reads its trust from.
pub(super) const TRUST_CONFIG: &str = "trust_config.json";

/// The command line that asks `peer`, installed in `installed`, this question.
pub(super) fn arguments(
    peer: Peer,
    installed: &Path,
    home: &Path,
    question: &Question<'_>,
) -> Vec<String> {
    let case = &question.case;
    let text = |path: &Path| path.display().to_string();
    // The peer runs in another directory than the test.
    let file = |path: &Path| text(&absolute(path).expect("the working directory is known"));
    let program = |path: &str| text(&installed.join(path));
    let artifact = file(case.artifact);
    let bundle = file(case.bundle);
    let trusted_root = file(case.trusted_root);
    let identity = case.identity.to_owned();
    let issuer = case.issuer.to_owned();
    let flag = str::to_owned;

    match peer {
        Peer::Cosign | Peer::CosignTrixie => {
            let mut arguments = vec![program("usr/bin/cosign"), flag("verify-blob")];
            if peer == Peer::CosignTrixie {
                // 3.x takes it as given; 2.5 reads the bundle of old without it.
                arguments.push(flag("--new-bundle-format"));
            }
            arguments.extend([
                flag("--bundle"),
                bundle,
                flag("--trusted-root"),
                trusted_root,
            ]);
            if !question.log_time {
                // Without it cosign accepts the log's own time where there is one.
                arguments.push(flag("--use-signed-timestamps"));
            }
            match question.key {
                Some(key) => arguments.extend([flag("--key"), file(key)]),
                None => arguments.extend([
                    flag("--certificate-identity"),
                    identity,
                    flag("--certificate-oidc-issuer"),
                    issuer,
                ]),
            }
            arguments.push(artifact);
            arguments
        }
        Peer::SigstoreGo => {
            let mut arguments = vec![
                program("usr/bin/sigstore-go-verification"),
                // These three are its defaults; said, so that a changed default changes nothing here.
                flag("-requireCTlog"),
                flag("-requireTlog"),
                flag("-requireTimestamp"),
                flag("-trustedrootJSONpath"),
                trusted_root,
            ];
            match question.key {
                Some(key) => arguments.extend([flag("-publicKey"), file(key)]),
                None => arguments.extend([
                    flag("-expectedSAN"),
                    identity,
                    flag("-expectedIssuer"),
                    issuer,
                ]),
            }
            arguments.extend([flag("-artifact"), artifact, bundle]);
            arguments
        }
        Peer::SigstorePython => vec![
            program("bin/sigstore"),
            flag("--trust-config"),
            text(&home.join(TRUST_CONFIG)),
            flag("verify"),
            flag("identity"),
            flag("--offline"),
            flag("--bundle"),
            bundle,
            flag("--cert-identity"),
            identity,
            flag("--cert-oidc-issuer"),
            issuer,
            artifact,
        ],
        Peer::SigstoreJs => vec![
            program("node_modules/.bin/node"),
            text(&repository().join("tests/peers/verify.mjs")),
            bundle,
            trusted_root,
            artifact,
            identity,
            issuer,
        ],
    }
}

/// The words that a peer prints when, and only when, it accepts.
pub(super) fn acceptance(peer: Peer) -> &'static str {
    match peer {
        Peer::Cosign | Peer::CosignTrixie => "Verified OK",
        Peer::SigstoreGo => "Verification successful!",
        Peer::SigstorePython => "OK: ",
        Peer::SigstoreJs => "verified\n",
    }
}

/// sigstore-python takes no trusted root, only one wrapped together with a signing config.
///
/// The signing config names no services, since verification asks none; but it has to be there, and of this version. The
/// trusted root goes in byte for byte: what the peer judges is the file, not our reading of it.
pub(super) fn client_trust_config(trusted_root: &str) -> String {
    format!(
        concat!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json","#,
            r#""signingConfig":{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}},"#,
            r#""trustedRoot":{}}}"#
        ),
        trusted_root
    )
}
