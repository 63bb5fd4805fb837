//! Keys are kept while they are wished, and overwritten then. What the memory of this process holds says Linux.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use control::{
    Asked, Epoch, Incarnation, Name, Ports, Protection, Request, Response, Server, SessionId, SessionSpec,
    SideSpec,
};
use crypto::{MasterKey, Suite};
use fleet::ledger::Ledger;
use fleet::{FleetEvent, Settings};

const KEY_LEN: usize = 30;

/// A key that stands nowhere in the program as a whole.
fn key_byte(at: usize, number: u8) -> u8 {
    (at as u8).wrapping_mul(37).wrapping_add(number) ^ 0x5a
}

fn wish(epoch: u32, number: u8) -> SessionSpec {
    let mut bytes: [u8; KEY_LEN] = std::array::from_fn(|at| key_byte(at, number));
    let key = MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, &bytes);
    bytes.fill(0);
    let side = || SideSpec::new(Name::new("lab").expect("a name"), None);
    let mut sides = [side(), side()];
    sides[1].send = Protection::Srtp(key.expect("thirty bytes are a key of this suite"));
    SessionSpec { id: SessionId(1), epoch: Epoch(epoch), media_timeout_s: 60, sides }
}

/// Counts the copies of a key on the heap: in all that may be written but the stacks, through which values are moved.
fn copies(number: u8) -> usize {
    const CHUNK: usize = 1 << 14;
    let memory = File::open("/proc/self/mem").expect("Linux has it");
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let mut window = [0; CHUNK + KEY_LEN];
    let here = (&raw const window).addr();
    let mut count = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, permissions) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let bound = |text: &str| usize::from_str_radix(text, 16).expect("it is an address");
        let (first, end) = range.split_once('-').map(|(first, end)| (bound(first), bound(end))).expect("two");
        if !permissions.starts_with("rw") || (first..end).contains(&here) || line.ends_with("[stack]") {
            continue;
        }
        for start in (first..end).step_by(CHUNK) {
            let len = (end - start).min(CHUNK + KEY_LEN - 1);
            // What cannot be read is no heap.
            let Ok(len) = memory.read_at(&mut window[..len], start as u64) else { continue };
            let is_key =
                |bytes: &&[u8]| bytes.iter().enumerate().all(|(at, byte)| *byte == key_byte(at, number));
            count += window[..len].windows(KEY_LEN).filter(is_key).count();
        }
    }
    count
}

/// Carries everything between both until nobody has anything to say; every wish is granted.
fn talk(ledger: &mut Ledger, server: &mut Server) {
    let at = "192.0.2.1:4000".parse().expect("an address");
    loop {
        if let Some(message) = ledger.peek_message(0) {
            let asked = server.handle(message).expect("the fleet keeps to the protocol");
            ledger.message_sent(0);
            let Asked::Request(id, request) = asked else { continue };
            server.respond(
                id,
                match request {
                    Request::Apply(spec) => Response::Applied {
                        session: spec.id,
                        epoch: spec.epoch,
                        ports: Ports { a: at, b: at },
                    },
                    Request::Close(session) => Response::Closed { session, summary: None },
                    Request::List(_) => Response::Sessions(Vec::new()),
                    Request::Realms => Response::Realms(Vec::new()),
                    Request::Subscribe => Response::Subscribed,
                    Request::Describe(_) | Request::Statistics | Request::Workers => {
                        unreachable!("the fleet does not ask it")
                    }
                },
            );
        } else if let Some(message) = server.peek_message() {
            ledger.handle(Duration::ZERO, 0, message);
            server.message_sent();
        } else {
            return;
        }
    }
}

#[test]
fn a_key_is_on_the_heap_while_it_is_wished_and_not_any_more() {
    let name = Name::new("media").expect("a name");
    let mut ledger = Ledger::new(Duration::ZERO, [name], Settings::default());
    let mut server = Server::new(Incarnation(1));
    ledger.connected(Duration::ZERO, 0);
    talk(&mut ledger, &mut server);

    ledger.open(Duration::ZERO, wish(1, 11));
    assert!(copies(11) > 1, "it is kept, and waits to be sent");
    talk(&mut ledger, &mut server);
    assert_eq!(copies(11), 1, "it is kept, to be said again");
    ledger.update(Duration::ZERO, wish(2, 201));
    talk(&mut ledger, &mut server);
    assert_eq!((copies(11), copies(201)), (0, 1), "a wish that was replaced is forgotten");

    ledger.close(Duration::ZERO, SessionId(1));
    talk(&mut ledger, &mut server);
    assert_eq!((copies(11), copies(201)), (0, 0));
    let told: Vec<FleetEvent> = std::iter::from_fn(|| ledger.poll_event()).collect();
    assert!(matches!(told.last(), Some(FleetEvent::Closed { .. })), "{told:?}");
    assert!(!format!("{told:?}").contains("Srtp"), "no event has a wish in it");
}
