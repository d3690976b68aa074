//! Refresh tokens (RFC 6749 section 6), of which each is good once and gives the next (RFC 9700
//! section 4.14.2).
//!
//! ```text
//! base64url( 16 bytes: the family  ||  32 bytes: the secret )
//! ```
//!
//! A family is what one login gave. A token that was used before shows that two parties have it, so
//! the family ends, except within three seconds, as with Dex: an answer may have been lost on its way.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use waxwing_crypto::{Random, sha256};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use crate::person::Person;
use crate::request::scope::Scopes;
use crate::state::secret::same;

/// Names what one login gave.
pub(crate) type FamilyId = [u8; 16];

/// The most families, each of some 2 KiB at most.
const MOST_FAMILIES: usize = 4096;

/// The most families of one person.
const MOST_OF_ONE_PERSON: usize = 32;

/// Within how many seconds the token before the present one may come again.
const REUSE_SECONDS: i64 = 3;

/// How long a family lives: somebody whom we know can be asked for again at each refresh.
const LOCAL_SECONDS: i64 = 30 * 24 * 3600;

/// How long one lives of somebody whom another issuer knows.
const UPSTREAM_SECONDS: i64 = 12 * 3600;

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefreshError {
    #[error("Refresh token is invalid or has expired.")]
    Unknown,
    #[error("Refresh token has already been used; log in again.")]
    Reused,
    #[error("Refresh token was issued to another client.")]
    OtherClient,
}

/// What one login gave.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    pub(crate) id: FamilyId,
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) person: Person,
    current: [u8; 32],
    /// The token before, and when it was replaced.
    previous: Option<([u8; 32], UnixTime)>,
    ends: UnixTime,
    number: u64,
}

/// The families.
pub(crate) struct RefreshTokens(Mutex<Families>);

#[derive(Default)]
struct Families {
    by_id: HashMap<FamilyId, Family>,
    next: u64,
}

impl RefreshTokens {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// The first token of a new family.
    pub(crate) fn issue(
        &self,
        client_id: &str,
        scopes: Scopes,
        person: &Person,
        now: UnixTime,
        random: &dyn Random,
    ) -> (FamilyId, Zeroizing<String>) {
        let mut id = [0; 16];
        random.fill(&mut id);
        let (token, current) = token(&id, random);
        let seconds = if person.is_local() {
            LOCAL_SECONDS
        } else {
            UPSTREAM_SECONDS
        };
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        families.make_room(person, now);
        let family = Family {
            id,
            client_id: client_id.to_owned(),
            scopes,
            person: person.clone(),
            current,
            previous: None,
            ends: now.plus_seconds(seconds),
            number: families.next,
        };
        families.next += 1;
        families.by_id.insert(id, family);
        (id, token)
    }

    /// Exchanges a token for the next one of its family.
    pub(crate) fn rotate(
        &self,
        presented: &str,
        client_id: &str,
        now: UnixTime,
        random: &dyn Random,
    ) -> Result<(Family, Zeroizing<String>), RefreshError> {
        let (id, hash) = read(presented).ok_or(RefreshError::Unknown)?;
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.by_id.get_mut(&id).ok_or(RefreshError::Unknown)?;
        let current = same(&hash, &family.current);
        let previous = family.previous.filter(|(known, _)| same(&hash, known));
        let lost =
            previous.is_some_and(|(_, replaced)| now <= replaced.plus_seconds(REUSE_SECONDS));
        if family.ends <= now {
            families.by_id.remove(&id);
            return Err(RefreshError::Unknown);
        }
        if !current && !lost {
            // Nobody names a family by chance: whoever does has, or had, one of its tokens.
            families.by_id.remove(&id);
            return Err(RefreshError::Reused);
        }
        if family.client_id != client_id {
            return Err(RefreshError::OtherClient);
        }
        let (token, next) = token(&id, random);
        if current {
            family.previous = Some((family.current, now));
        }
        family.current = next;
        Ok((family.clone(), token))
    }

    /// Ends a family.
    pub(crate) fn end(&self, id: &FamilyId) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        families.by_id.remove(id);
    }
}

