//! A DNS server that knows what a test tells it.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

pub(crate) const A: u16 = 1;
pub(crate) const CNAME: u16 = 5;
pub(crate) const AAAA: u16 = 28;
pub(crate) const SRV: u16 = 33;
pub(crate) const NAPTR: u16 = 35;

/// Owner (that of the question if none), kind, lifetime, content.
pub(crate) type Record = (Option<&'static str>, u16, u32, Vec<u8>);

#[derive(Clone)]
pub(crate) enum Reply {
    Records(Vec<Record>),
    /// What fits a datagram, which says that it was cut off, and what comes over a connection; `None` if nobody listens.
    Cut(Vec<Record>, Option<Vec<Record>>),
    NoSuchName,
    Refused,
    /// An answer with another number than that of the question.
    Forged,
    Silence,
}

impl Reply {
    pub(crate) fn records<const N: usize>(records: [Record; N]) -> Self {
        Self::Records(records.to_vec())
    }
}

pub(crate) fn a(ttl: u32, address: [u8; 4]) -> Record {
    (None, A, ttl, address.to_vec())
}

pub(crate) fn aaaa(ttl: u32, address: &str) -> Record {
    (None, AAAA, ttl, address.parse::<Ipv6Addr>().unwrap().octets().to_vec())
}

pub(crate) fn srv(ttl: u32, priority: u16, weight: u16, port: u16, target: &str) -> Record {
    let numbers = [priority, weight, port].into_iter().flat_map(u16::to_be_bytes);
    (None, SRV, ttl, numbers.chain(name(target)).collect())
}

/// A pointer to services, as carriers publish them.
pub(crate) fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Record {
    let numbers = [order, preference].into_iter().flat_map(u16::to_be_bytes);
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let texts = [text("s"), text(service), text("")].concat();
    (None, NAPTR, 60, numbers.chain(texts).chain(name(replacement)).collect())
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').flat_map(|label| {
        let len = u8::try_from(label.len()).unwrap();
        std::iter::once(len).chain(label.bytes())
    });
    labels.chain([0]).collect()
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&str, u16) -> Reply + Send + Sync + 'static) -> Self {
        let (socket, listener) = sockets();
        let address = socket.local_addr().unwrap();
        let reply = Arc::new(reply);
        let streamed = Arc::clone(&reply);
        let (asked, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (notes, end) = (Arc::clone(&asked), Arc::clone(&is_over));
        let stream_end = Arc::clone(&is_over);
        let streams = thread::spawn(move || {
            for stream in listener.incoming() {
                if stream_end.load(Ordering::SeqCst) {
                    return;
                }
                answer_stream(stream.unwrap(), &*streamed);
            }
        });
        let datagrams = thread::spawn(move || {
            let mut room = [0; 512];
            loop {
                let (len, from) = socket.recv_from(&mut room).unwrap();
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (question, kind, question_len) = read_question(&room[..len]);
                notes.lock().unwrap().push((question.clone(), kind));
                let bytes = write_reply(&room[..question_len], reply(&question, kind), false);
                if let Some(bytes) = bytes {
                    socket.send_to(&bytes, from).unwrap();
                }
            }
        });
        Self { address, asked, is_over, threads: vec![datagrams, streams] }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<(String, u16)> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"", self.address).unwrap();
        drop(TcpStream::connect(self.address).unwrap());
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking());
        }
    }
}

/// A port that is free for both.
fn sockets() -> (UdpSocket, TcpListener) {
    let both = || {
        let listener = TcpListener::bind("127.0.0.1:0").ok()?;
        Some((UdpSocket::bind(listener.local_addr().ok()?).ok()?, listener))
    };
    std::iter::repeat_with(both).take(100).flatten().next().expect("a port is free")
}

/// Answers one question, in two pieces.
fn answer_stream(mut stream: TcpStream, reply: &dyn Fn(&str, u16) -> Reply) {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut question).unwrap();
    let (name, kind, len) = read_question(&question);
    let Some(bytes) = write_reply(&question[..len], reply(&name, kind), true) else { return };
    let bytes = [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), &*bytes].concat();
    let (front, back) = bytes.split_at(bytes.len() / 2);
    stream.write_all(front).unwrap();
    stream.flush().unwrap();
    stream.write_all(back).unwrap();
}

fn read_question(bytes: &[u8]) -> (String, u16, usize) {
    let mut labels = Vec::new();
    let mut at = 12;
    while bytes[at] != 0 {
        let len = usize::from(bytes[at]);
        labels.push(String::from_utf8(bytes[at + 1..at + 1 + len].to_vec()).unwrap());
        at += 1 + len;
    }
    (labels.join("."), u16::from_be_bytes([bytes[at + 1], bytes[at + 2]]), at + 5)
}

fn write_reply(question: &[u8], reply: Reply, is_stream: bool) -> Option<Vec<u8>> {
    let mut bytes = question.to_vec();
    let mut cut = 0;
    let (code, records) = match reply {
        Reply::Cut(_, records) if is_stream => (0, records?),
        Reply::Cut(records, _) => {
            cut = 2;
            (0, records)
        }
        Reply::Silence => return None,
        Reply::Records(records) => (0, records),
        Reply::NoSuchName => (3, Vec::new()),
        Reply::Refused => (5, Vec::new()),
        Reply::Forged => {
            bytes[1] ^= 1;
            (0, vec![a(60, [192, 0, 2, 66])])
        }
    };
    bytes[2..12].copy_from_slice(&[
        0x81 | cut,
        0x80 | code,
        0,
        1,
        u8::try_from(records.len() >> 8).unwrap(),
        u8::try_from(records.len() & 0xff).unwrap(),
        0,
        0,
        0,
        0,
    ]);
    for (owner, kind, ttl, content) in records {
        match owner {
            None => bytes.extend([0xc0, 12]),
            Some(owner) => bytes.extend(name(owner)),
        }
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1]);
        bytes.extend(ttl.to_be_bytes());
        bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(content);
    }
    Some(bytes)
}
