//! Two phones that speak to each other without anything in between, and through somebody who spoils what they say.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use crypto::{MasterKey, Suite};
use loadgen::media::clock::Clock;
use loadgen::phone::melody::Part;
use loadgen::phone::{Agreed, Heard, Passage, Voice};
use wire::rtp::PayloadType;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SUITE: Suite = Suite::AesCm128HmacSha1_80;

#[test]
fn two_phones_hear_each_other_bit_by_bit() {
    let (caller, called) = phones();
    caller.agree(in_the_clear(called.address()));
    called.agree(in_the_clear(caller.address()));
    caller.press(b"1*");
    thread::sleep(Duration::from_millis(700));
    let (caller, called) = hang_up(caller, called);
    assert_eq!((called.keys.as_str(), caller.keys.as_str()), ("1*", ""));
    for (speaker, listener) in [(&caller, &called), (&called, &caller)] {
        let passage = Passage::between(speaker, listener);
        assert!(passage.spoken > 15 && passage.lost == 0, "{passage:?}");
        assert_eq!((listener.damaged, listener.repeated, listener.refused), (0, 0, 0));
        assert_eq!(listener.samples.len() as u64, 160 * listener.packets);
    }
}

#[test]
fn protected_voice_is_heard_under_its_key_alone() {
    let (caller, called) = phones();
    let terms = |remote, sealed, opened| Agreed {
        sealed_with: Some(key(sealed)),
        opened_with: Some(key(opened)),
        ..in_the_clear(remote)
    };
    caller.agree(terms(called.address(), 1, 2));
    called.agree(terms(caller.address(), 2, 9));
    thread::sleep(Duration::from_millis(300));
    // The same terms again change nothing; the right ones let it be heard from now on.
    caller.agree(terms(called.address(), 1, 2));
    called.agree(terms(caller.address(), 2, 1));
    thread::sleep(Duration::from_millis(300));
    let (caller, called) = hang_up(caller, called);
    assert!(called.refused >= 5 && called.packets >= 5, "{} refused", called.refused);
    assert_eq!((caller.refused, Passage::between(&called, &caller).lost), (0, 0));
}

#[test]
fn what_was_spoilt_or_repeated_on_the_way_is_found() {
    let (caller, called) = phones();
    let between = UdpSocket::bind((HERE, 0)).unwrap();
    caller.agree(in_the_clear(between.local_addr().unwrap()));
    let to = called.address();
    let spoil = thread::spawn(move || -> io::Result<()> {
        let mut packet = [0; 2048];
        for count in 0..20 {
            let len = between.recv(&mut packet)?;
            if count == 5 {
                packet[100] ^= 1;
            }
            if count != 7 {
                between.send_to(&packet[..len], to)?;
            }
            if count == 9 {
                between.send_to(&packet[..len], to)?;
            }
        }
        Ok(())
    });
    called.agree(in_the_clear(caller.address()));
    spoil.join().unwrap().unwrap();
    let heard = called.heard();
    let (caller, called) = hang_up(caller, called);
    assert!(heard >= 17, "{heard}");
    assert_eq!((called.packets, called.damaged, called.repeated), (18, 1, 1));
    // Two in the middle, and what was said after the twentieth.
    assert_eq!(Passage::between(&caller, &called).lost, caller.spoken.len() as u64 - 18);
}

fn phones() -> (Voice, Voice) {
    let clock = Clock::start();
    let phone = |part| Voice::open(HERE, part, clock).expect("loopback has ports");
    (phone(Part::High), phone(Part::Low))
}

fn hang_up(caller: Voice, called: Voice) -> (Heard, Heard) {
    // Both at once: what one says last, the other still hears.
    let called = thread::spawn(move || called.stop());
    let caller = caller.stop().expect("its socket works");
    (caller, called.join().expect("the thread does not panic").expect("its socket works"))
}

fn in_the_clear(remote: SocketAddr) -> Agreed {
    Agreed {
        remote,
        payload_type: PayloadType::new(0).expect("zero is one"),
        telephone_event: PayloadType::new(101),
        sealed_with: None,
        opened_with: None,
        speaks: true,
    }
}

fn key(seed: u8) -> MasterKey {
    MasterKey::from_bytes(SUITE, &vec![seed; SUITE.inline_len()]).expect("the length is that of the suite")
}
