//! `waxwing up` believes an OpenID provider that is not ours, if its operator says so.

use std::fs;

use waxwing_testkit::peers::signing::Wish;
use waxwing_testkit::peers::{self, Case, Peer, oidc_provider};

use crate::log_serve::ask;
use crate::program::{printed, run, waxwing};
use crate::up::Running;

const IDENTITY: &str = "me@foreign.example";

#[test]
fn a_token_of_another_provider_gets_a_certificate_once_it_is_configured() {
    let (Some(provider), Some(signer)) = (
        oidc_provider::log_in(IDENTITY),
        peers::require(Peer::SigstoreGo),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let artifact = folder.join("artifact");
    fs::write(&artifact, "an artifact\n").unwrap();
    let issuer = &provider.issuer;
    let configuration = format!(
        "oidc-issuers:\n  {issuer}:\n    issuer-url: {issuer}\n    client-id: sigstore\n    type: email\n"
    );
    fs::write(folder.join("fulcio.yaml"), configuration).unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    let configured = [listen[0], listen[1], "--fulcio-config", "fulcio.yaml"];
    // Without the file it is a stranger.
    let running = Running::with(folder, &listen);
    let client = folder.join("data/client");
    let body = serde_json::json!({
        "credentials": {"oidcIdentityToken": provider.token},
        "publicKeyRequest": {"publicKey": {"content": "x"}, "proofOfPossession": "eA=="},
    });
    let body = body.to_string();
    let (status, refused) = ask(&running.url, "POST /api/v2/signingCert", body.as_bytes());
    assert_eq!(status, 400, "{refused}");
    assert!(refused.contains("is not configured"), "{refused}");
    running.stop();
    let running = Running::with(folder, &configured[2..]);
    let bundle = folder.join("bundle.json");
    signer.sign(&Wish {
        artifact: &artifact,
        client: &client,
        token: &provider.token,
        attest: false,
        bundle: &bundle,
    });
    let trusted_root = client.join("trusted_root.json");
    let case = Case {
        artifact: &artifact,
        bundle: &bundle,
        trusted_root: &trusted_root,
        identity: IDENTITY,
        issuer,
    };
    signer.verify(&case).assert_accepted();
    // The instance's own issuer is still believed.
    assert_eq!(crate::up::token(folder).split('.').count(), 3);
    running.stop();
    fs::write(folder.join("fulcio.yaml"), "oidc-issuers: [1]").unwrap();
    let refused = run(
        &waxwing(),
        folder,
        ["up", "--data", "data", "--fulcio-config", "fulcio.yaml"],
    );
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        printed(&refused).contains("fulcio.yaml"),
        "{}",
        printed(&refused)
    );
}
