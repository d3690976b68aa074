//! Who guesses passwords: the answer tells nothing, the wait grows, and slowness does not help.

use waxwing_crypto::SystemRandom;
use waxwing_issuer::{PasswordHash, User};

use crate::world::{Answer, PASSWORD, World, authorize};

async fn guess(world: &World, address: &str, name: &str, password: &str) -> Answer {
    let browser = world.caller().from(address);
    let page = browser.open(&authorize(&[])).await;
    browser.log_in(&page, name, password).await
}

#[tokio::test]
async fn an_error_does_not_tell_which_half_was_wrong() {
    let world = World::new();
    let body = |answer: &Answer, name: &str| {
        let (csrf, page) = (answer.csrf(), answer.body.clone());
        page.replace(&csrf, "CSRF").replace(name, "NAME")
    };
    let known = guess(&world, "192.0.2.1:1", "alice", "wrong horse").await;
    let unknown = guess(&world, "192.0.2.1:1", "nobody", "wrong horse").await;
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.complaint(), "The name or the password is wrong.");
    assert_eq!(body(&known, "alice"), body(&unknown, "nobody"));
    for password in ["", "Correct horse", "correct horse ", &"x".repeat(5000)] {
        let answer = guess(&world, "192.0.2.2:1", "alice", password).await;
        assert_eq!(answer.status, 401, "{password}");
    }
    assert_eq!(
        guess(&world, "192.0.2.2:1", "alice", PASSWORD).await.status,
        303
    );
}

/// Both names take one hash of the default cost. The shortest of several tries are compared, and tries go on
/// while the machine has other work to do; without the hash one would stay far below the other for ever.
#[tokio::test]
async fn a_name_that_nobody_has_takes_as_long() {
    let world = World::new();
    let hash = PasswordHash::new(PASSWORD, &SystemRandom).unwrap();
    let user = User::new("carol", "carol@example.com", None, hash, &SystemRandom);
    world.users.add(user.unwrap()).unwrap();
    let mut shortest = [f64::MAX; 2];
    for _ in 0..100 {
        for (name, shortest) in ["carol", "nobody"].into_iter().zip(&mut shortest) {
            let started = std::time::Instant::now();
            let refused = guess(&world, "192.0.2.1:1", name, "wrong horse").await;
            assert_eq!(refused.status, 401);
            *shortest = shortest.min(started.elapsed().as_secs_f64());
        }
        let [known, unknown] = shortest;
        if unknown < known * 1.5 && known < unknown * 1.5 {
            return;
        }
        // So that no guess is one too many.
        world.clock.pass(2 * 24 * 3600);
    }
    panic!("{shortest:?} s");
}

#[tokio::test]
async fn a_name_is_closed_after_five_guesses_from_everywhere() {
    let world = World::new();
    for name in ["alice", "nobody"] {
        for number in 0..6 {
            let address = format!("192.0.2.{number}:1");
            assert_eq!(
                guess(&world, &address, name, "wrong horse").await.status,
                401
            );
        }
        // The right password does not open it before its time, nor another spelling of the name.
        for name in [name.to_owned(), name.to_uppercase()] {
            let closed = guess(&world, "192.0.2.99:1", &name, PASSWORD).await;
            assert_eq!((closed.status, closed.header("retry-after")), (429, "1"));
            assert_eq!(closed.complaint(), "Too many attempts. Try again in 1 s.");
        }
    }
    assert_eq!(
        guess(&world, "192.0.2.99:1", "bob", PASSWORD).await.status,
        303
    );
    world.clock.pass(1);
    assert_eq!(
        guess(&world, "192.0.2.99:1", "alice", PASSWORD)
            .await
            .status,
        303
    );
    // Who got in begins anew.
    assert_eq!(
        guess(&world, "192.0.2.99:1", "alice", "wrong horse")
            .await
            .status,
        401
    );
    assert_eq!(
        guess(&world, "192.0.2.99:1", "alice", PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn slow_guesses_close_a_name_for_five_minutes_each() {
    let world = World::new();
    let mut refused = 0;
    for _ in 0..100 {
        let answer = guess(&world, "192.0.2.1:1", "alice", "wrong horse").await;
        refused += u32::from(answer.status == 429);
        world.clock.pass(60);
    }
    // 100 minutes: the first dozen, then one in five minutes.
    assert!(
        (60..=80).contains(&refused),
        "{refused} of 100 were refused"
    );
}

#[tokio::test]
async fn an_address_is_closed_whatever_names_it_tries() {
    let world = World::new();
    for number in 0..21 {
        let name = format!("name{number}");
        assert_eq!(
            guess(&world, "192.0.2.1:1", &name, "wrong horse")
                .await
                .status,
            401
        );
    }
    assert_eq!(
        guess(&world, "192.0.2.1:2", "alice", PASSWORD).await.status,
        429
    );
    assert_eq!(
        guess(&world, "192.0.2.2:1", "alice", PASSWORD).await.status,
        303
    );
    world.clock.pass(1);
    // Getting in takes one guess back, not all of them: the next wait is the same again.
    assert_eq!(
        guess(&world, "192.0.2.1:1", "alice", PASSWORD).await.status,
        303
    );
    assert_eq!(
        guess(&world, "192.0.2.1:1", "x", "wrong horse")
            .await
            .status,
        401
    );
    let closed = guess(&world, "192.0.2.1:1", "bob", PASSWORD).await;
    assert_eq!((closed.status, closed.header("retry-after")), (429, "2"));
}

#[tokio::test]
async fn many_guesses_at_once_gain_nothing() {
    let world = World::new();
    let browser = world.caller().from("192.0.2.1:1");
    let page = browser.open(&authorize(&[])).await;
    let (csrf, action) = (page.csrf(), page.action());
    let guesses = (0..30).map(|number| {
        let (browser, csrf, action) = (browser.clone(), csrf.clone(), action.clone());
        tokio::spawn(async move {
            let password = format!("wrong horse {number}");
            let form = [
                ("csrf", csrf.as_str()),
                ("login", "alice"),
                ("password", &password),
            ];
            browser.post(&action, &form).await.status
        })
    });
    let mut counted = 0;
    for guess in guesses.collect::<Vec<_>>() {
        counted += u32::from(guess.await.unwrap() == 401);
    }
    assert_eq!(counted, 6);
}

#[tokio::test]
async fn more_logins_at_once_than_can_wait_are_sent_away() {
    let world = World::new();
    let logins = (0..100).map(|number| {
        let browser = world.caller().from(&format!("192.0.2.{number}:1"));
        tokio::spawn(async move {
            let page = browser.open(&authorize(&[])).await;
            browser
                .log_in(&page, &format!("nobody{number}"), PASSWORD)
                .await
        })
    });
    let (mut wrong, mut busy) = (0, 0);
    for login in logins.collect::<Vec<_>>() {
        let answer = login.await.unwrap();
        match answer.status {
            401 => wrong += 1,
            503 => {
                assert_eq!(answer.header("retry-after"), "1");
                assert!(answer.complaint().contains("Try again in a moment"));
                busy += 1;
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert!(
        busy > 0 && wrong >= 66,
        "{wrong} were answered, {busy} sent away"
    );
    assert_eq!(
        guess(&world, "198.51.100.1:1", "alice", PASSWORD)
            .await
            .status,
        303
    );
}
