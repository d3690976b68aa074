//! Files as every tool treats them: read below a cap, hashed while they are read, written whole or
//! not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use waxwing_crypto::{Digest, HashAlgorithm, Hasher};
use waxwing_encoding::pem;
use waxwing_pki::Certificate;

/// How much of a file is in memory while it is hashed.
const CHUNK: usize = 64 * 1024;

/// The largest file of certificates that is read, in bytes, and the most that are in it.
const LARGEST_PEM_FILE: usize = 1 << 20;
const MOST_CERTIFICATES: usize = 64;

/// Reads a file of at most `limit` bytes.
pub fn read(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let file = open(path)?;
    let mut content = Vec::new();
    let read = file.take(limit as u64 + 1).read_to_end(&mut content);
    read.with_context(|| format!("reading {}", path.display()))?;
    if content.len() > limit {
        bail!(
            "{} is larger than {limit} bytes, the most that is read of it",
            path.display()
        );
    }
    Ok(content)
}

/// The certificates of a PEM file, at least one.
pub fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let text = String::from_utf8(read(path, LARGEST_PEM_FILE)?);
    let text = text.with_context(|| format!("{} is not text; expected PEM", path.display()))?;
    let blocks = pem::decode_all(&text, MOST_CERTIFICATES);
    let blocks = blocks.with_context(|| path.display().to_string())?;
    let read = blocks.iter().map(|block| {
        ensure!(
            block.label == "CERTIFICATE",
            "{} has a PEM block {}; expected CERTIFICATE",
            path.display(),
            block.label
        );
        Certificate::from_der(&block.der).with_context(|| path.display().to_string())
    });
    read.collect()
}

/// Hashes a file of any size in constant memory.
pub fn digest(path: &Path, algorithm: HashAlgorithm) -> anyhow::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    hash(path, std::slice::from_mut(&mut hasher))?;
    Ok(hasher.finish())
}

/// Hashes a file of any size with several functions, reading it once. The digests come in the order
/// of the functions.
pub fn digests(path: &Path, algorithms: &[HashAlgorithm]) -> anyhow::Result<Vec<Digest>> {
    let mut hashers: Vec<Hasher> = algorithms.iter().copied().map(Hasher::new).collect();
    hash(path, &mut hashers)?;
    Ok(hashers.into_iter().map(Hasher::finish).collect())
}

fn hash(path: &Path, hashers: &mut [Hasher]) -> anyhow::Result<()> {
    let mut file = open(path)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", path.display()));
            }
        };
        let part = chunk.get(..read).unwrap_or_default();
        for hasher in hashers.iter_mut() {
            hasher.update(part);
        }
    }
}

/// FILE.EXTENSION beside FILE.
pub fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// The bundle of a file, where nobody said which: FILE.sigstore.json, or FILE.sigstore as older clients
/// called it.
pub fn bundle_beside(file: &Path) -> anyhow::Result<PathBuf> {
    let candidates = ["sigstore.json", "sigstore"].map(|extension| beside(file, extension));
    let [first, second] = &candidates;
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => bail!(
            "no bundle: --bundle names none, and there is neither {} nor {}",
            first.display(),
            second.display()
        ),
    }
}

/// The number of bytes of a file.
pub fn size(path: &Path) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("opening {}", path.display()))?;
    Ok(metadata.len())
}

/// Writes a file whole: into a neighbour first, which then takes its name. Whoever looks sees the
/// old content or the new one, also after a crash.
pub fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    write_with(path, content, 0o666)
}

/// [`write`] for the owner's eyes alone.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    write_with(path, content, 0o600)
}

fn write_with(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let name = path
        .file_name()
        .with_context(|| format!("{} names no file", path.display()))?;
    let mut neighbour = name.to_os_string();
    neighbour.push(format!(".{}.new", std::process::id()));
    let neighbour = path.with_file_name(neighbour);
    // One that a process of the same number left behind would keep its permissions.
    let _ = fs::remove_file(&neighbour);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(&neighbour).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&neighbour, path)
    });
    if written.is_err() {
        // The neighbour may not be there; the first error is the one to tell.
        let _ = fs::remove_file(&neighbour);
    }
    written.with_context(|| format!("writing {}", path.display()))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("opening {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_read_below_its_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content = vec![7; CHUNK + 1];
        write(&path, &content).unwrap();
        assert_eq!(read(&path, content.len()).unwrap(), content);
        let refused = read(&path, content.len() - 1).unwrap_err().to_string();
        assert!(refused.contains("is larger than"), "{refused}");
        let hash = HashAlgorithm::Sha256;
        assert_eq!(digest(&path, hash).unwrap(), hash.digest(&content));
        let both = [HashAlgorithm::Sha512, hash];
        let expected = both.map(|hash| hash.digest(&content));
        assert_eq!(digests(&path, &both).unwrap(), expected);
        assert_eq!(size(&path).unwrap(), content.len() as u64);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_bundle_is_found_beside_its_file_by_the_newer_name_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.tar.gz");
        let refused = bundle_beside(&file).unwrap_err().to_string();
        assert!(
            refused.contains("app.tar.gz.sigstore.json nor"),
            "{refused}"
        );
        let older = folder.path().join("app.tar.gz.sigstore");
        fs::write(&older, b"{}").unwrap();
        assert_eq!(bundle_beside(&file).unwrap(), older);
        let newer = folder.path().join("app.tar.gz.sigstore.json");
        fs::write(&newer, b"{}").unwrap();
        assert_eq!(bundle_beside(&file).unwrap(), newer);
    }

    #[test]
    fn nothing_is_left_where_nothing_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"").unwrap();
        let refused = write(&path, b"content").unwrap_err().to_string();
        assert!(refused.starts_with("writing "), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
