//! How much proof is demanded.

/// How many witnesses of each kind must have spoken, each counted once however often it speaks: logs
/// and authorities by their operator where the trusted root names one, else each by itself.
///
/// The numbers only ever rise; to leave a check out takes a name with `dangerous` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    pub(crate) times: usize,
    /// The same for a key known beforehand, which needs none unless times were asked for.
    pub(crate) times_of_keys: usize,
    pub(crate) timestamps: usize,
    pub(crate) log_times: usize,
    pub(crate) signed_certificate_timestamps: usize,
    pub(crate) certificates_only: bool,
    pub(crate) log_entries: usize,
    pub(crate) current_time: bool,
    pub(crate) promises: bool,
    pub(crate) strict_log_windows: bool,
}

impl Requirements {
    /// One trusted time, of a timestamp authority or under a log's promise; one CT log; one
    /// transparency log. Signatures by a key known beforehand need neither time nor CT log.
    pub fn public_good() -> Self {
        Self {
            times: 1,
            times_of_keys: 0,
            timestamps: 0,
            log_times: 0,
            signed_certificate_timestamps: 1,
            certificates_only: false,
            log_entries: 1,
            current_time: false,
            promises: false,
            strict_log_windows: false,
        }
    }

    /// So many trusted times, of timestamp authorities and logs together; now also for a key known
    /// beforehand.
    pub fn times(mut self, count: usize) -> Self {
        self.times = count.max(1);
        self.times_of_keys = count;
        self
    }

    /// So many times of distinct timestamp authorities, in any case.
    pub fn timestamps(mut self, count: usize) -> Self {
        self.timestamps = count;
        self
    }

    /// So many times of distinct transparency logs, in any case.
    pub fn log_times(mut self, count: usize) -> Self {
        self.log_times = count;
        self
    }

    /// So many distinct CT logs that promised to publish the certificate. A bundle without a
    /// certificate is refused from now on: to pass it would leave out what was asked for.
    pub fn signed_certificate_timestamps(mut self, count: usize) -> Self {
        self.signed_certificate_timestamps = count.max(1);
        self.certificates_only = true;
        self
    }

    /// So many distinct transparency logs with an entry for the signature.
    pub fn log_entries(mut self, count: usize) -> Self {
        self.log_entries = count.max(1);
        self
    }

    /// Every established time must lie in the window of each log that counts. Checkpoints carry no
    /// time that could be trusted, so that without this a log's window is compared with the time
    /// under its promise alone.
    pub fn strict_log_windows(mut self) -> Self {
        self.strict_log_windows = true;
        self
    }

    /// Certificates without any trusted time are verified at the present one
    /// ([`Policy::at`](crate::Policy::at)): for private authorities whose certificates last.
    pub fn or_current_time(mut self) -> Self {
        self.current_time = true;
        self
    }

    /// No CT log need have promised anything: for private authorities that run none.
    pub fn dangerously_without_certificate_transparency(mut self) -> Self {
        self.signed_certificate_timestamps = 0;
        self
    }

    /// No transparency log need hold the signature. Whoever steals a key or fools an authority then
    /// leaves no trace.
    pub fn dangerously_without_log_entries(mut self) -> Self {
        self.log_entries = 0;
        self
    }

    /// In bundles of version 0.1 a log's promise suffices where a proof with a checkpoint is missing:
    /// for releases of 2022. Since nothing signs the version, this lets a log promise and never keep.
    pub fn dangerously_accept_promises(mut self) -> Self {
        self.promises = true;
        self
    }
}
