//! Whether somebody knows that what they sign becomes public.

use waxwing_cli::{Output, prompt};

const STATEMENT: &str = "
\tWhat you sign becomes public. The identity that you sign as, such as your e-mail address, goes into a
\tcertificate and with your signature into transparency logs, from which nothing can be removed.
\tWhere these are the logs of the public instance, its terms hold:
\thttps://lfprojects.org/policies/hosted-project-tools-terms-of-use/
\thttps://lfprojects.org/policies/hosted-project-tools-immutable-records/

By going on you agree to that, and say that these are nobody else's personal data.";

/// What one command has asked.
#[derive(Debug)]
pub(crate) struct Consent {
    /// `--yes`: it is said, and not asked.
    pub(crate) yes: bool,
    pub(crate) asked: bool,
}

impl Consent {
    /// Says it, once, and asks whether to go on.
    pub(crate) fn ask(&mut self, output: &mut Output) -> anyhow::Result<()> {
        if std::mem::replace(&mut self.asked, true) {
            return Ok(());
        }
        match self.yes {
            true => output.note(STATEMENT),
            false => prompt::confirm(STATEMENT)?,
        }
        Ok(())
    }
}
