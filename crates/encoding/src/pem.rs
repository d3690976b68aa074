//! PEM (RFC 7468): written strictly, read as Go's `pem.Decode` reads it.
//!
//! ```text
//! -----BEGIN PUBLIC KEY-----
//! MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…
//! -----END PUBLIC KEY-----
//! ```
//!
//! The reader skips text before, between and after blocks and takes a body of any line length
//! (sigstore-java sends one single line). It refuses a block without an end, a label that ends
//! otherwise than it began, and a body that is not base64. Blocks with headers (`Proc-Type: …`) are
//! refused too: nothing here reads legacy encrypted keys, and a header must not vanish unseen.

use crate::base64;

/// One block: its label and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The words after `BEGIN`, for example `CERTIFICATE`.
    pub label: String,
    /// The decoded body.
    pub der: Vec<u8>,
}

/// Why a text holds no readable block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// No `-----BEGIN …-----` line.
    #[error("no PEM block: expected a line -----BEGIN …-----")]
    NoBlock,
    /// The block is not closed by the end line of its own label.
    #[error("the PEM block {label} has no line -----END {label}-----")]
    NoEnd {
        /// The label of the open block.
        label: String,
    },
    /// The block begins with RFC 1421 headers.
    #[error("the PEM block {label} has headers (legacy encryption?), which are not read")]
    Headers {
        /// The label of the block.
        label: String,
    },
    /// The body is not base64.
    #[error("the body of the PEM block {label} is {source}")]
    Body {
        /// The label of the block.
        label: String,
        /// What is wrong with it.
        source: base64::Base64Error,
    },
    /// More blocks than the caller allows.
    #[error("more than {limit} PEM blocks")]
    TooMany {
        /// The largest number allowed.
        limit: usize,
    },
}

/// Writes one block, 64 characters a line, with a final newline.
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = base64::encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Reads the first block.
pub fn decode(text: &str) -> Result<Block, PemError> {
    next_block(text)?
        .map(|(block, _)| block)
        .ok_or(PemError::NoBlock)
}

/// Reads every block, at least one and at most `limit`.
pub fn decode_all(text: &str, limit: usize) -> Result<Vec<Block>, PemError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = next_block(rest)? {
        if blocks.len() == limit {
            return Err(PemError::TooMany { limit });
        }
        blocks.push(block);
        rest = after;
    }
    if blocks.is_empty() {
        return Err(PemError::NoBlock);
    }
    Ok(blocks)
}

fn next_block(text: &str) -> Result<Option<(Block, &str)>, PemError> {
    let mut rest = text;
    let label = loop {
        let Some((line, after)) = next_line(rest) else {
            return Ok(None);
        };
        rest = after;
        let label = line
            .strip_prefix("-----BEGIN ")
            .and_then(|line| line.strip_suffix("-----"));
        if let Some(label) = label {
            break label.to_owned();
        }
    };
    let end = format!("-----END {label}-----");
    let mut body = String::new();
    loop {
        let Some((line, after)) = next_line(rest) else {
            return Err(PemError::NoEnd { label });
        };
        rest = after;
        if line == end {
            break;
        }
        if line.starts_with("-----") {
            return Err(PemError::NoEnd { label });
        }
        if line.contains(':') {
            return Err(PemError::Headers { label });
        }
        body.extend(
            line.chars()
                .filter(|character| !character.is_ascii_whitespace()),
        );
    }
    match base64::decode(&body) {
        Ok(der) => Ok(Some((Block { label, der }, rest))),
        Err(source) => Err(PemError::Body { label, source }),
    }
}

/// The next line without its end and trailing white space, and what follows it.
fn next_line(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    Some((line.trim_end(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for length in [0, 1, 47, 48, 49, 200] {
            let der: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let text = encode("CERTIFICATE", &der);
            assert!(text.lines().all(|line| line.len() <= 64), "{text}");
            let block = Block {
                label: "CERTIFICATE".into(),
                der,
            };
            assert_eq!(decode(&text), Ok(block));
        }
    }

    #[test]
    fn text_around_blocks_and_long_lines_are_read() {
        let body = base64::encode(&[7; 100]);
        let text = format!(
            "subject=CN = one\n-----BEGIN A-----\r\n{body}\r\n-----END A-----\nand\n{}trailing",
            encode("B", &[1])
        );
        let blocks = decode_all(&text, 2).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].der, vec![7; 100]);
        assert_eq!(blocks[1].label, "B");
        assert_eq!(decode_all(&text, 1), Err(PemError::TooMany { limit: 1 }));
    }

    #[test]
    fn refusals_name_the_rule() {
        assert_eq!(decode("no block"), Err(PemError::NoBlock));
        let label = || "A".to_owned();
        for text in [
            "-----BEGIN A-----\nAQI=\n",
            "-----BEGIN A-----\nAQI=\n-----END B-----\n",
        ] {
            assert_eq!(
                decode(text),
                Err(PemError::NoEnd { label: label() }),
                "{text}"
            );
        }
        assert_eq!(
            decode("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAQI=\n-----END A-----\n"),
            Err(PemError::Headers { label: label() })
        );
        assert!(matches!(
            decode("-----BEGIN A-----\nAQI\n-----END A-----\n"),
            Err(PemError::Body { .. })
        ));
    }
}
