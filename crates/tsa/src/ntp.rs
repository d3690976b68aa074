//! Asking a time server (RFC 4330, SNTP version 4): one packet there, one back.
//!
//! ```text
//! 23 | 39 bytes of zero | 8 random bytes                                        asked
//! 24 | stratum | … | reference 8 | the random bytes | received 8 | sent 8       answered
//! a time: u32 seconds since 1900 | u32 fraction of a second
//! ```
//!
//! What stands where the client's time should be is random: the server repeats it, and somebody who did
//! not see the packet cannot. Refused: answers that are shorter, of another mode, to another packet,
//! from a server that is not set itself or says that it does not want to be asked.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use waxwing_crypto::Random;
use waxwing_encoding::time::{Clock, UnixTime};

/// Bytes of a packet without its extensions.
const PACKET: usize = 48;

/// From 1900 to 1970, in seconds.
const FROM_1900: i64 = 2_208_988_800;

/// Most addresses of one name that are asked.
const MOST_ADDRESSES: usize = 2;

/// Most packets that are read while waiting for one answer.
const MOST_PACKETS: usize = 4;

/// The port of time servers.
const PORT: u16 = 123;

/// What one server's answer says of our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How far the server is ahead, in milliseconds; negative if it is behind.
    pub ahead: i64,
}

/// Why a server gave no time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NtpError {
    /// It could not be reached.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Its name has no address.
    #[error("the name has no address")]
    NoAddress,
    /// No answer came in time.
    #[error("no answer within {} ms", waited.as_millis())]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
    /// Too few bytes.
    #[error("an answer of {length} bytes; expected at least {PACKET}")]
    Short {
        /// How many there are.
        length: usize,
    },
    /// No answer of a server.
    #[error("a packet of mode {found}; expected 4, a server's answer")]
    Mode {
        /// The mode's number.
        found: u8,
    },
    /// The answer to another packet.
    #[error("the answer is to another packet than ours")]
    OtherPacket,
    /// The server does not want to be asked (stratum 0).
    #[error("the server refuses with the code {code:?}")]
    Refused {
        /// Its four letters, such as `RATE`.
        code: String,
    },
    /// The server does not know the time itself.
    #[error("the server's own clock is not set")]
    NotSet,
}

/// A server that knows the time.
pub trait TimeServer: fmt::Debug + Send + Sync + 'static {
    /// Its name, for messages.
    fn name(&self) -> &str;

    /// Asks once, in a bounded time.
    fn ask(&self) -> Pin<Box<dyn Future<Output = Result<Sample, NtpError>> + Send + '_>>;
}

/// A time server over UDP.
pub struct NtpServer {
    name: String,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl fmt::Debug for NtpServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NtpServer({})", self.name)
    }
}

impl NtpServer {
    /// The server `name`, a host or a host and a port, compared with this clock. Each question waits for
    /// at most `timeout`.
    pub fn new(
        name: impl Into<String>,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            name: name.into(),
            timeout,
            clock,
            random,
        }
    }

    async fn ask_once(&self) -> Result<Sample, NtpError> {
        let has_port = self.name.parse::<SocketAddr>().is_ok()
            || self
                .name
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.contains(':') && port.parse::<u16>().is_ok());
        let addresses: Vec<SocketAddr> = match has_port {
            true => tokio::net::lookup_host(&self.name).await?.collect(),
            false => {
                let host = self.name.trim_matches(['[', ']']);
                tokio::net::lookup_host((host, PORT)).await?.collect()
            }
        };
        let mut outcome = Err(NtpError::NoAddress);
        for address in addresses.into_iter().take(MOST_ADDRESSES) {
            outcome = self.exchange(address).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn exchange(&self, server: SocketAddr) -> Result<Sample, NtpError> {
        let own = match server.is_ipv4() {
            true => "0.0.0.0:0",
            false => "[::]:0",
        };
        let socket = UdpSocket::bind(own).await?;
        // Only packets from there are received.
        socket.connect(server).await?;
        let mut cookie = [0; 8];
        self.random.fill(&mut cookie);
        let sent = self.clock.now();
        socket.send(&question(cookie)).await?;
        let mut packet = [0; 512];
        let mut outcome = Err(NtpError::OtherPacket);
        for _ in 0..MOST_PACKETS {
            let length = socket.recv(&mut packet).await?;
            let received = self.clock.now();
            let answer = packet.get(..length).unwrap_or_default();
            outcome = read_answer(answer, cookie, sent, received);
            if !matches!(outcome, Err(NtpError::OtherPacket)) {
                break;
            }
        }
        outcome
    }
}

impl TimeServer for NtpServer {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&self) -> Pin<Box<dyn Future<Output = Result<Sample, NtpError>> + Send + '_>> {
        Box::pin(async {
            let waited = self.timeout;
            match tokio::time::timeout(waited, self.ask_once()).await {
                Ok(outcome) => outcome,
                Err(_) => Err(NtpError::TimedOut { waited }),
            }
        })
    }
}

/// The packet that asks for the time.
fn question(cookie: [u8; 8]) -> [u8; PACKET] {
    let mut packet = [0; PACKET];
    // Version 4, a client.
    packet[0] = 0x23;
    packet[PACKET - 8..].copy_from_slice(&cookie);
    packet
}

