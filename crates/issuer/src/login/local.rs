//! Name and password: counted, then checked outside of the asynchronous threads, a few at once.
//!
//! One hash takes some 20 MiB and 20 ms, so no more than two run at once, and no more than 64 wait. A
//! name that nobody has costs the same, and the answer is the same.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;
use waxwing_crypto::sha256;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use crate::login::password::{LONGEST_PASSWORD, PasswordHash};
use crate::login::throttle::{Pace, Throttle, TooManyGuesses};
use crate::login::users::{User, Users, UsersError};
use crate::person::{LOCAL_CONNECTOR, Person};

/// How many passwords are checked at once.
const AT_ONCE: usize = 2;

/// How many may wait for that.
const WAITING: usize = 64;

/// Five tries for a name, then waits of 1, 2, 4 s and so on up to five minutes.
const BY_NAME: Pace = Pace {
    free: 5,
    longest: 300,
};

/// A whole office may come from one address.
const BY_ADDRESS: Pace = Pace {
    free: 20,
    longest: 300,
};

/// The users with what keeps guesses at bay.
#[derive(Debug)]
pub(crate) struct LocalLogin {
    users: Arc<dyn Users>,
    by_name: Throttle<[u8; 32]>,
    by_address: Throttle<IpAddr>,
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// Does not tell which of the two.
    #[error("The name or the password is wrong.")]
    Wrong,
    #[error("Too many attempts. Try again in {} s.", .0.seconds)]
    Closed(#[from] TooManyGuesses),
    #[error("Too many people are logging in right now. Try again in a moment.")]
    Busy,
    /// A fault of ours, of which the person is told nothing more.
    #[error(
        "The users cannot be read right now. Whoever runs this issuer finds out why with `waxwing user list`."
    )]
    Users(#[source] UsersError),
}

impl LocalLogin {
    pub(crate) fn new(users: Arc<dyn Users>) -> Self {
        Self {
            users,
            by_name: Throttle::new(BY_NAME),
            by_address: Throttle::new(BY_ADDRESS),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(AT_ONCE + WAITING),
        }
    }

    /// Who has this name and password.
    pub(crate) async fn log_in(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
        now: UnixTime,
    ) -> Result<Person, LoginError> {
        let _place = self.waiting.try_acquire().map_err(|_| LoginError::Busy)?;
        // Names are counted by their digest: they may be long, and may be passwords in the wrong field.
        let key = sha256(name.to_ascii_lowercase().as_bytes());
        if let Some(address) = &address {
            self.by_address.begin(address, now)?;
        }
        self.by_name.begin(&key, now)?;
        let user = self.check(name, password).await?.ok_or(LoginError::Wrong)?;
        self.by_name.forget(&key);
        if let Some(address) = &address {
            self.by_address.take_back(address);
        }
        Ok(person(&user))
    }

    /// The person as they are now, if they are still here.
    pub(crate) async fn still(&self, person: &Person) -> Result<Option<Person>, LoginError> {
        let Some(name) = person.email.clone() else {
            return Ok(None);
        };
        let users = Arc::clone(&self.users);
        let found = tokio::task::spawn_blocking(move || users.find(&name)).await;
        let found = found
            .map_err(|_| LoginError::Busy)?
            .map_err(LoginError::Users)?;
        Ok(found
            .map(|user| self::person(&user))
            .filter(|found| found.is(person)))
    }

    async fn check(&self, name: &str, password: &str) -> Result<Option<User>, LoginError> {
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| LoginError::Busy)?;
        let users = Arc::clone(&self.users);
        let name = name.to_owned();
        // What is longer than any password is nobody's, and is hashed like the empty one.
        let fits = password.len() <= LONGEST_PASSWORD;
        let password = Zeroizing::new(if fits {
            password.to_owned()
        } else {
            String::new()
        });
        let checking = tokio::task::spawn_blocking(move || {
            // Kept by the work itself: who asked may be gone before it ends.
            let _running = running;
            Ok(match users.find(&name)? {
                Some(user) => user.password().admits(&password).then_some(user),
                None => {
                    PasswordHash::admit_nobody(&password);
                    None
                }
            })
        });
        let checked = checking.await.map_err(|_| LoginError::Busy)?;
        checked.map_err(LoginError::Users)
    }
}

fn person(user: &User) -> Person {
    Person {
        user_id: user.id().to_owned(),
        connector_id: LOCAL_CONNECTOR.to_owned(),
        email: Some(user.email().to_owned()),
        name: user.full_name().map(str::to_owned),
    }
}
