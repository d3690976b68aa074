//! A directory with a log of opaque entries and the key that signs its heads.
//!
//! ```text
//! DIR/log.key     the private key, PKCS#8 in PEM, readable by its owner alone
//! DIR/log.vkey    the public one as signed notes know it: name+ID+key
//! DIR/log/        the log
//! ```
//!
//! Or DIR is the log's own directory, as Tessera makes it too, and the key is a file elsewhere.
//!
//! The key is made at the first start. `log.vkey` is written once the log has begun, so that where it
//! lies a log must be: a directory that lost its log is refused, and does not begin a second one
//! under the same key.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use waxwing_cli::{Output, files};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_log::{
    Format, GuardPlace, HeadSigner, LocalDriver, LocalSettings, Log, PartialTiles, Settings,
    takeover,
};
use waxwing_tlog::note::{NoteKeyError, NoteSigner, NoteVerifier};

use crate::system::SystemClock;
use waxwing_cli::Progress;

/// The name of a log that was given none. `.localhost` always means this machine (RFC 6761).
pub(crate) const ORIGIN: &str = "waxwing.localhost/log";

/// Largest key file that is read, in bytes; ML-DSA's public one has 1.8 kB of base64.
pub(crate) const LARGEST_KEY: usize = 16 * 1024;

/// The kinds of keys that sign a log's heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogKeyType {
    /// Ed25519, which every client of tlog-tiles reads
    #[default]
    Ed25519,
    /// ECDSA on P-256 with SHA-256
    #[value(name = "ecdsa-p256")]
    EcdsaP256,
    /// ML-DSA-44, for when quantum computers come
    #[value(name = "ml-dsa-44")]
    MlDsa44,
}

/// A directory and what signs for it; the log is not opened yet.
#[derive(Debug)]
pub(crate) struct OpaqueLog {
    directory: PathBuf,
    /// Where the log itself is.
    log: PathBuf,
    signer: HeadSigner,
    verifier: NoteVerifier,
    must_exist: bool,
    /// The last head that was let out, apart from the log.
    pub(crate) guard: Option<GuardPlace>,
    /// Whether partial tiles become files.
    pub(crate) partial_tiles: PartialTiles,
    /// Whether the directory may be behind a network.
    pub(crate) allow_remote: bool,
}

impl OpaqueLog {
    /// Takes a directory, which is made with a fresh key if it has none.
    pub(crate) fn at(
        directory: &Path,
        origin: Option<&str>,
        key_type: Option<LogKeyType>,
    ) -> anyhow::Result<Self> {
        let known = known_verifier(directory)?;
        let known_name = known.as_ref().map(NoteVerifier::name);
        if let (Some(found), Some(expected)) = (known_name, origin) {
            ensure!(
                found == expected,
                "{} holds the log {found:?}; expected {expected:?}: leave out --origin, or name \
                 another directory",
                directory.display()
            );
        }
        let name = known_name.or(origin).unwrap_or(ORIGIN);
        let key = Arc::new(read_or_make_key(directory, key_type, known.is_some())?);
        let signer = signer(name, key)?;
        let verifier = signer.verifier().clone();
        if let Some(known) = &known {
            ensure!(
                *known == verifier,
                "{} does not belong to {}; put back the key that the log was begun with",
                key_path(directory).display(),
                vkey_path(directory).display()
            );
        }
        Ok(Self {
            log: directory.join("log"),
            ..Self::signed_by(directory, name, signer, known.is_some())?
        })
    }

