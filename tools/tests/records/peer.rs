//! A peer: it calls and is called, repeats what is not answered as UDP asks for, and remembers what it has seen.

mod call;
mod desk;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::appliance::Appliance;
use crate::{LONG, Random, comes_true, wait_until};
use desk::Desk;

/// How a call of a peer is to go.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) from: String,
    pub(crate) to: String,
    /// The host in the URI.
    pub(crate) host: String,
    /// How long it lasts; none if nobody hangs up before it is told to.
    pub(crate) talk: Option<Duration>,
    /// When it is given up if nobody has answered.
    pub(crate) patience: Option<Duration>,
}

/// What a peer does with calls that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It answers, and waits for the other end to hang up.
    Answers,
    /// It rings.
    Rings,
    /// It refuses.
    Refuses(&'static str),
    /// Any of these, after some time, and may hang up.
    Any,
}

/// What a peer has seen of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) is_incoming: bool,
    /// What its INVITE was answered with.
    pub(crate) statuses: Vec<u16>,
    /// What its BYE was answered with.
    pub(crate) bye: Option<u16>,
    /// The reason in the BYE of the other end, which may be none.
    pub(crate) reason: Option<String>,
    pub(crate) is_up: bool,
    pub(crate) is_over: bool,
}

impl Seen {
    pub(crate) fn last(&self) -> u16 {
        self.statuses.last().copied().unwrap_or(0)
    }
}

/// Calls by their Call-IDs.
pub(crate) type Book = BTreeMap<String, Seen>;

/// Makes the next of many calls.
pub(crate) type Dialler = Box<dyn FnMut(&mut Random, u64) -> Plan + Send>;

enum Order {
    Call(String, Plan),
    Often(Duration, Dialler),
    HangUp(String),
    Deafen(bool),
    Enough,
    Rest,
}

/// The customer at its headquarters, who answers, and the carrier, with its manners.
pub(crate) fn both(appliance: &Appliance, manners: Manners) -> (Peer, Peer) {
    let addresses = appliance.addresses;
    let customer = Peer::new(addresses.headquarters(), addresses.here(), Manners::Answers, 1);
    (customer, Peer::new(addresses.carrier(), addresses.here(), manners, 2))
}

pub(crate) struct Peer {
    name: String,
    seen: Arc<Mutex<Book>>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    calls: u64,
}

impl Peer {
    pub(crate) fn new(own: SocketAddr, server: SocketAddr, manners: Manners, seed: u64) -> Self {
        let (orders, received) = mpsc::channel();
        let seen = Arc::<Mutex<Book>>::default();
        let desk = Desk::new(own, server, manners, Random(seed), seen.clone());
        let thread = thread::spawn(move || desk.run(&received));
        let name = format!("{}-{seed}", own.ip());
        Self { name, seen, orders: Some(orders), thread: Some(thread), calls: 0 }
    }

    /// Makes a call, and returns its Call-ID.
    pub(crate) fn call(&mut self, plan: Plan) -> String {
        self.calls += 1;
        let call_id = format!("{}-told-{}", self.name, self.calls);
        self.order(Order::Call(call_id.clone(), plan));
        call_id
    }

    /// Makes calls from now on, one in so much time.
    pub(crate) fn call_often(&self, gap: Duration, dialler: Dialler) {
        self.order(Order::Often(gap, dialler));
    }

    pub(crate) fn hang_up(&self, call_id: &str) {
        self.order(Order::HangUp(call_id.to_owned()));
    }

    /// Hears nothing any more, as if the network lost it, or hears again.
    pub(crate) fn deafen(&self, is_deaf: bool) {
        self.order(Order::Deafen(is_deaf));
    }

    /// Makes no calls any more.
    pub(crate) fn stop_calling(&self) {
        self.order(Order::Enough);
    }

    /// Makes no calls any more, and ends those that it has.
    pub(crate) fn rest(&self) {
        self.order(Order::Rest);
    }

    pub(crate) fn book(&self) -> Book {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn seen(&self, call_id: &str) -> Seen {
        self.seen.lock().unwrap().get(call_id).cloned().unwrap_or_default()
    }

    /// Waits until a call is as it should be.
    pub(crate) fn wait(&self, call_id: &str, what: &str, is_so: impl Fn(&Seen) -> bool) -> Seen {
        let is_there = comes_true(LONG, || is_so(&self.seen(call_id)));
        let seen = self.seen(call_id);
        assert!(is_there, "waited too long: {what} of {call_id}: {seen:?}");
        seen
    }

    /// Waits until all calls that were answered are over.
    pub(crate) fn wait_until_idle(&self) {
        wait_until("the end of all calls", || self.book().values().all(|seen| seen.is_over || !seen.is_up));
    }

    fn order(&self, order: Order) {
        self.orders.as_ref().unwrap().send(order).unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been told there.
            let _ = thread.join();
        }
    }
}
