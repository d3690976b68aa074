//! The section `fulcio`.

use waxwing_crypto::KeyType;

use super::server::{Server, key};
use crate::program::{printed, run, waxwing};

const OTHER: &str = "https://issuer.example.com";

#[test]
fn issuers_stand_in_the_file_itself_or_in_one_of_fulcios_own() {
    let issuers = |server: &Server| {
        let configuration = server.get("/api/v2/configuration").is(200).json();
        let issuers = configuration["issuers"].as_array().unwrap().clone();
        let mut urls: Vec<String> = issuers
            .iter()
            .map(|issuer| issuer["issuerUrl"].as_str().unwrap().to_owned())
            .collect();
        urls.sort_unstable();
        urls
    };
    let own = |server: &Server| format!("{}/oidc", server.url());
    let inline = format!("oidc-issuers: {{'{OTHER}': {{type: email, client-id: sigstore}}}}");
    let server = Server::start(&format!("fulcio:\n  configuration:\n    {inline}\n"));
    assert_eq!(issuers(&server), [own(&server), OTHER.to_owned()]);
    std::fs::write(server.path().join("fulcio.yaml"), inline).unwrap();
    let server = server.again("");
    assert_eq!(issuers(&server), [own(&server)]);
    let server = server.again("fulcio: {configuration: fulcio.yaml}");
    assert_eq!(issuers(&server), [own(&server), OTHER.to_owned()]);
}

#[test]
fn who_gets_a_certificate_is_the_operators_to_say() {
    let key = key(KeyType::EcdsaP256);
    let server = Server::start("");
    let rules = |email: &str| {
        let issuer = format!("{}/oidc", server.url());
        format!(
            "fulcio:\n  rules:\n    - issuer: {issuer}\n      require: {{email: ['{email}']}}\n"
        )
    };
    let (others, own) = (rules("*@other.example.com"), rules("*@example.com"));
    server.certificate(&key).is(200);
    let server = server.again(&others);
    let refused = server.certificate(&key).is(403).json();
    assert_eq!(refused["details"][0]["reason"], "RULE_REFUSED", "{refused}");
    let server = server.again(&own);
    server.certificate(&key).is(200);
}

#[test]
fn keys_that_the_operator_does_not_name_get_no_certificate() {
    let (small, large) = (key(KeyType::EcdsaP256), key(KeyType::EcdsaP384));
    let names = "fulcio: {client-signing-algorithms: [ecdsa-sha2-384-nistp384, ed25519]}";
    let server = Server::start(names);
    let refused = server.certificate(&small).is(400).json();
    assert_eq!(
        refused["message"],
        "signing algorithm not permitted: *ecdsa.PublicKey, SHA-256"
    );
    server.certificate(&large).is(200);
    let server = server.again("");
    server.certificate(&small).is(200);
}

#[test]
fn the_cluster_is_trusted_under_the_file_that_the_operator_names() {
    let cluster = "https://kubernetes.default.svc";
    let issuer = format!("'{cluster}': {{type: kubernetes, client-id: sigstore}}");
    let settings = |more: &str| {
        format!(
            "fulcio:\n  configuration: {{oidc-issuers: {{{issuer}}}}}\n  kubernetes: {{{more}}}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("up.yaml"), settings("ca: nowhere.crt")).unwrap();
    let refused = [
        "up",
        "--data",
        "data",
        "--listen",
        "127.0.0.1:0",
        "--config",
        "up.yaml",
    ];
    let refused = run(&waxwing(), folder.path(), refused);
    let said = printed(&refused);
    assert!(
        !refused.status.success() && said.contains("nowhere.crt"),
        "{said}"
    );
    let ca = include_str!("../../../../fulcio/tests/data/cluster_ca.pem");
    std::fs::write(folder.path().join("ca.crt"), ca).unwrap();
    let server = Server::within(folder, &settings("ca: ca.crt, token: token"), &[]);
    let configuration = server.get("/api/v2/configuration").is(200).text();
    assert!(configuration.contains(cluster), "{configuration}");
}
