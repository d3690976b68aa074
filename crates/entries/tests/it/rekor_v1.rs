//! The kinds of Rekor v1: read strictly, and every part compared.

use serde_json::{Value, json};
use waxwing_crypto::KeyType;
use waxwing_encoding::{base64, pem};
use waxwing_entries::binding::{BindingError, Signed, VerifiedSignature};
use waxwing_model::bundle::Envelope;

use crate::world::{OTHER, SIGNER, Signer, bind, differs, hash, is_read_strictly, set, twice};

#[test]
fn a_hashedrekord_holds_digest_signature_and_certificate() {
    let (body, signature) = (SIGNER.hashedrekord(), SIGNER.message());
    bind(&body, &signature).unwrap();
    is_read_strictly(&body, &signature, &[]);
    let value = body
        .pointer("/spec/data/hash/value")
        .unwrap()
        .as_str()
        .unwrap();
    let upper = json!(value.to_uppercase());
    bind(&set(&body, "/spec/data/hash/value", upper), &signature).unwrap();
    let other = OTHER.hashedrekord();
    for (pointer, new, part) in [
        ("/spec/data/hash", hash(b"another artifact"), "digest"),
        ("/spec/data/hash/value", json!(""), "digest"),
        ("/spec/data/hash/value", json!(value[2..]), "digest"),
        (
            "/spec/data/hash/value",
            json!(format!("sha256:{value}")),
            "digest",
        ),
        ("/spec/data/hash/algorithm", json!("sha512"), "digest"),
        ("/spec/data/hash/algorithm", json!("sha1"), "digest"),
        ("/spec/data/hash/algorithm", json!("SHA256"), "digest"),
        (
            "/spec/signature",
            other["spec"]["signature"].clone(),
            "signature",
        ),
        ("/spec/signature/content", json!(""), "signature"),
        (
            "/spec/signature/content",
            json!(twice(signature.signature)),
            "signature",
        ),
        (
            "/spec/signature/content",
            json!(base64::encode(signature.signature).replace('=', "") + "\n"),
            "signature",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(OTHER.pem()),
            "certificate or key",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(SIGNER.key_pem()),
            "certificate or key",
        ),
    ] {
        differs(&set(&body, pointer, new), &signature, part);
    }
    differs(&other, &signature, "signature");
    // About a bare key, and not about its certificate.
    let by_key = SIGNER.by_key(signature);
    differs(&body, &by_key, "certificate or key");
    let of_key = set(
        &body,
        "/spec/signature/publicKey/content",
        json!(SIGNER.key_pem()),
    );
    bind(&of_key, &by_key).unwrap();
}

#[test]
fn the_hash_of_a_hashedrekord_is_that_of_the_signature() {
    for (kind, name) in [(KeyType::EcdsaP384, "sha384"), (KeyType::Ed25519, "sha512")] {
        let signer = Signer::new(kind);
        let body = signer.hashedrekord();
        assert_eq!(body["spec"]["data"]["hash"]["algorithm"], name);
        bind(&body, &signer.message()).unwrap();
        // The right digest of the artifact, by another function.
        let usual = SIGNER.hashedrekord()["spec"]["data"].clone();
        differs(
            &set(&body, "/spec/data", usual),
            &signer.message(),
            "digest",
        );
    }
}

