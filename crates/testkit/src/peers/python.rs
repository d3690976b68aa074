//! Many questions to one run of sigstore-python, which needs half a second to start.

use std::fs;
use std::path::absolute;

use serde_json::{Value, json};

use super::{Installed, Peer, Question, Verdict, command, process, repository};

impl Installed {
    /// Asks sigstore-python all of these in one process, by the steps of its own command.
    ///
    /// # Panics
    ///
    /// When this is another peer, or does not answer every question.
    pub fn ask_all(&self, questions: &[Question<'_>]) -> Vec<Verdict> {
        assert_eq!(self.peer, Peer::SigstorePython, "the others start quickly");
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let text = |path| {
            let path = absolute(path).expect("the working directory is known");
            path.display().to_string()
        };
        let asked = questions.iter().map(|Question { case, .. }| {
            let root = fs::read_to_string(case.trusted_root);
            let root = root.expect("the trusted root can be read");
            json!({
                "bundle": text(case.bundle),
                "artifact": text(case.artifact),
                "trust_config": command::client_trust_config(&root),
                "identity": case.identity,
                "issuer": case.issuer,
            })
        });
        let asked = Value::from_iter(asked).to_string();
        let line = [
            self.home.join("bin/python").display().to_string(),
            text(&repository().join("tests/peers/verify_many.py")),
        ];
        let finished = process::run(&line, home.path(), asked.as_bytes());
        let errors = String::from_utf8_lossy(&finished.stderr);
        assert_eq!(finished.code, Some(0), "{errors}");
        let answers: Vec<Value> =
            serde_json::from_slice(&finished.stdout).expect("it prints one list");
        assert_eq!(answers.len(), questions.len(), "{errors}");
        let verdicts = answers.into_iter().map(|answer| {
            let accepted = answer["accepted"] == true;
            Verdict {
                accepted,
                code: Some(if accepted { 0 } else { 1 }),
                output: answer["output"].as_str().unwrap_or_default().to_owned(),
            }
        });
        verdicts.collect()
    }
}
