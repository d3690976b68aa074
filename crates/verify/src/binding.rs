//! Step 7: the entries of step 1 are about exactly this signature. It comes last, when it is known what
//! was signed and how; and with it what else an entry must not contradict.

use waxwing_entries::binding::{self, VerifiedSignature};
use waxwing_pki::Certificate;

use crate::log::{EntryError, EntryRefused, ProvenEntry, VerifiedEntry, refuse};
use crate::time::VerifiedTime;

/// Every proven entry is about this signature, whatever the number that was required.
pub(crate) fn bind(
    proven: &[ProvenEntry<'_>],
    signature: &VerifiedSignature<'_>,
) -> Result<Vec<VerifiedEntry>, EntryRefused> {
    let mut verified = Vec::new();
    for ProvenEntry {
        entry,
        log,
        promised_time,
    } in proven
    {
        let (kind, version) = (&entry.kind, &entry.version);
        binding::check(kind, version, &entry.canonicalized_body, signature)
            .map_err(|error| refuse(entry, log, error.into()))?;
        verified.push(VerifiedEntry {
            log: log.base_url.clone(),
            log_index: (entry.is_of_rekor_v2() || promised_time.is_some())
                .then_some(entry.log_index),
            time: *promised_time,
        });
    }
    Ok(verified)
}

/// Every time lies in the window of every log that counts.
pub(crate) fn check_windows(
    proven: &[ProvenEntry<'_>],
    times: &[VerifiedTime],
) -> Result<(), EntryRefused> {
    for ProvenEntry { entry, log, .. } in proven {
        let outside = times.iter().find(|time| !log.valid_for.contains(time.time));
        if let Some(VerifiedTime { time, .. }) = outside {
            return Err(refuse(entry, log, EntryError::Window { time: *time }));
        }
    }
    Ok(())
}

/// An integrated time that no promise covers is no witness; but one outside the certificate's
/// validity contradicts the rest, and is refused as other clients refuse it.
pub(crate) fn check_unsigned_times(
    proven: &[ProvenEntry<'_>],
    certificate: &Certificate,
) -> Result<(), EntryRefused> {
    for ProvenEntry { entry, log, .. } in proven {
        if let Some(time) = entry.integrated_time
            && (time < certificate.not_before() || time > certificate.not_after())
        {
            return Err(refuse(entry, log, EntryError::IntegratedTime { time }));
        }
    }
    Ok(())
}
