//! Devices that wait for somebody to log in elsewhere (RFC 8628 section 3).
//!
//! ```text
//! device_code  43 characters, for the device alone
//! user_code    BDWP-HQPK: no vowels, so no words, and no digits that look like letters
//! ```
//!
//! The device asks again every five seconds; one that asks sooner is told to slow down and then has
//! five more to wait.

use waxwing_crypto::Random;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use crate::person::Person;
use crate::request::pkce::Challenge;
use crate::request::scope::Scopes;
use crate::state::expiring::Expiring;
use crate::state::secret::{self, Key};

/// How long a device may wait, as with Dex.
pub(crate) const DEVICE_SECONDS: i64 = 300;

/// How often it may ask at first, in seconds, and by how much that grows.
pub(crate) const INTERVAL_SECONDS: i64 = 5;

/// The longest interval: a device that never learns is not made to wait for ever.
const LONGEST_INTERVAL: i64 = 60;

/// The most devices that wait, each with some 1 KiB.
const MOST_DEVICES: usize = 4096;

/// RFC 8628 section 6.1 proposes this set.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A device that waits.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) challenge: Option<Challenge>,
    user_code: UserCode,
    ends: UnixTime,
    interval: i64,
    asked: Option<UnixTime>,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// Nobody has typed the code.
    Waiting,
    /// The browser with this name has typed it.
    Typed(Key),
    Allowed(Box<Person>),
    Denied,
}

/// Eight letters that a person types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserCode(String);

/// Why a device gets no token, in the words of RFC 8628 section 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeviceError {
    #[error("Nobody has finished logging in yet.")]
    Pending,
    #[error("Asked too often.")]
    SlowDown,
    #[error("The login was refused.")]
    Denied,
    #[error("The code has expired.")]
    Expired,
    #[error("Invalid device code.")]
    Unknown,
    #[error("Invalid code_verifier.")]
    Verifier,
}

/// What a device gets.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) person: Person,
    pub(crate) scopes: Scopes,
}

/// The devices that wait.
pub(crate) struct Devices {
    by_device_code: Expiring<Device>,
    by_user_code: Expiring<Key>,
}

impl UserCode {
    fn fresh(random: &dyn Random) -> Self {
        let mut code = String::new();
        while code.len() < 8 {
            let mut byte = [0];
            random.fill(&mut byte);
            // 240 is the largest multiple of 20 in a byte: above it some letters would come oftener.
            if byte[0] < 240 {
                code.push(char::from(LETTERS[usize::from(byte[0]) % LETTERS.len()]));
            }
        }
        Self(code)
    }

    /// Reads what a person typed: small letters, blanks and dashes are forgiven.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let letters = text
            .chars()
            .filter(|character| !matches!(character, ' ' | '-' | '_'));
        let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        let known = code.len() == 8 && code.bytes().all(|byte| LETTERS.contains(&byte));
        known.then_some(Self(code))
    }
}

impl std::fmt::Display for UserCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (left, right) = self.0.split_at(4);
        write!(formatter, "{left}-{right}")
    }
}

impl Devices {
    pub(crate) fn new() -> Self {
        Self {
            by_device_code: Expiring::new(MOST_DEVICES),
            by_user_code: Expiring::new(MOST_DEVICES),
        }
    }

    /// A device begins to wait.
    pub(crate) fn start(
        &self,
        client_id: &str,
        scopes: Scopes,
        challenge: Option<Challenge>,
        now: UnixTime,
        random: &dyn Random,
    ) -> (Zeroizing<String>, UserCode) {
        let device_code = secret::fresh(random);
        let user_code = loop {
            let code = UserCode::fresh(random);
            let taken = self.by_user_code.with(&secret::key(&code.0), now, |_| ());
            if taken.is_none() {
                break code;
            }
        };
        let ends = now.plus_seconds(DEVICE_SECONDS);
        let device = Device {
            client_id: client_id.to_owned(),
            scopes,
            challenge,
            user_code: user_code.clone(),
            ends,
            interval: INTERVAL_SECONDS,
            asked: None,
            answer: Answer::Waiting,
        };
        let key = secret::key(&device_code);
        // Kept a while longer, so that a late device hears that its code expired.
        let forgotten = ends.plus_seconds(DEVICE_SECONDS);
        self.by_device_code.insert(key, device, forgotten);
        self.by_user_code
            .insert(secret::key(&user_code.0), key, ends);
        (device_code, user_code)
    }

