//! What the program says of itself while it runs, where the original says it.
//!
//! ```text
//! 2026-11-28T21:00:00Z  INFO  listening on grpc at 127.0.0.1:8081          dev, standard output
//! {"severity":"info","ts":1764363600.0,"message":"listening on grpc at …"}   prod, standard error
//! ```
//!
//! Requests have the lines of [`RequestLog`], in words or in JSON, at the same place.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use waxwing_cli::Surroundings;
use waxwing_encoding::time::Clock;
use waxwing_serve::{LogFormat, RequestLog};

/// The log. Clones write to the same place.
#[derive(Clone)]
pub(super) struct Journal {
    is_production: bool,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Line<'a> {
    severity: &'a str,
    ts: f64,
    message: &'a str,
}

impl Journal {
    /// The log of `--log_type`: whatever is not `prod` is `dev`.
    pub(super) fn new(log_type: &str, clock: &Arc<dyn Clock>) -> Self {
        Self {
            is_production: log_type == "prod",
            clock: Arc::clone(clock),
        }
    }

    pub(super) fn info(&self, text: &str) {
        self.say("info", text);
    }

    pub(super) fn warn(&self, text: &str) {
        self.say("warn", text);
    }

    /// A line for each request, beside these.
    pub(super) fn requests(&self, surroundings: &Surroundings<'_>) -> RequestLog {
        let format = match self.is_production {
            true => LogFormat::Json,
            false => LogFormat::Text,
        };
        let clock = Arc::clone(&self.clock);
        RequestLog::new(format, self.writer(), clock, &*surroundings.random)
    }

    fn say(&self, severity: &str, message: &str) {
        let now = self.clock.now();
        let line = match self.is_production {
            false => format!("{now}\t{}\t{message}", severity.to_uppercase()),
            true => {
                let ts = now.milliseconds() as f64 / 1000.0;
                let line = Line {
                    severity,
                    ts,
                    message,
                };
                // Texts and a number can always be written.
                serde_json::to_string(&line).unwrap_or_default()
            }
        };
        // Nobody may be listening, and there is nowhere else to say it.
        let mut writer = self.writer();
        let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
    }

    fn writer(&self) -> Box<dyn Write + Send> {
        match self.is_production {
            true => Box::new(io::stderr()),
            false => Box::new(io::stdout()),
        }
    }
}
