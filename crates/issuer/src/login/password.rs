//! Passwords as Argon2id hashes (RFC 9106), written in the PHC string format.
//!
//! ```text
//! $argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$…43 characters…
//! ```
//!
//! Refused when read: the other Argon2 kinds and versions, costs below what protects anything and above
//! what one login may take, and a second spelling of the same bytes.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use waxwing_crypto::Random;
use waxwing_encoding::base64;
use zeroize::{Zeroize, Zeroizing};

use crate::state::secret::same;

/// The longest password, in bytes.
pub const LONGEST_PASSWORD: usize = 1024;

/// The shortest password that [`PasswordHash::new`] takes, in characters (NIST SP 800-63B-4 section
/// 3.1.1.2 has 8 for passwords beside another factor).
pub const SHORTEST_PASSWORD: usize = 8;

const SALT: usize = 16;
const HASH: usize = 32;

/// What one hash costs whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB: 1024 (which is for tests) to 1 GiB.
    pub memory: u32,
    /// Passes over it: 1 to 16.
    pub passes: u32,
    /// Lanes: 1 to 16.
    pub lanes: u32,
}

/// A password's hash with its salt and cost.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    cost: Cost,
    salt: Vec<u8>,
    hash: Zeroizing<Vec<u8>>,
}

/// Why there is no such hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too short or too long.
    #[error(
        "a password of {length} bytes; expected {SHORTEST_PASSWORD} characters to {LONGEST_PASSWORD} bytes"
    )]
    Length {
        /// How long it is.
        length: usize,
    },
    /// A cost outside the bounds.
    #[error("{found:?} is outside of 1024 to 1048576 KiB, 1 to 16 passes, 1 to 16 lanes")]
    Cost {
        /// The cost found.
        found: Cost,
    },
    /// Not an Argon2id hash in its one spelling.
    #[error("not a hash of the form $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH")]
    Form,
}

impl Default for Cost {
    /// 19 MiB and two passes, the first of OWASP's equal choices: some 20 ms on one core.
    fn default() -> Self {
        Self {
            memory: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Cost {
    fn params(self) -> Result<Params, PasswordError> {
        let found = self;
        let within = (1024..=1 << 20).contains(&self.memory)
            && (1..=16).contains(&self.passes)
            && (1..=16).contains(&self.lanes);
        let params = Params::new(self.memory, self.passes, self.lanes, Some(HASH));
        match params {
            Ok(params) if within => Ok(params),
            _ => Err(PasswordError::Cost { found }),
        }
    }
}

impl PasswordHash {
    /// Hashes a password that somebody chose, at the default cost.
    pub fn new(password: &str, random: &dyn Random) -> Result<Self, PasswordError> {
        Self::with_cost(password, Cost::default(), random)
    }

    /// Hashes a password at another cost. Wrong guesses at names that do not exist take as long as one
    /// at [`Cost::default`].
    pub fn with_cost(
        password: &str,
        cost: Cost,
        random: &dyn Random,
    ) -> Result<Self, PasswordError> {
        let length = password.len();
        if password.chars().count() < SHORTEST_PASSWORD || length > LONGEST_PASSWORD {
            return Err(PasswordError::Length { length });
        }
        let mut salt = vec![0; SALT];
        random.fill(&mut salt);
        let hash = hash(password, &salt, cost)?;
        Ok(Self { cost, salt, hash })
    }

    /// Reads a PHC string.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        let parsed = read(text).ok_or(PasswordError::Form)?;
        parsed.cost.params()?;
        match *parsed.to_phc() == text {
            true => Ok(parsed),
            false => Err(PasswordError::Form),
        }
    }

    /// The PHC string.
    pub fn to_phc(&self) -> Zeroizing<String> {
        let Cost {
            memory,
            passes,
            lanes,
        } = self.cost;
        let encoded = |bytes: &[u8]| base64::encode(bytes).trim_end_matches('=').to_owned();
        let (salt, hash) = (encoded(&self.salt), encoded(&self.hash));
        Zeroizing::new(format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}"
        ))
    }

    /// Whether this is the password. Takes [`Cost`] of memory and time.
    pub(crate) fn admits(&self, password: &str) -> bool {
        let made = hash(password, &self.salt, self.cost);
        made.is_ok_and(|made| same(&made, &self.hash))
    }

