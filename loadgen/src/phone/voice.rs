//! The media of a phone: speaks a packet every 20 ms, presses keys, and judges what it hears.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crypto::MasterKey;
use wire::rtp::PayloadType;

use crate::media::clock::Clock;
use crate::phone::ear::{Ear, Heard};
use crate::phone::melody::Part;
use crate::phone::mouth::Mouth;

const PACKET: Duration = Duration::from_millis(20);
/// Where to look for a pair of ports before giving up.
const TRIES_MAX: usize = 64;
/// How long to go on listening when all is said: what is still on its way arrives.
const ECHO: Duration = Duration::from_millis(100);

/// Who speaks next in this process; each voice is told from all others that are heard at the same time.
static SPEAKERS: AtomicU16 = AtomicU16::new(1);

/// What two phones have agreed upon, as one of them sees it.
pub struct Agreed {
    /// Where the other one wants to hear.
    pub remote: SocketAddr,
    /// The payload type of the voice.
    pub payload_type: PayloadType,
    /// That of telephone events, if there are any.
    pub telephone_event: Option<PayloadType>,
    /// How what is said is protected.
    pub sealed_with: Option<MasterKey>,
    /// How what is heard is protected.
    pub opened_with: Option<MasterKey>,
    /// Whether to speak: false while this phone or the other holds.
    pub speaks: bool,
}

/// A phone's media, in a thread of its own.
pub struct Voice {
    address: SocketAddr,
    orders: Sender<Order>,
    thread: JoinHandle<io::Result<Heard>>,
}

enum Order {
    Agree(Agreed),
    Press(Vec<u8>),
    /// Asks how many packets were heard so far.
    Count(Sender<u64>),
}

impl Voice {
    /// Takes an even port; the clock is that of all phones whose delays are compared.
    ///
    /// # Errors
    ///
    /// If the address is none of this host, or no port is free.
    pub fn open(address: IpAddr, part: Part, clock: Clock) -> io::Result<Self> {
        let socket = bind_even(address)?;
        let address = socket.local_addr()?;
        let (orders, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name(format!("voice {}", address.port()))
            .spawn(move || Conversation::new(socket, part, clock).run(&received))?;
        Ok(Self { address, orders, thread })
    }

    /// Returns where this phone hears.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to speak, or goes on under new terms.
    pub fn agree(&self, agreed: Agreed) {
        self.order(Order::Agree(agreed));
    }

    /// Presses keys, one after the other.
    pub fn press(&self, keys: &[u8]) {
        self.order(Order::Press(keys.to_vec()));
    }

    /// Returns how many packets of the other phone were heard so far.
    #[must_use]
    pub fn heard(&self) -> u64 {
        let (answer, count) = mpsc::channel();
        self.order(Order::Count(answer));
        count.recv().unwrap_or(0)
    }

    /// Hangs up, and returns what was heard.
    ///
    /// # Errors
    ///
    /// What the socket said.
    ///
    /// # Panics
    ///
    /// If the thread did.
    pub fn stop(self) -> io::Result<Heard> {
        drop(self.orders);
        self.thread.join().expect("the voice has no reason to panic")
    }

    fn order(&self, order: Order) {
        // A voice that has ended tells why when it is stopped.
        let _ = self.orders.send(order);
    }
}

/// What the thread has.
struct Conversation {
    socket: UdpSocket,
    remote: Option<SocketAddr>,
    clock: Clock,
    speaker: u16,
    mouth: Mouth,
    ear: Ear,
}

impl Conversation {
    fn new(socket: UdpSocket, part: Part, clock: Clock) -> Self {
        let ear = Ear::new(match part {
            Part::High => Part::Low,
            Part::Low => Part::High,
        });
        let speaker = SPEAKERS.fetch_add(1, Ordering::Relaxed);
        Self { socket, remote: None, clock, mouth: Mouth::new(part, speaker), speaker, ear }
    }

    fn run(mut self, orders: &Receiver<Order>) -> io::Result<Heard> {
        let mut next = Instant::now();
        while self.obey(orders) {
            if let Some(remote) = self.remote {
                for packet in self.mouth.speak(self.clock.now_ns()) {
                    ignore_refusal(self.socket.send_to(packet, remote))?;
                }
            }
            next += PACKET;
            self.listen_until(next, orders)?;
        }
        self.listen_until(Instant::now() + ECHO, orders)?;
        Ok(self.ear.heard(self.speaker, self.mouth.spoken()))
    }

    /// Does what was ordered meanwhile. Returns whether there may be more: until the voice is stopped.
    fn obey(&mut self, orders: &Receiver<Order>) -> bool {
        loop {
            match orders.try_recv() {
                Ok(Order::Agree(agreed)) => {
                    self.remote = Some(agreed.remote);
                    self.ear.agree(&agreed);
                    self.mouth.agree(&agreed);
                }
                Ok(Order::Press(keys)) => self.mouth.press(&keys),
                Ok(Order::Count(answer)) => drop(answer.send(self.ear.count())),
                Err(error) => return error == TryRecvError::Empty,
            }
        }
    }

    fn listen_until(&mut self, deadline: Instant, orders: &Receiver<Order>) -> io::Result<()> {
        let mut packet = [0; 2048];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            if self.remote.is_none() {
                // Whoever answers may speak before the answer is here, and nobody knows yet how to hear that: it waits.
                thread::sleep(left);
                continue;
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.socket.recv_from(&mut packet) {
                Ok((len, _source)) => {
                    let now_ns = self.clock.now_ns();
                    // Terms may have been agreed upon since; they hold for what comes after.
                    self.obey(orders);
                    self.ear.hear(&mut packet[..len], now_ns);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                other => drop(ignore_refusal(other)?),
            }
        }
    }
}

/// Who is spoken to may not listen yet, or no more: a phone goes on.
fn ignore_refusal<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error),
    }
}

/// Binds a port for RTP: an even one, whose neighbour is left to RTCP.
fn bind_even(address: IpAddr) -> io::Result<UdpSocket> {
    for _ in 0..TRIES_MAX {
        let socket = UdpSocket::bind((address, 0))?;
        if socket.local_addr()?.port().is_multiple_of(2) {
            return Ok(socket);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrNotAvailable, format!("no even port is free on {address}")))
}
