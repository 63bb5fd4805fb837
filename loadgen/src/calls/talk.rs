//! Calls that stay up while others come and go, with packets both ways: whatever signaling has to do, none may be lost.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wire::rtp::{Header, PayloadType, Sequence, Ssrc, Timestamp};

/// The side of a call: 0 is the PBX, 1 the carrier.
pub type Side = usize;

/// Where a call and a side are to send.
pub type Place = (u32, Side, SocketAddr);

/// The media of some calls, in a thread of their own.
pub struct Talk {
    ports: Vec<[u16; 2]>,
    places: Sender<Place>,
    thread: JoinHandle<io::Result<Heard>>,
}

/// What was said, and what of it was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Calls that spoke.
    pub calls: u32,
    /// Packets that were said.
    pub sent: u64,
    /// Packets that arrived intact at the other end, each counted once.
    pub received: u64,
}

const PACKET: Duration = Duration::from_millis(20);
/// From when both ends know where to send to the first packet: media has heard of it by then.
const LEAD: Duration = Duration::from_millis(500);
/// How long to go on listening when all is said.
const ECHO: Duration = Duration::from_millis(300);
const HEADER_LEN: usize = 12;
const PACKET_LEN: usize = HEADER_LEN + 160;

impl Talk {
    /// Takes ports for so many calls at the addresses of PBX and carrier.
    ///
    /// # Errors
    ///
    /// If an address is none of this host's, or no port is free.
    pub fn open(calls: u32, addresses: [IpAddr; 2]) -> io::Result<Self> {
        let lines = (0..calls).map(|_| Line::open(addresses)).collect::<io::Result<Vec<_>>>()?;
        let ports = lines.iter().map(Line::ports).collect::<io::Result<_>>()?;
        let (places, told) = mpsc::channel();
        let thread =
            thread::Builder::new().name("talk".into()).spawn(move || Conversation { lines }.run(&told))?;
        Ok(Self { ports, places, thread })
    }

    /// Returns the ports of each call.
    #[must_use]
    pub fn ports(&self) -> Vec<[u16; 2]> {
        self.ports.clone()
    }

    /// Returns what is told where calls are to send.
    #[must_use]
    pub fn places(&self) -> Sender<Place> {
        self.places.clone()
    }

    /// Stops to speak, and tells what was heard. Whoever tells places must be gone.
    ///
    /// # Errors
    ///
    /// What a socket said.
    ///
    /// # Panics
    ///
    /// If the thread did.
    pub fn stop(self) -> io::Result<Heard> {
        drop(self.places);
        self.thread.join().expect("talking gives no reason to panic")
    }
}

struct Conversation {
    lines: Vec<Line>,
}

/// One call: its sockets, whom they speak to, and what has arrived at each.
struct Line {
    sockets: [UdpSocket; 2],
    remotes: [Option<SocketAddr>; 2],
    begins: Option<Instant>,
    sent: u32,
    arrived: [Vec<bool>; 2],
}

impl Conversation {
    fn run(mut self, places: &Receiver<Place>) -> io::Result<Heard> {
        let mut next = Instant::now();
        while self.listen(places) {
            for (number, line) in (0..).zip(&mut self.lines) {
                line.speak(number, Instant::now())?;
            }
            next += PACKET;
            while Instant::now() < next {
                self.hear()?;
                thread::sleep(PACKET / 10);
            }
        }
        let end = Instant::now() + ECHO;
        while Instant::now() < end {
            self.hear()?;
            thread::sleep(PACKET);
        }
        let spoke = self.lines.iter().filter(|line| line.sent > 0);
        Ok(spoke.fold(Heard::default(), |heard, line| Heard {
            calls: heard.calls + 1,
            sent: heard.sent + 2 * u64::from(line.sent),
            received: heard.received + line.arrived.iter().flatten().filter(|came| **came).count() as u64,
        }))
    }

    /// Learns where to send; tells whether there is more to say.
    fn listen(&mut self, places: &Receiver<Place>) -> bool {
        loop {
            match places.try_recv() {
                Ok((number, side, place)) => {
                    let Some(line) = self.lines.get_mut(number as usize) else { continue };
                    line.remotes[side] = Some(place);
                    if line.begins.is_none() && line.remotes.iter().all(Option::is_some) {
                        line.begins = Some(Instant::now() + LEAD);
                    }
                }
                Err(error) => return error == TryRecvError::Empty,
            }
        }
    }

    fn hear(&mut self) -> io::Result<()> {
        for (number, line) in (0..).zip(&mut self.lines) {
            line.hear(number)?;
        }
        Ok(())
    }
}