#[test]
fn a_certificate_is_one_block_of_pem_and_nothing_around_it() {
    let (body, signature) = (SIGNER.hashedrekord(), SIGNER.message());
    let with = |pem: &str| {
        let content = json!(base64::encode(pem.as_bytes()));
        set(&body, "/spec/signature/publicKey/content", content)
    };
    let good = SIGNER.certificate.to_pem();
    let one_line = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::encode(SIGNER.certificate.der())
    );
    for spelled in [&good, good.trim_end(), &format!("{good}\n"), &one_line] {
        bind(&with(spelled), &signature).unwrap();
    }
    let other = OTHER.certificate.to_pem();
    let renamed = good.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    for wrong in [
        format!("{good}{good}"),
        format!("{good}{other}"),
        format!("{other}{good}"),
        format!("subject=me\n{good}"),
        format!("\n{good}"),
        format!("{good}and more"),
        format!("{good}-----BEGIN CERTIFICATE-----\n"),
        pem::encode("PUBLIC KEY", SIGNER.certificate.der()),
        pem::encode("CERTIFICATE", &[SIGNER.certificate.der(), &[0]].concat()),
        renamed,
        String::new(),
    ] {
        differs(&with(&wrong), &signature, "certificate or key");
    }
    let der = json!(base64::encode(SIGNER.certificate.der()));
    for plain in [der, json!(good), json!("")] {
        let body = set(&body, "/spec/signature/publicKey/content", plain);
        differs(&body, &signature, "certificate or key");
    }
}

#[test]
fn a_dsse_holds_payload_signature_and_certificate() {
    let (body, signature) = (SIGNER.dsse(), SIGNER.envelope());
    bind(&body, &signature).unwrap();
    is_read_strictly(&body, &signature, &[]);
    // The envelope as it was sent is not in a bundle.
    for any in [hash(b"another"), Value::Null] {
        bind(&set(&body, "/spec/envelopeHash", any), &signature).unwrap();
    }
    let signatures = |count| json!(vec![&body["spec"]["signatures"][0]; count]);
    let other = OTHER.dsse()["spec"]["signatures"].clone();
    let both = json!([body["spec"]["signatures"][0], other[0]]);
    for (pointer, new, part) in [
        ("/spec/payloadHash", hash(b"another payload"), "payload"),
        ("/spec/payloadHash", hash(&SIGNER.envelope.pae()), "payload"),
        ("/spec/payloadHash/algorithm", json!("sha512"), "payload"),
        ("/spec/signatures", signatures(0), "number of signatures"),
        ("/spec/signatures", signatures(2), "number of signatures"),
        ("/spec/signatures", both, "number of signatures"),
        ("/spec/signatures", other, "signature"),
        (
            "/spec/signatures/0/signature",
            json!(twice(signature.signature)),
            "signature",
        ),
        (
            "/spec/signatures/0/verifier",
            json!(OTHER.pem()),
            "certificate or key",
        ),
        (
            "/spec/signatures/0/verifier",
            json!(SIGNER.key_pem()),
            "certificate or key",
        ),
    ] {
        differs(&set(&body, pointer, new), &signature, part);
    }
    let of_key = set(
        &body,
        "/spec/signatures/0/verifier",
        json!(SIGNER.key_pem()),
    );
    bind(&of_key, &SIGNER.by_key(signature)).unwrap();
}

#[test]
fn an_intoto_0_0_2_holds_payload_type_signature_and_certificate() {
    let (body, signature) = (SIGNER.intoto_0_0_2(), SIGNER.envelope());
    let at = |path: &str| format!("/spec/content/{path}");
    bind(&body, &signature).unwrap();
    let optional = at("envelope/signatures/0/keyid");
    is_read_strictly(&body, &signature, &[&optional]);
    // Where the payload stands as well, it counts.
    let payload = json!(twice(&SIGNER.envelope.payload));
    bind(&set(&body, &at("envelope/payload"), payload), &signature).unwrap();
    let signatures = |count| {
        json!(vec![
            &body["spec"]["content"]["envelope"]["signatures"][0];
            count
        ])
    };
    let other = OTHER.intoto_0_0_2()["spec"]["content"]["envelope"]["signatures"].clone();
    for (path, new, part) in [
        ("payloadHash", hash(b"another payload"), "payload"),
        ("payloadHash/algorithm", json!("sha384"), "payload"),
        (
            "envelope/payload",
            json!(twice(b"another payload")),
            "payload",
        ),
        ("envelope/payload", json!(""), "payload"),
        (
            "envelope/payload",
            json!(base64::encode(&SIGNER.envelope.payload)),
            "payload",
        ),
        ("envelope/payloadType", json!("text/plain"), "payload type"),
        ("envelope/payloadType", json!(""), "payload type"),
        ("envelope/signatures", signatures(0), "number of signatures"),
        ("envelope/signatures", signatures(2), "number of signatures"),
        ("envelope/signatures", other, "signature"),
        (
            "envelope/signatures/0/sig",
            json!(base64::encode(signature.signature)),
            "signature",
        ),
        (
            "envelope/signatures/0/publicKey",
            json!(OTHER.pem()),
            "certificate or key",
        ),
    ] {
        differs(&set(&body, &at(path), new), &signature, part);
    }
}

