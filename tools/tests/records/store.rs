//! A store that speaks as much of S3 as a record needs, and is down as stores are.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::ledger::Record;

/// What a store does with what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Up,
    /// It says that it cannot.
    Busy,
    /// It says nothing.
    Hangs,
    /// It ends the connection.
    Resets,
    /// It stores, and ends the connection: nobody knows that it has.
    StoresAndResets,
}

struct State {
    mood: Mood,
    objects: BTreeMap<String, Vec<u8>>,
    /// Requests that were no wish to create an object, nor a look at one.
    faults: Vec<String>,
    asked: usize,
}

/// The store, until the process ends.
pub(crate) struct Store {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

impl Store {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { mood: Mood::Up, objects: BTreeMap::new(), faults: Vec::new(), asked: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || while serve(&stream, &state).is_some() {});
            }
        });
        Self { state, address }
    }

    /// The lines of the configuration that lead here.
    pub(crate) fn configuration(&self) -> String {
        format!(
            "\n[cdr.s3]\nendpoint = \"http://{}\"\nbucket = \"records\"\naccess_key_id = \"test\"\n\
             secret_access_key = \"test\"\nsecret_in_clear = true\n",
            self.address
        )
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// How often it was asked for something.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// All that it has, if nobody has asked it for anything else than to create what is not there.
    pub(crate) fn records(&self) -> Vec<Record> {
        let state = self.state.lock().unwrap();
        assert!(state.faults.is_empty(), "{:?}", state.faults);
        state.objects.iter().map(|(key, json)| Record::new(key, json)).collect()
    }
}

/// Serves one request; none if the connection is to end.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let head = head.to_lowercase();
    let len =
        head.split_once("content-length:").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; len.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;

    let mood = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        state.mood
    };
    let answer = match mood {
        Mood::Busy => ("503 Slow Down", Vec::new()),
        Mood::Resets => return None,
        Mood::Hangs => {
            while state.lock().unwrap().mood == Mood::Hangs {
                thread::park_timeout(Duration::from_millis(20));
            }
            return None;
        }
        Mood::Up | Mood::StoresAndResets => keep(&mut state.lock().unwrap(), (&method, &path, &head), body),
    };
    if mood == Mood::StoresAndResets {
        return None;
    }
    let (status, body) = answer;
    let head = format!(
        "HTTP/1.1 {status}\r\nETag: \"1\"\r\nLast-Modified: Fri, 08 Mar 2019 06:27:38 GMT\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

fn keep(
    state: &mut State,
    (method, path, head): (&str, &str, &str),
    body: Vec<u8>,
) -> (&'static str, Vec<u8>) {
    let is_conditional = head.contains("if-none-match: *");
    match (method, is_conditional) {
        ("PUT", true) if state.objects.contains_key(path) => ("412 Precondition Failed", Vec::new()),
        ("PUT", true) => {
            state.objects.insert(path.to_owned(), body);
            ("200 OK", Vec::new())
        }
        ("GET", _) => match state.objects.get(path) {
            Some(found) => ("200 OK", found.clone()),
            None => ("404 Not Found", Vec::new()),
        },
        _ => {
            state.faults.push(head.to_owned());
            ("400 Bad Request", Vec::new())
        }
    }
}
