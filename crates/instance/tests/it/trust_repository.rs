//! The TUF repository of an instance, as a client follows it: at once, after a long absence, and when
//! keys were taken away.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use waxwing_crypto::SystemRandom;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::{
    Address, Choices, DataDirectory, Instance, Rotated, Rotation, StartError, Surroundings,
};
use waxwing_model::TrustedRoot;
use waxwing_tuf::client::{Answer, Base, LocalCopy, Refresh, Start, UpdateError};
use waxwing_tuf::metadata::Signed;
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

use crate::surroundings::{ARTIFACT, EMAIL, sign};

const URL: &str = "http://waxwing.localhost:8123";
const BEGAN: &str = "2026-06-01T12:00:00Z";

struct At(UnixTime);

impl Clock for At {
    fn now(&self) -> UnixTime {
        self.0
    }
}

fn day(days: i64) -> UnixTime {
    UnixTime::parse(BEGAN).unwrap().plus_seconds(days * 86_400)
}

fn surroundings(days: i64) -> Surroundings {
    Surroundings {
        clock: Arc::new(At(day(days))),
        random: Arc::new(SystemRandom),
    }
}

/// Opens the instance some days after it began.
async fn open(folder: &Path, days: i64) -> Result<Instance, StartError> {
    let surroundings = surroundings(days);
    let address = Address::new(URL).unwrap();
    let data = DataDirectory::open(&folder.join("data"), None, &address, &surroundings)?;
    Instance::open(data, Choices::default(), surroundings).await
}

/// A client that remembers.
pub(crate) struct Client {
    root: Vec<u8>,
    local: LocalCopy,
}

impl Client {
    /// Knows nothing but the root that the instance hands out.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            root: fs::read(folder.join("data/client/root.json")).unwrap(),
            local: LocalCopy::new(),
        }
    }

    /// Follows the repository to the trusted root. Its versions of root and timestamp too.
    async fn follow(
        &mut self,
        instance: &Instance,
        days: i64,
    ) -> Result<(TrustedRoot, u64, u64), UpdateError> {
        self.follow_from(instance, day(days)).await
    }

    pub(crate) async fn follow_from(
        &mut self,
        instance: &Instance,
        now: UnixTime,
    ) -> Result<(TrustedRoot, u64, u64), UpdateError> {
        let http = instance.client().unwrap();
        let fetch = async |base, path: &str| {
            let folder = if base == Base::Targets {
                "targets/"
            } else {
                ""
            };
            let url = format!("{URL}/tuf/{folder}{path}");
            let answer = http.get(url).await.unwrap();
            match answer.status.as_u16() {
                200 => Answer::Fetched(answer.body.to_vec()),
                404 => Answer::NotFound,
                other => panic!("{other}"),
            }
        };
        let start = Start {
            root: self.root.clone(),
            local: self.local.clone(),
            now,
        };
        let mut refresh = Refresh::start(start)?;
        while let Some(wanted) = refresh.wanted() {
            refresh.answer(fetch(wanted.base, &wanted.path).await)?;
            for change in refresh.take_changes() {
                self.local.apply(change);
            }
        }
        let mut trusted = refresh.finish()?;
        let versions = (
            trusted.root().signed().version(),
            trusted.timestamp().signed().version(),
        );
        let target = trusted.search("trusted_root.json").finish()?;
        let wanted = target.wanted()?;
        let Answer::Fetched(content) = fetch(wanted.base, &wanted.path).await else {
            panic!("{} is not there", wanted.path);
        };
        target.check(&content).unwrap();
        let trusted_root = TrustedRoot::from_json(&content).unwrap();
        Ok((trusted_root, versions.0, versions.1))
    }
}

#[tokio::test]
async fn a_client_follows_the_instance_through_its_absences() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let instance = open(folder, 0).await.unwrap();
    let (mut old, mut kept) = (Client::new(folder), Client::new(folder));
    let trusted_root = TrustedRoot::clone(&instance.trusted_root());
    assert_eq!(
        kept.follow(&instance, 0).await.unwrap(),
        (trusted_root.clone(), 1, 1)
    );
    // Nothing is new, and nobody is told that it is.
    assert_eq!(
        kept.follow(&instance, 0).await.unwrap(),
        (trusted_root.clone(), 1, 1)
    );
    instance.close().await;

    // The timestamp lives for seven days: who is up every day has a fresh one.
    let instance = open(folder, 2).await.unwrap();
    assert_eq!(
        kept.follow(&instance, 2).await.unwrap(),
        (trusted_root.clone(), 1, 2)
    );
    // A running instance whose clock stands still goes stale for clients whose clock does not.
    let stale = kept.follow(&instance, 10).await.unwrap_err();
    assert!(matches!(stale, UpdateError::Expired { .. }), "{stale}");
    instance.close().await;

    // A month without anybody at home; then half a year, when the root comes near its end.
    let instance = open(folder, 33).await.unwrap();
    assert_eq!(
        kept.follow(&instance, 33).await.unwrap(),
        (trusted_root.clone(), 1, 3)
    );
    instance.close().await;
    let instance = open(folder, 200).await.unwrap();
    assert_eq!(
        kept.follow(&instance, 200).await.unwrap(),
        (trusted_root.clone(), 2, 4)
    );
    instance.close().await;

    // Two years: the first root has long expired, and still leads to the one of today.
    let instance = open(folder, 730).await.unwrap();
    assert_eq!(instance.needs(), Vec::<String>::new());
    let (found, root, _) = old.follow(&instance, 730).await.unwrap();
    assert_eq!((found, root), (trusted_root, 3));
    instance.close().await;
}

