//! A store of objects that speaks as much of S3 as a `PUT` and a `GET` need, and fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the store does with a `PUT`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    /// It answers so, and stores nothing.
    Refuse(&'static str),
    /// It stores, and then answers as if it had not.
    StoreAndFail,
    /// It stores, and then hangs up.
    StoreAndHangUp,
    /// It hangs up.
    HangUp,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    moods: VecDeque<Mood>,
    /// It does not know `If-None-Match`.
    is_simple: bool,
    /// Objects that were written a second time.
    overwritten: usize,
    puts: usize,
}

/// The store, as long as the process lives.
pub(crate) struct Web {
    state: Arc<Mutex<State>>,
    pub(crate) address: SocketAddr,
}

impl Web {
    pub(crate) fn new(moods: &[Mood]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(Mutex::new(State { moods: moods.iter().copied().collect(), ..State::default() }));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || while serve(&stream, &state).is_some() {});
            }
        });
        Self { state, address }
    }

    pub(crate) fn simple() -> Self {
        let web = Self::new(&[]);
        web.state.lock().unwrap().is_simple = true;
        web
    }

    pub(crate) fn insert(&self, key: String, bytes: &[u8]) {
        self.state.lock().unwrap().objects.insert(key, bytes.to_vec());
    }

    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state.lock().unwrap().objects.clone()
    }

    pub(crate) fn overwritten(&self) -> usize {
        self.state.lock().unwrap().overwritten
    }

    pub(crate) fn puts(&self) -> usize {
        self.state.lock().unwrap().puts
    }
}

/// Answers one request. None ends the connection.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&len| len > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut len, mut is_conditional) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            len = value.parse().ok()?;
        }
        is_conditional |= header == "if-none-match: *";
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    let key = path.strip_prefix("/records/")?.to_owned();
    let mut state = state.lock().unwrap();
    let (status, found) = match method.as_str() {
        "PUT" => (state.put(key, body, is_conditional)?, Vec::new()),
        "GET" => {
            state.objects.get(&key).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body.clone()))
        }
        _ => ("400 Bad Request", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"1\"\r\nlast-modified: Fri, 08 Mar 2019 06:27:38 GMT\r\n\r\n",
        found.len()
    );
    (&*stream).write_all(&[head.as_bytes(), &found].concat()).ok()
}

impl State {
    fn put(&mut self, key: String, body: Vec<u8>, is_conditional: bool) -> Option<&'static str> {
        self.puts += 1;
        if is_conditional && self.is_simple {
            return Some("501 Not Implemented");
        }
        let mood = self.moods.pop_front();
        match mood {
            Some(Mood::Refuse(status)) => return Some(status),
            Some(Mood::HangUp) => return None,
            Some(Mood::StoreAndFail | Mood::StoreAndHangUp) | None => {}
        }
        if is_conditional && self.objects.contains_key(&key) {
            return Some("412 Precondition Failed");
        }
        if self.objects.insert(key, body).is_some() {
            self.overwritten += 1;
        }
        match mood {
            Some(Mood::StoreAndHangUp) => None,
            Some(Mood::StoreAndFail) => Some("500 Internal Server Error"),
            Some(Mood::Refuse(_) | Mood::HangUp) | None => Some("200 OK"),
        }
    }
}
