//! A browser: keeps cookies, follows redirects, fills forms in.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

const PASSWORD: &str = "correct horse";

#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

pub(crate) struct Page {
    /// Where the redirects ended.
    pub(crate) url: String,
    pub(crate) body: String,
}

impl Browser {
    /// Opens `url` and logs in there as `name`: fills in every form that comes, until a page has none.
    pub(crate) fn log_in(&mut self, url: &str, name: &str) -> Page {
        let mut page = self.visit(url, None);
        for _ in 0..8 {
            let Some((action, fields)) = page.form(name) else {
                return page;
            };
            page = self.visit(&joined(&page.url, &action), Some(&fields));
        }
        panic!("forms without an end: {}", page.body);
    }

    fn visit(&mut self, url: &str, form: Option<&str>) -> Page {
        let (mut url, mut form) = (url.to_owned(), form);
        for _ in 0..12 {
            let (head, body) = self.exchange(&url, form);
            let header = |name: &str| {
                let lines = head.lines().filter_map(|line| line.split_once(": "));
                lines
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_owned())
                    .collect::<Vec<_>>()
            };
            for cookie in header("set-cookie") {
                let pair = cookie.split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            match header("location").first() {
                // There is nobody to ask; what is to be known stands in the address.
                Some(location) if location.starts_with("urn:") => {
                    let url = location.clone();
                    return Page { url, body };
                }
                Some(location) => url = joined(&url, location),
                None => return Page { url, body },
            }
            form = None;
        }
        panic!("redirects without an end, at last to {url}");
    }

    fn exchange(&self, url: &str, form: Option<&str>) -> (String, String) {
        let rest = url.strip_prefix("http://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let path = path.split('#').next().unwrap();
        let mut stream =
            TcpStream::connect(authority).unwrap_or_else(|error| panic!("{url}: {error}"));
        let method = if form.is_some() { "POST" } else { "GET" };
        let form = form.unwrap_or_default();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            cookies.join("; "),
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        read.unwrap_or_else(|error| panic!("{url}: {error}, after {answer:?}"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

impl Page {
    /// Where the first form of the page goes, and what is in it once it is filled in.
    fn form(&self, name: &str) -> Option<(String, String)> {
        let (_, form) = self.body.split_once("<form")?;
        let (form, _) = form.split_once("</form>")?;
        let action = attribute(form.split('>').next()?, "action")?;
        let mut fields = Vec::new();
        for input in form.split("<input").skip(1) {
            let input = input.split('>').next().unwrap();
            let Some(field) = attribute(input, "name") else {
                continue;
            };
            let value = match field.as_str() {
                "login" => name.to_owned(),
                "password" => PASSWORD.to_owned(),
                _ => attribute(input, "value").unwrap_or_default(),
            };
            fields.push(format!("{field}={}", encoded(&value)));
        }
        Some((action, fields.join("&")))
    }

    /// What stands between two texts.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self.body.split_once(before).unwrap();
        rest.split_once(after).unwrap().0
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split_once('"')?.0;
    Some(value.replace("&amp;", "&"))
}

fn joined(base: &str, location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let host = base.find('/').unwrap() + 2;
    let end = base[host..].find('/').map_or(base.len(), |at| host + at);
    format!("{}{location}", &base[..end])
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(byte.into());
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