impl Line {
    fn open(addresses: [IpAddr; 2]) -> io::Result<Self> {
        let open = |address| {
            let socket = UdpSocket::bind((address, 0))?;
            socket.set_nonblocking(true)?;
            Ok::<_, io::Error>(socket)
        };
        let sockets = [open(addresses[0])?, open(addresses[1])?];
        Ok(Self { sockets, remotes: [None; 2], begins: None, sent: 0, arrived: Default::default() })
    }

    fn ports(&self) -> io::Result<[u16; 2]> {
        Ok([self.sockets[0].local_addr()?.port(), self.sockets[1].local_addr()?.port()])
    }

    fn speak(&mut self, number: u32, now: Instant) -> io::Result<()> {
        if self.begins.is_none_or(|begins| begins > now) {
            return Ok(());
        }
        for side in 0..2 {
            let Some(remote) = self.remotes[side] else { continue };
            match self.sockets[side].send_to(&packet(number, side, self.sent), remote) {
                // Nobody listens there: it is lost, and counted so.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                result => drop(result?),
            }
        }
        self.sent += 1;
        Ok(())
    }

    fn hear(&mut self, number: u32) -> io::Result<()> {
        let mut room = [0; 2 * PACKET_LEN];
        for side in 0..2 {
            loop {
                let len = match self.sockets[side].recv_from(&mut room) {
                    Ok((len, _)) => len,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                    Err(error) => return Err(error),
                };
                let arrived = &mut self.arrived[side];
                arrived.resize(self.sent as usize, false);
                // The device gives it another header; what is said has to be the same.
                let said = room[..len].get(HEADER_LEN..).and_then(count_of);
                if let Some(count) = said.filter(|count| *count < self.sent)
                    && room[HEADER_LEN..len] == packet(number, 1 - side, count)[HEADER_LEN..]
                {
                    arrived[count as usize] = true;
                }
            }
        }
        Ok(())
    }
}

/// A packet that nobody else says: its payload follows from the call, the side and its number.
fn packet(number: u32, side: Side, count: u32) -> [u8; PACKET_LEN] {
    let mut bytes = [0; PACKET_LEN];
    let pcmu = PayloadType::new(0).expect("zero fits into seven bits");
    let header = Header::new(
        pcmu,
        Sequence(count as u16),
        Timestamp(count.wrapping_mul(160)),
        Ssrc(number << 1 | side as u32),
    );
    header.write([], None, &mut bytes).expect("a header of twelve bytes fits");
    let word = (u64::from(number) << 33 | (side as u64) << 32 | u64::from(count)).to_be_bytes();
    bytes[HEADER_LEN..].iter_mut().zip(word.iter().cycle()).for_each(|(to, from)| *to = *from);
    bytes
}

fn count_of(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(payload.get(4..8)?.try_into().ok()?))
}

/// Reads where a description wants its first stream; none if it does not say so in numbers.
#[must_use]
pub fn place(description: &[u8]) -> Option<SocketAddr> {
    let text = core::str::from_utf8(description).ok()?;
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let address = line("c=IN IP4 ").or_else(|| line("c=IN IP6 "))?.parse().ok()?;
    let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn what_is_said_between_two_calls_that_are_connected_is_heard_and_what_gets_lost_is_missed() {
        let talk = Talk::open(2, [HERE; 2]).expect("loopback is there");
        let (ports, places) = (talk.ports(), talk.places());
        let at = |port| SocketAddr::new(HERE, port);
        for side in 0..2 {
            places.send((0, side, at(ports[0][1 - side]))).expect("it listens");
        }
        // The carrier of the second call is not heard: its packets come to another place.
        let elsewhere = UdpSocket::bind((HERE, 0)).expect("loopback is there");
        places.send((1, 0, at(ports[1][1]))).expect("it listens");
        places.send((1, 1, elsewhere.local_addr().expect("it is bound"))).expect("it listens");
        let mut room = [0; PACKET_LEN];
        for _ in 0..5 {
            elsewhere.recv(&mut room).expect("it is said");
        }
        drop(places);
        let heard = talk.stop().expect("sockets work");
        assert_eq!(heard.calls, 2);
        let each = heard.sent / 4;
        assert!(each >= 5 && heard.received == 3 * each, "{heard:?}");
    }

    #[test]
    fn the_place_of_a_description_is_found() {
        let text = b"v=0\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        assert_eq!(place(text), Some("192.0.2.1:4000".parse().expect("it is one")));
        for broken in ["", "m=audio 4000 RTP/AVP 0", "c=IN IP4 host.example\r\nm=audio 1 RTP/AVP 0"] {
            assert_eq!(place(broken.as_bytes()), None, "{broken}");
        }
    }
}
