//! Observed values in buckets, as Prometheus' histograms have them.

/// How many values were at most each bound, and their sum.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    bounds: &'static [f64],
    /// One more than there are bounds: the last is for what is beyond all of them.
    counts: Vec<u64>,
    sum: f64,
}

impl Distribution {
    /// No values; the bounds ascend.
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    /// Adds a value; a bound belongs to its bucket. What is no number is beyond all bounds.
    pub(crate) fn observe(&mut self, value: f64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound);
        let bucket = bucket.unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += value;
    }

    /// The same bounds without values.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.bounds)
    }

    /// Adds the values of another one with the same bounds.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum += other.sum;
    }

    /// Each bound with the number of values up to it; the last bound is infinite.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum.
    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_counts_accumulate() {
        let mut seen = Distribution::new(&[0.5, 1.0, 4.0]);
        for value in [0.25, 0.5, 0.75, 4.0, 4.5] {
            seen.observe(value);
        }
        let expected = [(0.5, 2), (1.0, 3), (4.0, 4), (f64::INFINITY, 5)];
        assert_eq!(seen.cumulative().collect::<Vec<_>>(), expected);
        assert_eq!((seen.count(), seen.sum()), (5, 10.0));
    }
}
