//! One run: a file that never changes, and what is kept of it in memory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crc32c::crc32c;

use super::filter::Filter;
use super::format::{BLOCK, Block, HEADER, Header, KeyedHash, Record, Span, damaged, u64_at};
use crate::files::{self, File, FileSystem};

/// How many blocks a merge reads at a time.
const BLOCKS_AHEAD: usize = 16;

/// An open run. The file may be removed meanwhile: what is open can still be read.
#[derive(Debug, Clone)]
pub(super) struct Run {
    path: PathBuf,
    file: Arc<dyn File>,
    header: Header,
    /// What each block's first hash begins with.
    fences: Arc<[u64]>,
    filter: Option<Arc<Filter>>,
}

impl Run {
    /// Opens a run and checks all of it but the blocks, which are checked when they are read. The
    /// filter is not even read unless it is to be kept.
    ///
    /// [`io::ErrorKind::InvalidData`] means that the file is damaged or of another secret.
    pub(super) fn open(
        files: &dyn FileSystem,
        directory: &Path,
        span: Span,
        mark: [u8; 12],
        keep_filter: bool,
    ) -> io::Result<Self> {
        let path = directory.join(span.name());
        let file = files.open(&path, false)?;
        match Self::read(&file, span, mark, keep_filter) {
            Ok((header, fences, filter)) => Ok(Self {
                path,
                file,
                header,
                fences,
                filter: filter.map(Arc::new),
            }),
            Err(error) => Err(files::about(&path, &error)),
        }
    }

    fn read(
        file: &Arc<dyn File>,
        span: Span,
        mark: [u8; 12],
        keep_filter: bool,
    ) -> io::Result<(Header, Arc<[u64]>, Option<Filter>)> {
        let length = file.length()?;
        if length < HEADER as u64 {
            return Err(damaged("the file ends within the header"));
        }
        let mut header = [0; HEADER];
        file.read_at(&mut header, 0)?;
        let header = Header::decode(&header, span)?;
        if header.mark != mark {
            return Err(damaged("it was written under another secret"));
        }
        if header.length() != length {
            return Err(damaged("the file has another length than its header says"));
        }
        let mut fences = vec![0; 8 * header.blocks()];
        file.read_at(&mut fences, header.fences_at())?;
        if crc32c(&fences) != header.fences_checksum {
            return Err(damaged("the fences have another checksum"));
        }
        let fences = fences.chunks_exact(8).map(|fence| u64_at(fence, 0));
        let filter = keep_filter.then(|| Filter::read(&**file, &header));
        Ok((header, fences.collect(), filter.transpose()?))
    }

    /// The same run without its filter.
    pub(super) fn without_filter(&self) -> Self {
        Self {
            filter: None,
            ..self.clone()
        }
    }

    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    pub(super) fn span(&self) -> Span {
        self.header.span
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The entry with that hash: a line of the filter, and if it may be there, a block of the file.
    #[inline]
    pub(super) fn find(&self, hash: KeyedHash) -> io::Result<Option<u64>> {
        match &self.filter {
            Some(filter) if !filter.may_have(hash) => Ok(None),
            _ => self.find_in_file(hash),
        }
    }

    #[cold]
    fn find_in_file(&self, hash: KeyedHash) -> io::Result<Option<u64>> {
        // Nearly always one block. Where the beginning of a hash is the same as a fence, the hash may
        // also be at the end of the block before.
        let before = self.fences.partition_point(|fence| *fence < hash.high);
        let mut bytes = [0; BLOCK];
        for number in before.saturating_sub(1)..self.fences.len() {
            if self.fences[number] > hash.high {
                break;
            }
            let block = self.read_blocks(number, &mut bytes)?;
            let records = self.header.records_in(number);
            if let Some(record) = search(&block, records.len(), hash) {
                return self.plausible(record).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads blocks from one on, as many as fit, and returns the first one checked.
    fn read_blocks<'a>(&self, first: usize, bytes: &'a mut [u8]) -> io::Result<Block<'a>> {
        self.file
            .read_at(bytes, self.header.span.block_at(first))
            .and_then(|()| self.block(first, &bytes[..BLOCK]))
            .map_err(|error| files::about(&self.path, &error))
    }

    fn block<'a>(&self, number: usize, bytes: &'a [u8]) -> io::Result<Block<'a>> {
        Block::check(bytes, self.fences[number])
    }

    fn plausible(&self, record: Record) -> io::Result<u64> {
        let Span { first, end } = self.header.span;
        if (first..end).contains(&record.index) {
            return Ok(record.index);
        }
        let error = damaged("a record is of an entry that the run does not cover");
        Err(files::about(&self.path, &error))
    }
}

fn search(block: &Block<'_>, records: usize, hash: KeyedHash) -> Option<Record> {
    let (mut low, mut high) = (0, records);
    while low < high {
        let middle = low.midpoint(high);
        match block.hash(middle).cmp(&hash) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Some(block.record(middle)),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// All records of a run in their order, read a few blocks at a time.
#[derive(Debug)]
pub(super) struct Records {
    run: Arc<Run>,
    bytes: Vec<u8>,
    /// The block that the buffer begins with, and the next record: its block and place.
    buffered: usize,
    block: usize,
    position: usize,
}

impl Records {
    pub(super) fn of(run: Arc<Run>) -> Self {
        Self {
            run,
            bytes: Vec::new(),
            buffered: 0,
            block: 0,
            position: 0,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let records = self.run.header.records_in(self.block).len();
        if self.position == records {
            if self.block + 1 >= self.run.fences.len() {
                return Ok(None);
            }
            self.block += 1;
            self.position = 0;
        }
        if self.position == 0 {
            self.enter_block()?;
        }
        let at = (self.block - self.buffered) * BLOCK;
        let record = Block::checked(&self.bytes[at..at + BLOCK]).record(self.position);
        self.run.plausible(record)?;
        self.position += 1;
        Ok(Some(record))
    }

    fn enter_block(&mut self) -> io::Result<()> {
        let run = &self.run;
        let at = (self.block - self.buffered) * BLOCK;
        if at >= self.bytes.len() {
            let blocks = (run.fences.len() - self.block).min(BLOCKS_AHEAD);
            self.bytes.resize(blocks * BLOCK, 0);
            self.buffered = self.block;
            run.read_blocks(self.block, &mut self.bytes)?;
            return Ok(());
        }
        run.block(self.block, &self.bytes[at..at + BLOCK])
            .map(drop)
            .map_err(|error| files::about(&run.path, &error))
    }
}
