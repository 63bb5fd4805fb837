//! TLS, from both sides.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WantsServerCert;
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};
use sip::flow::{Destination, Protocol};
use transport::tls::Roots;
use transport::{Count, Failure, Limits, Setup, SetupError, Tls, Transport};

use crate::scene::{
    Folder, KNOWN, Scene, Secure, SecurePeer, ZONE, authority, named, options, read, rest, roots,
    stream_from, target,
};

/// Connects to us and says something, once the handshake is done.
fn come_in(scene: &mut Scene, secure: &SecurePeer, text: &str) -> Secure {
    let (secure, address, text) = (secure.clone(), scene.address(0), text.to_owned());
    scene.with_peer(move || {
        let mut peer = secure.over(stream_from(KNOWN, address), "sip.ours.example");
        peer.write_all(text.as_bytes()).unwrap();
        peer
    })
}

fn root(scene: &Scene) -> String {
    scene.kept.as_ref().unwrap().root_pem.clone()
}

#[test]
fn both_versions_carry_messages_both_ways() {
    for version in [&TLS12, &TLS13] {
        let mut scene = Scene::new(Protocol::Tls);
        let secure = SecurePeer::new(&root(&scene), &[version]);
        let mut peer = come_in(&mut scene, &secure, &options("in"));
        assert_eq!(peer.conn.protocol_version(), Some(version.version));
        let (flow, text) = scene.messages(1).remove(0);
        assert_eq!((flow.protocol, text), (Protocol::Tls, options("in")));
        scene.transport.send(&Destination::Flow(flow), options("out").as_bytes());
        let back = scene.with_peer(move || read(&mut peer, options("out").len()));
        assert_eq!(back, options("out").as_bytes());
        assert_eq!(scene.count(Count::Handshaken), 1);
    }
}

#[test]
fn long_messages_pass_tls_in_both_directions() {
    let mut scene = Scene::new(Protocol::Tls);
    let secure = SecurePeer::new(&root(&scene), &[&TLS13]);
    let text = options(&"x".repeat(60_000));
    let mut peer = come_in(&mut scene, &secure, &text.repeat(10));
    let messages = scene.messages(10);
    assert!(messages.iter().all(|(_, heard)| *heard == text));
    for (flow, heard) in messages.iter().take(3) {
        scene.transport.send(&Destination::Flow(flow.clone()), heard.as_bytes());
    }
    let len = text.len() * 3;
    assert!(scene.with_peer(move || read(&mut peer, len)) == text.repeat(3).as_bytes());
}

/// A server of its own with a certificate for the zone, which echoes one message of so many bytes.
fn server(kept: &Folder, len: usize) -> (SocketAddr, JoinHandle<Option<String>>) {
    let pem = |name| std::fs::read(kept.path().join(name)).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&pem("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&pem("server.key")).unwrap();
    server_with(server_builder().with_single_cert(chain, key).unwrap(), len)
}

fn server_builder() -> ConfigBuilder<ServerConfig, WantsServerCert> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.unwrap().with_no_client_auth()
}

fn server_with(config: ServerConfig, len: usize) -> (SocketAddr, JoinHandle<Option<String>>) {
    let config = Arc::new(config);
    let listener = TcpListener::bind((KNOWN, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut peer = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        let mut bytes = vec![0; len];
        std::io::Read::read_exact(&mut peer, &mut bytes).ok()?;
        peer.write_all(&bytes).unwrap();
        peer.flush().unwrap();
        // The other side closes.
        rest(&mut peer);
        String::from_utf8(bytes).ok()
    });
    (address, thread)
}

fn authority_in(folder: &Folder) -> transport::certificate::Kept {
    transport::certificate::keep(folder.path(), ZONE, std::time::SystemTime::now()).unwrap()
}

#[test]
fn a_server_that_bears_its_name_is_believed() {
    let folder = Folder::new();
    let kept = authority_in(&folder);
    let tls = Tls::new(&kept.identity, &roots(&kept.root_pem)).unwrap();
    for name in ["sip.ours.example", ZONE] {
        let mut scene = Scene::new(Protocol::Tcp);
        scene.transport.replace_tls(tls.clone());
        let (address, server) = server(&folder, options("").len());
        scene.transport.send(&named(address, name), options("").as_bytes());
        let (flow, text) = scene.messages(1).remove(0);
        assert_eq!((text, flow.remote), (options(""), address));
        drop(scene);
        assert_eq!(server.join().unwrap(), Some(options("")));
    }
}

