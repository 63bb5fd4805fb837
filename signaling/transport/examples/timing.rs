//! What a message and a handshake cost the thread of the transport: the time spent in `poll` and `send` alone, while
//! peers on the same thread wait. Best of several runs.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use sip::flow::{Destination, Flow, Protocol};
use transport::certificate::keep;
use transport::tls::Roots;
use transport::{Arrival, Count, Guard, Limits, Listener, Setup, Tls, Transport};

const ROUNDS: usize = 2000;
const BURST: usize = 16;
const RUNS: usize = 5;

struct Anybody;

impl Guard for Anybody {
    fn knows(&self, _: IpAddr) -> bool {
        true
    }

    fn is_host(&self, _: &str) -> bool {
        false
    }
}

/// A transport, and how long it has worked.
struct Bench {
    transport: Transport,
    worked: Duration,
    flows: Vec<Flow>,
}

impl Bench {
    /// Polls once.
    fn poll(&mut self) {
        let Self { transport, flows, worked } = self;
        let start = Instant::now();
        let hear = &mut |arrival: Arrival<'_>| {
            if let Arrival::Message { flow, .. } = arrival {
                flows.push(flow);
            }
        };
        transport.poll(Some(Duration::ZERO), &Anybody, hear).expect("it can be polled");
        *worked += start.elapsed();
    }

    /// Takes a burst in and answers it.
    fn echo(&mut self, text: &[u8]) {
        while self.flows.len() < BURST {
            self.poll();
        }
        let start = Instant::now();
        for flow in self.flows.drain(..) {
            self.transport.send(&Destination::Flow(flow), text);
        }
        self.worked += start.elapsed();
    }

    fn per_second(&mut self, things: usize) -> f64 {
        let worked = std::mem::take(&mut self.worked);
        things as f64 / worked.as_secs_f64()
    }
}

fn main() {
    let folder = std::env::temp_dir().join(format!("trunkline-timing-{}", std::process::id()));
    let kept = keep(&folder, "ours.example", SystemTime::now()).expect("the folder can be written");
    let tls = Tls::new(&kept.identity, &Roots::new()).expect("the certificate is ours");
    let listeners = [Protocol::Udp, Protocol::Tcp, Protocol::Tls].map(|protocol| Listener {
        protocol,
        address: "127.0.0.1:0".parse().expect("it is an address"),
        advertised: None,
    });
    let setup = Setup { listeners: listeners.to_vec(), limits: Limits::default(), tls: Some(tls) };
    let transport = Transport::open(&setup).expect("there are ports");
    let address = [0, 1, 2].map(|listener: usize| transport.listeners()[listener].address);
    let mut bench = Bench { transport, worked: Duration::ZERO, flows: Vec::new() };
    let text = message();
    let best = |run: &mut dyn FnMut() -> f64| (0..RUNS).map(|_| run()).fold(0.0, f64::max);

    let rate = best(&mut || datagrams(&mut bench, address[0], &text));
    println!("udp, {} bytes in and out: {:.0} messages/s each way", text.len(), rate);
    let mut stream = connect(address[1]);
    let rate = best(&mut || streams(&mut bench, &mut stream, &text));
    println!("tcp, {} bytes in and out: {:.0} messages/s each way", text.len(), rate);
    let peer = Peer::new(&kept.root_pem, &TLS13);
    let mut stream = peer.shake_hands(&mut bench, address[2]);
    bench.worked = Duration::ZERO;
    let rate = best(&mut || streams(&mut bench, &mut stream, &text));
    println!("tls, {} bytes in and out: {:.0} messages/s each way", text.len(), rate);
    for (word, version) in [("1.3", &TLS13), ("1.2", &TLS12)] {
        let peer = Peer::new(&kept.root_pem, version);
        let rate = best(&mut || handshakes(&mut bench, &peer, address[2]));
        println!("handshakes, TLS {word}: {rate:.0}/s");
    }
    std::fs::remove_dir_all(&folder).expect("it was made above");
}

fn message() -> Vec<u8> {
    let body = "x".repeat(800);
    let head =
        "INVITE sip:+4930123456@ours.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n";
    let more = "From: <sip:1@ours.example>;tag=1\r\nTo: <sip:2@ours.example>\r\nCall-ID: x\r\n".repeat(4);
    format!("{head}{more}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn datagrams(bench: &mut Bench, address: SocketAddr, text: &[u8]) -> f64 {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("there are ports");
    let mut room = vec![0; text.len()];
    for _ in 0..ROUNDS {
        for _ in 0..BURST {
            peer.send_to(text, address).expect("it is there");
        }
        bench.echo(text);
        for _ in 0..BURST {
            peer.recv(&mut room).expect("it was answered");
        }
    }
    bench.per_second(ROUNDS * BURST)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("it is a connection");
    stream
}

fn streams(bench: &mut Bench, peer: &mut (impl Read + Write), text: &[u8]) -> f64 {
    let mut room = vec![0; text.len() * BURST];
    for _ in 0..ROUNDS {
        for _ in 0..BURST {
            peer.write_all(text).expect("it is open");
        }
        bench.echo(text);
        peer.read_exact(&mut room).expect("it was answered");
    }
    bench.per_second(ROUNDS * BURST)
}

/// Somebody with a TLS of its own.
struct Peer(Arc<ClientConfig>);

impl Peer {
    fn new(root_pem: &str, version: &'static SupportedProtocolVersion) -> Self {
        let mut store = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root_pem.as_bytes()).expect("it was made above");
        store.add(root).expect("it is a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]);
        let builder = builder.expect("ring has both versions").with_root_certificates(store);
        Self(Arc::new(builder.with_no_client_auth()))
    }

    fn shake_hands(
        &self,
        bench: &mut Bench,
        address: SocketAddr,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let name = ServerName::try_from("sip.ours.example").expect("it is a name");
        let mut client = ClientConnection::new(Arc::clone(&self.0), name).expect("it can begin");
        let mut socket = connect(address);
        socket.set_nonblocking(true).expect("it is a connection");
        let before = bench.transport.counters().of(Count::Handshaken);
        while client.is_handshaking() || bench.transport.counters().of(Count::Handshaken) == before {
            let _ = client.complete_io(&mut socket);
            bench.poll();
        }
        socket.set_nonblocking(false).expect("it is a connection");
        StreamOwned::new(client, socket)
    }
}

fn handshakes(bench: &mut Bench, peer: &Peer, address: SocketAddr) -> f64 {
    bench.worked = Duration::ZERO;
    let count = 200;
    for _ in 0..count {
        let stream = peer.shake_hands(bench, address);
        drop(stream);
        while bench.transport.connections() > 2 {
            bench.poll();
        }
    }
    bench.per_second(count)
}
