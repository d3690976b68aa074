//! Rules of the instance: who may get a certificate.

use serde_json::{Value, json};
use waxwing_fulcio::rules::Rules;

use crate::issuer::ISSUER;
use crate::world::{BAD_TOKEN, Setup, World, claims};

#[tokio::test]
async fn who_satisfies_no_rule_is_told_which_claim_and_gets_nothing() {
    let text = format!("rules: [{{issuer: '{ISSUER}', require: {{team: [release, 'infra-*']}}}}]");
    let world = World::with(Setup {
        rules: Rules::read(text.as_bytes()).unwrap(),
        ..Setup::default()
    });
    let token = |team: Value| {
        let mut claims = claims();
        claims["team"] = team;
        world.with_token(&world.token_key.token(&claims))
    };
    let answer = world.ask(&token(json!("docs"))).await;
    assert_eq!(answer.status.as_u16(), 403);
    let body: Value = answer.json().unwrap();
    let message = format!(
        "this instance issues no certificate for this token of {ISSUER}: the claim team is \
         \"docs\", expected one of [\"release\", \"infra-*\"]"
    );
    assert_eq!(
        (&body["code"], &body["message"]),
        (&json!(7), &json!(message))
    );
    assert_eq!(body["details"][0]["reason"], "RULE_REFUSED");
    assert_eq!(
        world
            .ask(&world.with_token(&world.token()))
            .await
            .status
            .as_u16(),
        403
    );
    assert!(world.ct_log.submitted().is_empty());
    for team in [
        json!("release"),
        json!("infra-1"),
        json!(["docs", "release"]),
    ] {
        world.accepts(&token(team)).await;
    }
    // A token that is not believed learns nothing of the rules.
    let mut forged = claims();
    forged["team"] = json!("docs");
    forged["exp"] = json!(1);
    let request = world.with_token(&world.token_key.token(&forged));
    world.refuses(&request, BAD_TOKEN, "TOKEN_EXPIRED").await;
}
