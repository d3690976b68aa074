//! The report as a person reads it.

use std::fmt;

use super::disk::Space;
use super::report::{Latency, Report};

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table(formatter);
        table.machine(self)?;
        table.load(self)?;
        table.checks(self)?;
        table.throughput(self)?;
        table.latency(self)?;
        table.processor(self)?;
        table.disk(self)
    }
}

/// Rows of a name and what there is to say.
struct Table<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Table<'_, '_> {
    fn row(&mut self, name: &str, text: fmt::Arguments<'_>) -> fmt::Result {
        writeln!(self.0, "{name:<12} {text}")
    }

    fn machine(&mut self, report: &Report) -> fmt::Result {
        let machine = &report.machine;
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
        self.row(
            "machine",
            format_args!(
                "{}, {} cores, Linux {}{}",
                known(&machine.processor),
                machine.cores.unwrap_or_default(),
                known(&machine.kernel),
                machine
                    .file_system
                    .as_ref()
                    .map(|kind| format!(", {kind}"))
                    .unwrap_or_default()
            ),
        )?;
        let floors = &report.floors;
        if let (Some(flush), Some(write)) = (&floors.flush_ms, floors.write_megabytes_per_second) {
            self.row(
                "floors",
                format_args!(
                    "flush of 4 KiB {:.3} ms (p99 {:.3}), writing {write:.0} MB/s",
                    flush.p50, flush.p99
                ),
            )?;
        }
        self.row(
            "",
            format_args!(
                "{} leaf hashes/s of one core",
                grouped(floors.leaf_hashes_per_second as u64)
            ),
        )
    }

    fn load(&mut self, report: &Report) -> fmt::Result {
        let (target, load) = (&report.target, &report.load);
        let how = match (load.rate, load.arrivals) {
            (Some(rate), Some(arrivals)) => format!("{rate}/s, {arrivals} arrivals"),
            _ => format!("saturated, {} adds in flight", load.outstanding),
        };
        self.row(
            "load",
            format_args!(
                "{} ({}), {how}, {} bytes, {:.1}% duplicates, seed {}",
                target.place,
                target.kind,
                load.entry_bytes,
                load.duplicates * 100.0,
                load.seed
            ),
        )
    }

    fn checks(&mut self, report: &Report) -> fmt::Result {
        let (checks, counts) = (&report.checks, &report.counts);
        let rebuilt = match checks.heads_rebuilt {
            Some(heads) => format!("; {} rebuilt from the entries", grouped(heads)),
            None => String::new(),
        };
        self.row(
            "verified",
            format_args!(
                "{} proofs, {} signatures, {} heads{rebuilt}",
                grouped(checks.proofs),
                grouped(checks.signatures),
                grouped(checks.heads)
            ),
        )?;
        let more = [
            (counts.duplicates, "sent before"),
            (counts.retries, "sent again without an answer"),
            (counts.refused, "refused"),
            (counts.unserved, "not served"),
            (counts.warm_up, "in the warm-up"),
        ];
        let more = more.iter().filter(|(count, _)| *count > 0);
        let more = more.map(|(count, what)| format!(", {} {what}", grouped(*count)));
        let more: String = more.collect();
        self.row(
            "adds",
            format_args!("{}{more}", grouped(counts.acknowledged)),
        )
    }

    fn throughput(&mut self, report: &Report) -> fmt::Result {
        let throughput = &report.throughput;
        let write = match throughput.of_write_floor {
            Some(share) => format!(", {:.1}% of the disk's", share * 100.0),
            None => String::new(),
        };
        self.row(
            "throughput",
            format_args!(
                "{} adds/s, {:.1} MB/s{write}; {:.1}% of one core's leaf hashes",
                grouped(throughput.adds_per_second.round() as u64),
                throughput.megabytes_per_second,
                throughput.of_leaf_hash_floor * 100.0
            ),
        )
    }

    fn latency(&mut self, report: &Report) -> fmt::Result {
        self.row(
            "",
            format_args!(
                "{:>10} {:>10} {:>10} {:>10} {:>10}",
                "p50", "p90", "p99", "p99.9", "max"
            ),
        )?;
        self.times("latency ms", &report.latency_ms)?;
        if report.load.rate.is_some() {
            self.times("service ms", &report.service_ms)?;
            self.times("late ms", &report.late_start_ms)?;
        }
        let latency = &report.latency_ms;
        match (latency.p50_over_flush_floor, latency.p99_over_flush_floor) {
            (Some(p50), Some(p99)) => self.row(
                "of floor",
                format_args!("{:>9.1}x {:>10} {:>9.1}x", p50, "", p99),
            ),
            _ => Ok(()),
        }
    }

    fn times(&mut self, name: &str, times: &Latency) -> fmt::Result {
        self.row(
            name,
            format_args!(
                "{:>10.3} {:>10.3} {:>10.3} {:>10.3} {:>10.3}",
                times.p50, times.p90, times.p99, times.p999, times.max
            ),
        )
    }

    fn processor(&mut self, report: &Report) -> fmt::Result {
        let processor = &report.processor;
        let service = match processor.service_microseconds_per_add {
            Some(service) => format!(", {service:.1} of them the service's"),
            None => String::new(),
        };
        self.row(
            "processor",
            format_args!(
                "{:.1} µs an add{service}; making and judging {:.1} µs ({:.1} s user, {:.1} s system)",
                processor.microseconds_per_add,
                processor.hammer_microseconds_per_add,
                processor.user_seconds,
                processor.system_seconds
            ),
        )?;
        let peak = report.memory.peak_bytes.unwrap_or_default();
        self.row(
            "memory",
            format_args!(
                "{:.1} MB at most, {:.1} MB of it the hammer's books",
                peak as f64 / 1e6,
                report.memory.books_bytes as f64 / 1e6
            ),
        )
    }

    fn disk(&mut self, report: &Report) -> fmt::Result {
        let Some(disk) = &report.disk else {
            return Ok(());
        };
        self.row(
            "disk",
            format_args!(
                "{:.1} bytes an entry, {:.1} in blocks",
                disk.apparent_bytes_per_entry, disk.allocated_bytes_per_entry
            ),
        )?;
        let kinds = [
            ("tiles", disk.kinds.tiles),
            ("entries", disk.kinds.entries),
            ("rest", disk.kinds.rest),
        ];
        for (name, space) in kinds {
            let Space {
                files,
                apparent_bytes,
                allocated_bytes,
            } = space;
            self.row(
                "",
                format_args!(
                    "{name:<8} {:>10.3} MB, {:>10.3} MB in blocks, {} files",
                    apparent_bytes as f64 / 1e6,
                    allocated_bytes as f64 / 1e6,
                    grouped(files)
                ),
            )?;
        }
        Ok(())
    }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
