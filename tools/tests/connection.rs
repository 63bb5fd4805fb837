//! A PBX whose connection is gone in the middle of a call: what belongs to the call reaches it where its Contact says.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

/// Nothing that is waited for takes as long, unless it never comes.
const LONG: Duration = Duration::from_secs(10);
const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n";
/// Where the PBX wants what belongs to its calls; calls come to 5060.
const CONTACT_PORT: u16 = 5999;

#[test]
fn a_bye_reaches_a_pbx_that_has_closed_its_connection_and_listens_at_its_contact() {
    let appliance = Appliance::start();
    let entrance = TcpListener::bind(appliance.at(2)).unwrap();
    let contact = SocketAddr::new(appliance.at(2).ip(), CONTACT_PORT);
    let later = TcpListener::bind(contact).unwrap();
    for listener in [&entrance, &later] {
        SockRef::from(listener).set_read_timeout(Some(LONG)).unwrap();
    }
    let mut carrier = Peer::connect(appliance.at(4), appliance.at(1));
    carrier.ask("INVITE", 1, "", SDP);
    let (stream, _) = entrance.accept().unwrap();
    let mut pbx = Peer::of(stream);
    let invite = pbx.hear_request("INVITE");
    pbx.answer(&invite, &format!("Contact: <sip:pbx@{contact};transport=tcp>\r\n"), SDP);
    pbx.hear_request("ACK");
    // What it was called by goes, too: nobody is at port 5060 any more.
    drop((pbx, entrance));
    let accepted = carrier.hear_answer();
    let tag = accepted.field("To").to_owned();
    carrier.ask("ACK", 1, &tag, "");

    carrier.ask("BYE", 2, &tag, "");

    let (stream, _) = later.accept().expect("the BYE comes to the Contact");
    let mut pbx = Peer::of(stream);
    let bye = pbx.hear_request("BYE");
    assert_eq!(bye.field("Call-ID"), invite.field("Call-ID"));
    pbx.answer(&bye, "", "");
    assert!(carrier.hear_answer().first.contains("200"), "the caller's own end");
}

/// A message as it came.
struct Message {
    first: String,
    fields: Vec<(String, String)>,
}

impl Message {
    fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str()).unwrap()
    }
}

/// One end of a connection.
struct Peer {
    reader: BufReader<TcpStream>,
}

impl Peer {
    fn connect(own: SocketAddr, to: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(own.ip(), 0).into()).unwrap();
        socket.connect(&to.into()).unwrap();
        Self::of(socket.into())
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LONG)).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    fn say(&mut self, head: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len());
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Sends a request of the carrier's one call; the tag is all of To once it is known.
    fn ask(&mut self, method: &str, number: u32, to: &str, body: &str) {
        let stream = self.reader.get_ref();
        let (own, there) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        let called = format!("<sip:+12065550100@{}>", there.ip());
        let to = if to.is_empty() { &called } else { to };
        let head = format!(
            "{method} sip:+12065550100@{there};transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP {own};branch=z9hG4bK{method}{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+14255550199@{}>;tag=c\r\nTo: {to}\r\nCall-ID: gone\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:{own};transport=tcp>\r\n",
            own.ip()
        );
        self.say(&head, body);
    }

    fn answer(&mut self, request: &Message, more: &str, body: &str) {
        let mut head = "SIP/2.0 200 OK\r\n".to_owned();
        for (name, value) in &request.fields {
            let tag = if name == "To" && !value.contains(";tag=") { ";tag=p" } else { "" };
            if ["Via", "From", "To", "Call-ID", "CSeq", "Record-Route"].contains(&name.as_str()) {
                head.push_str(&format!("{name}: {value}{tag}\r\n"));
            }
        }
        self.say(&format!("{head}{more}"), body);
    }

    fn hear(&mut self) -> Message {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(
                self.reader.read_line(&mut line).unwrap() > 0,
                "the connection has ended after {lines:?}"
            );
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let first = lines.remove(0);
        let fields = lines.iter().map(|line| line.split_once(": ").unwrap());
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let message = Message { first, fields };
        let mut body = vec![0; message.field("Content-Length").parse().unwrap()];
        self.reader.read_exact(&mut body).unwrap();
        message
    }

    fn hear_request(&mut self, method: &str) -> Message {
        let message = self.hear();
        assert!(message.first.starts_with(&format!("{method} ")), "{}", message.first);
        message
    }

    /// Returns the final answer.
    fn hear_answer(&mut self) -> Message {
        loop {
            let message = self.hear();
            if !message.first.starts_with("SIP/2.0 1") {
                assert!(message.first.starts_with("SIP/2.0 200"), "{}", message.first);
                return message;
            }
        }
    }
}

/// Both processes, with addresses and a folder of their own.
struct Appliance {
    network: [u8; 3],
    folder: PathBuf,
    served: Child,
}

impl Appliance {
    fn start() -> Self {
        let process = std::process::id();
        let network = [127, 10 + (process / 250 % 240) as u8, 250];
        let folder = std::env::temp_dir().join(format!("trunkline-connection-{process}"));
        fs::create_dir_all(&folder).unwrap();
        let at = |host| SocketAddr::new(Ipv4Addr::new(network[0], network[1], network[2], host).into(), 5060);
        let (data, config) = (folder.join("data"), folder.join("trunkline.toml"));
        let (here, pbx, carrier) = (at(1).ip(), at(2).ip(), at(4).ip());
        let text = format!(
            "[node]\ndata = {data:?}\n[sip]\nallow_loopback_media = true\nzone = \"vc.example\"\n[media]\ndriver = \"mmsg\"\n\
             workers = 1\nports = \"32000-32099\"\n[timers]\noptions_interval_s = 0\n\
             [[sip.listeners]]\ntransport = \"tcp\"\naddress = \"{here}\"\nport = 5060\n"
        );
        fs::write(&config, text).unwrap();
        let provisioning = folder.join("provisioning.toml");
        let text = format!(
            "zone = \"vc.example\"\n[[voice_connectors]]\nvoice_connector_id = \"headquarters0000000001\"\nname = \"headquarters\"\n\
             origination = {{ routes = [{{ host = \"{pbx}\", protocol = \"TCP\", priority = 1, weight = 1 }}] }}\n\
             [[numbers]]\nnumber = \"+12065550100\"\nconnector = \"headquarters0000000001\"\ncarrier = \"north\"\n\
             [[carriers]]\ncarrier_id = \"north\"\nname = \"North\"\n\
             [[carriers.links]]\ncarrier_link_id = \"north-1\"\nhost = \"{carrier}\"\ntransport = \"TCP\"\n"
        );
        fs::write(&provisioning, text).unwrap();
        settings::provision::apply(&[provisioning], &data).unwrap();
        let mut served = Command::new(env!("CARGO_BIN_EXE_trunkline"))
            .args(["serve", "--patience", "0", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(served.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert_eq!(lines.filter(|line| line == "ready").take(2).count(), 2);
        Self { network, folder, served }
    }

    fn at(&self, host: u8) -> SocketAddr {
        let [a, b, c] = self.network;
        SocketAddr::new(Ipv4Addr::new(a, b, c, host).into(), 5060)
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        let id = nix::unistd::Pid::from_raw(self.served.id().cast_signed());
        // Its children end with it, in order.
        let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM);
        let _ = self.served.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
