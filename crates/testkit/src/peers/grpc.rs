//! grpcio, Python's client of gRPC, with the messages that protoc makes of the originals' `.proto` files.
//!
//! It runs `tests/peers/grpc_client.py`, which says what goes in and comes out.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{installed, process, repository};

/// grpcio if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`, as [`super::require`].
pub fn require() -> Option<Grpc> {
    let (home, _) = installed("grpc")?;
    Some(Grpc { home })
}

/// The client.
#[derive(Clone, Debug)]
pub struct Grpc {
    home: PathBuf,
}

/// One call of a method.
#[derive(Clone, Debug)]
pub struct Call(Value);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status, as grpcio names it: `OK`, `INVALID_ARGUMENT`.
    pub code: String,
    /// The status' message.
    pub message: String,
    /// The answer in ProtoJSON; null without one.
    pub answer: Value,
    /// What came before the status.
    pub metadata: Value,
    /// Each `google.rpc.ErrorInfo` in the status' details.
    pub reasons: Vec<Value>,
}

/// What the server tells of itself, beside what the originals' files say.
#[derive(Clone, Debug)]
pub struct Reflected {
    /// The services that it names.
    pub services: Vec<String>,
    /// How many facts were compared.
    pub compared: u64,
    /// What is not as the originals have it.
    pub differences: Vec<String>,
}

impl Call {
    /// A method, `package.Service/Method`, with a message in ProtoJSON.
    pub fn new(method: &str, request: &Value) -> Self {
        Self(json!({"method": method, "request": request}))
    }

    /// A method with bytes, in base64, that need not be a message.
    pub fn raw(method: &str, base64: &str) -> Self {
        Self(json!({"method": method, "raw": base64}))
    }

    /// With this metadata.
    #[must_use]
    pub fn with(mut self, metadata: &[(&str, &str)]) -> Self {
        self.0["metadata"] = json!(metadata);
        self
    }

    /// Compressed.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.0["gzip"] = json!(true);
        self
    }
}

impl Grpc {
    /// Calls the server at `target`, a host and a port or a Unix socket, in the order given, over one connection: in the
    /// clear, or with TLS by a certificate that these roots (a PEM file) vouch for.
    ///
    /// # Panics
    ///
    /// When the script fails: what a server refuses is an answer.
    pub fn call(&self, target: &str, roots: Option<&Path>, calls: &[Call]) -> Vec<Answered> {
        let answers = self.run(target, roots, calls, false);
        let answers = answers["calls"].as_array().expect("a list");
        assert_eq!(answers.len(), calls.len());
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let answers = answers.iter().map(|answer| Answered {
            code: text(&answer["code"]),
            message: text(&answer["message"]),
            answer: answer["answer"].clone(),
            metadata: answer["metadata"].clone(),
            reasons: answer["reasons"].as_array().expect("a list").clone(),
        });
        answers.collect()
    }

    /// Asks the server at `target` for its own descriptors, and compares.
    ///
    /// # Panics
    ///
    /// As above.
    pub fn reflect(&self, target: &str) -> Reflected {
        let answers = self.run(target, None, &[], true);
        let reflected = &answers["reflected"];
        let texts = |value: &Value| {
            let list = value.as_array().expect("a list").iter();
            list.map(|one| one.as_str().expect("a text").to_owned())
                .collect()
        };
        Reflected {
            services: texts(&reflected["services"]),
            compared: reflected["compared"].as_u64().expect("a number"),
            differences: texts(&reflected["differences"]),
        }
    }

    fn run(&self, target: &str, roots: Option<&Path>, calls: &[Call], reflect: bool) -> Value {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let roots = roots.map(|path| fs::read_to_string(path).expect("the roots can be read"));
        let question = json!({
            "target": target,
            "protos": self.home.join("protos"),
            "roots": roots,
            "reflect": reflect,
            "calls": calls.iter().map(|call| &call.0).collect::<Vec<_>>(),
        });
        let line = [
            self.home.join("bin/python").display().to_string(),
            repository()
                .join("tests/peers/grpc_client.py")
                .display()
                .to_string(),
        ];
        let finished = process::run(&line, home.path(), question.to_string().as_bytes());
        let errors = String::from_utf8_lossy(&finished.stderr);
        assert_eq!(finished.code, Some(0), "{errors}");
        serde_json::from_slice(&finished.stdout).expect("it prints one value")
    }
}