    /// Takes the directory of a log itself, whose key is a file elsewhere. Nothing is made.
    pub(crate) fn at_log(
        directory: &Path,
        key: &Path,
        origin: Option<&str>,
    ) -> anyhow::Result<Self> {
        let checkpoint = directory.join("checkpoint");
        let note = files::read(&checkpoint, LARGEST_KEY).with_context(|| {
            format!(
                "{} is no log's own directory; leave out --key, or name one with a checkpoint in it",
                directory.display()
            )
        })?;
        let found = String::from_utf8_lossy(&note);
        let found = found.lines().next().unwrap_or_default();
        let name = origin.unwrap_or(found);
        ensure!(
            found == name,
            "{} holds the log {found:?}; expected {name:?}: leave out --origin, or name another \
             directory",
            directory.display()
        );
        let text = zeroize::Zeroizing::new(files::read(key, LARGEST_KEY)?);
        let text = str::from_utf8(&text).with_context(|| key.display().to_string())?;
        let signer = if text.starts_with("PRIVATE+KEY+") {
            NoteSigner::parse(text.trim_end()).with_context(|| key.display().to_string())?
        } else {
            let key = PrivateKey::from_pem(text).with_context(|| {
                format!(
                    "{}: expected a private key in PEM, or one that begins with PRIVATE+KEY+",
                    key.display()
                )
            })?;
            signer(name, Arc::new(key))?
        };
        ensure!(
            signer.name() == name,
            "{} is the key of {:?}, but the log's name is {name:?}; name the log's own key",
            key.display(),
            signer.name()
        );
        Self::signed_by(directory, name, signer, true)
    }

    fn signed_by(
        directory: &Path,
        name: &str,
        signer: NoteSigner,
        must_exist: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            directory: directory.to_owned(),
            log: directory.to_owned(),
            verifier: signer.verifier().clone(),
            signer: HeadSigner::new(name, signer)?,
            must_exist,
            guard: None,
            partial_tiles: PartialTiles::Never,
            allow_remote: false,
        })
    }

    /// Takes a directory that has a log already; nothing is made.
    pub(crate) fn existing(directory: &Path) -> anyhow::Result<Self> {
        ensure!(
            known_verifier(directory)?.is_some(),
            "{} holds no log of `waxwing log serve`; expected log.vkey, log.key and log/ in it",
            directory.display()
        );
        Self::at(directory, None, None)
    }

    /// The key that the log's heads are verified with.
    pub(crate) fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// Opens the log, or begins it, on the present runtime.
    pub(crate) async fn open(&self) -> anyhow::Result<Log> {
        let driver = Arc::new(LocalDriver::new(self.local()));
        let mut settings = Settings::of_entries();
        settings.must_exist = self.must_exist;
        settings.partial_tiles = self.partial_tiles;
        let clock = Arc::new(SystemClock);
        let opened = Log::open(driver, self.signer.clone(), clock, settings).await;
        let log =
            opened.with_context(|| format!("opening the log in {}", self.directory.display()))?;
        if !self.must_exist {
            let vkey = format!("{}\n", self.verifier);
            files::write(&vkey_path(&self.directory), vkey.as_bytes())?;
        }
        Ok(log)
    }

    /// Takes the log over if Tessera has it, with a line that says how far it is.
    pub(crate) async fn take_over(&self, output: &mut Output) -> anyhow::Result<()> {
        let mut progress = Progress::of(output, "entries", 0);
        let verifiers = [self.verifier.clone()];
        let driver = LocalDriver::new(self.local());
        let taken = takeover::take_over(&driver, &verifiers, |done, all| {
            progress.show_of(output, done, all);
        });
        let taken = taken.await;
        progress.end(output);
        let taken =
            taken.with_context(|| format!("taking over the log in {}", self.log.display()))?;
        if let Some(taken) = taken {
            output.note(&format!(
                "Taken over from Tessera: {} entries, {} of them new here",
                taken.size, taken.new
            ));
        }
        Ok(())
    }

    fn local(&self) -> LocalSettings {
        let mut local = LocalSettings::new(&self.log, Format::TlogTiles);
        local.guard.clone_from(&self.guard);
        local.allow_remote = self.allow_remote;
        local
    }
}

fn signer(name: &str, key: Arc<PrivateKey>) -> Result<NoteSigner, NoteKeyError> {
    match key.public_key().key_type() {
        KeyType::Ed25519 => NoteSigner::ed25519(name, key),
        KeyType::MlDsa44 => NoteSigner::cosignature_ml_dsa(name, key),
        _ => NoteSigner::ecdsa(name, key),
    }
}

pub(crate) fn key_path(directory: &Path) -> PathBuf {
    directory.join("log.key")
}

pub(crate) fn vkey_path(directory: &Path) -> PathBuf {
    directory.join("log.vkey")
}

