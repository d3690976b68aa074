//! Words as a POSIX shell reads them.

/// The word in single quotes, whatever is in it.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The command as a person pastes it into a shell: words that a shell would read otherwise stand in
/// single quotes.
pub(crate) fn line(words: &[String]) -> String {
    let plain = |word: &str| {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
        !word.is_empty() && word.bytes().all(harmless)
    };
    let words = words.iter().map(|word| match plain(word) {
        true => word.clone(),
        false => quoted(word),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_the_shell() {
        let words = ["cosign", "a b", "it's", "", "$(x)", "plain-1.0"].map(str::to_owned);
        assert_eq!(line(&words), r"cosign 'a b' 'it'\''s' '' '$(x)' plain-1.0");
    }
}