impl Families {
    fn make_room(&mut self, person: &Person, now: UnixTime) {
        self.by_id.retain(|_, family| now < family.ends);
        let own = self
            .by_id
            .values()
            .filter(|family| family.person.is(person));
        let full_of_one = own.clone().count() >= MOST_OF_ONE_PERSON;
        let oldest = match full_of_one {
            true => own.min_by_key(|family| family.number),
            false if self.by_id.len() >= MOST_FAMILIES => {
                self.by_id.values().min_by_key(|family| family.number)
            }
            false => None,
        };
        if let Some(id) = oldest.map(|family| family.id) {
            self.by_id.remove(&id);
        }
    }
}

fn token(id: &FamilyId, random: &dyn Random) -> (Zeroizing<String>, [u8; 32]) {
    let mut secret = Zeroizing::new([0; 32]);
    random.fill(&mut *secret);
    let both = Zeroizing::new([&id[..], &secret[..]].concat());
    let token = Zeroizing::new(base64::encode_url(&both));
    (token, sha256(&*secret))
}

fn read(token: &str) -> Option<(FamilyId, [u8; 32])> {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if token.len() != 64 || !token.bytes().all(right) {
        return None;
    }
    let bytes = Zeroizing::new(base64::decode_proto_json(token).ok()?);
    let (id, secret) = bytes.split_first_chunk()?;
    Some((*id, sha256(secret)))
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::SystemRandom;

    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds).unwrap()
    }

    fn tokens() -> (RefreshTokens, Zeroizing<String>) {
        let tokens = RefreshTokens::new();
        let person = Person::local("1", "alice@example.com");
        let (_, token) = tokens.issue("c", Scopes::read("openid"), &person, at(0), &SystemRandom);
        (tokens, token)
    }

    fn rotate(
        tokens: &RefreshTokens,
        token: &str,
        now: i64,
    ) -> Result<Zeroizing<String>, RefreshError> {
        let rotated = tokens.rotate(token, "c", at(now), &SystemRandom);
        rotated.map(|(_, next)| next)
    }

    #[test]
    fn each_token_is_good_once_and_a_second_use_ends_the_family() {
        let (tokens, first) = tokens();
        let second = rotate(&tokens, &first, 10).unwrap();
        let third = rotate(&tokens, &second, 20).unwrap();
        assert_eq!(rotate(&tokens, &second, 24), Err(RefreshError::Reused));
        assert_eq!(rotate(&tokens, &third, 24), Err(RefreshError::Unknown));
    }

    #[test]
    fn a_lost_answer_may_be_asked_for_again_for_three_seconds() {
        let (tokens, first) = tokens();
        let lost = rotate(&tokens, &first, 10).unwrap();
        let second = rotate(&tokens, &first, 13).unwrap();
        assert!(rotate(&tokens, &second, 14).is_ok());
        // The one that was lost is nobody's any more.
        assert_eq!(rotate(&tokens, &lost, 15), Err(RefreshError::Reused));
    }

    #[test]
    fn a_token_from_long_ago_ends_the_family_too() {
        let (tokens, first) = tokens();
        let mut last = first.clone();
        for time in 1..5 {
            last = rotate(&tokens, &last, time * 10).unwrap();
        }
        assert_eq!(rotate(&tokens, &first, 60), Err(RefreshError::Reused));
        assert_eq!(rotate(&tokens, &last, 60), Err(RefreshError::Unknown));
    }

    #[test]
    fn guesses_and_other_clients_end_nothing() {
        let (tokens, first) = tokens();
        let other = tokens.rotate(&first, "d", at(1), &SystemRandom);
        assert_eq!(other.unwrap_err(), RefreshError::OtherClient);
        for wrong in ["", "é", &first[1..], &"A".repeat(64), &"+".repeat(64)] {
            assert_eq!(rotate(&tokens, wrong, 1), Err(RefreshError::Unknown));
        }
        assert!(rotate(&tokens, &first, 1).is_ok());
    }

    #[test]
    fn families_end_with_time_and_with_number() {
        let (tokens, first) = tokens();
        assert_eq!(
            rotate(&tokens, &first, LOCAL_SECONDS),
            Err(RefreshError::Unknown)
        );
        let (tokens, first) = self::tokens();
        let person = Person::local("1", "alice@example.com");
        for _ in 0..MOST_OF_ONE_PERSON {
            tokens.issue("c", Scopes::default(), &person, at(1), &SystemRandom);
        }
        assert_eq!(rotate(&tokens, &first, 2), Err(RefreshError::Unknown));
        let held = tokens.0.lock().unwrap().by_id.len();
        assert_eq!(held, MOST_OF_ONE_PERSON);
    }
}
