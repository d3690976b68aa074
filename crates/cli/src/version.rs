//! `version` of each tool: which program this is, in the fields that scripts read.

use clap::Args;
use serde::Serialize;

use crate::Output;

/// Print the version
#[derive(Debug, Args)]
pub struct Version {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    git_version: String,
    git_commit: &'static str,
    git_tree_state: &'static str,
    build_date: &'static str,
    go_version: &'static str,
    compiler: &'static str,
    platform: String,
}

impl Version {
    /// Prints it; `purpose` is the line above, `cosign: files are signed and verified by waxwing`.
    pub fn run(&self, purpose: &str, output: &mut Output) -> anyhow::Result<()> {
        let told = Told {
            git_version: format!("v{}", env!("CARGO_PKG_VERSION")),
            git_commit: "unknown",
            git_tree_state: "unknown",
            build_date: "unknown",
            go_version: "none",
            compiler: "rustc",
            platform: format!("{}/{}", std::env::consts::OS, architecture()),
        };
        if self.json {
            output.json(&told)?;
            return Ok(());
        }
        output.line(&format!("{purpose}\n"))?;
        for (name, value) in [
            ("GitVersion", told.git_version.as_str()),
            ("GitCommit", told.git_commit),
            ("GitTreeState", told.git_tree_state),
            ("BuildDate", told.build_date),
            ("GoVersion", told.go_version),
            ("Compiler", told.compiler),
            ("Platform", told.platform.as_str()),
        ] {
            output.line(&format!("{:<15}{value}", format!("{name}:")))?;
        }
        Ok(())
    }
}

/// The processor, by the name that Go has for it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}
