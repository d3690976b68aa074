//! A server that answers as a test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The method and the target.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) struct Recorder {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    /// Answers with a status and a body, to which its own URL is known.
    pub(crate) fn start(
        answer: impl Fn(&Asked, &str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (known, kept) = (url.clone(), Arc::clone(&asked));
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (known, kept, answer) = (known.clone(), Arc::clone(&kept), Arc::clone(&answer));
                // One a connection, of which some clients open more than they use.
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(asked) = read(&mut BufReader::new(stream.try_clone().unwrap())) else {
                        return;
                    };
                    let (status, body) = answer(&asked, &known);
                    kept.lock().unwrap().push(asked);
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nmetadata-flavor: Google\r\n\
                         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                    // It may have gone.
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        Self { url, asked }
    }

    /// What was asked since the last time.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let first = lines.remove(0);
    let headers: Vec<(String, String)> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let line = first.rsplit_once(' ').unwrap().0.to_owned();
    let mut asked = Asked {
        line,
        headers,
        body: String::new(),
    };
    let length = asked.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
