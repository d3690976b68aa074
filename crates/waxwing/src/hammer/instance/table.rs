//! The report as a person reads it.

use std::fmt;

use super::report::{Report, ServiceReport};
use crate::hammer::table::grouped;

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = &self.machine;
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
        row(
            formatter,
            "machine",
            format_args!(
                "{}, {} cores, Linux {}, {}",
                known(&machine.processor),
                machine.cores.unwrap_or_default(),
                known(&machine.kernel),
                known(&machine.file_system)
            ),
        )?;
        let floors = &self.floors;
        row(
            formatter,
            "floors",
            format_args!(
                "P-256 {} signed or {} verified a second, tokens {} ({}); flush of 4 KiB {:.3} ms (p99 {:.3})",
                grouped(floors.sign_per_second as u64),
                grouped(floors.verify_per_second as u64),
                grouped(floors.verify_token_per_second as u64),
                floors.token_algorithm,
                floors.flush_ms_p50,
                floors.flush_ms_p99
            ),
        )?;
        let (instance, load) = (&self.instance, &self.load);
        row(
            formatter,
            "instance",
            format_args!("{} at {}", instance.place, instance.url),
        )?;
        if let (Some(ready), Some(is_new)) = (instance.ready_ms, instance.was_new) {
            let what = if is_new { "new" } else { "existing" };
            let idle = instance.idle_bytes.map(megabytes).unwrap_or_default();
            row(
                formatter,
                "start",
                format_args!("{what}, ready in {ready:.0} ms, idle with {idle:.1} MB"),
            )?;
        }
        row(
            formatter,
            "load",
            format_args!(
                "{}, {} connections, {} s after {} s of warm-up",
                if load.mode == "mix" {
                    "all services at once"
                } else {
                    "each service alone"
                },
                load.outstanding,
                load.seconds,
                load.warm_up_seconds
            ),
        )?;
        writeln!(
            formatter,
            "\n{:<8} {:>10} {:>9} {:>10} {:>9} {:>10} {:>10} {:>9} {:>8} {:>8}",
            "",
            "answers",
            "a second",
            "raw floor",
            "of floor",
            "server µs",
            "raw µs",
            "hammer µs",
            "p50 ms",
            "p99 ms"
        )?;
        for service in &self.services {
            service.row(formatter)?;
        }
        writeln!(formatter)?;
        if let Some(together) = &self.together {
            row(
                formatter,
                "together",
                format_args!(
                    "{} answers, {} a second; of all processors the server had {:.0}%, the hammer {:.0}%; \
                     the server {:.2} times its raw signatures",
                    grouped(together.answers),
                    grouped(together.per_second as u64),
                    together.server_share * 100.0,
                    together.hammer_share * 100.0,
                    together.server_over_floor
                ),
            )?;
        }
        if let Some(memory) = &self.memory {
            row(
                formatter,
                "memory",
                format_args!(
                    "{}: {:.1} MB in the first third, {:.1} in the last ({} samples), {:.1} at most",
                    if memory.flat { "flat" } else { "NOT FLAT" },
                    memory.first_third_bytes / 1e6,
                    memory.last_third_bytes / 1e6,
                    memory.samples,
                    memory.peak_bytes.map(megabytes).unwrap_or_default()
                ),
            )?;
        }
        for log in &self.logs {
            row(
                formatter,
                log.name,
                format_args!(
                    "all {} promised entries are at their indexes, and {} heads are beginnings of the \
                     log, which has {} entries",
                    grouped(log.promised),
                    grouped(log.heads),
                    grouped(log.size)
                ),
            )?;
        }
        Ok(())
    }
}

impl ServiceReport {
    fn row(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |time: Option<f64>| time.map_or_else(|| "-".into(), |time| format!("{time:.0}"));
        write!(
            formatter,
            "{:<8} {:>10} {:>9} {:>10} {:>8.1}% {:>10} {:>10.0} {:>9} {:>8.2} {:>8.2}",
            self.name,
            grouped(self.answers),
            grouped(self.per_second as u64),
            grouped(self.floor_per_second as u64),
            self.of_floor * 100.0,
            one(self.server_microseconds),
            self.floor_microseconds,
            one(self.hammer_microseconds),
            self.latency_ms.p50,
            self.latency_ms.p99
        )?;
        if let Some(ratio) = self.server_over_floor {
            write!(formatter, "   ratio {ratio:.2}")?;
        }
        for (count, what) in [(self.refused, "refused"), (self.retries, "sent again")] {
            if count > 0 {
                write!(formatter, ", {} {what}", grouped(count))?;
            }
        }
        writeln!(formatter)
    }
}

fn row(formatter: &mut fmt::Formatter<'_>, name: &str, text: fmt::Arguments<'_>) -> fmt::Result {
    writeln!(formatter, "{name:<10} {text}")
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
