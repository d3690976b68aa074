//! After the run: do all answers together belong to one log?

use std::collections::BTreeMap;

use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{CompactRange, EMPTY_ROOT, leaf_hash};

use super::entries::Entries;
use super::violation::Violation;

/// No index belongs to two entries. `places` are indexes with the numbers of their entries, ascending.
pub(super) fn no_index_twice(places: &[(u64, u64)]) -> Result<(), Violation> {
    for pair in places.windows(2) {
        if let [(index, first), (other, second)] = pair
            && index == other
        {
            return Err(Violation::IndexTwice {
                index: *index,
                first: *first,
                second: *second,
            });
        }
    }
    Ok(())
}

/// Builds the tree from the entries that were sent, and compares every head that was signed with it.
///
/// Only where the entries of this run are all that the log has: returns the number of heads that were
/// compared, and `None` where that is not so.
pub(super) fn rebuild(
    places: &[(u64, u64)],
    entries: &Entries,
    roots: &BTreeMap<u64, Hash>,
) -> Result<Option<u64>, Violation> {
    let last = roots.last_key_value().map_or(0, |(size, _)| *size);
    let gapless = (0..).zip(places).all(|(place, (index, _))| place == *index);
    if !gapless || last != places.len() as u64 {
        return Ok(None);
    }
    let mut tree = CompactRange::new();
    let mut heads = roots.iter().peekable();
    let mut compared = 0;
    let numbers = places.iter().map(|(_, number)| Some(*number));
    for number in numbers.chain([None]) {
        if let Some((size, signed)) = heads.next_if(|(size, _)| **size == tree.size()) {
            let derived = match size {
                0 => EMPTY_ROOT,
                _ => tree.root(),
            };
            if derived != *signed {
                return Err(Violation::RebuiltRoot {
                    size: *size,
                    derived,
                    signed: *signed,
                });
            }
            compared += 1;
        }
        if let Some(number) = number {
            tree.append(leaf_hash(&entries.bytes(number)));
        }
    }
    Ok(Some(compared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_head_is_compared_and_a_wrong_one_found() {
        let entries = Entries::new(1, 20);
        let numbers = [3u64, 0, 2, 1, 7];
        let places: Vec<(u64, u64)> = (0..).zip(numbers).collect();
        let mut tree = CompactRange::new();
        let mut roots = BTreeMap::from([(0, EMPTY_ROOT)]);
        for number in numbers {
            tree.append(leaf_hash(&entries.bytes(number)));
            roots.insert(tree.size(), tree.root());
        }
        assert_eq!(rebuild(&places, &entries, &roots).unwrap(), Some(6));
        assert_eq!(rebuild(&places[..4], &entries, &roots).unwrap(), None);
        assert_eq!(rebuild(&places[1..], &entries, &roots).unwrap(), None);
        roots.insert(3, EMPTY_ROOT);
        let found = rebuild(&places, &entries, &roots).unwrap_err();
        assert!(
            matches!(found, Violation::RebuiltRoot { size: 3, .. }),
            "{found}"
        );
        assert!(no_index_twice(&places).is_ok());
        let twice = no_index_twice(&[(4, 1), (4, 2)]).unwrap_err();
        assert_eq!(twice.name(), "index-twice");
    }
}
