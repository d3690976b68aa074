//! Who logged in, and the subject that tokens name them by.
//!
//! ```text
//! user "1", connector "local"  ->  0a 01 31 12 05 6c6f63616c  ->  sub "CgExEgVsb2NhbA"
//! ```
//!
//! As with Dex the subject is base64url of a protobuf message with the user's number at their
//! connector and the connector's name, in which a slash is written `%2F`.

use waxwing_encoding::base64;

/// The connector of the users whom the issuer knows itself.
pub const LOCAL_CONNECTOR: &str = "local";

/// The connector of clients that ask for tokens about themselves.
pub(crate) const CLIENT_CONNECTOR: &str = "client";

/// Somebody who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Never given to somebody else, at this connector.
    pub(crate) user_id: String,
    pub(crate) connector_id: String,
    /// An address that is known to be theirs.
    pub(crate) email: Option<String>,
    /// What they are called, where a client asks for it.
    pub(crate) name: Option<String>,
}

impl Person {
    #[cfg(test)]
    pub(crate) fn local(user_id: &str, email: &str) -> Self {
        Self {
            user_id: user_id.to_owned(),
            connector_id: LOCAL_CONNECTOR.to_owned(),
            email: Some(email.to_owned()),
            name: None,
        }
    }

    pub(crate) fn is_local(&self) -> bool {
        self.connector_id == LOCAL_CONNECTOR
    }

    /// Whether both are one and the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.connector_id == other.connector_id && self.user_id == other.user_id
    }

    /// `sub`.
    pub(crate) fn subject(&self) -> String {
        let connector = self.connector_id.replace('/', "%2F");
        let mut message = Vec::new();
        for (number, text) in [(1, self.user_id.as_str()), (2, &connector)] {
            // A length-delimited field: its number and wire type 2, the length, the bytes.
            message.push(number << 3 | 2);
            let mut length = text.len();
            while length >= 0x80 {
                message.push((length & 0x7f) as u8 | 0x80);
                length >>= 7;
            }
            message.push(length as u8);
            message.extend_from_slice(text.as_bytes());
        }
        base64::encode_url(&message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_those_of_dex() {
        let person = Person::local("1", "alice@example.com");
        assert_eq!(person.subject(), "CgExEgVsb2NhbA");
        // The beginning that subjects of GitHub users have at the public instance.
        let github = Person {
            user_id: "12345".to_owned(),
            connector_id: "https://github.com/login/oauth".to_owned(),
            ..person
        };
        let subject = base64::decode_proto_json(&github.subject()).unwrap();
        let expected = b"\x0a\x0512345\x12\x26https:%2F%2Fgithub.com%2Flogin%2Foauth";
        assert_eq!(subject, expected);
        let long = Person {
            user_id: "x".repeat(200),
            ..github
        };
        let subject = base64::decode_proto_json(&long.subject()).unwrap();
        assert_eq!(subject[..3], [0x0a, 0xc8, 0x01]);
        assert_eq!(subject[3 + 200], 0x12);
    }
}
