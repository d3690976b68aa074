//! The section `ct`.

use serde_json::json;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};

use super::server::{Answer, Server};

/// Another's root, and what it issued.
struct Others(Authority);

impl Others {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let validity = validity("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
        let serial = SerialNumber::new([1; 20]);
        Self(Authority::root(key, &name("other root"), serial, validity).unwrap())
    }

    fn write(&self, server: &Server) {
        let path = server.path().join("root.pem");
        std::fs::write(path, self.0.certificate.to_pem()).unwrap();
    }

    /// Submits a certificate for this purpose and with this end.
    fn submit(&self, server: &Server, purpose: Purpose, end: &str) -> Answer {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let validity = validity("2021-01-01T00:00:00Z", end);
        let serial = SerialNumber::new([2; 20]);
        let issued = self
            .0
            .intermediate(key, &name("issued"), serial, validity, purpose);
        let chain = [&issued.unwrap().certificate, &self.0.certificate];
        let chain = chain.map(|certificate| base64::encode(certificate.der()));
        server.post("/ct/ct/v1/add-chain", &json!({ "chain": chain }))
    }
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "test".into(),
        common_name: common_name.into(),
    }
}

fn validity(start: &str, end: &str) -> Validity {
    let time = |text| UnixTime::parse(text).unwrap();
    Validity {
        not_before: time(start),
        not_after: time(end),
    }
}

const LATER: &str = "2039-01-01T00:00:00Z";
const EARLIER: &str = "2022-01-01T00:00:00Z";

#[test]
fn certificates_under_further_roots_are_taken() {
    let others = Others::new();
    let server = Server::start("");
    others.write(&server);
    let submit = |server: &Server| others.submit(server, Purpose::CodeSigning, LATER);
    let refused = submit(&server).is(400);
    assert!(
        refused.text().starts_with("Bad Request\n"),
        "{}",
        refused.text()
    );
    let server = server.again("ct: {roots: [root.pem]}");
    submit(&server).is(200);
    let roots = server.get("/ct/ct/v1/get-roots").is(200).json();
    assert_eq!(roots["certificates"].as_array().unwrap().len(), 2);
}

#[test]
fn purposes_and_ends_of_certificates_are_the_operators() {
    let others = Others::new();
    let server = Server::start("");
    others.write(&server);
    let with =
        |server: Server, more: &str| server.again(&format!("ct: {{roots: root.pem, {more}}}"));
    let (signing, stamping) = (Purpose::CodeSigning, Purpose::TimeStamping);
    let server = with(server, "extended-key-usages: [1.3.6.1.5.5.7.3.3]");
    let refused = others.submit(&server, stamping, LATER).is(400);
    assert!(
        refused.text().contains("extended key usages"),
        "{}",
        refused.text()
    );
    others.submit(&server, signing, LATER).is(200);
    let server = with(server, "extended-key-usages: []");
    others.submit(&server, stamping, LATER).is(200);
    others.submit(&server, signing, EARLIER).is(200);
    for (setting, end, sentence) in [
        ("reject-expired: true", EARLIER, "expired at"),
        (
            "not-after-start: 2038-01-01T00:00:00Z",
            EARLIER,
            "where this log begins",
        ),
        (
            "not-after-limit: 2038-01-01T00:00:00Z",
            LATER,
            "where this log ends",
        ),
    ] {
        let server = Server::start("");
        others.write(&server);
        let server = with(server, setting);
        let refused = others.submit(&server, signing, end).is(400);
        assert!(refused.text().contains(sentence), "{}", refused.text());
        let other = if end == LATER { EARLIER } else { LATER };
        others.submit(&server, signing, other).is(200);
    }
}

/// What an operator asks of others must not keep the instance from its own first entries.
#[test]
fn a_log_that_ends_early_begins_all_the_same() {
    let server = Server::start("ct: {not-after-limit: 2020-01-01T00:00:00Z}");
    let head = server.get("/ct/ct/v1/get-sth").is(200).json();
    assert_eq!(head["tree_size"], 1);
}

#[test]
fn how_many_entries_come_at_once_is_the_operators() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let server = Server::start("");
    for _ in 0..3 {
        server.certificate(&key).is(200);
    }
    let read = |server: &Server, start: u64| {
        let path = format!("/ct/ct/v1/get-entries?start={start}&end=3");
        let entries = server.get(&path).is(200).json();
        entries["entries"].as_array().unwrap().len()
    };
    assert_eq!(read(&server, 0), 4);
    let server = server.again("ct: {max-get-entries: 2, align-get-entries: true}");
    // Cut where a multiple of two ends.
    assert_eq!((read(&server, 0), read(&server, 1)), (2, 1));
    let server = server.again("ct: {max-get-entries: 2, align-get-entries: false}");
    assert_eq!((read(&server, 0), read(&server, 1)), (2, 2));
}
