//! An authority at a time that stands still, and requests written by hand.

use std::sync::Arc;

use serde_json::Value;
use waxwing_crypto::{KeyType, PrivateKey, Random};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_net::{Client, Response, Retry, Routes};
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_tsa::{ClockWatch, Service, Settings};

use crate::bytes::{children, content, element};

pub(crate) const STAMP: &str = "http://tsa.test/api/v1/timestamp";
pub(crate) const QUERY: &str = "application/timestamp-query";
pub(crate) const JSON: &str = "application/json";

/// 2025-11-24T16:00:00Z; the clock is a bit later in that second.
pub(crate) const NOW: i64 = 1_764_000_000;

pub(crate) const SHA_1: &[u8] = &[6, 5, 0x2b, 0x0e, 3, 2, 0x1a];
pub(crate) const SHA_256: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
pub(crate) const SHA_384: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
pub(crate) const SHA_512: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

pub(crate) const NONCE: &[u8] = &[2, 9, 0, 0x82, 1, 2, 3, 4, 5, 6, 7];
pub(crate) const CERTIFICATE: &[u8] = &[1, 1, 0xff];

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        UnixTime::from_milliseconds(NOW as u64 * 1000 + 789).unwrap()
    }
}

/// All bits set, so that a serial number must have lost one.
struct Ones;

impl Random for Ones {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xff);
    }
}

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) leaf: Certificate,
    pub(crate) root: Certificate,
}

/// What an authority is made of.
pub(crate) struct Made {
    pub(crate) leaf: Authority,
    pub(crate) above: Vec<Certificate>,
}

impl Made {
    /// A leaf with that kind of key, an intermediate for this purpose if there is one, and a root.
    pub(crate) fn new(kind: KeyType, intermediate: Option<Purpose>) -> Self {
        let key = |kind| PrivateKey::generate(kind).unwrap();
        let serial = |number| SerialNumber::new([number; 20]);
        let root = key(KeyType::EcdsaP384);
        let root = Authority::root(root, &name("root"), serial(1), validity()).unwrap();
        let mut above = vec![root.certificate.clone()];
        let issuing = match intermediate {
            None => root,
            Some(purpose) => {
                let key = key(KeyType::EcdsaP256);
                let between =
                    root.intermediate(key, &name("issuing"), serial(3), validity(), purpose);
                let between = between.unwrap();
                above.insert(0, between.certificate.clone());
                between
            }
        };
        let leaf = issuing.timestamp_leaf(key(kind), &name("tsa"), serial(2), validity());
        let leaf = leaf.unwrap();
        Self { leaf, above }
    }

    pub(crate) fn authority(self) -> TimestampAuthority {
        TimestampAuthority::new(self.leaf, self.above)
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Fixed)
}

pub(crate) fn random() -> Arc<dyn Random> {
    Arc::new(Ones)
}

pub(crate) fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "test".into(),
        common_name: common_name.into(),
    }
}

pub(crate) fn validity() -> Validity {
    let time = |seconds| UnixTime::from_seconds(seconds).unwrap();
    Validity {
        not_before: time(NOW - 1000),
        not_after: time(NOW + 1_000_000),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|authority| authority, Settings::default(), None)
    }

    /// An authority, settings and a watch of one's own.
    pub(crate) fn with(
        change: impl FnOnce(TimestampAuthority) -> TimestampAuthority,
        settings: Settings,
        watch: Option<Arc<ClockWatch>>,
    ) -> Self {
        let authority = Made::new(KeyType::EcdsaP256, None).authority();
        Self::of(change(authority), settings, watch)
    }

    pub(crate) fn of(
        authority: TimestampAuthority,
        settings: Settings,
        watch: Option<Arc<ClockWatch>>,
    ) -> Self {
        let certificates: Vec<_> = authority.certificates().cloned().collect();
        let service = Service::with(authority, clock(), random(), settings, watch).unwrap();
        let routes = Routes::new().with("http://tsa.test", service.router());
        Self {
            client: Client::in_process(routes.unwrap()).with_retry(Retry::never()),
            leaf: certificates.first().unwrap().clone(),
            root: certificates.last().unwrap().clone(),
        }
    }

    pub(crate) async fn post(&self, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        let body: Vec<u8> = body.into();
        self.client.post(STAMP, content_type, body).await.unwrap()
    }

    /// The response to what must be stamped.
    pub(crate) async fn stamp(&self, content_type: &str, body: impl Into<Vec<u8>>) -> Vec<u8> {
        let answer = self.post(content_type, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let found = answer.header("content-type");
        assert_eq!(found, Some("application/timestamp-reply"));
        let cache = answer.header("cache-control").unwrap();
        assert!(cache.contains("no-store"), "{cache}");
        answer.body.to_vec()
    }

    /// Refused with this status and a message that begins so.
    pub(crate) async fn refuses(
        &self,
        content_type: &str,
        body: impl Into<Vec<u8>>,
        status: u16,
        message: &str,
    ) {
        let answer = self.post(content_type, body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(JSON));
        let body: Value = answer.json().unwrap();
        assert_eq!(body["code"], status, "{body}");
        let found = body["message"].as_str().unwrap();
        assert!(found.starts_with(message), "{found:?} is not {message:?}");
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    }
}

/// `TimeStampReq` over this digest, with whatever comes behind the imprint.
pub(crate) fn query(hash: &[u8], digest: &[u8], rest: &[&[u8]]) -> Vec<u8> {
    let imprint = imprint(hash, digest);
    element(0x30, &[&[2, 1, 1], &imprint, &rest.concat()])
}

/// The hash with NULL, and the digest.
pub(crate) fn imprint(hash: &[u8], digest: &[u8]) -> Vec<u8> {
    element(
        0x30,
        &[&element(0x30, &[hash, &[5, 0]]), &element(4, &[digest])],
    )
}

/// The fields of SignedData: version, hashes, content, certificates, signers.
pub(crate) fn signed_data(response: &[u8]) -> Vec<&[u8]> {
    let [status, content_info] = children(response)[..] else {
        panic!("a status and a token are expected");
    };
    assert_eq!(status, [0x30, 3, 2, 1, 0], "granted, and nothing else");
    let [kind, wrapped] = children(content_info)[..] else {
        panic!("ContentInfo has two fields");
    };
    let signed_data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    assert_eq!(kind, signed_data);
    assert_eq!(wrapped[0], 0xa0);
    let fields = children(children(wrapped)[0]);
    assert_eq!(fields.len(), 5);
    fields
}

/// TSTInfo, out of its OCTET STRING.
pub(crate) fn tst_info(response: &[u8]) -> Vec<u8> {
    let encapsulated = children(signed_data(response)[2]);
    let tst_info = [
        6, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 4,
    ];
    assert_eq!(encapsulated[0], tst_info);
    assert_eq!(encapsulated[1][0], 0xa0);
    let octets = children(encapsulated[1])[0];
    assert_eq!(octets[0], 4);
    content(octets).to_vec()
}
