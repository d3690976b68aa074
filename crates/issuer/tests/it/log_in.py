"""Logs in with sigstore-python, and plays the browser that it opens: follows redirects, keeps cookies, fills the form.

    python log_in.py ISSUER NAME PASSWORD browser|copied     ->     the identity token, on standard output
"""

import builtins
import html.parser
import http.cookiejar
import io
import re
import sys
import threading
import urllib.parse
import urllib.request
import webbrowser

from sigstore.oidc import Issuer

issuer, name, password, flow = sys.argv[1:]


class Form(html.parser.HTMLParser):
    """The first form of a page, and the text of its <output>."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.output, self.inside = None, {}, "", False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")
        self.inside = tag == "output"

    def handle_data(self, data):
        if self.inside:
            self.output += data


def play_browser(url):
    """Where the login ends."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    with browser.open(url, timeout=30) as answer:
        form, address = Form(answer.read().decode()), answer.geturl()
    form.fields.update(login=name, password=password)
    body = urllib.parse.urlencode(form.fields).encode()
    with browser.open(urllib.parse.urljoin(address, form.action), body, timeout=30) as answer:
        return answer.read().decode()


def open_browser(url, *_):
    threading.Thread(target=play_browser, args=(url,), daemon=True).start()
    return True


def copied_code(_prompt):
    [url] = re.findall(r"http\S+", said.getvalue())
    return Form(play_browser(url)).output.strip()


said = io.StringIO()
webbrowser.open = open_browser
builtins.input = copied_code
if flow == "copied":
    sys.stderr = said
try:
    print(Issuer(issuer).identity_token(force_oob=flow == "copied"))
finally:
    sys.stderr = sys.__stderr__