/// The envelope as it was sent, in the spellings of Go and JavaScript.
fn spellings(envelope: &Envelope) -> [String; 3] {
    let payload = base64::encode(&envelope.payload);
    let signature = base64::encode(&envelope.signature);
    let (payload_type, key) = (&envelope.payload_type, &envelope.key_id);
    [
        format!(
            r#"{{"payloadType":"{payload_type}","payload":"{payload}","signatures":[{{"keyid":"{key}","sig":"{signature}"}}]}}"#
        ),
        format!(
            r#"{{"payloadType":"{payload_type}","payload":"{payload}","signatures":[{{"sig":"{signature}"}}]}}"#
        ),
        format!(
            r#"{{"payload":"{payload}","payloadType":"{payload_type}","signatures":[{{"sig":"{signature}","keyid":"{key}"}}]}}"#
        ),
    ]
}

#[test]
fn an_intoto_0_0_1_is_tied_to_the_envelope_by_a_known_spelling_alone() {
    let signature = SIGNER.envelope();
    let known = spellings(&SIGNER.envelope);
    for json in &known {
        let body = SIGNER.intoto_0_0_1(json);
        bind(&body, &signature).unwrap();
        is_read_strictly(&body, &signature, &["/spec/content/payloadHash"]);
        let key = set(&body, "/spec/publicKey", json!(OTHER.pem()));
        differs(&key, &signature, "certificate or key");
        let payload = set(&body, "/spec/content/payloadHash", hash(b"another payload"));
        differs(&payload, &signature, "payload");
        let algorithm = set(&body, "/spec/content/hash/algorithm", json!("sha512"));
        differs(&algorithm, &signature, "envelope");
    }
    for json in [
        known[0].replace(':', ": "),
        format!("{}\n", known[0]),
        known[0].replace("keyid", "keyId"),
        known[2].replace(r#""keyid":"key""#, r#""keyid":"other""#),
        String::from_utf8(SIGNER.envelope.payload.clone()).unwrap(),
        String::new(),
    ] {
        differs(&SIGNER.intoto_0_0_1(&json), &signature, "envelope");
    }
    // The same statement by somebody else: only the signature in the envelope differs.
    for json in spellings(&OTHER.envelope) {
        differs(&SIGNER.intoto_0_0_1(&json), &signature, "envelope");
    }
}

#[test]
fn each_kind_holds_what_it_can_and_nothing_else() {
    let (message, envelope) = (SIGNER.message(), SIGNER.envelope());
    let json = &spellings(&SIGNER.envelope)[0];
    for (body, wrong) in [
        (SIGNER.hashedrekord(), envelope),
        (SIGNER.dsse(), message),
        (SIGNER.intoto_0_0_1(json), message),
        (SIGNER.intoto_0_0_2(), message),
    ] {
        let error = bind(&body, &wrong).unwrap_err();
        assert!(matches!(error, BindingError::Content { .. }), "{error}");
    }
    let undigested = VerifiedSignature {
        signed: Signed::Message(None),
        ..message
    };
    let error = bind(&SIGNER.hashedrekord(), &undigested).unwrap_err();
    assert!(matches!(error, BindingError::Algorithm { .. }), "{error}");
}