    /// Somebody typed the code in this browser: the login that follows must be in the same one.
    pub(crate) fn typed(
        &self,
        code: &UserCode,
        browser: Key,
        now: UnixTime,
    ) -> Option<(String, Scopes)> {
        self.waiting(code, now, |device| match device.answer {
            Answer::Waiting | Answer::Typed(_) => {
                device.answer = Answer::Typed(browser);
                Some((device.client_id.clone(), device.scopes))
            }
            Answer::Allowed(_) | Answer::Denied => None,
        })
    }

    /// The client and scopes of a device whose code was typed in this browser.
    pub(crate) fn typed_by(
        &self,
        code: &UserCode,
        browser: &Key,
        now: UnixTime,
    ) -> Option<(String, Scopes)> {
        self.waiting(code, now, |device| match &device.answer {
            Answer::Typed(known) if secret::same(known, browser) => {
                Some((device.client_id.clone(), device.scopes))
            }
            _ => None,
        })
    }

    /// Somebody logged in, or `None`: refused to.
    pub(crate) fn decide(
        &self,
        code: &UserCode,
        browser: &Key,
        person: Option<Person>,
        now: UnixTime,
    ) -> Option<()> {
        let decided = self.waiting(code, now, |device| match &device.answer {
            Answer::Typed(known) if secret::same(known, browser) => {
                device.answer =
                    person.map_or(Answer::Denied, |person| Answer::Allowed(Box::new(person)));
                Some(())
            }
            _ => None,
        });
        if decided.is_some() {
            self.by_user_code.remove(&secret::key(&code.0));
        }
        decided
    }

    /// The device asks.
    pub(crate) fn poll(
        &self,
        device_code: &str,
        client_id: &str,
        verifier: Option<&str>,
        now: UnixTime,
    ) -> Result<Allowed, DeviceError> {
        let key = secret::key(device_code);
        let asked = self
            .by_device_code
            .with(&key, now, |device| device.ask(client_id, verifier, now));
        let outcome = asked.unwrap_or(Err(DeviceError::Unknown));
        if !matches!(
            outcome,
            Err(DeviceError::Pending | DeviceError::SlowDown | DeviceError::Unknown)
        ) {
            self.by_device_code.remove(&key);
        }
        outcome
    }

    fn waiting<T>(
        &self,
        code: &UserCode,
        now: UnixTime,
        with: impl FnOnce(&mut Device) -> Option<T>,
    ) -> Option<T> {
        let key = self
            .by_user_code
            .with(&secret::key(&code.0), now, |key| *key)?;
        let right = |device: &mut Device| match device.user_code == *code && now < device.ends {
            true => with(device),
            false => None,
        };
        self.by_device_code.with(&key, now, right)?
    }
}

impl Device {
    fn ask(
        &mut self,
        client_id: &str,
        verifier: Option<&str>,
        now: UnixTime,
    ) -> Result<Allowed, DeviceError> {
        if self.client_id != client_id {
            return Err(DeviceError::Unknown);
        }
        if self.ends <= now {
            return Err(DeviceError::Expired);
        }
        let early = self
            .asked
            .is_some_and(|asked| now < asked.plus_seconds(self.interval));
        self.asked = Some(now);
        if early {
            self.interval = LONGEST_INTERVAL.min(self.interval + INTERVAL_SECONDS);
            return Err(DeviceError::SlowDown);
        }
        match &self.answer {
            Answer::Waiting | Answer::Typed(_) => Err(DeviceError::Pending),
            Answer::Denied => Err(DeviceError::Denied),
            Answer::Allowed(person) => {
                let admitted = match (&self.challenge, verifier) {
                    (Some(challenge), Some(verifier)) => challenge.admits(verifier),
                    (None, None) => true,
                    _ => false,
                };
                if !admitted {
                    return Err(DeviceError::Verifier);
                }
                Ok(Allowed {
                    person: Person::clone(person),
                    scopes: self.scopes,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::SystemRandom;

    use super::*;

    #[test]
    fn what_people_type_is_read_kindly() {
        let code = UserCode("BDWPHQPK".to_owned());
        assert_eq!(code.to_string(), "BDWP-HQPK");
        for typed in ["BDWP-HQPK", "bdwphqpk", " bdwp hqpk ", "BD_WP-HQ-PK"] {
            assert_eq!(UserCode::read(typed), Some(code.clone()), "{typed}");
        }
        for other in [
            "",
            "BDWP-HQP",
            "BDWP-HQPKX",
            "BDWP-HQPA",
            "BDWP-HQP1",
            "BDWPHQPé",
            &"-".repeat(65),
        ] {
            assert_eq!(UserCode::read(other), None, "{other}");
        }
        for _ in 0..100 {
            let code = UserCode::fresh(&SystemRandom);
            assert_eq!(UserCode::read(&code.to_string()), Some(code));
        }
    }
}
