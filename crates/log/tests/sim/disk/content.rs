//! What a file holds: in the page cache, which processes see, and on the disk, which a crash leaves.

use crate::dice::Dice;

/// What a disk writes in one piece.
pub(crate) const SECTOR: usize = 512;

/// A file's bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What was written since the last synchronisation, oldest first.
    pending: Vec<Write>,
}

#[derive(Debug, Clone)]
struct Write {
    offset: usize,
    bytes: Vec<u8>,
}

/// How a crash treats the writes of one file. Each on its own is what a disk may do; together they
/// make all cases frequent.
#[derive(Debug, Clone, Copy)]
enum Mood {
    AllKept,
    AllLost,
    /// Whole writes are kept or lost.
    Writes,
    /// Each sector of each write is kept or lost.
    Sectors,
    /// Nearly all sectors are kept.
    FewLost,
    /// The newest write is kept, each older one perhaps.
    LastKept,
}

impl Content {
    pub(crate) fn cached(&self) -> &[u8] {
        &self.cached
    }

    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        let bytes = bytes.to_vec();
        self.pending.push(Write { offset, bytes });
    }

    /// Makes all writes durable, and the length.
    pub(crate) fn sync(&mut self) {
        self.durable.resize(self.cached.len(), 0);
        for write in self.pending.drain(..) {
            write.apply(&mut self.durable);
        }
    }

    /// A synchronisation that fails: what of the writes has reached the disk is chance, the page
    /// cache takes all of them for clean, and no later synchronisation brings them again. Linux does
    /// so (<https://wiki.postgresql.org/wiki/Fsync_Errors>).
    pub(crate) fn lose_sync(&mut self, dice: &mut Dice) {
        self.settle(dice, false);
    }

    /// The power goes: what the disk has is what there is. `late`: writes may also come to the disk
    /// in another order than they were made, or twice.
    pub(crate) fn crash(&mut self, dice: &mut Dice, late: bool) {
        self.settle(dice, late);
        self.cached.clone_from(&self.durable);
    }

    fn settle(&mut self, dice: &mut Dice, late: bool) {
        let mut pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let length = self.settled_length(dice, &pending);
        let before = self.durable.len();
        let longest = pending.iter().map(Write::end).max().unwrap_or(0);
        self.durable.resize(before.max(longest), 0);
        litter(&mut self.durable, before, dice);
        if late {
            let twice = pending[dice.below(pending.len() as u64) as usize].clone();
            pending.push(twice);
            dice.shuffle(&mut pending);
        }
        let mood = dice.pick(&[
            Mood::AllKept,
            Mood::AllLost,
            Mood::Writes,
            Mood::Sectors,
            Mood::FewLost,
            Mood::LastKept,
        ]);
        let last = pending.len() - 1;
        for (place, write) in pending.iter().enumerate() {
            let kept = match mood {
                Mood::AllLost => false,
                Mood::Writes => dice.coin(),
                Mood::LastKept => place == last || dice.coin(),
                Mood::AllKept | Mood::Sectors | Mood::FewLost => true,
            };
            if !kept {
                continue;
            }
            for sector in write.sectors() {
                let lost = match mood {
                    Mood::Sectors => dice.coin(),
                    Mood::FewLost => dice.one_in(8),
                    _ => false,
                };
                if !lost {
                    sector.apply(&mut self.durable);
                }
            }
        }
        self.durable.truncate(length);
    }

    /// A length that the file had since the last synchronisation.
    fn settled_length(&self, dice: &mut Dice, pending: &[Write]) -> usize {
        let mut length = self.durable.len();
        let steps = match dice.below(3) {
            0 => 0,
            1 => pending.len(),
            _ => dice.below(pending.len() as u64 + 1) as usize,
        };
        for write in &pending[..steps] {
            length = length.max(write.end());
        }
        length
    }
}

impl Write {
    fn end(&self) -> usize {
        self.offset + self.bytes.len()
    }

    /// The write cut at the borders of sectors.
    fn sectors(&self) -> impl Iterator<Item = Piece<'_>> {
        let first = SECTOR - self.offset % SECTOR;
        let (head, tail) = self.bytes.split_at(first.min(self.bytes.len()));
        let mut offset = self.offset;
        std::iter::once(head)
            .chain(tail.chunks(SECTOR))
            .map(move |bytes| {
                let piece = Piece { offset, bytes };
                offset += bytes.len();
                piece
            })
    }

    fn apply(&self, content: &mut [u8]) {
        content[self.offset..self.end()].copy_from_slice(&self.bytes);
    }
}

/// What a write puts into one sector.
struct Piece<'a> {
    offset: usize,
    bytes: &'a [u8],
}

impl Piece<'_> {
    fn apply(&self, content: &mut [u8]) {
        content[self.offset..self.offset + self.bytes.len()].copy_from_slice(self.bytes);
    }
}

/// Gives the bytes from `start` on, which a file got by growing, what such bytes have on a disk before
/// they are written: zeros, or what somebody else has left there.
fn litter(content: &mut [u8], start: usize, dice: &mut Dice) {
    if dice.coin() {
        return;
    }
    let mut at = start;
    while at < content.len() {
        let end = content.len().min((at / SECTOR + 1) * SECTOR);
        if dice.coin() {
            for chunk in content[at..end].chunks_mut(8) {
                let garbage = dice.roll().to_le_bytes();
                chunk.copy_from_slice(&garbage[..chunk.len()]);
            }
        }
        at = end;
    }
}
