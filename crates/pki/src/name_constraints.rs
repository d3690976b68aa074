//! Name constraints (RFC 5280 section 4.2.1.10): which names an authority may certify.
//!
//! | Form | `example.com` | `.example.com` | other |
//! |---|---|---|---|
//! | rfc822Name | mailboxes of that host | of hosts below it | `a@example.com`: that mailbox |
//! | dNSName | it and names below it | names below it | |
//! | URI | that host | hosts below it | |
//! | iPAddress | | | address and mask |
//! | directoryName | | | the first attributes, byte for byte |
//!
//! The table is Go's, which follows the RFC but for the leading dot of dNSName. A form that is not
//! in it cannot be compared: once constrained, every name of that form is refused. So is a name that
//! cannot be taken apart, and an empty constraint, which one reader takes for "all" and another for
//! "none". Constraints apply to every certificate below, also to one that issued itself, and whether
//! or not they are critical. Only alternative names and the subject as a directoryName count: an
//! e-mail address or a host inside the subject names nobody here.

use core::net::Ipv4Addr;

use waxwing_encoding::hex;

use crate::name::DistinguishedName;
use crate::read::{self, MalformedDer, Reader};

/// The tags of GeneralName that have something to compare.
const EMAIL: u8 = read::primitive(1);
const DNS: u8 = read::primitive(2);
const DIRECTORY: u8 = read::constructed(4);
const URI: u8 = read::primitive(6);
const ADDRESS: u8 = read::primitive(7);

/// The tags that have not: otherName, x400Address, ediPartyName, registeredID.
const INCOMPARABLE: [u8; 4] = [
    read::constructed(0),
    read::constructed(3),
    read::constructed(5),
    read::primitive(8),
];

/// The two lists of one authority.
#[derive(Debug, Clone)]
pub(crate) struct NameConstraints {
    permitted: Vec<Constraint>,
    excluded: Vec<Constraint>,
}

#[derive(Debug, Clone)]
struct Constraint {
    tag: u8,
    base: Base,
}

#[derive(Debug, Clone)]
enum Base {
    Mailbox(Mailbox),
    Domain(Domain),
    Network { address: Vec<u8>, mask: Vec<u8> },
    Attributes(Vec<u8>),
    Incomparable,
}

/// A name of a certificate, taken apart.
enum Name<'a> {
    Mailbox(Mailbox),
    Host(String),
    Address(&'a [u8]),
    Attributes(&'a [u8]),
}

impl NameConstraints {
    /// `SEQUENCE { [0] permitted OPTIONAL, [1] excluded OPTIONAL }`, at least one of them.
    pub(crate) fn read(value: &[u8]) -> Result<Self, MalformedDer> {
        let structure = "NameConstraints";
        let mut fields = Reader::new(Reader::only(value, read::SEQUENCE, structure)?.value);
        let permitted = fields.optional(read::constructed(0), "permittedSubtrees")?;
        let excluded = fields.optional(read::constructed(1), "excludedSubtrees")?;
        fields.finish(structure)?;
        if permitted.is_none() && excluded.is_none() {
            return Err(MalformedDer {
                expected: structure,
                found: "neither permitted nor excluded names",
            });
        }
        let subtrees = |list: Option<read::Element<'_>>| {
            list.map_or(Ok(Vec::new()), |list| read_subtrees(list.value))
        };
        Ok(Self {
            permitted: subtrees(permitted)?,
            excluded: subtrees(excluded)?,
        })
    }

    /// The first name of a certificate below the authority, by its subject and its alternative names,
    /// that the authority may not certify.
    pub(crate) fn refused(
        &self,
        subject: &[u8],
        names: Option<&[u8]>,
    ) -> Result<Option<String>, MalformedDer> {
        let attributes = Reader::only(subject, read::SEQUENCE, "the subject")?;
        if !attributes.value.is_empty() && !self.allows(DIRECTORY, subject) {
            return Ok(Some(readable(DIRECTORY, subject)));
        }
        let Some(names) = names else {
            return Ok(None);
        };
        let mut names = Reader::new(Reader::only(names, read::SEQUENCE, "GeneralNames")?.value);
        while !names.is_empty() {
            let name = names.any("a GeneralName")?;
            if !self.allows(name.tag, name.value) {
                return Ok(Some(readable(name.tag, name.value)));
            }
        }
        Ok(None)
    }

    fn allows(&self, tag: u8, value: &[u8]) -> bool {
        let of_this_form = |constraint: &&Constraint| constraint.tag == tag;
        let mut permitted = self.permitted.iter().filter(of_this_form).peekable();
        let mut excluded = self.excluded.iter().filter(of_this_form).peekable();
        if permitted.peek().is_none() && excluded.peek().is_none() {
            return true;
        }
        let Some(name) = Name::read(tag, value) else {
            return false;
        };
        let none_permitted = permitted.peek().is_none();
        (none_permitted || permitted.any(|constraint| constraint.covers(&name)))
            && !excluded.any(|constraint| {
                constraint.covers(&name) || constraint.is_reached_by_wildcard(&name)
            })
    }
}

