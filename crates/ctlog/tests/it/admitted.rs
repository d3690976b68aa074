//! Which leaves a log takes that asks more of them than a root.

use waxwing_ctlog::Admission;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::ObjectIdentifier;

use crate::world::{NOW, World};

const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// The last second of every leaf of the tests.
const NOT_AFTER: u64 = NOW + 600_000 - 123;

async fn asking(change: impl FnOnce(&mut Admission)) -> World {
    World::with(
        |_| {},
        |service, root, clock| {
            let mut admission = Admission::under(vec![root.clone()]);
            change(&mut admission);
            service.with_admission(admission, clock)
        },
    )
    .await
}

async fn refused(world: &World, reason: &str) {
    let chain = world.chain(&world.precertificate());
    let answer = world.submit("add-pre-chain", &chain).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    assert_eq!(answer.text(), format!("Bad Request\n{reason}\n"));
    assert_eq!(world.log.checkpoint().size, 0);
}

fn at(milliseconds: u64) -> UnixTime {
    UnixTime::from_milliseconds(milliseconds).unwrap()
}

#[tokio::test]
async fn expired_leaves_are_refused_where_the_log_refuses_them() {
    let world = asking(|admission| admission.reject_expired = true).await;
    world.clock.set(NOT_AFTER + 1000);
    let reason = format!(
        "the certificate expired at {}; this log refuses expired certificates",
        at(NOT_AFTER)
    );
    refused(&world, &reason).await;
    // Valid through its last second.
    world.clock.set(NOT_AFTER + 999);
    world.add(&world.precertificate()).await;
    let any = World::new().await;
    any.clock.set(NOT_AFTER + 1000);
    any.add(&any.precertificate()).await;
}

#[tokio::test]
async fn unexpired_leaves_are_refused_where_the_log_refuses_them() {
    let world = asking(|admission| admission.reject_unexpired = true).await;
    world.clock.set(NOT_AFTER + 999);
    let reason = format!(
        "the certificate is valid until {}; this log takes only expired certificates",
        at(NOT_AFTER)
    );
    refused(&world, &reason).await;
    world.clock.set(NOT_AFTER + 1000);
    world.add(&world.precertificate()).await;
}

#[tokio::test]
async fn a_shard_takes_what_ends_between_its_start_and_its_limit() {
    let starting = |start| asking(move |admission| admission.not_after_start = Some(at(start)));
    let reason = format!(
        "the certificate's notAfter {} is before {}, where this log begins",
        at(NOT_AFTER),
        at(NOT_AFTER + 1000)
    );
    refused(&starting(NOT_AFTER + 1000).await, &reason).await;
    let world = starting(NOT_AFTER).await;
    world.add(&world.precertificate()).await;

    let ending = |limit| asking(move |admission| admission.not_after_limit = Some(at(limit)));
    let reason = format!(
        "the certificate's notAfter {0} is not before {0}, where this log ends",
        at(NOT_AFTER)
    );
    refused(&ending(NOT_AFTER).await, &reason).await;
    let world = ending(NOT_AFTER + 1000).await;
    world.add(&world.precertificate()).await;
}

#[tokio::test]
async fn a_leaf_must_have_one_of_the_purposes() {
    let wanting = |wanted: Vec<_>| asking(move |admission| admission.extended_key_usages = wanted);
    let reason = "the certificate has none of the extended key usages 1.3.6.1.5.5.7.3.1";
    refused(&wanting(vec![SERVER]).await, reason).await;
    let world = wanting(vec![SERVER, CODE_SIGNING]).await;
    world.add(&world.precertificate()).await;
    let certificate = world.pair().1;
    world.promise("add-chain", &world.chain(&certificate)).await;
}
