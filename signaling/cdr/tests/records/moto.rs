//! A store that others have written: moto, if it is installed; with `CDR_MOTO` in the environment it has to be.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cdr::{Journal, Uploader};

use crate::bucket::destination;
use crate::sample::{Folder, LONG, objects, record, wait_until};

#[test]
fn a_store_that_goes_and_comes_back_has_each_record_once() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let first = match Moto::start(address) {
        Ok(moto) => moto,
        Err(reason) => {
            assert!(std::env::var_os("CDR_MOTO").is_none(), "no moto_server: {reason}");
            return println!("SKIPPED: no moto_server: {reason}");
        }
    };
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    let uploader = Uploader::start(opened.spool.clone(), &destination(address)).unwrap();
    for number in 0..50 {
        opened.journal.refuse(&record(number)).unwrap();
    }
    opened.journal.flush().unwrap();
    wait_until("uploads", || uploader.figures().uploaded == 50);
    let mut found = first.objects();
    drop(first);

    for number in 50..100 {
        opened.journal.refuse(&record(number)).unwrap();
    }
    opened.journal.flush().unwrap();
    wait_until("failures", || uploader.figures().failed >= 16);
    assert_eq!(uploader.figures().waiting, 50);
    let second = Moto::start(address).unwrap();
    let figures = uploader.drain(LONG);

    assert_eq!((figures.uploaded, figures.waiting, figures.conflicts), (100, 0, 0));
    // It forgets when it ends: what the second has, the first was not given.
    for (key, json) in second.objects() {
        assert!(found.insert(key, json).is_none());
    }
    assert_eq!(found, objects(0..100));

    let rewritten = second.create(&record(99).key());
    assert!(rewritten.contains(" 412 "), "moto knows the condition: {rewritten}");
}

/// moto wants to see one, and does not look into it.
const SIGNATURE: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=test/20190308/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

struct Moto {
    child: Child,
    address: SocketAddr,
}

impl Moto {
    fn start(address: SocketAddr) -> Result<Self, String> {
        let child = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let moto = Self { child, address };
        wait_until("moto_server", || moto.ask("PUT", "", "").is_some());
        Ok(moto)
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let list = self.ask("GET", "?list-type=2&max-keys=1000", "").unwrap();
        let keys = list.split("<Key>").skip(1).map(|rest| rest.split_once("</Key>").unwrap().0);
        let body = |key: &str| {
            let answer = self.ask("GET", &format!("/{key}"), "").unwrap();
            answer.split_once("\r\n\r\n").unwrap().1.as_bytes().to_vec()
        };
        keys.map(|key| (key.to_owned(), body(key))).collect()
    }

    /// Asks for an object to be made that is there, and gives the answer.
    fn create(&self, key: &str) -> String {
        self.ask("PUT", &format!("/{key}"), "If-None-Match: *\r\n").unwrap()
    }

    fn ask(&self, method: &str, path: &str, header: &str) -> Option<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).ok()?;
        let request = format!(
            "{method} /records{path} HTTP/1.1\r\nHost: {}\r\n{SIGNATURE}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