#[tokio::test]
async fn keys_that_lie_elsewhere_are_asked_for_when_they_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    open(folder, 0).await.unwrap().close().await;
    let private = folder.join("data/private");
    let away = folder.join("away");
    fs::create_dir(&away).unwrap();
    let swap = |from: &Path, to: &Path, name: &str| {
        fs::rename(from.join(name), to.join(name)).unwrap();
    };
    for name in ["tuf-root.pem", "tuf-targets.pem"] {
        swap(&private, &away, name);
    }
    let mut client = Client::new(folder);
    let instance = open(folder, 33).await.unwrap();
    assert_eq!(instance.needs(), Vec::<String>::new());
    assert_eq!(client.follow(&instance, 33).await.unwrap().1, 1);
    instance.close().await;
    // The root comes near its end, and the instance goes on and says so.
    let instance = open(folder, 200).await.unwrap();
    let needs = instance.needs();
    assert_eq!(needs.len(), 1);
    assert!(
        needs[0].contains("the next root of trust waits for signatures"),
        "{}",
        needs[0]
    );
    assert_eq!(client.follow(&instance, 200).await.unwrap().1, 1);
    instance.close().await;
    swap(&away, &private, "tuf-root.pem");
    let instance = open(folder, 200).await.unwrap();
    assert_eq!(instance.needs(), Vec::<String>::new());
    assert_eq!(client.follow(&instance, 200).await.unwrap().1, 2);
    instance.close().await;
    // Without the online key there is no timestamp, and nothing would be believed for long.
    swap(&private, &away, "tuf-online.pem");
    let refused = open(folder, 201).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("\"tuf-online\""), "{refused}");
    swap(&away, &private, "tuf-online.pem");
    open(folder, 201).await.unwrap().close().await;
}

#[tokio::test]
async fn a_repository_that_is_gone_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    open(folder, 0).await.unwrap().close().await;
    let (tuf, away) = (folder.join("data/tuf"), folder.join("away"));
    fs::rename(&tuf, &away).unwrap();
    let refused = open(folder, 1).await.map(|_| ()).unwrap_err();
    assert!(
        refused.to_string().contains("is gone; restore it"),
        "{refused}"
    );
    fs::remove_dir_all(&tuf).unwrap();
    fs::rename(&away, &tuf).unwrap();
    open(folder, 1).await.unwrap().close().await;
}

/// How many keys verify tokens.
async fn token_keys(instance: &Instance) -> usize {
    let client = instance.client().unwrap();
    let keys = client.get(format!("{URL}/oidc/keys")).await.unwrap();
    keys.text().matches("\"kid\"").count()
}

#[tokio::test]
async fn after_a_rotation_the_new_key_signs_and_what_the_old_one_signed_stays_good() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let instance = open(folder, 0).await.unwrap();
    let mut client = Client::new(folder);
    let signer = instance.signer(instance.client().unwrap()).unwrap();
    let before = sign(&instance, &signer).await;
    let (old_root, ..) = client.follow(&instance, 0).await.unwrap();
    // It leads to the services, and they to the logs.
    drop(signer);
    instance.close().await;
    let clock = surroundings(1);
    let address = Address::new(URL).unwrap();
    let data = || DataDirectory::open(&folder.join("data"), None, &address, &clock);
    let mut rotated = data().unwrap();
    for (service, name) in [
        (Rotated::CertificateAuthority, "certificate-authority-2"),
        (Rotated::TimestampAuthority, "timestamp-authority-2"),
        (Rotated::Issuer, "issuer-2"),
    ] {
        let new = rotated.rotate(&at_once(service), &clock).unwrap();
        assert_eq!(new.name, name);
    }
    drop(rotated);
    let instance = open(folder, 1).await.unwrap();
    let (new_root, root, _) = client.follow(&instance, 1).await.unwrap();
    assert_eq!(root, 1, "the root of trust itself was not rotated");
    assert_eq!(new_root.certificate_authorities.len(), 2);
    assert_eq!(new_root.timestamp_authorities.len(), 2);
    let signer = instance.signer(instance.client().unwrap()).unwrap();
    let after = sign(&instance, &signer).await;
    let issuer = instance.address().issuer();
    let identity = || Policy::identity(Identity::exactly(&issuer, EMAIL).unwrap());
    let verify = |root: &TrustedRoot, bundle| {
        let verifier = Verifier::new(root.clone(), Requirements::public_good()).unwrap();
        verifier
            .verify(bundle, Artifact::Bytes(ARTIFACT), &identity())
            .map(|_| ())
    };
    // Whoever has the new root believes both; whoever has the old one only what was signed before.
    for bundle in [&before, &after] {
        verify(&new_root, bundle).unwrap();
    }
    verify(&old_root, &before).unwrap();
    verify(&old_root, &after).unwrap_err();
    drop(signer);
    assert_eq!(token_keys(&instance).await, 2);
    instance.close().await;
    // After two days no token of the old key is good, and nobody is told of it.
    let instance = open(folder, 3).await.unwrap();
    assert_eq!(token_keys(&instance).await, 1);
    instance.close().await;
}

fn at_once(service: Rotated) -> Rotation {
    Rotation {
        service,
        after: Duration::ZERO,
        url: None,
    }
}
