//! What a submitter is told when the log cannot take anything now, or no more.

use waxwing_net::Response;

use crate::world::World;

fn unavailable(answer: &Response, reason: &str) {
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.text());
    let expected = format!("Service Unavailable\n{reason}");
    assert!(answer.text().starts_with(&expected), "{}", answer.text());
}

#[tokio::test]
async fn a_log_that_is_busy_says_when_to_try_again() {
    // No entry is that small.
    let world = World::with(|engine| engine.queue_bytes = 1, |service, _, _| service).await;
    let chain = world.chain(&world.precertificate());
    let answer = world.submit("add-pre-chain", &chain).await;
    unavailable(
        &answer,
        "the log is busy: 4096 entries or 1 bytes are waiting",
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(world.log.checkpoint().size, 0);
}

#[tokio::test]
async fn a_frozen_log_promises_nothing_new_and_repeats_what_it_promised() {
    let world = World::new().await;
    let logged = world.precertificate();
    let first = world.add(&logged).await;
    world.log.freeze().await.unwrap();
    let chain = world.chain(&world.precertificate());
    let answer = world.submit("add-pre-chain", &chain).await;
    unavailable(&answer, "the log is frozen and takes no more entries");
    assert_eq!(answer.header("retry-after"), None);
    let again = world.add(&logged).await;
    assert_eq!((again.index(), again.timestamp), (0, first.timestamp));
    world.read("ct/v1/get-sth").await;
    world.read("ct/v1/get-entries?start=0&end=0").await;
}

#[tokio::test]
async fn a_log_that_has_stopped_is_read_and_takes_nothing() {
    let world = World::new().await;
    world.add(&world.precertificate()).await;
    world.log.close().await;
    let chain = world.chain(&world.precertificate());
    let answer = world.submit("add-pre-chain", &chain).await;
    unavailable(&answer, "the log takes no entries: the log is closed");
    assert_eq!(answer.header("retry-after"), None);
    world.read("ct/v1/get-entries?start=0&end=0").await;
}

#[tokio::test]
async fn an_entry_that_is_longer_than_the_log_takes_is_a_bad_request() {
    let world = World::with(|engine| engine.longest_entry = 400, |service, _, _| service).await;
    let chain = world.chain(&world.precertificate());
    let answer = world.submit("add-pre-chain", &chain).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let text = answer.text();
    assert!(text.contains("this log takes at most 400"), "{text}");
}
