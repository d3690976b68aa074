//! What services count for themselves, under the names that the originals' dashboards ask for:
//!
//! ```text
//! metrics.counter("fulcio_new_certs", "Certificates issued.", [])
//! metrics.gauge("timestamp_authority_certificate_valid_days_remaining", "…", [])
//! ```
//!
//! Refused when registering: a name or label that Prometheus does not read, a name that is taken, and
//! bounds that do not ascend. A family has at most [`MOST_SERIES`] series: values of labels that come
//! after those are counted together as `other`, so that no caller can make the table grow.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::text::{Label, Page};
use super::{Derived, Distribution};
use crate::Observations;

/// How many combinations of values a family's labels can take, before the rest becomes `other`.
pub const MOST_SERIES: usize = 256;

/// The longest value of a label, in bytes; what is longer is cut.
const LONGEST_VALUE: usize = 128;

/// What every value of a series is once there are too many of them.
const OTHER: &str = "other";

/// Why a metric cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Not a name for a metric.
    #[error("the metric name {name:?} is not of the form [a-zA-Z_:][a-zA-Z0-9_:]*")]
    Name {
        /// The name.
        name: String,
    },
    /// Not a name for a label, or twice the same.
    #[error(
        "the label {label:?} of {name} is reserved, doubled, or not of the form [a-zA-Z_][a-zA-Z0-9_]*"
    )]
    Label {
        /// The metric.
        name: String,
        /// The label.
        label: String,
    },
    /// Another metric writes lines of this name.
    #[error("the metric {name} exists already; register it once and share what comes back")]
    Taken {
        /// The name.
        name: String,
    },
    /// The bounds of a histogram.
    #[error("the bounds of {name} do not ascend, or are not finite")]
    Bounds {
        /// The name.
        name: String,
    },
}

/// The metrics of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Metrics {
    families: Arc<Mutex<BTreeMap<&'static str, Family>>>,
    asked: Arc<Mutex<Vec<Arc<WhenAsked>>>>,
}

/// Sets what is known only when somebody asks.
type WhenAsked = dyn Fn() + Send + Sync;

#[derive(Debug)]
struct Family {
    help: &'static str,
    labels: Vec<&'static str>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Counter(Series<u64>),
    Gauge(Series<f64>),
    Histogram(Series<Distribution>),
    Derived(Derived),
}

/// A number that only grows, for each combination of its `N` labels. Clones share it.
#[derive(Debug, Clone)]
pub struct Counter<const N: usize>(Series<u64>);

/// A number that is as it is, for each combination of its `N` labels. Clones share it.
#[derive(Debug, Clone)]
pub struct Gauge<const N: usize>(Series<f64>);

/// How values are distributed, for each combination of the `N` labels. Clones share it.
#[derive(Debug, Clone)]
pub struct Histogram<const N: usize> {
    series: Series<Distribution>,
    bounds: &'static [f64],
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(lock(&self.families).keys())
            .finish()
    }
}

impl Metrics {
    /// Registers a counter. One without labels shows at once, as 0.
    pub fn counter<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Result<Counter<N>, MetricError> {
        let series = Series::new(N, || 0);
        self.register(name, help, &labels, Values::Counter(series.clone()))?;
        Ok(Counter(series))
    }

    /// Registers a gauge. One without labels shows at once, as 0.
    pub fn gauge<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Result<Gauge<N>, MetricError> {
        let series = Series::new(N, || 0.0);
        self.register(name, help, &labels, Values::Gauge(series.clone()))?;
        Ok(Gauge(series))
    }

    /// Registers a histogram whose buckets end at `bounds`; the infinite one comes by itself.
    pub fn histogram<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        bounds: &'static [f64],
    ) -> Result<Histogram<N>, MetricError> {
        let ascend = bounds.is_sorted_by(|one, next| one < next);
        if !ascend || bounds.iter().any(|bound| !bound.is_finite()) {
            let name = name.to_owned();
            return Err(MetricError::Bounds { name });
        }
        let series = Series::new(N, || Distribution::new(bounds));
        self.register(name, help, &labels, Values::Histogram(series.clone()))?;
        Ok(Histogram { series, bounds })
    }

    /// Registers a family that follows from the requests that were seen.
    pub fn derive(
        &self,
        name: &'static str,
        help: &'static str,
        derived: Derived,
    ) -> Result<(), MetricError> {
        let labels: Vec<&'static str> = derived.labels.iter().map(|label| label.name()).collect();
        self.register(name, help, &labels, Values::Derived(derived))
    }

    /// Calls this each time before the page is written, on a thread that may wait.
    pub fn when_asked(&self, set: impl Fn() + Send + Sync + 'static) {
        lock(&self.asked).push(Arc::new(set));
    }

    pub(super) fn ask(&self) {
        let asked = lock(&self.asked).clone();
        asked.iter().for_each(|set| set());
    }

    fn register(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[&'static str],
        values: Values,
    ) -> Result<(), MetricError> {
        if !is_name(name, ":") {
            let name = name.to_owned();
            return Err(MetricError::Name { name });
        }
        for (number, label) in labels.iter().enumerate() {
            let reserved = label.starts_with("__") || *label == "le";
            if reserved || !is_name(label, "") || labels[..number].contains(label) {
                return Err(MetricError::Label {
                    name: name.to_owned(),
                    label: (*label).to_owned(),
                });
            }
        }
        let family = Family {
            help,
            labels: labels.to_vec(),
            values,
        };
        let mut families = lock(&self.families);
        let own = written(name, &family.values);
        let others = families
            .iter()
            .flat_map(|(name, family)| written(name, &family.values));
        let mut others = others.chain(super::page::WRITTEN.iter().map(|name| (*name).to_owned()));
        if others.any(|other| own.contains(&other)) {
            let name = name.to_owned();
            return Err(MetricError::Taken { name });
        }
        families.insert(name, family);
        Ok(())
    }

    /// Writes all families, sorted by name.
    pub(super) fn write(&self, page: &mut Page, observations: &Observations) {
        for (name, family) in lock(&self.families).iter() {
            let Family {
                help,
                labels,
                values,
            } = family;
            match values {
                Values::Counter(series) => {
                    page.family(name, "counter", help);
                    series.each(labels, |labels, value| page.count(name, labels, *value));
                }
                Values::Gauge(series) => {
                    page.family(name, "gauge", help);
                    series.each(labels, |labels, value| page.measure(name, labels, *value));
                }
                Values::Histogram(series) => {
                    page.family(name, "histogram", help);
                    series.each(labels, |labels, seen| page.distribution(name, labels, seen));
                }
                Values::Derived(derived) => derived.write(name, help, page, observations),
            }
        }
    }
}