    /// Takes as long as a check against a hash of the default cost, for a name that nobody has.
    pub(crate) fn admit_nobody(password: &str) {
        drop(std::hint::black_box(hash(
            password,
            &[0; SALT],
            Cost::default(),
        )));
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PasswordHash({:?}, secret)", self.cost)
    }
}

fn hash(password: &str, salt: &[u8], cost: Cost) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let params = cost.params()?;
    let mut memory = vec![Block::default(); params.block_count()];
    let mut made = Zeroizing::new(vec![0; HASH]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (password, memory_used) = (password.as_bytes(), &mut memory);
    let outcome = argon2.hash_password_into_with_memory(password, salt, &mut made, memory_used);
    memory.iter_mut().for_each(Zeroize::zeroize);
    outcome.map_err(|_| PasswordError::Form)?;
    Ok(made)
}

fn read(text: &str) -> Option<PasswordHash> {
    if text.len() > 256 {
        return None;
    }
    let mut parts = text.split('$');
    let head = [parts.next()?, parts.next()?, parts.next()?];
    let mut numbers = parts.next()?.split(',');
    let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse().ok();
    let cost = Cost {
        memory: number("m=")?,
        passes: number("t=")?,
        lanes: number("p=")?,
    };
    let salt = base64::decode_proto_json(parts.next()?).ok()?;
    let hash = Zeroizing::new(base64::decode_proto_json(parts.next()?).ok()?);
    let known = head == ["", "argon2id", "v=19"] && numbers.next().is_none();
    let sized = (8..=64).contains(&salt.len()) && hash.len() == HASH;
    (known && sized && parts.next().is_none()).then_some(PasswordHash { cost, salt, hash })
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::SystemRandom;

    use super::*;

    const CHEAP: Cost = Cost {
        memory: 1024,
        passes: 1,
        lanes: 1,
    };

    /// From the tests of Argon2's reference implementation.
    #[test]
    fn the_sample_of_the_reference_implementation() {
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hash = PasswordHash::parse(text).unwrap();
        assert!(hash.admits("password"));
        assert!(!hash.admits("Password"));
    }

    #[test]
    fn a_hash_admits_its_password_alone() {
        let made = PasswordHash::with_cost("correct horse", CHEAP, &SystemRandom).unwrap();
        let read = PasswordHash::parse(&made.to_phc()).unwrap();
        assert_eq!(read, made);
        assert!(read.admits("correct horse"));
        for wrong in ["correct horsf", "Correct horse", "correct horse ", ""] {
            assert!(!read.admits(wrong));
        }
        let debug = format!("{made:?}");
        assert!(
            debug.ends_with("secret)") && !debug.contains('$'),
            "{debug}"
        );
    }

    #[test]
    fn only_argon2id_in_its_one_spelling_is_read() {
        let good = PasswordHash::with_cost("correct horse", CHEAP, &SystemRandom).unwrap();
        let good = good.to_phc();
        assert!(PasswordHash::parse(&good).is_ok());
        for bad in [
            good.replace("argon2id", "argon2i"),
            good.replace("v=19", "v=16"),
            good.replace("m=1024", "m=01024"),
            good.replace("m=1024", "m=+1024"),
            good.replace(",p=1", ",p=1,x=1"),
            good.replace(",p=1", ""),
            format!("{}$x", *good),
            format!("{}=", *good),
            good[..good.len() - 1].to_owned(),
            good[1..].to_owned(),
            "$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
            String::new(),
        ] {
            assert_eq!(PasswordHash::parse(&bad), Err(PasswordError::Form), "{bad}");
        }
        for (from, to) in [
            ("m=1024", "m=8"),
            ("m=1024", "m=4000000"),
            ("t=1", "t=0"),
            ("t=1", "t=99"),
        ] {
            let refused = PasswordHash::parse(&good.replace(from, to));
            assert!(matches!(refused, Err(PasswordError::Cost { .. })), "{to}");
        }
    }

    #[test]
    fn passwords_have_a_length() {
        let new = |password: &str| PasswordHash::with_cost(password, CHEAP, &SystemRandom);
        for (password, good) in [("1234567", false), ("12345678", true), ("éééééééé", true)]
        {
            assert_eq!(new(password).is_ok(), good, "{password}");
        }
        assert!(new(&"x".repeat(LONGEST_PASSWORD)).is_ok());
        let length = LONGEST_PASSWORD + 1;
        assert_eq!(
            new(&"x".repeat(length)),
            Err(PasswordError::Length { length })
        );
    }
}
