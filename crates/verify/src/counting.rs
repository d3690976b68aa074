//! Counting witnesses, and telling why others do not count.

/// How many different speakers there are; sorts them.
pub(crate) fn distinct(speakers: &mut Vec<&[u8]>) -> usize {
    speakers.sort_unstable();
    speakers.dedup();
    speakers.len()
}

/// Reasons in brackets, for the end of a message.
pub(crate) fn reasons<E: std::fmt::Display>(refused: &[E]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = refused.iter().map(ToString::to_string).collect();
    format!(" ({})", reasons.join("; "))
}
