//! Users in a file that one program writes and another reads.
//!
//! ```text
//! {"version":1,"users":[{"id":"V2h5…","name":"alice","email":"alice@example.com",
//!  "password":"$argon2id$v=19$m=19456,t=2,p=1$…$…"}]}
//! ```
//!
//! The file is read at each login, so that who was removed is out at once. It is replaced whole: written
//! beside itself with mode 0600, made durable, then renamed; a lock beside it keeps two writers apart.
//! Refused: other versions, unknown fields, a file that others may read, and what [`User`] refuses.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::login::password::PasswordHash;
use crate::login::users::{User, UserSet, Users, UsersError};

/// The longest users file, in bytes.
const LONGEST_FILE: u64 = 16 << 20;

const VERSION: u64 = 1;

/// A users file.
#[derive(Debug, Clone)]
pub struct FileUsers {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u64,
    #[serde(borrow)]
    users: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: String,
    name: String,
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    full_name: Option<String>,
    // The hash has no character that JSON escapes.
    password: &'a str,
}

/// Its first member alone, so that another version is named and not called malformed.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl FileUsers {
    /// The file at `path`. One that is not there has no users, and is made by the first
    /// [`add`](Self::add).
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Adds a user.
    pub fn add(&self, user: User) -> Result<(), UsersError> {
        self.change(|users| users.insert(user))
    }

    /// Removes the user of this name or email address.
    pub fn remove(&self, name: &str) -> Result<User, UsersError> {
        self.change(|users| users.remove(name))
    }

    /// All users, by name.
    pub fn list(&self) -> Result<Vec<User>, UsersError> {
        Ok(self.read()?.list())
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut UserSet) -> Result<T, UsersError>,
    ) -> Result<T, UsersError> {
        let lock = self.beside(".lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let locked = options
            .open(&lock)
            .and_then(|file| file.lock().map(|()| file));
        let locked = locked.map_err(|source| failed(&lock, source))?;
        let mut users = self.read()?;
        let changed = change(&mut users)?;
        self.write(&users)?;
        drop(locked);
        Ok(changed)
    }

    fn read(&self) -> Result<UserSet, UsersError> {
        let named = |source| failed(&self.path, source);
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(UserSet::default()),
            opened => opened.map_err(named)?,
        };
        let metadata = file.metadata().map_err(named)?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let path = self.path.clone();
            return Err(UsersError::Mode { path, mode });
        }
        let mut json = Zeroizing::new(Vec::new());
        let mut limited = file.take(LONGEST_FILE + 1);
        limited.read_to_end(&mut json).map_err(named)?;
        parse_users(&json)
    }

    fn write(&self, users: &UserSet) -> Result<(), UsersError> {
        let new = self.beside(".new");
        let named = |source| failed(&new, source);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&new).map_err(named)?;
        file.write_all(&written(users)).map_err(named)?;
        file.sync_all().map_err(named)?;
        let renamed = fs::rename(&new, &self.path);
        renamed.map_err(|source| failed(&self.path, source))?;
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|source| failed(directory, source))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

impl Users for FileUsers {
    fn find(&self, name: &str) -> Result<Option<User>, UsersError> {
        Ok(self.read()?.find(name).cloned())
    }
}

/// Reads a users file.
pub(crate) fn parse_users(json: &[u8]) -> Result<UserSet, UsersError> {
    let length = json.len() as u64;
    if length > LONGEST_FILE {
        let longest = LONGEST_FILE;
        return Err(UsersError::TooLong { length, longest });
    }
    // The reader's messages show the text around a fault in no case, only its place.
    let malformed = |error: serde_json::Error| UsersError::Json {
        reason: error.to_string(),
    };
    let Versioned { version: found } = serde_json::from_slice(json).map_err(malformed)?;
    if found != VERSION {
        return Err(UsersError::Version { found });
    }
    let document: Document<'_> = serde_json::from_slice(json).map_err(malformed)?;
    let mut users = UserSet::default();
    for entry in document.users {
        let password = PasswordHash::parse(entry.password);
        let password = password.map_err(|reason| UsersError::Password {
            name: entry.name.clone(),
            reason,
        })?;
        let (name, email) = (&entry.name, &entry.email);
        let full_name = entry.full_name.as_deref();
        users.insert(User::from_parts(
            entry.id, name, email, full_name, password,
        )?)?;
    }
    Ok(users)
}

pub(crate) fn written(users: &UserSet) -> Zeroizing<Vec<u8>> {
    let users = users.list();
    let hashes: Vec<_> = users.iter().map(|user| user.password().to_phc()).collect();
    let entries = users.iter().zip(&hashes).map(|(user, hash)| Entry {
        id: user.id().to_owned(),
        name: user.name().to_owned(),
        email: user.email().to_owned(),
        full_name: user.full_name().map(str::to_owned),
        password: hash,
    });
    let document = Document {
        version: VERSION,
        users: entries.collect(),
    };
    let json = serde_json::to_vec_pretty(&document);
    let mut json = json.expect("invariant: strings and numbers can be written as JSON");
    json.push(b'\n');
    Zeroizing::new(json)
}

fn failed(path: &Path, source: io::Error) -> UsersError {
    UsersError::File {
        path: path.to_owned(),
        source,
    }
}
