//! The memory of the instance over a run: does it grow with what was asked of it?

use serde::Serialize;

use crate::hammer::process::Process;

/// By which share the last third may lie above the first and still be called flat.
const FLAT: f64 = 1.1;

/// How many samples are told.
const POINTS: usize = 30;

/// Samples of one run.
#[derive(Debug, Default)]
pub(super) struct Memory {
    samples: Vec<u64>,
    peak: Option<u64>,
}

/// What they say.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MemoryReport {
    pub(super) samples: usize,
    /// Means.
    pub(super) first_third_bytes: f64,
    pub(super) last_third_bytes: f64,
    pub(super) peak_bytes: Option<u64>,
    pub(super) flat: bool,
    /// At most [`POINTS`] of the samples, at equal distances.
    pub(super) series_bytes: Vec<u64>,
}

impl Memory {
    /// Forgets what was before the load.
    pub(super) fn begin(&mut self) {
        self.samples.clear();
    }

    /// Looks once.
    pub(super) fn sample(&mut self, process: Process) {
        self.samples.extend(process.memory());
        self.peak = self.peak.max(process.peak_memory());
    }

    fn series(&self) -> Vec<u64> {
        let step = self.samples.len().div_ceil(POINTS).max(1);
        self.samples.iter().step_by(step).copied().collect()
    }

    /// `None` when there are not enough samples for thirds.
    pub(super) fn report(&self) -> Option<MemoryReport> {
        let third = self.samples.len() / 3;
        if third == 0 {
            return None;
        }
        let mean = |samples: &[u64]| samples.iter().sum::<u64>() as f64 / samples.len() as f64;
        let first = mean(self.samples.split_at(third).0);
        let last = mean(self.samples.split_at(self.samples.len() - third).1);
        Some(MemoryReport {
            samples: self.samples.len(),
            first_third_bytes: first,
            last_third_bytes: last,
            peak_bytes: self.peak,
            flat: last <= first * FLAT,
            series_bytes: self.series(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_that_grows_is_not_called_flat() {
        let report = |samples: &[u64]| {
            let samples = samples.to_vec();
            Memory {
                samples,
                peak: None,
            }
            .report()
        };
        assert!(report(&[7, 7]).is_none());
        let flat = report(&[100, 100, 300, 300, 109, 109]).unwrap();
        assert!(flat.flat, "{flat:?}");
        let grown = report(&[100, 100, 100, 111, 111, 111, 112]).unwrap();
        assert!(!grown.flat, "{grown:?}");
        assert_eq!((grown.samples, grown.series_bytes.len()), (7, 7));
        let many: Vec<u64> = (0..61).collect();
        let series = report(&many).unwrap().series_bytes;
        assert_eq!(series[..3], [0, 3, 6]);
        assert_eq!(series.len(), 21);
    }
}
