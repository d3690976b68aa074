//! Whoever logs in at a terminal, in the words that the originals have for it.

use std::io;

use tokio::sync::oneshot;
use waxwing_client::login::{News, Person};
use zeroize::Zeroizing;

use crate::{Environment, Output, browser, prompt};

/// Somebody at the terminal that `output` goes to.
#[derive(Debug)]
pub struct AtTerminal<'a> {
    /// Where they read.
    pub output: &'a mut Output,
    /// Which browser they have.
    pub environment: &'a Environment,
}

impl Person for AtTerminal<'_> {
    async fn open(&mut self, url: &str) -> Result<(), String> {
        browser::open(url, self.environment).await
    }

    fn tell(&mut self, news: News<'_>) {
        // All of it stands beside the result, which is what scripts read.
        match news {
            News::Opened { url } => self
                .output
                .note(&format!("Your browser will now be opened to:\n{url}")),
            News::NoBrowser { reason } => {
                self.output
                    .note(&format!("error opening browser: {reason}"));
            }
            News::NotBack => self.output.note("The browser did not come back."),
            News::Link { url } => self.output.note(&format!(
                "Go to the following link in a browser:\n\n\t {url}"
            )),
            News::Device {
                user_code,
                url,
                seconds,
            } => {
                self.output.note(&format!(
                    "Enter the verification code {user_code} in your browser at: {url}"
                ));
                self.output
                    .note(&format!("Code will be valid for {seconds} seconds"));
            }
            News::Received => self.output.note("Token received!"),
        }
    }

    async fn code(&mut self) -> io::Result<Zeroizing<String>> {
        // Reading a line cannot be given up; a thread of its own lets the program end meanwhile.
        let (sender, line) = oneshot::channel();
        std::thread::spawn(move || sender.send(prompt::line("Enter verification code: ")));
        line.await.unwrap_or_else(|_| Ok(Zeroizing::default()))
    }
}
