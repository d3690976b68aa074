//! Whom to trust by single files: good ones, and the same with one fault.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_model::trusted_root::single_files::{SingleFiles, SingleFilesError};
use waxwing_model::trusted_root::{CertificateAuthority, Reason};
use waxwing_model::{TrustedRoot, Window};
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

const URI: &str = "https://service.example.com";

/// A repository: what is said of each file, and its content.
#[derive(Clone, Default)]
struct Repository(BTreeMap<&'static str, (Option<Value>, Vec<u8>)>);

impl Repository {
    fn with(mut self, path: &'static str, usage: &str, status: &str, content: &str) -> Self {
        let custom = json!({"sigstore": {"usage": usage, "status": status, "uri": URI}});
        self.0.insert(path, (Some(custom), content.into()));
        self
    }

    fn named(mut self, path: &'static str, content: &str) -> Self {
        self.0.insert(path, (None, content.into()));
        self
    }

    fn custom(mut self, path: &'static str, custom: Value) -> Self {
        self.0.get_mut(path).unwrap().0 = Some(custom);
        self
    }

    fn read(&self) -> Result<TrustedRoot, SingleFilesError> {
        let targets = self.0.iter();
        let files = SingleFiles::choose(targets.map(|(path, file)| (*path, file.0.as_ref())))?;
        let contents = files
            .paths()
            .map(|path| (path.to_owned(), self.0[path].1.clone()));
        files.trusted_root(&contents.collect())
    }

    #[track_caller]
    fn refused(&self, words: &str) {
        let refused = self.read().unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

fn log() -> String {
    key().public_key().to_pem()
}

fn validity() -> Validity {
    Validity {
        not_before: UnixTime::parse("2026-01-01T00:00:00Z").unwrap(),
        not_after: UnixTime::parse("2036-01-01T00:00:00Z").unwrap(),
    }
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "example.com".into(),
        common_name: common_name.into(),
    }
}

fn root(common_name: &str) -> Authority {
    Authority::root(
        key(),
        &name(common_name),
        SerialNumber::new([1; 20]),
        validity(),
    )
    .unwrap()
}

fn below(above: &Authority, common_name: &str, purpose: Purpose) -> Authority {
    let serial = SerialNumber::new([2; 20]);
    above
        .intermediate(key(), &name(common_name), serial, validity(), purpose)
        .unwrap()
}

fn leaf(above: &Authority, common_name: &str) -> Certificate {
    let serial = SerialNumber::new([3; 20]);
    let leaf = above.timestamp_leaf(key(), &name(common_name), serial, validity());
    leaf.unwrap().certificate
}

/// An authority's root and what is below it, and a log of each kind.
struct Parts {
    fulcio: Authority,
    fulcio_below: Authority,
    stamps: Authority,
    stamps_below: Authority,
    stamp: Certificate,
    rekor: String,
    ct: String,
}

impl Parts {
    fn new() -> Self {
        let (fulcio, stamps) = (root("fulcio"), root("stamps"));
        let stamps_below = below(&stamps, "stamps below", Purpose::TimeStamping);
        Self {
            fulcio_below: below(&fulcio, "fulcio below", Purpose::CodeSigning),
            stamp: leaf(&stamps_below, "stamp"),
            fulcio,
            stamps,
            stamps_below,
            rekor: log(),
            ct: log(),
        }
    }

    fn repository(&self) -> Repository {
        Repository::default()
            .with(
                "a.pem",
                "Fulcio",
                "Active",
                &self.fulcio_below.certificate.to_pem(),
            )
            .with(
                "b.pem",
                "Fulcio",
                "Active",
                &self.fulcio.certificate.to_pem(),
            )
            .with("c.pub", "Rekor", "Active", &self.rekor)
            .with("d.pub", "CTFE", "Active", &self.ct)
            .with("e.pem", "TSA", "Active", &self.stamps.certificate.to_pem())
            .with("f.pem", "TSA", "Active", &self.stamp.to_pem())
            .with(
                "g.pem",
                "TSA",
                "Active",
                &self.stamps_below.certificate.to_pem(),
            )
            .named("trusted_root.txt", "another file")
    }
}

fn certificates(authority: &CertificateAuthority) -> Vec<&Certificate> {
    authority.certificates.iter().collect()
}

#[test]
fn each_file_is_for_what_is_said_of_it() {
    let parts = Parts::new();
    let read = parts.repository().read().unwrap();
    let [fulcio] = &read.certificate_authorities[..] else {
        panic!("{read:?}")
    };
    let expected = [&parts.fulcio_below.certificate, &parts.fulcio.certificate];
    assert_eq!(certificates(fulcio), expected);
    assert_eq!(fulcio.subject, name("fulcio"));
    let [stamps] = &read.timestamp_authorities[..] else {
        panic!("{read:?}")
    };
    let above = [&parts.stamps_below.certificate, &parts.stamps.certificate];
    assert_eq!(certificates(stamps), [&[&parts.stamp][..], &above].concat());
    for (logs, key) in [
        (&read.transparency_logs, &parts.rekor),
        (&read.ct_logs, &parts.ct),
    ] {
        let [log] = &logs[..] else { panic!("{logs:?}") };
        assert_eq!(log.public_key.to_pem(), *key);
        assert_eq!(log.log_id, log.public_key.sha256_of_spki());
        assert_eq!(
            (log.base_url.as_str(), log.valid_for),
            (URI, Window::ALWAYS)
        );
        assert_eq!(log.checkpoint_key_id, None);
    }
    for authority in [fulcio, stamps] {
        assert_eq!(
            (authority.uri.as_str(), authority.valid_for),
            (URI, Window::ALWAYS)
        );
    }
    assert_eq!(read.passed_over, []);
    // As a file it is a trusted root like any other.
    let json = read.to_json().unwrap();
    assert_eq!(TrustedRoot::from_json(&json).unwrap(), read);
}

#[test]
fn usage_and_status_are_read_in_any_case_and_one_file_may_hold_a_chain() {
    let parts = Parts::new();
    let chain = [&parts.fulcio, &parts.fulcio_below];
    let chain: String = chain.iter().map(|one| one.certificate.to_pem()).collect();
    let read = Repository::default()
        .with("chain.pem", "fULCIO", "aCTIVE", &chain)
        .with(
            "again.pem",
            "fulcio",
            "active",
            &parts.fulcio.certificate.to_pem(),
        )
        .read()
        .unwrap();
    assert_eq!(read.certificate_authorities.len(), 1);
    assert_eq!(read.certificate_authorities[0].certificates.len(), 2);
}

#[test]
fn two_keys_of_one_usage_both_count_and_two_in_one_file_do_not() {
    let parts = Parts::new();
    let other = log();
    let two = parts
        .repository()
        .with("other.pub", "Rekor", "Active", &other);
    assert_eq!(two.read().unwrap().transparency_logs.len(), 2);
    let both = format!("{}{other}", parts.rekor);
    let one_file = parts.repository().with("c.pub", "Rekor", "Active", &both);
    one_file.refused("c.pub: more than 1 PEM blocks");
    let second = root("second");
    let two = parts.repository().with(
        "other.pem",
        "Fulcio",
        "Active",
        &second.certificate.to_pem(),
    );
    assert_eq!(two.read().unwrap().certificate_authorities.len(), 2);
    let second = leaf(&parts.stamps_below, "second stamp");
    let two = parts
        .repository()
        .with("other.pem", "TSA", "Active", &second.to_pem());
    let read = two.read().unwrap();
    assert_eq!(read.timestamp_authorities.len(), 2);
    let leaves = read.timestamp_authorities.iter();
    let leaves: Vec<_> = leaves.map(|one| &one.certificates[0]).collect();
    assert!(leaves.contains(&&second) && leaves.contains(&&parts.stamp));
}

#[test]
fn what_is_not_active_does_not_count_and_is_named() {
    let parts = Parts::new();
    for status in ["Expired", "Unknown", ""] {
        let read = parts
            .repository()
            .with("c.pub", "Rekor", status, &parts.rekor);
        // Nor does the file with the old name, where one speaks of its usage.
        let read = read.named("rekor.pub", &parts.rekor).read().unwrap();
        assert!(read.transparency_logs.is_empty());
        let [passed_over] = &read.passed_over[..] else {
            panic!("{read:?}")
        };
        let found = status.to_owned();
        assert_eq!(passed_over.reason, Reason::Status { found });
        assert_eq!(
            (passed_over.role, passed_over.name.as_str()),
            ("transparency log", "c.pub")
        );
        // What it holds is not looked at.
        let broken = parts.repository().with("c.pub", "Rekor", status, "nothing");
        assert_eq!(broken.read().unwrap().passed_over, read.passed_over);
    }
}

#[test]
fn a_root_that_is_not_active_takes_along_what_is_below_it() {
    let parts = Parts::new();
    for (path, usage, root, lost) in [
        ("b.pem", "Fulcio", &parts.fulcio, "a.pem"),
        ("e.pem", "TSA", &parts.stamps, "f.pem"),
    ] {
        let pem = root.certificate.to_pem();
        let read = parts
            .repository()
            .with(path, usage, "Expired", &pem)
            .read()
            .unwrap();
        let authorities = [&read.certificate_authorities, &read.timestamp_authorities];
        assert_eq!(authorities.iter().map(|some| some.len()).sum::<usize>(), 1);
        let [_, second] = &read.passed_over[..] else {
            panic!("{read:?}")
        };
        assert_eq!(
            (second.name.as_str(), &second.reason),
            (lost, &Reason::NoRoot)
        );
    }
    let read = parts
        .repository()
        .with("f.pem", "TSA", "Expired", &parts.stamp.to_pem());
    let read = read.read().unwrap();
    assert!(read.timestamp_authorities.is_empty());
    let reasons: Vec<_> = read.passed_over.iter().map(|one| &one.reason).collect();
    assert_eq!(reasons[1..], [&Reason::NoLeaf, &Reason::NoLeaf]);
}

#[test]
fn other_usages_mean_nothing_and_nonsense_is_named() {
    let parts = Parts::new();
    let good = parts.repository().read().unwrap();
    let unknown = parts
        .repository()
        .with("artifact.pub", "Unknown", "Active", "nothing");
    assert_eq!(unknown.read().unwrap(), good);
    let foreign = parts
        .repository()
        .named("x", "nothing")
        .custom("x", json!({"other": 1}));
    assert_eq!(foreign.read().unwrap(), good);
    for custom in [
        json!([]),
        json!(7),
        json!({"sigstore": {"usage": 7}}),
        json!({"sigstore": []}),
        json!({"sigstore": ["Rekor", "Active", URI]}),
    ] {
        let read = parts.repository().custom("c.pub", custom).read().unwrap();
        assert!(read.transparency_logs.is_empty());
        assert_eq!(read.passed_over[0].reason, Reason::Custom);
        assert_eq!(read.passed_over[0].name, "c.pub");
    }
}

#[test]
fn where_no_file_speaks_of_a_usage_the_old_names_do() {
    let parts = Parts::new();
    let all = Repository::default()
        .named("fulcio.crt.pem", &root("first").certificate.to_pem())
        .named("fulcio_v1.crt.pem", &parts.fulcio.certificate.to_pem())
        .named(
            "fulcio_intermediate_v1.crt.pem",
            &parts.fulcio_below.certificate.to_pem(),
        )
        .named("rekor.pub", &parts.rekor)
        .named("ctfe.pub", &parts.ct)
        .named("tsa_leaf.crt.pem", &parts.stamp.to_pem())
        .named(
            "tsa_intermediate_0.crt.pem",
            &parts.stamps_below.certificate.to_pem(),
        )
        .named("tsa_root.crt.pem", &parts.stamps.certificate.to_pem());
    let read = all.read().unwrap();
    assert_eq!(read.certificate_authorities.len(), 2);
    assert_eq!(read.timestamp_authorities[0].certificates.len(), 3);
    // Called by its file, it is the host of nothing.
    assert_eq!(read.transparency_logs[0].base_url, "rekor.pub");
    assert_eq!(read.ct_logs.len(), 1);
    // A name says nothing against what is said of the file.
    let unknown = json!({"sigstore": {"usage": "Unknown", "status": "Active"}});
    let read = all.clone().custom("rekor.pub", unknown).read().unwrap();
    assert!(read.transparency_logs.is_empty());
    let other = all.with("other.pub", "Rekor", "Active", &log());
    let read = other.read().unwrap();
    assert_eq!(read.transparency_logs.len(), 1);
    assert_eq!(read.transparency_logs[0].base_url, URI);
    let read = Repository::default()
        .named("Rekor.pub", &parts.rekor)
        .read();
    assert!(matches!(read, Err(SingleFilesError::Nothing)));
}

#[test]
fn a_file_that_is_for_something_and_cannot_be_read_refuses_all() {
    let parts = Parts::new();
    let rsa = "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n";
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (path, usage, content, words) in [
        ("c.pub", "Rekor", "nothing", "c.pub: no PEM block"),
        (
            "c.pub",
            "Rekor",
            &parts.rekor[..60],
            "c.pub: the PEM block PUBLIC KEY has no line",
        ),
        (
            "c.pub",
            "Rekor",
            &parts.stamp.to_pem(),
            "a PEM block CERTIFICATE; expected PUBLIC KEY",
        ),
        ("c.pub", "Rekor", rsa, "c.pub: "),
        ("d.pub", "CTFE", "", "d.pub: no PEM block"),
        (
            "b.pem",
            "Fulcio",
            &parts.rekor,
            "a PEM block PUBLIC KEY; expected CERTIFICATE",
        ),
        ("b.pem", "Fulcio", empty, "b.pem: "),
        ("f.pem", "TSA", "nothing", "f.pem: no PEM block"),
    ] {
        parts
            .repository()
            .with(path, usage, "Active", content)
            .refused(words);
    }
    let mut binary = parts.repository();
    binary.0.get_mut("c.pub").unwrap().1 = vec![0xff];
    binary.refused("c.pub is not text; expected PEM");
    Repository::default().refused("none says that it is active and for Fulcio, Rekor, CTFE or TSA");
    let lost = parts.fulcio_below.certificate.to_pem();
    let lost = Repository::default().with("a.pem", "Fulcio", "Active", &lost);
    assert!(matches!(lost.read(), Err(SingleFilesError::Nothing)));
}

#[test]
fn more_files_than_are_read_are_refused() {
    const PATHS: [&str; 65] = {
        let mut paths = [""; 65];
        let names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        let mut at = 0;
        while at < 65 {
            paths[at] = names.split_at(at).1.split_at(1).0;
            at += 1;
        }
        paths
    };
    let content = log();
    let repository = |count| {
        let mut repository = Repository::default();
        for path in &PATHS[..count] {
            repository = repository.with(path, "Rekor", "Active", &content);
        }
        repository
    };
    assert_eq!(repository(64).read().unwrap().transparency_logs.len(), 64);
    repository(65).refused("65 files say that they are for something; at most 64 are read");
}

#[test]
fn more_certificates_of_one_usage_than_are_read_are_refused() {
    let pem = |number: usize| root(&format!("root {number}")).certificate.to_pem();
    let files = ["a.pem", "b.pem", "c.pem", "d.pem"];
    let mut good = Repository::default().with("tsa.pem", "TSA", "Active", &pem(0));
    for (file, first) in files.into_iter().zip((0..).step_by(32)) {
        let chain: String = (first..first + 32).map(pem).collect();
        good = good.with(file, "Fulcio", "Active", &chain);
    }
    let read = good.read().unwrap();
    assert_eq!(read.certificate_authorities.len(), 128);
    let bad = good.with("e.pem", "Fulcio", "Active", &pem(128));
    bad.refused("e.pem: with it there are more than 128 certificates for one usage");
}