/// Reads the answer to the packet that had `cookie` in it, was sent at `sent` and answered at `received`
/// by our clock.
pub fn read_answer(
    packet: &[u8],
    cookie: [u8; 8],
    sent: UnixTime,
    received: UnixTime,
) -> Result<Sample, NtpError> {
    let Some((packet, _)) = packet.split_first_chunk::<PACKET>() else {
        let length = packet.len();
        return Err(NtpError::Short { length });
    };
    let (words, _) = packet.as_chunks::<8>();
    let [head, identifier, _, origin, arrived, left] = words else {
        let length = packet.len();
        return Err(NtpError::Short { length });
    };
    let [flags, stratum, ..] = *head;
    let mode = flags & 7;
    if mode != 4 {
        return Err(NtpError::Mode { found: mode });
    }
    if *origin != cookie {
        return Err(NtpError::OtherPacket);
    }
    if stratum == 0 {
        let code = identifier.iter().skip(4).copied().map(char::from);
        let code = code.filter(char::is_ascii_graphic).collect();
        return Err(NtpError::Refused { code });
    }
    if flags >> 6 == 3 || stratum > 15 || *left == [0; 8] {
        return Err(NtpError::NotSet);
    }
    let (sent, received) = (milliseconds(sent), milliseconds(received));
    let there = unix_milliseconds(*arrived, sent) - sent;
    let back = unix_milliseconds(*left, received) - received;
    Ok(Sample {
        ahead: (there + back) / 2,
    })
}

fn milliseconds(time: UnixTime) -> i64 {
    i64::try_from(time.milliseconds()).unwrap_or(i64::MAX)
}

/// A time of NTP, whose seconds start again every 136 years: the one that is nearest to `near`.
fn unix_milliseconds(time: [u8; 8], near: i64) -> i64 {
    let number = u64::from_be_bytes(time);
    let (seconds, fraction) = ((number >> 32) as i64 - FROM_1900, number & 0xffff_ffff);
    let era = 1_i64 << 32;
    let eras = (near.div_euclid(1000) - seconds + era / 2).div_euclid(era);
    (seconds + eras * era) * 1000 + ((fraction * 1000) >> 32) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    fn at(milliseconds: u64) -> UnixTime {
        UnixTime::from_milliseconds(milliseconds).unwrap()
    }

    /// Seconds since 1900, and half a second.
    fn half_past(seconds: i64) -> [u8; 8] {
        let seconds = ((seconds + FROM_1900) as u32).to_be_bytes();
        [&seconds[..], &[0x80, 0, 0, 0]]
            .concat()
            .try_into()
            .unwrap()
    }

    fn answer(received: [u8; 8], sent: [u8; 8]) -> Vec<u8> {
        let head = [0x24, 2, 6, 0xe9];
        [&head[..], &[0; 20], &COOKIE, &received, &sent].concat()
    }

    fn read(packet: &[u8]) -> Result<Sample, NtpError> {
        let seconds = 1_764_000_000_000;
        read_answer(packet, COOKIE, at(seconds), at(seconds + 100))
    }

    #[test]
    fn the_offset_is_that_of_the_middle_of_both_ways() {
        let second = 1_764_000_000;
        let time = half_past(second);
        // Half a second past, seen 0 ms and 100 ms after the whole second here.
        assert_eq!(read(&answer(time, time)).unwrap().ahead, 450);
        let behind = half_past(second - 10);
        assert_eq!(read(&answer(behind, behind)).unwrap().ahead, -9550);
        let longer = [answer(time, time), vec![0; 20]].concat();
        assert_eq!(read(&longer).unwrap().ahead, 450);
    }

    #[test]
    fn the_seconds_that_start_again_in_2036_are_read() {
        let second = 2_100_000_000;
        let time = half_past(second);
        assert!(u32::from_be_bytes([time[0], time[1], time[2], time[3]]) < 100_000_000);
        let now = at(second as u64 * 1000);
        let sample = read_answer(&answer(time, time), COOKIE, now, now).unwrap();
        assert_eq!(sample.ahead, 500);
    }

    #[test]
    fn answers_that_are_none_are_refused_by_name() {
        let time = half_past(1_764_000_000);
        let good = answer(time, time);
        assert!(read(&good).is_ok());
        let with = |place: usize, byte: u8| {
            let mut packet = good.clone();
            packet[place] = byte;
            read(&packet).unwrap_err().to_string()
        };
        assert_eq!(
            read(&good[..47]).unwrap_err().to_string(),
            "an answer of 47 bytes; expected at least 48"
        );
        let mode = "a packet of mode 3; expected 4, a server's answer";
        assert_eq!(with(0, 0x23), mode);
        assert_eq!(with(24, 9), "the answer is to another packet than ours");
        assert_eq!(with(0, 0xe4), "the server's own clock is not set");
        assert_eq!(with(1, 16), "the server's own clock is not set");
        let mut refused = good.clone();
        refused[1] = 0;
        refused[12..16].copy_from_slice(b"RATE");
        assert_eq!(
            read(&refused).unwrap_err().to_string(),
            "the server refuses with the code \"RATE\""
        );
        assert_eq!(
            read(&answer(time, [0; 8])).unwrap_err().to_string(),
            "the server's own clock is not set"
        );
    }
}
