//! A record of every acknowledgement, for looking after a crash whether each promise was kept.
//!
//! ```text
//! # waxwing hammer record 1, waxwing.localhost/log
//! 17 6e340b9cffb37a98…a01d 32 78e0684346ecac1a…455b      index, leaf hash, size and root of the head
//! # {"acknowledged":1000,…}                              at the end: the report, in one line
//! ```
//!
//! A line is written before its answer is counted. A last line without its end is that of a hammer that
//! was killed while it wrote, and is passed over; any other line that is not as above is refused.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use waxwing_tlog::Hash;

use super::heads::Head;

/// No line is longer, the report at the end included.
const LONGEST_LINE: u64 = 64 * 1024;

/// A file that grows by whole lines.
#[derive(Debug)]
pub(super) struct Recorder {
    file: Mutex<File>,
    path: PathBuf,
}

/// What was promised for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) index: u64,
    pub(super) leaf_hash: Hash,
    pub(super) head: Head,
}

impl Line {
    /// Appends the line to what is to be written.
    pub(super) fn append_to(&self, buffer: &mut Vec<u8>) {
        let Head { size, root } = self.head;
        // Writing to a vector cannot fail.
        let _ = writeln!(
            buffer,
            "{} {:x} {size} {root:x}",
            self.index, self.leaf_hash
        );
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut next = || words.next();
        let (index, leaf_hash) = (next()?.parse().ok()?, Hash::from_hex(next()?)?);
        let (size, root) = (next()?.parse().ok()?, Hash::from_hex(next()?)?);
        let line = Self {
            index,
            leaf_hash,
            head: Head { size, root },
        };
        words.next().is_none().then_some(line)
    }
}

impl Recorder {
    /// Appends to a file, which is made if it is not there.
    pub(super) fn open(path: &Path, origin: &str) -> anyhow::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        let opened = options.open(path).and_then(|file| {
            cut_torn_end(&file)?;
            Ok(file)
        });
        let file = opened.with_context(|| format!("opening {}", path.display()))?;
        let recorder = Self {
            file: Mutex::new(file),
            path: path.to_owned(),
        };
        recorder.write(format!("# waxwing hammer record 1, {origin}\n").as_bytes())?;
        Ok(recorder)
    }

    /// Appends a comment to a record that is complete.
    pub(super) fn append_comment(path: &Path, text: &str) -> anyhow::Result<()> {
        let appended = OpenOptions::new().append(true).open(path);
        let appended = appended.and_then(|mut file| writeln!(file, "# {text}"));
        appended.with_context(|| format!("writing {}", path.display()))
    }

    /// Hands whole lines to the system.
    pub(super) fn write(&self, lines: &[u8]) -> anyhow::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(lines);
        written.with_context(|| format!("writing {}", self.path.display()))
    }
}

/// Removes a last line without its end, onto which the next one would be written.
fn cut_torn_end(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut end = vec![0; length.min(LONGEST_LINE) as usize];
    let start = length - end.len() as u64;
    file.read_exact_at(&mut end, start)?;
    let whole = end.iter().rposition(|byte| *byte == b'\n');
    let whole = whole.map_or(0, |place| start + place as u64 + 1);
    match whole < length {
        true => file.set_len(whole),
        false => Ok(()),
    }
}

/// The lines of a record.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        match reader.read_line(&mut text) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
        let Some(line) = text.strip_suffix('\n') else {
            break;
        };
        if line.starts_with('#') {
            continue;
        }
        match Line::parse(line) {
            Some(line) => lines.push(line),
            None => bail!(
                "line {number} of {} is {line:?}; expected index, leaf hash, size and root, as \
                 --record writes them",
                path.display()
            ),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_again_and_a_torn_line_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let line = |index| Line {
            index,
            leaf_hash: Hash::new([1; 32]),
            head: Head {
                size: index + 1,
                root: Hash::new([2; 32]),
            },
        };
        for index in [3, 7] {
            let recorder = Recorder::open(&path, "log").unwrap();
            let mut buffer = Vec::new();
            line(index).append_to(&mut buffer);
            recorder.write(&buffer).unwrap();
        }
        let recorder = Recorder::open(&path, "log").unwrap();
        recorder.write(b"9 0101").unwrap();
        assert_eq!(read(&path).unwrap(), [line(3), line(7)]);
        let recorder = Recorder::open(&path, "log").unwrap();
        assert_eq!(read(&path).unwrap(), [line(3), line(7)]);
        recorder.write(b"9 0101\n").unwrap();
        let refused = read(&path).unwrap_err().to_string();
        assert!(refused.contains("line 7 of"), "{refused}");
    }
}
