//! Addresses that belong together, as operators write them (RFC 4632, RFC 4291 section 2.3).
//!
//! ```text
//! 10.0.0.0/8   2001:db8::/32   192.0.2.7
//! ```
//!
//! Refused: a prefix that is longer than the address, and bits behind the prefix, since `10.1.0.0/8`
//! says two things.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or all that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    prefix: u8,
}

/// Why a text names no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressRangeError {
    /// Not an address.
    #[error("{found:?} is no IP address")]
    Address {
        /// What stands before the slash.
        found: String,
    },
    /// Not a length.
    #[error("a prefix of {found:?} bits; expected 0 to {longest}")]
    Prefix {
        /// What stands behind the slash.
        found: String,
        /// The bits of the address.
        longest: u8,
    },
    /// Something behind the prefix.
    #[error("there are bits behind the prefix; this network is {expected}")]
    Bits {
        /// The network that the address is in.
        expected: AddressRange,
    },
}

impl AddressRange {
    /// What comes from this machine itself, in both families.
    pub fn loopback() -> [Self; 2] {
        let range = |first: [u8; 4], prefix| Self {
            first: first.into(),
            prefix,
        };
        let six = Self {
            first: std::net::Ipv6Addr::LOCALHOST.into(),
            prefix: 128,
        };
        [range([127, 0, 0, 0], 8), six]
    }

    /// Whether an address is one of them; one of IPv4 written as IPv6 (`::ffff:192.0.2.7`) is what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let longest = bits(address);
        longest == bits(self.first)
            && number(address) & mask(self.prefix, longest) == number(self.first)
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>();
        let first = first.map_err(|_| AddressRangeError::Address {
            found: address.chars().take(64).collect(),
        })?;
        let first = first.to_canonical();
        let longest = bits(first);
        let prefix = match prefix {
            None => longest,
            Some(text) => {
                let length = text.parse::<u8>().ok();
                let fits = length.filter(|length| *length <= longest);
                fits.ok_or_else(|| AddressRangeError::Prefix {
                    found: text.chars().take(8).collect(),
                    longest,
                })?
            }
        };
        let masked = number(first) & mask(prefix, longest);
        if masked != number(first) {
            let first = match first {
                IpAddr::V4(_) => IpAddr::V4((masked as u32).into()),
                IpAddr::V6(_) => IpAddr::V6(masked.into()),
            };
            let expected = Self { first, prefix };
            return Err(AddressRangeError::Bits { expected });
        }
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Ones for the first `prefix` of `longest` bits.
fn mask(prefix: u8, longest: u8) -> u128 {
    let all = u128::MAX >> (128 - u32::from(longest));
    let behind = u32::from(longest - prefix.min(longest));
    all & u128::MAX.checked_shl(behind).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_the_networks_that_it_begins_like() {
        for (range, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("10.0.0.0/8", "a00::", false),
            ("0.0.0.0/0", "255.1.2.3", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
        ] {
            let read: AddressRange = range.parse().unwrap();
            assert_eq!(
                read.contains(address.parse().unwrap()),
                expected,
                "{range} {address}"
            );
        }
        let loopback = AddressRange::loopback();
        for (address, expected) in [
            ("127.9.9.9", true),
            ("::1", true),
            ("128.0.0.1", false),
            ("::2", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(
                loopback.iter().any(|range| range.contains(address)),
                expected
            );
        }
    }

    #[test]
    fn what_names_no_network_is_refused() {
        for (bad, good, expected) in [
            ("10.0.0/8", "10.0.0.0/8", "\"10.0.0\" is no IP address"),
            (
                "10.0.0.0/33",
                "10.0.0.0/32",
                "a prefix of \"33\" bits; expected 0 to 32",
            ),
            (
                "10.0.0.0/",
                "10.0.0.0/0",
                "a prefix of \"\" bits; expected 0 to 32",
            ),
            (
                "10.1.0.0/8",
                "10.1.0.0/16",
                "there are bits behind the prefix; this network is 10.0.0.0/8",
            ),
            (
                "2001:db8::1/32",
                "2001:db8::/32",
                "there are bits behind the prefix; this network is 2001:db8::/32",
            ),
        ] {
            let error = bad.parse::<AddressRange>().unwrap_err();
            assert_eq!(error.to_string(), expected);
            if !good.ends_with("/0") {
                assert_eq!(good.parse::<AddressRange>().unwrap().to_string(), good);
            }
        }
    }
}
