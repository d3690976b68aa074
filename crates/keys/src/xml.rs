//! The little XML that AWS answers with: a reader that knows elements, text and the five entities.
//!
//! ```text
//! <ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>…</Message></Error></ErrorResponse>
//! ```

use zeroize::Zeroizing;

/// The code and the message of a refusal, which are in XML too.
pub(crate) fn refusal(xml: &str) -> Option<String> {
    let error = element(xml, "Error").unwrap_or(xml);
    let code = unescaped(element(error, "Code")?)?;
    let message = element(error, "Message").and_then(unescaped);
    Some(match message {
        Some(message) => format!("{}: {}", *code, *message),
        None => code.to_string(),
    })
}

/// What stands between the first `<name>` and the `</name>` after it. An element of that name inside itself does not
/// occur in these answers.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = xml;
    loop {
        let (_, from) = rest.split_once('<')?;
        rest = from;
        let Some(after) = from.strip_prefix(name) else {
            continue;
        };
        let content = match after.chars().next()? {
            '>' => after.strip_prefix('>')?,
            ' ' | '\t' | '\r' | '\n' => {
                let (attributes, content) = after.split_once('>')?;
                match attributes.ends_with('/') {
                    true => continue,
                    false => content,
                }
            }
            _ => continue,
        };
        let (content, _) = content.split_once(&format!("</{name}>"))?;
        return Some(content);
    }
}

/// Text with its entities in letters; `None` if there is an element in it, or another entity.
pub(crate) fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let mut written = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.trim();
    while let Some(place) = rest.find(['&', '<']) {
        let (before, from) = rest.split_at_checked(place)?;
        written.push_str(before);
        let (entity, after) = from.strip_prefix('&')?.split_once(';')?;
        written.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        });
        rest = after;
    }
    written.push_str(rest);
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_words() {
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code>\
                   <Message>it &quot;ended&quot;</Message></Error></ErrorResponse>";
        assert_eq!(
            refusal(xml).as_deref(),
            Some("ExpiredTokenException: it \"ended\"")
        );
        assert_eq!(refusal("no"), None);
    }
}
