//! `trusted-root create` and `signing-config create`: what ours writes is what cosign writes, and works.

use serde_json::Value;

use super::{AT_INSTANCE, Bench, chain_of, expected, key_of};

/// What both write, but for how they order and space it.
#[track_caller]
fn assert_the_same(ours: &[u8], theirs: &[u8]) {
    let (ours, theirs): (Value, Value) = (
        serde_json::from_slice(ours).unwrap(),
        serde_json::from_slice(theirs).unwrap(),
    );
    assert_eq!(ours, theirs, "\nours: {ours:#}\ntheirs: {theirs:#}");
}

#[test]
fn a_signing_config_of_ours_is_that_of_cosign() {
    let Some(bench) = Bench::new() else { return };
    let spec = |flag: &str, url: &str, version: u32| {
        format!(
            "--{flag}=url={url},api-version={version},start-time=2026-01-01T00:00:00Z,operator=me"
        )
    };
    let line = [
        "signing-config create --out OUT --rekor-config=EXACT:1 --tsa-config=ANY".to_owned(),
        spec("fulcio", "https://fulcio.example.com", 1),
        spec("rekor", "https://rekor.example.com", 2),
        spec("oidc-provider", "https://oidc.example.com", 1),
        spec("tsa", "https://tsa.example.com/api/v1/timestamp", 1),
    ]
    .join(" ");
    bench.ours(&line.replace("OUT", "ours.json"));
    bench.theirs(&bench.sid, &line.replace("OUT", "theirs.json"));
    assert_the_same(&bench.read("ours.json"), &bench.read("theirs.json"));
    bench.ours_refuses(
        &line.replace("OUT", "x.json").replace("EXACT:1", "SOME"),
        "SOME",
    );
}

#[test]
fn a_trusted_root_that_ours_makes_of_pieces_verifies_what_was_signed() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours(&format!("sign-blob {AT_INSTANCE} blob"));
    // The pieces, out of the instance's own trusted root.
    let root: Value = serde_json::from_slice(&bench.read("data/client/trusted_root.json")).unwrap();
    let write = |name: &str, text: String| std::fs::write(bench.path(name), text).unwrap();
    write("ca.pem", chain_of(&root["certificateAuthorities"][0]));
    write("tsa.pem", chain_of(&root["timestampAuthorities"][0]));
    write("rekor.pem", key_of(&root["tlogs"][0]));
    write("ct.pem", key_of(&root["ctlogs"][0]));
    let origin = root["tlogs"][0]["baseUrl"].as_str().unwrap();
    // A log of an instance is called by its host in checkpoints, without a port.
    let host = origin
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    let host = host.split(':').next().unwrap();
    let line = format!(
        "trusted-root create --out OUT \
         --fulcio=url={url},certificate-chain=ca.pem,start-time=2026-01-01T00:00:00Z \
         --tsa=url={url}/api/v1/timestamp,certificate-chain=tsa.pem,start-time=2026-01-01T00:00:00Z \
         --ctfe=url={url},public-key=ct.pem,start-time=2026-01-01T00:00:00Z \
         --rekor=url={origin},public-key=rekor.pem,start-time=2026-01-01T00:00:00Z,origin={host}",
        url = running.url,
    );
    bench.ours(&line.replace("OUT", "ours.json"));
    bench.theirs(&bench.sid, &line.replace("OUT", "theirs.json"));
    let verify = format!(
        "verify-blob {} --bundle blob.sigstore.json blob",
        expected(&running)
    );
    for root in ["ours.json", "theirs.json"] {
        let verify = verify.replace("data/client/trusted_root.json", root);
        bench.ours(&verify);
        bench.theirs(&bench.sid, &verify);
    }
    assert_the_same(&bench.read("ours.json"), &bench.read("theirs.json"));
    running.stop();
}