impl<const N: usize> Counter<N> {
    /// Adds one for these values of the labels, in the order in which they were registered.
    pub fn increment(&self, labels: [&str; N]) {
        self.add(labels, 1);
    }

    /// Adds `more`.
    pub fn add(&self, labels: [&str; N], more: u64) {
        let add = |count: &mut u64| *count = count.saturating_add(more);
        self.0.change(&labels, || 0, add);
    }
}

impl<const N: usize> Gauge<N> {
    /// Sets the number for these values of the labels, in the order in which they were registered.
    pub fn set(&self, labels: [&str; N], value: f64) {
        self.0.change(&labels, || 0.0, |present| *present = value);
    }

    /// Adds `more`, which may be negative.
    pub fn add(&self, labels: [&str; N], more: f64) {
        self.0.change(&labels, || 0.0, |present| *present += more);
    }
}

impl<const N: usize> Histogram<N> {
    /// Adds a value, in the unit of the bounds.
    pub fn observe(&self, labels: [&str; N], value: f64) {
        let none = || Distribution::new(self.bounds);
        self.series
            .change(&labels, none, |seen| seen.observe(value));
    }
}

/// A value for each combination of labels.
struct Series<V>(Arc<Mutex<BTreeMap<Vec<String>, V>>>);

impl<V> Series<V> {
    fn new(labels: usize, first: impl FnOnce() -> V) -> Self {
        let mut values = BTreeMap::new();
        if labels == 0 {
            values.insert(Vec::new(), first());
        }
        Self(Arc::new(Mutex::new(values)))
    }

    fn change(&self, labels: &[&str], first: impl FnOnce() -> V, change: impl FnOnce(&mut V)) {
        let mut key: Vec<String> = labels.iter().map(|value| cut(value)).collect();
        let mut values = lock(&self.0);
        if values.len() >= MOST_SERIES && !values.contains_key(&key) {
            key = vec![OTHER.to_owned(); labels.len()];
        }
        change(values.entry(key).or_insert_with(first));
    }

    fn each(&self, names: &[&str], mut show: impl FnMut(&[Label<'_>], &V)) {
        for (labels, value) in lock(&self.0).iter() {
            let labels = names.iter().copied().zip(labels.iter().map(String::as_str));
            show(&labels.collect::<Vec<_>>(), value);
        }
    }
}

impl<V> Clone for Series<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: fmt::Debug> fmt::Debug for Series<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(lock(&self.0).iter()).finish()
    }
}

/// A panic between lock and unlock leaves numbers that are still numbers.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names that a metric's lines begin with.
fn written(name: &str, values: &Values) -> Vec<String> {
    let suffixes: &[&str] = match values {
        Values::Counter(_) | Values::Gauge(_) => &[""],
        Values::Histogram(_) => &["", "_bucket", "_sum", "_count"],
        Values::Derived(derived) => derived.suffixes(),
    };
    let names = suffixes.iter().map(|suffix| format!("{name}{suffix}"));
    names.collect()
}

/// Letters, digits, `_` and what is in `more`, no digit first.
fn is_name(name: &str, more: &str) -> bool {
    let letter = |one: char| one.is_ascii_alphabetic() || one == '_' || more.contains(one);
    name.starts_with(letter) && name.chars().all(|one| letter(one) || one.is_ascii_digit())
}