fn read_subtrees(list: &[u8]) -> Result<Vec<Constraint>, MalformedDer> {
    let mut list = Reader::new(list);
    let mut constraints = Vec::new();
    while !list.is_empty() {
        let mut subtree = list.enter(read::SEQUENCE, "GeneralSubtree")?;
        let base = subtree.any("the subtree's base")?;
        // RFC 5280 allows no other minimum than 0, which DER leaves out, and no maximum.
        subtree.finish("a GeneralSubtree of its base alone")?;
        constraints.push(Constraint::read(base.tag, base.value)?);
    }
    if constraints.is_empty() {
        return Err(MalformedDer {
            expected: "GeneralSubtrees",
            found: "an empty list",
        });
    }
    Ok(constraints)
}

impl Constraint {
    fn read(tag: u8, value: &[u8]) -> Result<Self, MalformedDer> {
        let malformed = |expected| MalformedDer {
            expected,
            found: "an empty or malformed name",
        };
        let text = ascii(value);
        let base = match tag {
            EMAIL => {
                let email = text.and_then(|text| match text.contains('@') {
                    true => Mailbox::read(text).map(Base::Mailbox),
                    false => Domain::read(text).map(Base::Domain),
                });
                email.ok_or(malformed(
                    "a mailbox, a host or a domain with a dot before it",
                ))?
            }
            DNS => text
                .and_then(Domain::read)
                .map(Base::Domain)
                .ok_or(malformed("a domain"))?,
            URI => text
                .and_then(Domain::read)
                .filter(|domain| domain.host.parse::<Ipv4Addr>().is_err())
                .map(Base::Domain)
                .ok_or(malformed("a URI's host, or a domain with a dot before it"))?,
            ADDRESS => network(value).ok_or(malformed("an address and a mask"))?,
            DIRECTORY => attributes(value)
                .filter(|attributes| !attributes.is_empty())
                .map(|attributes| Base::Attributes(attributes.to_vec()))
                .ok_or(malformed("a directory name"))?,
            tag if INCOMPARABLE.contains(&tag) => Base::Incomparable,
            _ => return Err(malformed("a GeneralName")),
        };
        Ok(Self { tag, base })
    }

    /// Whether the name, of the same form, is inside this subtree.
    fn covers(&self, name: &Name<'_>) -> bool {
        match (&self.base, name) {
            (Base::Mailbox(base), Name::Mailbox(name)) => base == name,
            (Base::Domain(base), Name::Mailbox(name)) => base.covers_host(&name.host),
            (Base::Domain(base), Name::Host(name)) if self.tag == DNS => base.covers_dns(name),
            (Base::Domain(base), Name::Host(name)) => base.covers_host(name),
            (Base::Network { address, mask }, Name::Address(name)) => {
                let same = |((base, mask), name): ((&u8, &u8), &u8)| base & mask == name & mask;
                address.len() == name.len() && address.iter().zip(mask).zip(*name).all(same)
            }
            // Whole elements, one after the other: where the bytes agree, the elements do.
            (Base::Attributes(base), Name::Attributes(name)) => name.starts_with(base),
            _ => false,
        }
    }

    /// Whether `*.example.com` stands for a name that is excluded, like `www.example.com`.
    fn is_reached_by_wildcard(&self, name: &Name<'_>) -> bool {
        let (Base::Domain(base), Name::Host(name)) = (&self.base, name) else {
            return false;
        };
        let parent = base.host.split_once('.').map(|(_, parent)| parent);
        parent.is_some() && name.strip_prefix("*.") == parent
    }
}

