//! A network between an engine and its server that does what it is told: on loopback, into the server's Unix socket.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use store::{Address, Postgres};

use crate::places::server_url;

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    /// It arrives.
    Fair,
    /// Connections end, and new ones end at once.
    Cut,
    /// Nothing arrives, and nobody is told.
    Silent,
    /// The next COMMIT does not arrive; then as it says.
    CutBeforeCommit(After),
    /// The connection of the next COMMIT ends for who has sent it; the COMMIT arrives later all the same. Then fair.
    LateCommit,
    /// The next COMMIT arrives, its connection ends before the answer; then as it says.
    CutAfterCommit(After),
}

/// The weather after a commit that was cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum After {
    Fair,
    Cut,
    /// The connection stays, and nobody hears from it again.
    Silent,
}

pub(crate) struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    open: Vec<(TcpStream, UnixStream)>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let url = server_url().unwrap();
        let named = |name: &str| {
            let value = url.split(['?', '&']).find_map(|one| one.strip_prefix(name));
            value.unwrap_or_else(|| panic!("{url} says no {name}")).to_owned()
        };
        let socket = format!("{}/.s.PGSQL.{}", named("host="), named("port="));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood: Mood::Fair, open: vec![] }));
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                accept(client.unwrap(), &socket, &shared);
            }
        });
        Self { port, state }
    }

    pub(crate) fn set(&self, mood: Mood) {
        let mut state = self.state.lock().unwrap();
        state.mood = mood;
        if mood == Mood::Cut {
            state.cut();
        }
    }

    /// An engine behind the network, which does not wait long.
    pub(crate) fn engine(&self, schema: &str) -> Postgres {
        let url = format!("postgresql://trunkline@127.0.0.1:{}/postgres", self.port);
        let address = Address::parse(&url, None, &[]).unwrap().with_schema(schema).unwrap();
        Postgres::new(address).unwrap().with_call_max(CALL_MAX)
    }
}

pub(crate) const CALL_MAX: Duration = Duration::from_secs(2);

impl State {
    fn cut(&mut self) {
        for (client, server) in self.open.drain(..) {
            // Either may have ended by itself.
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        }
    }

    fn then(&mut self, after: After) {
        self.mood = match after {
            After::Fair => Mood::Fair,
            After::Cut => Mood::Cut,
            After::Silent => Mood::Silent,
        };
        if after != After::Silent {
            self.cut();
        }
    }
}

fn accept(client: TcpStream, socket: &str, state: &Arc<Mutex<State>>) {
    let mut locked = state.lock().unwrap();
    if locked.mood == Mood::Cut {
        return;
    }
    let Ok(server) = UnixStream::connect(socket) else { return };
    locked.open.push((client.try_clone().unwrap(), server.try_clone().unwrap()));
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) = (server, client);
    let (up, down) = (state.clone(), state.clone());
    thread::spawn(move || carry(&mut from_client, |bytes| forward(&up, bytes, &mut to_server)));
    thread::spawn(move || {
        carry(&mut from_server, |bytes| {
            let mut state = down.lock().unwrap();
            match state.mood {
                // What the server says to a COMMIT is that it is done.
                Mood::CutAfterCommit(after) if bytes.windows(7).any(|word| word == b"COMMIT\0") => {
                    state.then(after);
                    false
                }
                Mood::Silent => true,
                Mood::Fair
                | Mood::Cut
                | Mood::LateCommit
                | Mood::CutBeforeCommit(_)
                | Mood::CutAfterCommit(_) => to_client.write_all(bytes).is_ok(),
            }
        });
    });
}

/// What the client says, to the server.
fn forward(state: &Mutex<State>, bytes: &[u8], to: &mut UnixStream) -> bool {
    let mut state = state.lock().unwrap();
    match state.mood {
        Mood::CutBeforeCommit(after) if bytes.windows(7).any(|word| word == b"COMMIT\0") => {
            state.then(after);
            false
        }
        Mood::LateCommit if bytes.windows(7).any(|word| word == b"COMMIT\0") => {
            state.mood = Mood::Fair;
            let (late, bytes) = (state.open.drain(..).collect::<Vec<_>>(), bytes.to_vec());
            let mut to = to.try_clone().unwrap();
            thread::spawn(move || {
                for (client, _server) in &late {
                    // It may have ended by itself.
                    let _ = client.shutdown(Shutdown::Both);
                }
                thread::sleep(LATE);
                to.write_all(&bytes).unwrap();
            });
            false
        }
        Mood::Silent => true,
        Mood::Fair | Mood::Cut | Mood::LateCommit | Mood::CutBeforeCommit(_) | Mood::CutAfterCommit(_) => {
            to.write_all(bytes).is_ok()
        }
    }
}

/// How long a COMMIT is on its way.
const LATE: Duration = Duration::from_millis(300);

fn carry(from: &mut impl Read, mut pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !pass(&buffer[..count]) {
            return;
        }
    }
}
