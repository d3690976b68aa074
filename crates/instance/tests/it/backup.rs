//! A whole instance is copied while it runs, and goes on from the copy.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use waxwing_crypto::SystemRandom;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::backup::{InstanceCopy, InstanceCopyError, back_up, restore};
use waxwing_instance::{
    Address, Choices, DataDirectory, Instance, Rotated, Rotation, StartError, Surroundings,
};
use waxwing_log::backup::CopyError;
use waxwing_model::Bundle;
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

use crate::surroundings::{ARTIFACT, EMAIL, sign};
use crate::trust_repository::Client;

const URL: &str = "http://waxwing.localhost:8123";
const ALL: InstanceCopy = InstanceCopy {
    private: true,
    check: true,
};

struct At(UnixTime);

impl Clock for At {
    fn now(&self) -> UnixTime {
        self.0
    }
}

fn day(days: i64) -> UnixTime {
    let began = UnixTime::parse("2026-06-01T12:00:00Z").unwrap();
    began.plus_seconds(days * 86_400)
}

fn surroundings(days: i64) -> Surroundings {
    Surroundings {
        clock: Arc::new(At(day(days))),
        random: Arc::new(SystemRandom),
    }
}

fn hold(data: &Path, days: i64) -> DataDirectory {
    let address = Address::new(URL).unwrap();
    DataDirectory::open(data, None, &address, &surroundings(days)).unwrap()
}

async fn open(data: &Path, guards: Option<&Path>, days: i64) -> Result<Instance, StartError> {
    let mut choices = Choices::default();
    choices.guards = guards.map(waxwing_log::GuardPlace::from);
    Instance::open(hold(data, days), choices, surroundings(days)).await
}

async fn signed_at(instance: &Instance) -> Bundle {
    sign(
        instance,
        &instance.signer(instance.client().unwrap()).unwrap(),
    )
    .await
}

fn verify(instance: &Instance, bundle: &Bundle) {
    let root = instance.trusted_root().as_ref().clone();
    let verifier = Verifier::new(root, Requirements::public_good()).unwrap();
    let policy = Policy::identity(Identity::exactly(&instance.address().issuer(), EMAIL).unwrap());
    verifier
        .verify(bundle, Artifact::Bytes(ARTIFACT), &policy)
        .unwrap();
}

#[tokio::test]
async fn an_instance_is_copied_while_it_runs_and_goes_on_from_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (data, copy, guards) = (
        folder.join("data"),
        folder.join("copy"),
        folder.join("guards"),
    );
    fs::create_dir(&guards).unwrap();
    let instance = open(&data, Some(&guards), 0).await.unwrap();
    let first = signed_at(&instance).await;
    let copied = back_up(&data, &copy, ALL, |_, _, _| {}).await.unwrap();
    let sizes: Vec<_> = copied
        .iter()
        .map(|log| (&*log.name, log.copied.size))
        .collect();
    assert_eq!(sizes, [("ct-log-1", 2), ("rekor-log-1", 2)]);
    let second = signed_at(&instance).await;
    instance.close().await;
    // The first copy is older than what was let out.
    let restored = folder.join("restored");
    let refused = restore(&copy, &restored, Some(&guards.clone().into()), |_, _, _| {}).await;
    let Err(InstanceCopyError::Log { name, source }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(name, "ct-log-1");
    assert!(
        matches!(*source, CopyError::GuardAhead { known: 3, found: 2 }),
        "{source}"
    );
    fs::remove_dir_all(&restored).unwrap();
    back_up(&data, &copy, ALL, |_, _, _| {}).await.unwrap();
    fs::remove_dir_all(&data).unwrap();
    restore(&copy, &restored, Some(&guards.clone().into()), |_, _, _| {})
        .await
        .unwrap();
    let instance = open(&restored, Some(&guards), 0).await.unwrap();
    let third = signed_at(&instance).await;
    for (index, bundle) in [(1, &first), (2, &second), (3, &third)] {
        verify(&instance, bundle);
        assert_eq!(bundle.entries[0].log_index, index);
    }
    // The certificates that the data tiles refer to came along.
    let client = instance.client().unwrap();
    let issuers = fs::read_dir(restored.join("logs/ct-log-1/issuer")).unwrap();
    let mut found = 0;
    for issuer in issuers {
        let name = issuer.unwrap().file_name().into_string().unwrap();
        let answer = client.get(format!("{URL}/ct/issuer/{name}")).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{name}");
        found += 1;
    }
    assert_eq!(found, 2);
    instance.close().await;
    let again = restore(&copy, &restored, None, |_, _, _| {})
        .await
        .unwrap_err();
    assert!(
        again.to_string().contains("holds an instance already"),
        "{again}"
    );
}

