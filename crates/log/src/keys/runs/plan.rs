//! What is decided from spans alone: which runs make up the index, which of them are merged next,
//! and which have their filter in memory.

use super::KeySettings;
use super::format::Span;

/// The spans that cover the entries from 0 on without a gap, in order and as few as possible. Those
/// left over are contained in these, or lie behind a gap.
pub(super) fn chain(candidates: &[Span]) -> Vec<Span> {
    let mut chain = Vec::new();
    let mut covered = 0;
    while let Some(next) = candidates
        .iter()
        .filter(|span| span.first <= covered && span.end > covered)
        .max_by_key(|span| span.end)
    {
        covered = next.end;
        chain.push(*next);
    }
    chain
}

/// Which runs to merge next, as positions in `spans`, which is a chain; `None` if there is nothing to
/// do.
///
/// Runs are in tiers by size, each `fan_out` times the one before. A run that has a larger one behind
/// it counts as of that one's tier: thus tiers only fall along the chain, each is one piece of it,
/// and when a piece has `fan_out` runs it is merged. There are at most `fan_out - 1` runs a tier when
/// all is done, and a key is rewritten about once a tier. The smallest tier goes first.
pub(super) fn merge(spans: &[Span], settings: &KeySettings) -> Option<std::ops::Range<usize>> {
    let fan_out = settings.fan_out.max(2);
    let mut end = spans.len();
    let mut tier = i32::MIN;
    // From the newest on; `start..end` is the piece of `tier` as far as it was seen.
    for start in (0..=spans.len()).rev() {
        let own = match start.checked_sub(1) {
            Some(before) => tier_of(spans[before].entries(), settings),
            None => i32::MAX,
        };
        if own > tier {
            if end - start >= fan_out {
                // Should many have come together, memory for reading them is bounded all the same.
                return Some(start..end.min(start + 4 * fan_out));
            }
            (end, tier) = (start, own);
        }
    }
    None
}

/// Tier 0 has runs of `run_entries` keys and more; there are tiers below it too, since a log that has
/// little to do makes many small runs.
fn tier_of(entries: u64, settings: &KeySettings) -> i32 {
    let fan_out = settings.fan_out.max(2) as u64;
    let mut bound = settings.run_entries.max(1);
    let mut tier = 0;
    if entries >= bound {
        while entries / fan_out >= bound {
            bound = bound.saturating_mul(fan_out);
            tier += 1;
        }
    } else {
        while entries < bound {
            bound /= fan_out;
            tier -= 1;
        }
    }
    tier
}

/// Which runs have their filter in memory: the smallest ones, as many as there is room for.
pub(super) fn filters(spans: &[Span], settings: &KeySettings) -> Vec<bool> {
    let mut by_size: Vec<usize> = (0..spans.len()).collect();
    by_size.sort_by_key(|position| spans[*position].entries());
    let mut room = settings.filter_bytes;
    let mut kept = vec![false; spans.len()];
    for position in by_size {
        let Some(left) = room.checked_sub(spans[position].filter_bytes()) else {
            break;
        };
        room = left;
        kept[position] = true;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: KeySettings = KeySettings {
        run_entries: 64,
        fan_out: 4,
        filter_bytes: 640,
    };

    fn spans(sizes: &[u64]) -> Vec<Span> {
        let mut first = 0;
        let spans = sizes.iter().map(|size| {
            let span = Span {
                first,
                end: first + size,
            };
            first = span.end;
            span
        });
        spans.collect()
    }

    #[test]
    fn the_chain_has_no_gap_and_nothing_twice() {
        let of = |pairs: &[(u64, u64)]| {
            let spans = pairs.iter().map(|(first, end)| Span {
                first: *first,
                end: *end,
            });
            let chain = chain(&spans.collect::<Vec<_>>());
            let pairs: Vec<_> = chain.iter().map(|span| (span.first, span.end)).collect();
            pairs
        };
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[(1, 2)]), []);
        assert_eq!(of(&[(4, 6), (0, 4), (7, 9)]), [(0, 4), (4, 6)]);
        // The inputs of a merge are still there.
        assert_eq!(of(&[(0, 2), (2, 4), (0, 4), (4, 5)]), [(0, 4), (4, 5)]);
        assert_eq!(of(&[(0, 4), (2, 3), (2, 6)]), [(0, 4), (2, 6)]);
    }

    #[test]
    fn tiers_lie_a_fan_out_apart() {
        let tiers = [1, 3, 4, 15, 16, 63, 64, 255, 256, 1023, 1024];
        let tiers = tiers.map(|entries| tier_of(entries, &SETTINGS));
        assert_eq!(tiers, [-3, -3, -2, -2, -1, -1, 0, 0, 1, 1, 2]);
    }

    #[test]
    fn a_full_tier_is_merged_the_smallest_first() {
        let of = |sizes: &[u64]| merge(&spans(sizes), &SETTINGS);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[64, 64, 64]), None);
        assert_eq!(of(&[64, 64, 64, 64]), Some(0..4));
        assert_eq!(of(&[256, 64, 64, 64, 16, 16, 16, 1, 1, 1]), None);
        assert_eq!(of(&[256, 64, 64, 64, 16, 16, 16, 17]), Some(4..8));
        assert_eq!(of(&[64, 64, 64, 64, 1, 1, 1, 1]), Some(4..8));
        // Small ones before a large one go with it.
        assert_eq!(of(&[1, 1, 1, 64]), Some(0..4));
        assert_eq!(of(&[256, 1, 1, 64, 1]), None);
        // Not more at a time than can be read.
        assert_eq!(of(&[1; 100]), Some(0..16));
    }

    #[test]
    fn the_number_of_runs_stays_small() {
        let mut sizes: Vec<u64> = Vec::new();
        for step in 0..5000_u64 {
            sizes.push(1 + step * 7919 % 61);
            while let Some(range) = merge(&spans(&sizes), &SETTINGS) {
                let sum = sizes[range.clone()].iter().sum();
                sizes.splice(range, [sum]);
            }
            assert!(sizes.len() <= 3 * 10, "{sizes:?}");
        }
    }

    #[test]
    fn the_largest_runs_lose_their_filters() {
        // Filters of 64 bytes for up to 42 keys, of 640 bytes for 426.
        let of = |sizes: &[u64]| filters(&spans(sizes), &SETTINGS);
        assert_eq!(of(&[426]), [true]);
        assert_eq!(of(&[426, 1]), [false, true]);
        assert_eq!(of(&[400, 42, 100]), [false, true, true]);
        assert_eq!(of(&[1; 11]).iter().filter(|kept| **kept).count(), 10);
    }
}
