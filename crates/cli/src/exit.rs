//! The one table of exit codes, which are cosign's; scripts compare them.
//!
//! ```text
//! 0  success    1  failure    2  it could not be found out    10 to 13  why `cosign verify` found no valid signature
//! ```

use std::process::{ExitCode, Termination};

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All went well.
    Success,
    /// Anything that has no code of its own, a wrong command line included.
    Failure,
    /// A check could not be made, so that nothing is known of what was to be checked: as in fsck.
    Undecided,
    /// The image has no signature.
    NoSignature,
    /// There is no such image.
    NoImage,
    /// None of the signatures is the one asked for.
    NoMatchingSignature,
    /// The signature has no certificate.
    NoCertificate,
}

impl Exit {
    /// The code that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Undecided => 2,
            Self::NoSignature => 10,
            Self::NoImage => 11,
            Self::NoMatchingSignature => 12,
            Self::NoCertificate => 13,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_cosigns() {
        let codes = [
            (Exit::Success, 0),
            (Exit::Failure, 1),
            (Exit::Undecided, 2),
            (Exit::NoSignature, 10),
            (Exit::NoImage, 11),
            (Exit::NoMatchingSignature, 12),
            (Exit::NoCertificate, 13),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code);
        }
    }
}
