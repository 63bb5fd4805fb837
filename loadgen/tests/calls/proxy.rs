//! A proxy that remembers no call, in the place of the appliance, with faults on demand.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the proxy does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It loses the first copy of the fifth INVITE.
    LoseOne,
    /// It refuses the fifth call.
    RefuseOne,
    /// It passes on no BYE of the fifth call.
    KeepOne,
    /// It passes on nothing.
    Silent,
    /// It takes 20 ms for every INVITE.
    Slow,
    /// It refuses all but ten calls for load, and says when to come back.
    Shed,
    /// The same, without saying so.
    ShedForGood,
}

pub(crate) struct Proxy {
    pub(crate) server: SocketAddr,
    pub(crate) carrier: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread has.
struct Desk {
    socket: UdpSocket,
    fault: Fault,
    carrier: SocketAddr,
    pbx: Option<SocketAddr>,
    /// The Call-IDs, in the order in which they came.
    calls: Vec<String>,
}

impl Proxy {
    pub(crate) fn start(fault: Fault) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("it takes a time");
        let server = socket.local_addr().expect("it is bound");
        // The port is free again when the command binds it.
        let free = UdpSocket::bind("127.0.0.2:0").and_then(|socket| socket.local_addr());
        let carrier = free.expect("loopback is there");
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let mut desk = Desk { socket, fault, carrier, pbx: None, calls: Vec::new() };
        let thread = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                desk.turn();
            }
        });
        Self { server, carrier, is_over, thread: Some(thread) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the proxy has no reason to panic");
        }
    }
}

impl Desk {
    fn turn(&mut self) {
        let mut bytes = [0; 4096];
        let Ok((len, from)) = self.socket.recv_from(&mut bytes) else { return };
        let text = String::from_utf8_lossy(&bytes[..len]).into_owned();
        if from == self.carrier {
            if let (Some(pbx), Some(text)) = (self.pbx, without_via(&text)) {
                self.send(pbx, &text);
            }
            return;
        }
        self.pbx = Some(from);
        let number = self.number(&text);
        if let Some(text) = self.pass(number, &text) {
            let (line, rest) = text.split_once("\r\n").expect("a message has lines");
            let own = self.socket.local_addr().expect("it is bound");
            let via = format!("{line}\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKproxy{number}\r\n{rest}");
            self.send(self.carrier, &via);
        }
    }

    /// Which call this is, and whether it is the first message of it.
    fn number(&mut self, text: &str) -> usize {
        let id = text.lines().find_map(|line| line.strip_prefix("Call-ID: ")).expect("there is a Call-ID");
        self.calls.iter().position(|known| known == id).unwrap_or_else(|| {
            self.calls.push(id.to_owned());
            self.calls.len() - 1
        })
    }

    /// Returns what the carrier gets of a request.
    fn pass(&mut self, number: usize, text: &str) -> Option<String> {
        let (is_invite, is_bye) = (text.starts_with("INVITE"), text.starts_with("BYE"));
        let is_fifth = number == 4;
        match self.fault {
            Fault::LoseOne if is_fifth && is_invite => {
                self.fault = Fault::None;
                return None;
            }
            Fault::RefuseOne if is_fifth => {
                self.answer(text, is_invite, "486 Busy Here", "");
                return None;
            }
            Fault::KeepOne if is_fifth && is_bye => return None,
            Fault::Silent => return None,
            Fault::Slow if is_invite => thread::sleep(Duration::from_millis(20)),
            Fault::Shed if number >= 10 => {
                self.answer(text, is_invite, "503 Service Unavailable", "Retry-After: 5\r\n");
                return None;
            }
            Fault::ShedForGood if number >= 10 => {
                self.answer(text, is_invite, "503 Service Unavailable", "");
                return None;
            }
            Fault::None
            | Fault::LoseOne
            | Fault::RefuseOne
            | Fault::KeepOne
            | Fault::Slow
            | Fault::Shed
            | Fault::ShedForGood => {}
        }
        Some(text.to_owned())
    }

    fn answer(&self, text: &str, is_invite: bool, status: &str, advice: &str) {
        let Some(pbx) = self.pbx.filter(|_| is_invite) else { return };
        let of = |line: &&str| {
            ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        };
        let lines: String = text.lines().filter(of).map(|line| format!("{line}\r\n")).collect();
        let tagged = lines.replace("\r\nCall-ID", ";tag=proxy\r\nCall-ID");
        self.send(pbx, &format!("SIP/2.0 {status}\r\n{tagged}{advice}Content-Length: 0\r\n\r\n"));
    }

    fn send(&self, to: SocketAddr, text: &str) {
        // Whoever has ended does not hear it.
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

/// Takes away the Via on top.
fn without_via(text: &str) -> Option<String> {
    let start = text.find("Via: ")?;
    let end = start + text[start..].find("\r\n")? + 2;
    Some(format!("{}{}", &text[..start], &text[end..]))
}
