//! The people whom the issuer knows itself.
//!
//! Refused: names and addresses that a token could not hold, and two people who could be taken for one
//! another: names and addresses are compared without regard to case, all of them together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use waxwing_crypto::Random;
use waxwing_encoding::base64;
use zeroize::Zeroizing;

use crate::login::password::{PasswordError, PasswordHash};
use crate::login::users_file;
use crate::token::is_address;

/// The most users of one issuer that keeps them itself.
pub const MOST_USERS: usize = 10_000;

/// The longest name, address or other text of a user, in bytes.
const LONGEST_TEXT: usize = 200;

/// The longest id, in bytes: with the connector's name it must fit a token's subject.
const LONGEST_ID: usize = 128;

/// Where users are looked up. Called outside of asynchronous tasks, so it may read a file.
pub trait Users: fmt::Debug + Send + Sync + 'static {
    /// The user of this name or email address, without regard to case.
    fn find(&self, name: &str) -> Result<Option<User>, UsersError>;
}

/// Somebody who can log in by a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    id: String,
    name: String,
    email: String,
    full_name: Option<String>,
    password: PasswordHash,
}

/// Why users cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read the file.
    #[error("{}: mode {mode:o}; others could read the password hashes: chmod 600", path.display())]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is longer than any that is written here.
    #[error("a users file of {length} bytes; at most {longest} are read")]
    TooLong {
        /// How long it is.
        length: u64,
        /// How long it may be.
        longest: u64,
    },
    /// Not a users file.
    #[error("not a users file: {reason}")]
    Json {
        /// What the reader said.
        reason: String,
    },
    /// A users file of another time.
    #[error("a users file of version {found}; this program knows version 1")]
    Version {
        /// The version found.
        found: u64,
    },
    /// A name that is empty, long, or has characters that people cannot tell apart.
    #[error("the name {name:?}: expected 1 to {LONGEST_TEXT} letters, digits or any of . _ - + @")]
    Name {
        /// The name.
        name: String,
    },
    /// An address that a certificate cannot hold.
    #[error("the email {email:?} is not an ASCII address like alice@example.com")]
    Email {
        /// The address.
        email: String,
    },
    /// A full name that is long or has control characters.
    #[error(
        "the full name {full_name:?} is longer than {LONGEST_TEXT} bytes or has control characters"
    )]
    FullName {
        /// The full name.
        full_name: String,
    },
    /// An id that is empty, long, or not printable.
    #[error("the id {id:?}: expected 1 to {LONGEST_ID} letters, digits or any of . _ - + @")]
    Id {
        /// The id.
        id: String,
    },
    /// A password's hash that cannot be used.
    #[error("the password of {name:?}: {reason}")]
    Password {
        /// Whose.
        name: String,
        /// What is wrong.
        reason: PasswordError,
    },
    /// Two users could be taken for one another.
    #[error("there is a user with the name, email or id {text:?} already")]
    Taken {
        /// What both have.
        text: String,
    },
    /// Nobody of this name.
    #[error("there is no user {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// More users than fit.
    #[error("more than {MOST_USERS} users; take a connector to a directory of yours")]
    TooMany,
}

impl User {
    /// A user with a fresh id, which tokens name them by: whoever is removed and added again is
    /// somebody else.
    pub fn new(
        name: &str,
        email: &str,
        full_name: Option<&str>,
        password: PasswordHash,
        random: &dyn Random,
    ) -> Result<Self, UsersError> {
        let mut id = [0; 16];
        random.fill(&mut id);
        Self::from_parts(base64::encode_url(&id), name, email, full_name, password)
    }

    /// A user with the id that they have.
    pub fn from_parts(
        id: String,
        name: &str,
        email: &str,
        full_name: Option<&str>,
        password: PasswordHash,
    ) -> Result<Self, UsersError> {
        if id.len() > LONGEST_ID || !is_name(&id) {
            return Err(UsersError::Id { id });
        }
        if !is_name(name) {
            let name = name.to_owned();
            return Err(UsersError::Name { name });
        }
        if email.len() > LONGEST_TEXT || !is_address(email) {
            let email = email.to_owned();
            return Err(UsersError::Email { email });
        }
        let full_name = full_name.map(str::to_owned);
        if let Some(full_name) = &full_name
            && (full_name.len() > LONGEST_TEXT || full_name.chars().any(char::is_control))
        {
            let full_name = full_name.clone();
            return Err(UsersError::FullName { full_name });
        }
        Ok(Self {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            full_name,
            password,
        })
    }

    /// What tokens name the user by, for ever.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the user types.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address, which the user can type as well.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// What the user is called.
    pub fn full_name(&self) -> Option<&str> {
        self.full_name.as_deref()
    }

    /// The password's hash.
    pub fn password(&self) -> &PasswordHash {
        &self.password
    }

    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.email.eq_ignore_ascii_case(name)
    }
}

/// Reads a users file: what [`FileUsers`](crate::FileUsers) keeps.
pub fn read_users(json: &[u8]) -> Result<Vec<User>, UsersError> {
    Ok(users_file::parse_users(json)?.list())
}

/// Writes a users file. Refuses users who could be taken for one another.
pub fn write_users(users: Vec<User>) -> Result<Zeroizing<Vec<u8>>, UsersError> {
    let mut set = UserSet::default();
    for user in users {
        set.insert(user)?;
    }
    Ok(users_file::written(&set))
}

/// Users by their ids, no two of whom can be taken for one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UserSet(BTreeMap<String, User>);

impl UserSet {
    pub(crate) fn insert(&mut self, user: User) -> Result<(), UsersError> {
        if self.0.len() >= MOST_USERS {
            return Err(UsersError::TooMany);
        }
        let texts = [&user.name, &user.email];
        let taken = texts.into_iter().find(|text| self.find(text).is_some());
        let taken = taken.or_else(|| self.0.contains_key(&user.id).then_some(&user.id));
        if let Some(text) = taken {
            let text = text.clone();
            return Err(UsersError::Taken { text });
        }
        self.0.insert(user.id.clone(), user);
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) -> Result<User, UsersError> {
        let id = self.find(name).map(|user| user.id.clone());
        let removed = id.and_then(|id| self.0.remove(&id));
        removed.ok_or_else(|| UsersError::Unknown {
            name: name.to_owned(),
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        self.0.values().find(|user| user.answers_to(name))
    }

    /// By name.
    pub(crate) fn list(&self) -> Vec<User> {
        let mut users: Vec<User> = self.0.values().cloned().collect();
        users.sort_by(|one, other| one.name.cmp(&other.name));
        users
    }
}

/// Users who are forgotten with the process.
#[derive(Debug, Default)]
pub struct MemoryUsers(Mutex<UserSet>);

impl MemoryUsers {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user.
    pub fn add(&self, user: User) -> Result<(), UsersError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(user)
    }

    /// Removes the user of this name or email address.
    pub fn remove(&self, name: &str) -> Result<User, UsersError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name)
    }

    /// All users, by name.
    pub fn list(&self) -> Vec<User> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).list()
    }
}

impl Users for MemoryUsers {
    fn find(&self, name: &str) -> Result<Option<User>, UsersError> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(users.find(name).cloned())
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
    (1..=LONGEST_TEXT).contains(&text.len()) && text.bytes().all(allowed)
}