#[tokio::test]
async fn clients_that_saw_more_than_was_restored_are_not_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (data, copy) = (folder.join("data"), folder.join("copy"));
    let instance = open(&data, None, 0).await.unwrap();
    let mut client = Client::new(folder);
    client.follow_from(&instance, day(0)).await.unwrap();
    back_up(&data, &copy, ALL, |_, _, _| {}).await.unwrap();
    instance.close().await;
    // After the copy: new targets, a new snapshot, two timestamps. The client has seen them.
    let rotation = Rotation {
        service: Rotated::CertificateAuthority,
        after: Duration::from_secs(3600),
        url: None,
    };
    hold(&data, 2).rotate(&rotation, &surroundings(2)).unwrap();
    let instance = open(&data, None, 2).await.unwrap();
    let (root, ..) = client.follow_from(&instance, day(2)).await.unwrap();
    assert_eq!(root.certificate_authorities.len(), 2);
    instance.close().await;
    fs::remove_dir_all(&data).unwrap();
    restore(&copy, &data, None, |_, _, _| {}).await.unwrap();
    let instance = open(&data, None, 3).await.unwrap();
    let (root, _, timestamp) = client.follow_from(&instance, day(3)).await.unwrap();
    assert_eq!(root.certificate_authorities.len(), 1);
    assert_eq!(timestamp, 1002);
    instance.close().await;
    // Only once.
    let instance = open(&data, None, 5).await.unwrap();
    assert_eq!(client.follow_from(&instance, day(5)).await.unwrap().2, 1003);
    instance.close().await;
}

#[tokio::test]
async fn without_its_keys_a_copy_is_no_instance_and_another_ones_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (data, copy, other) = (
        folder.join("data"),
        folder.join("copy"),
        folder.join("other"),
    );
    open(&data, None, 0).await.unwrap().close().await;
    open(&other, None, 0).await.unwrap().close().await;
    let public = InstanceCopy {
        private: false,
        check: true,
    };
    let missing = back_up(&copy, &other, public, |_, _, _| {})
        .await
        .unwrap_err();
    assert!(
        matches!(missing, InstanceCopyError::NoCopy { .. }),
        "{missing}"
    );
    back_up(&data, &copy, public, |_, _, _| {}).await.unwrap();
    assert!(!copy.join("private").exists());
    let refused = back_up(&other, &copy, public, |_, _, _| {})
        .await
        .unwrap_err();
    assert!(
        matches!(refused, InstanceCopyError::OtherInstance { .. }),
        "{refused}"
    );
    let restored = folder.join("restored");
    restore(&copy, &restored, None, |_, _, _| {}).await.unwrap();
    let refused = open(&restored, None, 0).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("tuf-online"), "{refused}");
    for name in fs::read_dir(data.join("private")).unwrap() {
        let name = name.unwrap().file_name();
        let _ = fs::copy(
            data.join("private").join(&name),
            restored.join("private").join(&name),
        );
    }
    let instance = open(&restored, None, 0).await.unwrap();
    verify(&instance, &signed_at(&instance).await);
    instance.close().await;
}
