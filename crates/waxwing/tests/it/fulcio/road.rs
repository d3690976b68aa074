//! Real clients get their certificates from a Fulcio of its own, and everybody verifies what they sign.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_testkit::peers::signing::{SIGNERS, Wish};
use waxwing_testkit::peers::{self, Case, Peer};

use super::{Fulcio, NAME, World};

/// The files of the instance for clients, with this Fulcio in the place of the instance's own.
fn clients(world: &World, url: &str, chain: &str) -> PathBuf {
    let (from, to) = (world.file("data/client"), world.file("client"));
    fs::create_dir(&to).unwrap();
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(from.join(name)).unwrap()).unwrap()
    };
    let chain = fs::read_to_string(world.file(chain)).unwrap();
    let blocks = waxwing_encoding::pem::decode_all(&chain, 2).unwrap();
    let blocks = blocks.iter().map(|block| base64::encode(&block.der));
    let certificates: Vec<Value> = blocks.map(|der| json!({"rawBytes": der})).collect();
    let mut root = read("trusted_root.json");
    root["certificateAuthorities"] = json!([{
        "subject": {"organization": "test", "commonName": "ca"},
        "uri": url,
        "certChain": {"certificates": certificates},
        "validFor": {"start": "2020-01-01T00:00:00Z"},
    }]);
    let mut signing = read("signing_config.json");
    signing["caUrls"][0]["url"] = url.into();
    let mut trust = read("trust_config.json");
    trust["trustedRoot"] = root.clone();
    trust["signingConfig"] = signing.clone();
    for (name, value) in [
        ("trusted_root.json", root),
        ("signing_config.json", signing),
        ("trust_config.json", trust),
    ] {
        fs::write(to.join(name), value.to_string()).unwrap();
    }
    to
}

#[test]
fn whoever_gets_a_certificate_from_it_is_verified_by_all() {
    let world = World::new();
    let fulcio = world.fulcio(&[]);
    is_verified_by_all(&world, fulcio, "ca.pem");
}

/// Real clients sign by this Fulcio, whose chain is in that file, and everybody verifies it.
pub(crate) fn is_verified_by_all(world: &World, fulcio: Fulcio, chain: &str) {
    let installed: Vec<_> = SIGNERS.into_iter().filter_map(peers::require).collect();
    if installed.len() < SIGNERS.len() {
        return;
    }
    let client = clients(world, &format!("http://{}", fulcio.address("http")), chain);
    let artifact = world.file("artifact");
    fs::write(&artifact, "an artifact\n").unwrap();
    let issuer = format!("{}/oidc", world.server.url());
    for signer in &installed {
        let bundle = world.file(&format!("{}.json", signer.peer().name()));
        signer.sign(&Wish {
            artifact: &artifact,
            client: &client,
            token: &world.token(),
            attest: false,
            bundle: &bundle,
        });
        let case = Case {
            artifact: &artifact,
            bundle: &bundle,
            trusted_root: &client.join("trusted_root.json"),
            identity: NAME,
            issuer: &issuer,
        };
        for verifier in &installed {
            verifier.verify(&case).assert_accepted();
        }
        // The instance's own authority did not issue it.
        let instances = world.file("data/client/trusted_root.json");
        let case = Case {
            trusted_root: &instances,
            ..case
        };
        let cosign = installed.iter().find(|one| one.peer() == Peer::Cosign);
        let verdict = cosign.unwrap().verify(&case);
        verdict.assert_refused("leaf certificate verification failed");
    }
    assert!(fulcio.metrics().contains("fulcio_new_certs 4\n"));
    fulcio.stop();
}