#[test]
fn a_server_with_another_name_or_root_is_not() {
    let folder = Folder::new();
    let kept = authority_in(&folder);
    let good = roots(&kept.root_pem);
    let foreign = roots(&authority().root_pem);
    let cases = [
        (&good, Some("ours.example.test")),
        // A wildcard is for one label.
        (&good, Some("a.b.ours.example")),
        // Its address is not in the certificate.
        (&good, None),
        (&foreign, Some("sip.ours.example")),
    ];
    for (roots, name) in cases {
        let mut scene = Scene::new(Protocol::Tcp);
        scene.transport.replace_tls(Tls::new(&kept.identity, roots).unwrap());
        let (address, server) = server(&folder, 1);
        let there = match name {
            Some(name) => named(address, name),
            None => target(Protocol::Tls, address),
        };
        scene.transport.send(&there, options("").as_bytes());
        scene.until(|scene| !scene.failures().is_empty());
        assert_eq!(scene.failures(), [(there, Failure::Untrusted)]);
        assert_eq!(scene.count(Count::HandshakeFailed), 1);
        assert_eq!(server.join().unwrap(), None, "nothing that was said has reached it");
    }
}

/// A certificate that its own key has signed, for a name that nobody asks for: one of an authority, or of nobody's.
fn self_signed(folder: &Folder, is_authority: bool) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["pbx.local".to_owned()]).unwrap();
    parameters.is_ca = match is_authority {
        true => rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
        false => rcgen::IsCa::ExplicitNoCa,
    };
    let certificate = parameters.self_signed(&key).unwrap();
    std::fs::create_dir_all(folder.path()).unwrap();
    std::fs::write(folder.path().join("server.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

#[test]
fn a_pinned_certificate_is_believed_and_no_other() {
    let identity = authority().identity;
    for is_authority in [true, false] {
        let (folder, other) = (Folder::new(), Folder::new());
        let shown = self_signed(&folder, is_authority);
        self_signed(&other, is_authority);
        let mut pins = Roots::new();
        pins.pin(Sha256::digest(&shown).into());
        for (folder, is_believed) in [(&folder, true), (&other, false)] {
            let mut scene = Scene::new(Protocol::Tcp);
            scene.transport.replace_tls(Tls::new(&identity, &pins).unwrap());
            let (address, server) = server(folder, options("").len());
            let there = named(address, "sip.pbx.example");
            scene.transport.send(&there, options("").as_bytes());
            match is_believed {
                true => drop(scene.messages(1)),
                false => {
                    scene.until(|scene| !scene.failures().is_empty());
                    assert_eq!(scene.failures(), [(there, Failure::Untrusted)]);
                }
            }
            drop(scene);
            assert_eq!(server.join().unwrap(), is_believed.then(|| options("")));
        }
    }
}

#[test]
fn a_pinned_certificate_is_nothing_without_its_key() {
    let (folder, thief) = (Folder::new(), Folder::new());
    let shown = self_signed(&folder, false);
    self_signed(&thief, false);
    let mut pins = Roots::new();
    pins.pin(Sha256::digest(&shown).into());
    // The certificate is public; the key that goes with it here is another one.
    let key = std::fs::read(thief.path().join("server.key")).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::from_pem_slice(&key).unwrap());
    let stolen = rustls::sign::CertifiedKey::new(vec![shown], key.unwrap());
    let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(stolen));
    let mut scene = Scene::new(Protocol::Tcp);
    scene.transport.replace_tls(Tls::new(&authority().identity, &pins).unwrap());
    let (address, server) = server_with(server_builder().with_cert_resolver(resolver), 1);
    let there = named(address, "pbx.local");
    scene.transport.send(&there, options("").as_bytes());
    scene.until(|scene| !scene.failures().is_empty());
    assert_eq!(scene.count(Count::HandshakeFailed), 1);
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn without_verification_anybody_is_believed() {
    let folder = Folder::new();
    let kept = authority_in(&folder);
    let mut scene = Scene::new(Protocol::Tcp);
    scene.transport.replace_tls(Tls::without_verification(&kept.identity).unwrap());
    let (address, server) = server(&folder, options("").len());
    scene.transport.send(&named(address, "other.test"), options("").as_bytes());
    scene.messages(1);
    drop(scene);
    assert!(server.join().unwrap().is_some());
}

#[test]
fn a_new_certificate_is_for_new_connections() {
    let mut scene = Scene::new(Protocol::Tls);
    let (old, new) = (root(&scene), authority());
    let mut before = come_in(&mut scene, &SecurePeer::new(&old, &[&TLS13]), &options("1"));
    scene.messages(1);
    scene.transport.replace_tls(Tls::new(&new.identity, &roots(&new.root_pem)).unwrap());
    come_in(&mut scene, &SecurePeer::new(&new.root_pem, &[&TLS13]), &options("2"));
    scene.messages(2);
    before.write_all(options("3").as_bytes()).unwrap();
    assert_eq!(scene.messages(3)[2].1, options("3"));
    // Who believes the old root only does not come in any more.
    let (address, secure) = (scene.address(0), SecurePeer::new(&old, &[&TLS13]));
    let refused = scene.with_peer(move || {
        secure.over(stream_from(KNOWN, address), "sip.ours.example").write_all(b"x").is_err()
    });
    assert!(refused);
}

#[test]
fn a_handshake_has_to_end_in_time() {
    let limits = Limits { handshake: Duration::from_millis(200), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tls, limits);
    let mut silent = stream_from(KNOWN, scene.address(0));
    let mut slow = stream_from(KNOWN, scene.address(0));
    slow.write_all(b"\x16\x03\x01\x02").unwrap();
    scene.counts(Count::HandshakeTimeout, 2);
    assert!(rest(&mut silent).is_empty() && rest(&mut slow).is_empty());
    assert!(scene.events.is_empty(), "nobody had heard of them");
    // A server that says nothing is no better.
    let listener = TcpListener::bind((KNOWN, 0)).unwrap();
    let there = target(Protocol::Tls, listener.local_addr().unwrap());
    scene.transport.send(&there, b"x");
    scene.until(|scene| !scene.failures().is_empty());
    assert_eq!(scene.failures(), [(there, Failure::TimedOut)]);
}

#[test]
fn there_are_so_many_handshakes_in_all_and_from_one_host() {
    for limits in [
        Limits { handshakes_max: 2, ..Limits::default() },
        Limits { handshakes_per_host_max: 2, ..Limits::default() },
    ] {
        let mut scene = Scene::with_limits(Protocol::Tls, limits);
        let hesitating = [stream_from(KNOWN, scene.address(0)), stream_from(KNOWN, scene.address(0))];
        scene.counts(Count::Accepted, 2);
        let mut third = stream_from(KNOWN, scene.address(0));
        scene.counts(Count::HandshakesFull, 1);
        assert!(rest(&mut third).is_empty());
        drop(hesitating);
        scene.until(|scene| scene.transport.connections() == 0);
        let secure = SecurePeer::new(&root(&scene), &[&TLS13]);
        come_in(&mut scene, &secure, &options(""));
        scene.messages(1);
    }
}

#[test]
fn a_storm_of_handshakes_takes_a_share_of_each_turn_only() {
    let limits = Limits { handshakes_per_turn: 2, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tls, limits);
    let secure = SecurePeer::new(&root(&scene), &[&TLS13]);
    let mut calm = come_in(&mut scene, &secure, &options("calm"));
    scene.messages(1);
    let storm: Vec<_> = (0..24)
        .map(|_| {
            let mut peer = secure.over(stream_from(KNOWN, scene.address(0)), "sip.ours.example");
            peer.conn.complete_io(&mut HelloOnly(&mut peer.sock)).unwrap_err();
            peer
        })
        .collect();
    calm.write_all(options("still").as_bytes()).unwrap();
    let mut turns = 0;
    while scene.count(Count::StreamReceived) < 2 {
        scene.turn(Duration::from_millis(20));
        turns += 1;
    }
    // Everybody in the storm was there first, and each needs one dear step.
    assert!(turns <= 3, "{turns}");
    assert!(scene.count(Count::Accepted) <= 1 + 2 * turns);
    assert_eq!(storm.len(), 24);
}

/// Lets the first words of a client out and nothing in.
struct HelloOnly<'a>(&'a mut std::net::TcpStream);

impl std::io::Read for HelloOnly<'_> {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }
}

impl Write for HelloOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn tls_without_a_certificate_is_no_listener() {
    let address = (KNOWN, 0).into();
    let listeners = vec![transport::Listener { protocol: Protocol::Tls, address, advertised: None }];
    let refused = Transport::open(&Setup { listeners, ..Setup::default() }).err();
    assert!(matches!(refused, Some(SetupError::NoIdentity { .. })));
}

#[test]
fn no_session_is_resumed() {
    for version in [&TLS12, &TLS13] {
        let mut scene = Scene::new(Protocol::Tls);
        let secure = SecurePeer::new(&root(&scene), &[version]);
        for number in 1..=2 {
            let mut peer = come_in(&mut scene, &secure, &options(""));
            let (flow, text) = scene.messages(number).remove(number - 1);
            scene.transport.send(&Destination::Flow(flow), text.as_bytes());
            let kind = scene.with_peer(move || {
                // What a server gives to come back with comes before its first message.
                read(&mut peer, text.len());
                peer.conn.handshake_kind()
            });
            assert_eq!(kind, Some(rustls::HandshakeKind::Full));
        }
    }
}
