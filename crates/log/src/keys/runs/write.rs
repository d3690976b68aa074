//! Writing a run, in one pass and with little memory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crc32c::crc32c_append;

use super::filter::FilterWriter;
use super::format::{HEADER, Header, INDEXES, RECORDS_A_BLOCK, Record, Span, damaged, seal};
use crate::files::{File, FileSystem};

/// How much is written at a time.
const CHUNK: usize = 1 << 16;

/// Appends to a file from some place on, in large pieces.
#[derive(Debug)]
pub(super) struct Stream {
    file: Arc<dyn File>,
    at: u64,
    pending: Vec<u8>,
    checksum: u32,
}

impl Stream {
    fn new(file: Arc<dyn File>, at: u64) -> Self {
        Self {
            file,
            at,
            pending: Vec::new(),
            checksum: 0,
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left; returns the CRC-32C of all that was appended.
    pub(super) fn finish(mut self) -> io::Result<u32> {
        self.flush()?;
        Ok(self.checksum)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.file.write_at(&self.pending, self.at)?;
            self.checksum = crc32c_append(self.checksum, &self.pending);
            self.at += self.pending.len() as u64;
            self.pending.clear();
        }
        Ok(())
    }
}

/// A run that is being written.
#[derive(Debug)]
pub(super) struct RunWriter {
    file: Arc<dyn File>,
    span: Span,
    mark: [u8; 12],
    filter: FilterWriter,
    blocks: Stream,
    block: Vec<u8>,
    fences: Vec<u64>,
    records: u64,
    last: Option<Record>,
}

impl RunWriter {
    /// Begins a new file. What a crash left under that name is removed.
    pub(super) fn create(
        files: &dyn FileSystem,
        path: &Path,
        span: Span,
        mark: [u8; 12],
    ) -> io::Result<Self> {
        let file = match files.create(path, false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                files.remove(path)?;
                files.create(path, false)?
            }
            created => created?,
        };
        let filter = Stream::new(Arc::clone(&file), HEADER as u64);
        let blocks = Stream::new(Arc::clone(&file), span.blocks_at());
        Ok(Self {
            file,
            span,
            mark,
            filter: FilterWriter::new(filter, span.filter_lines()),
            blocks,
            block: Vec::new(),
            fences: Vec::new(),
            records: 0,
            last: None,
        })
    }

    /// Writes the next record; they come in their order, and of those with one hash the first is
    /// written.
    pub(super) fn push(&mut self, record: Record) -> io::Result<()> {
        if let Some(last) = self.last {
            if last.hash == record.hash {
                return Ok(());
            }
            if last > record {
                return Err(damaged("records are not in their order"));
            }
        }
        if record.index >= INDEXES {
            return Err(damaged("an index is too large for the format"));
        }
        if self.block.is_empty() {
            self.fences.push(record.hash.high);
        }
        record.write(&mut self.block);
        self.filter.push(record.hash)?;
        self.records += 1;
        self.last = Some(record);
        if self.records.is_multiple_of(RECORDS_A_BLOCK as u64) {
            self.end_block()?;
        }
        Ok(())
    }

    /// Writes the rest and makes the content durable, not the name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        self.blocks.finish()?;
        let mut header = Header {
            span: self.span,
            records: self.records,
            filter_checksum: self.filter.finish()?,
            fences_checksum: 0,
            mark: self.mark,
        };
        let mut fences = Stream::new(Arc::clone(&self.file), header.fences_at());
        for fence in self.fences {
            fences.append(&fence.to_be_bytes())?;
        }
        header.fences_checksum = fences.finish()?;
        self.file.write_at(&header.encode(), 0)?;
        self.file.sync()
    }

    fn end_block(&mut self) -> io::Result<()> {
        seal(&mut self.block);
        self.blocks.append(&self.block)?;
        self.block.clear();
        Ok(())
    }
}