impl<'a> Name<'a> {
    /// Takes a name apart; `None` when it cannot be compared.
    fn read(tag: u8, value: &'a [u8]) -> Option<Self> {
        match tag {
            EMAIL => Mailbox::read(ascii(value)?).map(Self::Mailbox),
            DNS => {
                let name = ascii(value)?;
                host(name.strip_prefix("*.").unwrap_or(name))?;
                Some(Self::Host(name.to_ascii_lowercase()))
            }
            URI => uri_host(ascii(value)?).map(Self::Host),
            ADDRESS => matches!(value.len(), 4 | 16).then_some(Self::Address(value)),
            DIRECTORY => attributes(value).map(Self::Attributes),
            _ => None,
        }
    }
}

/// A mailbox whose local part needs no quotes: none that does is ever vouched for, and comparing
/// them takes a parser of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mailbox {
    /// Compared letter by letter: only the host knows whether it tells cases apart.
    local: String,
    host: String,
}

impl Mailbox {
    fn read(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let mut atoms = local.split('.');
        if !atoms.all(|atom| !atom.is_empty() && atom.bytes().all(is_plain)) {
            return None;
        }
        Some(Self {
            local: local.to_owned(),
            host: host(domain)?,
        })
    }
}

/// A host, and whether only what is below it is meant.
#[derive(Debug, Clone)]
struct Domain {
    below_only: bool,
    host: String,
}

impl Domain {
    fn read(text: &str) -> Option<Self> {
        let below = text.strip_prefix('.');
        Some(Self {
            below_only: below.is_some(),
            host: host(below.unwrap_or(text))?,
        })
    }

    fn has_below(&self, name: &str) -> bool {
        let rest = name.strip_suffix(self.host.as_str());
        rest.is_some_and(|rest| rest.ends_with('.'))
    }

    fn covers_dns(&self, name: &str) -> bool {
        self.has_below(name) || (!self.below_only && name == self.host)
    }

    fn covers_host(&self, name: &str) -> bool {
        match self.below_only {
            true => self.has_below(name),
            false => name == self.host,
        }
    }
}

fn ascii(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value)
        .ok()
        .filter(|text| text.is_ascii())
}

/// A host name in lower case: labels of letters, digits, `-` and `_`, none empty.
fn host(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_plain);
    text.split('.')
        .all(is_label)
        .then(|| text.to_ascii_lowercase())
}

/// The host of `scheme://user@host:port/…`; an address in its place cannot be compared with names.
fn uri_host(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(is_plain) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    // A reader that ends the authority at a backslash, as browsers do, would see another host.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte);
    let host_and_port = match authority.split_once('@') {
        Some((user, host_and_port)) if user.bytes().all(is_plain) => host_and_port,
        Some(_) => return None,
        None => authority,
    };
    let name = match host_and_port.split_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return None,
        None => host_and_port,
    };
    host(name).filter(|name| name.parse::<Ipv4Addr>().is_err())
}

/// Address and mask, as long as each other; the mask's ones stand before its zeros.
fn network(value: &[u8]) -> Option<Base> {
    if !matches!(value.len(), 8 | 32) {
        return None;
    }
    let (address, mask) = value.split_at(value.len() / 2);
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let set: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let whole_bytes_first =
        mask.is_sorted_by(|one, next| one >= next && (*one == 0xff || *next == 0));
    (ones == set && whole_bytes_first).then(|| Base::Network {
        address: address.to_vec(),
        mask: mask.to_vec(),
    })
}

/// The RelativeDistinguishedNames of a Name, one after the other.
fn attributes(name: &[u8]) -> Option<&[u8]> {
    let content = Reader::only(name, read::SEQUENCE, "Name").ok()?.value;
    let mut sets = Reader::new(content);
    while !sets.is_empty() {
        sets.element(read::SET, "RelativeDistinguishedName").ok()?;
    }
    Some(content)
}

/// A name as people read it, its kind before it.
fn readable(tag: u8, value: &[u8]) -> String {
    let text = || String::from_utf8_lossy(value).escape_debug().to_string();
    match tag {
        EMAIL => format!("e-mail {}", text()),
        DNS => format!("DNS {}", text()),
        URI => format!("URI {}", text()),
        DIRECTORY => readable_name(value),
        tag => format!("[{}] {}", tag & 0x1f, hex::encode(value)),
    }
}

/// A distinguished name as people read it.
pub(crate) fn readable_name(name: &[u8]) -> String {
    match DistinguishedName::from_der(name) {
        Ok(name) => format!("{:?} of {:?}", name.common_name, name.organization),
        Err(_) => hex::encode(name),
    }
}