fn cut(value: &str) -> String {
    let mut end = value.len().min(LONGEST_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(metrics: &Metrics) -> String {
        let mut page = Page::default();
        metrics.write(&mut page, &Observations::new());
        page.finish()
    }

    #[test]
    fn what_is_registered_is_written_sorted_by_name() {
        let metrics = Metrics::default();
        let published = metrics.counter(
            "rekor_publish_events",
            "Published.",
            ["event", "content_type"],
        );
        let published = published.unwrap();
        let certificates = metrics.counter("fulcio_new_certs", "Issued.", []);
        let certificates = certificates.unwrap();
        let days = metrics.gauge(
            "timestamp_authority_certificate_valid_days_remaining",
            "Days.",
            [],
        );
        let latency = metrics.histogram("rekor_api_latency", "Ns.", ["path"], &[1e6, 1e9]);
        latency.unwrap().observe(["/api/v1/log"], 2e6);
        published.increment(["new", "json"]);
        published.add(["new", "json"], 2);
        certificates.increment([]);
        let days = days.unwrap();
        days.set([], 3.5);
        days.add([], -0.25);
        let expected = "\
# HELP fulcio_new_certs Issued.
# TYPE fulcio_new_certs counter
fulcio_new_certs 1
# HELP rekor_api_latency Ns.
# TYPE rekor_api_latency histogram
rekor_api_latency_bucket{path=\"/api/v1/log\",le=\"1000000\"} 0
rekor_api_latency_bucket{path=\"/api/v1/log\",le=\"1000000000\"} 1
rekor_api_latency_bucket{path=\"/api/v1/log\",le=\"+Inf\"} 1
rekor_api_latency_sum{path=\"/api/v1/log\"} 2000000
rekor_api_latency_count{path=\"/api/v1/log\"} 1
# HELP rekor_publish_events Published.
# TYPE rekor_publish_events counter
rekor_publish_events{event=\"new\",content_type=\"json\"} 3
# HELP timestamp_authority_certificate_valid_days_remaining Days.
# TYPE timestamp_authority_certificate_valid_days_remaining gauge
timestamp_authority_certificate_valid_days_remaining 3.25
";
        assert_eq!(page(&metrics), expected);
    }

    #[test]
    fn a_counter_without_labels_begins_at_nothing() {
        let metrics = Metrics::default();
        metrics.counter("a", "", []).unwrap();
        metrics.counter("b", "", ["c"]).unwrap();
        let text = page(&metrics);
        assert!(text.contains("\na 0\n"), "{text}");
        assert!(!text.contains("\nb"), "{text}");
    }

    #[test]
    fn series_are_bounded_in_number_and_length() {
        let metrics = Metrics::default();
        let counter = metrics.counter("a", "", ["x", "y"]).unwrap();
        for number in 0..10 * MOST_SERIES {
            counter.increment([&number.to_string(), "y"]);
        }
        counter.increment(["0", "y"]);
        let text = page(&metrics);
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len(), MOST_SERIES + 1);
        let rest = format!("a{{x=\"other\",y=\"other\"}} {}", 9 * MOST_SERIES);
        assert!(samples.contains(&rest.as_str()), "{text}");
        assert!(samples.contains(&"a{x=\"0\",y=\"y\"} 2"), "{text}");

        let long = metrics.gauge("b", "", ["x"]).unwrap();
        // Two bytes a letter, and one before: the cut falls into a letter.
        long.set([&format!("x{}", "é".repeat(LONGEST_VALUE))], 1.0);
        let kept = format!("b{{x=\"x{}\"}} 1\n", "é".repeat(63));
        assert!(page(&metrics).contains(&kept));
    }

    #[test]
    fn names_labels_and_bounds_are_checked() {
        let metrics = Metrics::default();
        for name in ["", "1a", "a-b", "a b", "ä", "a{}"] {
            let error = metrics.counter(name, "", []).unwrap_err();
            assert_eq!(error, MetricError::Name { name: name.into() });
        }
        for labels in [
            ["a", ""],
            ["a", "b:c"],
            ["a", "__b"],
            ["a", "le"],
            ["a", "a"],
        ] {
            let error = metrics.gauge("g", "", labels).unwrap_err();
            let label = labels[1].to_owned();
            let name = "g".to_owned();
            assert_eq!(error, MetricError::Label { name, label });
        }
        let all: [&'static [f64]; 4] = [&[2.0, 1.0], &[1.0, 1.0], &[f64::NAN], &[f64::INFINITY]];
        for bounds in all {
            let error = metrics.histogram("h", "", [], bounds).unwrap_err();
            assert_eq!(error, MetricError::Bounds { name: "h".into() });
        }
        metrics.counter("_a:1", "", ["a", "_b1"]).unwrap();
        metrics.histogram("h", "", [], &[1.0, 2.0]).unwrap();
        for taken in [
            "_a:1",
            "h",
            "h_sum",
            "h_bucket",
            "h_count",
            "waxwing_build_info",
        ] {
            let error = metrics.gauge(taken, "", []).unwrap_err();
            assert_eq!(error, MetricError::Taken { name: taken.into() });
        }
        metrics.counter("x_sum", "", []).unwrap();
        let error = metrics.histogram("x", "", [], &[]).unwrap_err();
        assert_eq!(error, MetricError::Taken { name: "x".into() });
        metrics.counter("x", "", []).unwrap();
    }
}