pub(crate) fn known_verifier(directory: &Path) -> anyhow::Result<Option<NoteVerifier>> {
    let path = vkey_path(directory);
    if !path.exists() {
        return Ok(None);
    }
    let text = String::from_utf8(files::read(&path, LARGEST_KEY)?);
    let text = text.with_context(|| path.display().to_string())?;
    let verifier =
        NoteVerifier::parse(text.trim_end()).with_context(|| path.display().to_string())?;
    Ok(Some(verifier))
}

fn read_or_make_key(
    directory: &Path,
    wanted: Option<LogKeyType>,
    log_exists: bool,
) -> anyhow::Result<PrivateKey> {
    let path = key_path(directory);
    if !path.exists() {
        ensure!(
            !log_exists,
            "{} is missing, and without it nothing can be added to the log; restore it",
            path.display()
        );
        fs::create_dir_all(directory)
            .with_context(|| format!("making the directory {}", directory.display()))?;
        let key = PrivateKey::generate(kind(wanted.unwrap_or_default()))?;
        write_private(&path, key.to_pem()?.as_bytes())?;
        return Ok(key);
    }
    let pem = files::read(&path, LARGEST_KEY)?;
    let pem = str::from_utf8(&pem).with_context(|| path.display().to_string())?;
    let key = PrivateKey::from_pem(pem).with_context(|| path.display().to_string())?;
    let found = key.public_key().key_type();
    match wanted.map(kind) {
        Some(expected) if expected != found => bail!(
            "{} is a {found:?} key; expected {expected:?}: leave out --key-type, or name another \
             directory",
            path.display()
        ),
        _ => Ok(key),
    }
}

fn kind(wanted: LogKeyType) -> KeyType {
    match wanted {
        LogKeyType::Ed25519 => KeyType::Ed25519,
        LogKeyType::EcdsaP256 => KeyType::EcdsaP256,
        LogKeyType::MlDsa44 => KeyType::MlDsa44,
    }
}

/// Writes a file that nobody else may read, from its first moment on; never over another one.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let neighbour = files::beside(path, "new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&neighbour).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        // A link, unlike a renaming, does not replace a key that somebody else has just put there.
        fs::hard_link(&neighbour, path)?;
        fs::remove_file(&neighbour)
    });
    written.with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn begin(log: &OpaqueLog) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime
            .block_on(async { log.open().await.map(|_| ()) })
            .unwrap();
    }

    #[test]
    fn the_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("new");
        for (name, key_type) in [
            ("a", LogKeyType::Ed25519),
            ("b", LogKeyType::EcdsaP256),
            ("c", LogKeyType::MlDsa44),
        ] {
            let directory = directory.join(name);
            let first = OpaqueLog::at(&directory, Some("example.com/log"), Some(key_type)).unwrap();
            let mode = fs::metadata(key_path(&directory))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            begin(&first);
            let again = OpaqueLog::at(&directory, None, None).unwrap();
            assert_eq!(first.verifier(), again.verifier());
            assert_eq!(again.verifier().name(), "example.com/log");
            assert!(again.must_exist && !first.must_exist);
        }
    }

    #[test]
    fn another_name_key_or_kind_of_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path();
        begin(&OpaqueLog::at(directory, None, None).unwrap());
        let refused = |origin, key_type| {
            let refused = OpaqueLog::at(directory, origin, key_type).unwrap_err();
            format!("{refused:#}")
        };
        let name = refused(Some("other"), None);
        assert!(
            name.contains("holds the log \"waxwing.localhost/log\""),
            "{name}"
        );
        let kind = refused(None, Some(LogKeyType::EcdsaP256));
        assert!(
            kind.contains("is a Ed25519 key; expected EcdsaP256"),
            "{kind}"
        );
        let key = key_path(directory);
        let kept = fs::read(&key).unwrap();
        fs::remove_file(&key).unwrap();
        let missing = refused(None, None);
        assert!(missing.contains("log.key is missing"), "{missing}");
        let other = PrivateKey::generate(KeyType::Ed25519).unwrap();
        fs::write(&key, other.to_pem().unwrap()).unwrap();
        let foreign = refused(None, None);
        assert!(foreign.contains("does not belong to"), "{foreign}");
        fs::write(&key, kept).unwrap();
        OpaqueLog::at(directory, Some(ORIGIN), Some(LogKeyType::Ed25519)).unwrap();
    }
}
