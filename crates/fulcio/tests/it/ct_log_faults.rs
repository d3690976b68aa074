//! A certificate that no CT log promised to publish never leaves Fulcio.

use serde_json::{Value, json};

use crate::ct_log::Behaviour;
use crate::world::{Setup, World};

#[tokio::test]
async fn without_a_promise_that_holds_nothing_is_issued() {
    let world = World::new();
    let request = world.with_token(&world.token());
    for (number, behaviour) in [
        Behaviour::Failing,
        Behaviour::OtherLog,
        Behaviour::OtherId,
        Behaviour::OtherKey,
        Behaviour::OtherTime,
        Behaviour::OtherCertificate,
        Behaviour::Html,
        Behaviour::NotBase64,
        Behaviour::NoSignature,
    ]
    .into_iter()
    .enumerate()
    {
        world.ct_log.behave(behaviour);
        let answer = world.ask(&request).await;
        assert_eq!(answer.status.as_u16(), 500, "behaviour {number}");
        let body: Value = answer.json().unwrap();
        // All of it: the answer holds no certificate, and says nothing about the inside.
        let message = "Error entering certificate in CTL";
        let expected = json!({"code": 13, "message": message, "details": []});
        assert_eq!(body, expected, "behaviour {number}");
        // The log has seen a precertificate, which is good for nothing.
        let submitted = world.ct_log.submitted();
        assert_eq!(submitted.len(), number + 1);
        assert!(waxwing_pki::sct::is_precertificate(&submitted[number][0]));
    }
    world.ct_log.behave(Behaviour::Honest);
    world.accepts(&request).await;
}

#[tokio::test]
async fn a_failed_certificate_leaves_its_serial_number_behind() {
    let world = World::new();
    let request = world.with_token(&world.token());
    world.ct_log.behave(Behaviour::Failing);
    world.ask(&request).await;
    world.ct_log.behave(Behaviour::Honest);
    let leaf = world.accepts(&request).await.remove(0);
    let submitted = world.ct_log.submitted();
    assert_ne!(submitted[0][0].serial(), leaf.serial());
    assert_eq!(submitted[1][0].serial(), leaf.serial());
}

/// As in the original without the log's key. What is no promise at all is refused still.
#[tokio::test]
async fn without_the_logs_key_whatever_it_promises_is_embedded() {
    let setup = || Setup {
        verified: false,
        ..Setup::default()
    };
    let world = World::with(setup());
    let request = world.with_token(&world.token());
    for behaviour in [
        Behaviour::Honest,
        Behaviour::OtherLog,
        Behaviour::OtherKey,
        Behaviour::OtherTime,
    ] {
        world.ct_log.behave(behaviour);
        world.accepts(&request).await;
    }
    for behaviour in [Behaviour::Failing, Behaviour::Html, Behaviour::NotBase64] {
        world.ct_log.behave(behaviour);
        assert_eq!(world.ask(&request).await.status.as_u16(), 500);
    }
}
