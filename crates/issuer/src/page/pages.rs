//! The pages, each from what it shows to what it sends.

use std::time::Duration;

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Issuer;
use crate::page::browser::Browser;
use crate::page::{Html, Page};
use crate::request::authorization::{AuthorizationRequest, Destination};
use crate::state::device::UserCode;

/// What stands in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What went wrong with the last try, shown above the form.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) retry_after: Option<u64>,
}

/// The address of a connector's page for a request.
pub(crate) fn connector_path(issuer: &Issuer, connector: &str, query: &str) -> String {
    let connector = utf8_percent_encode(connector, SEGMENT);
    format!("{}/auth/{connector}?{query}", issuer.path())
}

/// Name and password.
pub(crate) fn login(
    issuer: &Issuer,
    browser: &Browser,
    connector: &str,
    request: &AuthorizationRequest,
    name: &str,
    complaint: Option<&Complaint>,
) -> Page {
    let mut html = Html::new();
    html.raw("<h1>Log in</h1>\n").html(&purpose(request));
    html.html(&complained(complaint));
    html.raw("<form method=\"post\" action=\"")
        .text(&connector_path(issuer, connector, &request.query))
        .raw("\">\n<input type=\"hidden\" name=\"csrf\" value=\"")
        .text(&browser.csrf())
        .raw("\">\n<label for=\"name\">Name or email</label>\n<input id=\"name\" name=\"login\" value=\"")
        .text(name)
        .raw("\" required maxlength=\"200\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"");
    html.raw(if name.is_empty() { " autofocus" } else { "" });
    html.html(&described(complaint)).raw(
        ">\n<label for=\"password\">Password</label>\n<input id=\"password\" name=\"password\" type=\"password\" \
         required maxlength=\"1024\" autocomplete=\"current-password\"",
    );
    html.raw(if name.is_empty() { "" } else { " autofocus" });
    html.html(&described(complaint)).raw(
        ">\n<button type=\"submit\">Log in</button>\n\
         <button type=\"submit\" class=\"second\" name=\"cancel\" value=\"1\" formnovalidate>Cancel</button>\n</form>\n",
    );
    let status = complaint.map_or(StatusCode::OK, |complaint| complaint.status);
    Page::new(status, "Log in", &html, issuer.url())
        .with_form(request.destination.origins())
        .with_cookie(browser.cookie(issuer))
        .with_retry_after(complaint.and_then(|complaint| complaint.retry_after))
}

/// One of several ways to log in.
pub(crate) fn choose(issuer: &Issuer, browser: &Browser, request: &AuthorizationRequest) -> Page {
    let mut html = Html::new();
    html.raw("<h1>How do you want to log in?</h1>\n")
        .html(&purpose(request));
    html.raw("<nav aria-label=\"Ways to log in\">\n");
    for connector in issuer.connectors() {
        html.raw("<a class=\"choice\" href=\"")
            .text(&connector_path(issuer, connector.id(), &request.query))
            .raw("\">With ")
            .text(connector.name())
            .raw("</a>\n");
    }
    html.raw("</nav>\n");
    let heading = "How do you want to log in?";
    Page::new(StatusCode::OK, heading, &html, issuer.url()).with_cookie(browser.cookie(issuer))
}

/// The code, for a person to copy.
pub(crate) fn copy_code(issuer: &Issuer, code: &str, life: Duration) -> Page {
    let mut html = Html::new();
    html.raw("<p class=\"mark\" aria-hidden=\"true\">&#10003;</p>\n<h1>You are logged in</h1>\n")
        .raw("<p>Copy this code and paste it where your terminal asks for the verification code.</p>\n<output class=\"code\">")
        .text(code)
        .raw("</output>\n<p class=\"quiet\">It is good once, for ")
        .text(&(life.as_secs() / 60).to_string())
        .raw(" minutes. Give it to nobody: it is as good as your password for that time.</p>\n");
    Page::new(StatusCode::OK, "Your code", &html, issuer.url())
}

/// The code of a device, to be typed or confirmed.
pub(crate) fn type_code(
    issuer: &Issuer,
    browser: &Browser,
    code: &str,
    complaint: Option<&Complaint>,
) -> Page {
    let mut html = Html::new();
    html.raw("<h1>Log in on another device</h1>\n")
        .raw("<p>Type the code that your terminal shows. Go on only if you started this there yourself.</p>\n")
        .html(&complained(complaint))
        .raw("<form method=\"post\" action=\"")
        .text(&format!("{}/device/auth/verify_code", issuer.path()))
        .raw("\">\n<input type=\"hidden\" name=\"csrf\" value=\"")
        .text(&browser.csrf())
        .raw("\">\n<label for=\"user_code\">Code</label>\n<input id=\"user_code\" class=\"letters\" name=\"user_code\" value=\"")
        .text(code)
        .raw("\" required maxlength=\"20\" placeholder=\"XXXX-XXXX\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" autofocus")
        .html(&described(complaint))
        .raw(">\n<button type=\"submit\">Continue</button>\n</form>\n");
    let status = complaint.map_or(StatusCode::OK, |complaint| complaint.status);
    Page::new(status, "Log in on another device", &html, issuer.url())
        .with_form(Vec::new())
        .with_cookie(browser.cookie(issuer))
        .with_retry_after(complaint.and_then(|complaint| complaint.retry_after))
}

/// A device has what it waited for, or the person said no.
pub(crate) fn device_done(issuer: &Issuer, allowed: bool) -> Page {
    let mut html = Html::new();
    match allowed {
        true => html.raw(
            "<p class=\"mark\" aria-hidden=\"true\">&#10003;</p>\n<h1>You are logged in</h1>\n\
             <p>Go back to your terminal: it goes on by itself. You can close this page.</p>\n",
        ),
        false => html.raw(
            "<h1>Nothing was allowed</h1>\n<p>The device was told that you refused. You can close this page.</p>\n",
        ),
    };
    let heading = if allowed {
        "You are logged in"
    } else {
        "Refused"
    };
    Page::new(StatusCode::OK, heading, &html, issuer.url())
}

/// What cannot go on, and why.
pub(crate) fn failure(
    issuer: &Issuer,
    status: StatusCode,
    reason: &str,
    next: &'static str,
) -> Page {
    let mut html = Html::new();
    html.raw("<h1>This does not work</h1>\n<p class=\"error\" role=\"alert\">")
        .text(reason)
        .raw("</p>\n<p>")
        .raw(next)
        .raw("</p>\n");
    Page::new(status, "This does not work", &html, issuer.url())
}

/// For whom somebody logs in: a login is somebody else's trick when this is a surprise.
fn purpose(request: &AuthorizationRequest) -> Html {
    let mut html = Html::new();
    html.raw("<p>");
    match &request.destination {
        Destination::Device(code) => html
            .raw("This lets in the device that shows ")
            .html(&letters(code))
            .raw(" as you. Go on only if your own terminal shows this code."),
        Destination::Program(_) | Destination::Person => html
            .raw("The program <strong>")
            .text(&request.client_id)
            .raw("</strong> asks who you are."),
    };
    html.raw("</p>\n");
    html
}

fn letters(code: &UserCode) -> Html {
    let mut html = Html::new();
    html.raw("<strong>")
        .text(&code.to_string())
        .raw("</strong>");
    html
}

fn complained(complaint: Option<&Complaint>) -> Html {
    let mut html = Html::new();
    if let Some(complaint) = complaint {
        html.raw("<p class=\"error\" id=\"complaint\" role=\"alert\">")
            .text(&complaint.text)
            .raw("</p>\n");
    }
    html
}

fn described(complaint: Option<&Complaint>) -> Html {
    let mut html = Html::new();
    if complaint.is_some() {
        html.raw(" aria-invalid=\"true\" aria-describedby=\"complaint\"");
    }
    html
}
