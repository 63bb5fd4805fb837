//! When receiving returns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netio::{Batch, Driver, FRAME_BYTES};

use crate::contract::harness::{Harness, Stage};

/// Longer than anybody waits, unless a test fails.
const LONG: Duration = Duration::from_secs(30);
/// Far less than that, and far more than a busy machine may take.
const SOON: Duration = Duration::from_secs(10);

pub(crate) fn no_wait_returns_at_once<H: Harness>(mut stage: Stage<H>) {
    stage.lease(1);
    let start = Instant::now();
    for _ in 0..1000 {
        stage.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    }
    assert!(start.elapsed() < SOON);
}

pub(crate) fn a_wait_ends_in_time<H: Harness>(mut stage: Stage<H>) {
    stage.lease(1);
    let wait = Duration::from_millis(30);
    // The first call may have something else to do than to wait.
    stage.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    let start = Instant::now();
    stage.driver.receive(&mut Batch::new(), wait).expect("the driver works");
    assert!((wait..SOON).contains(&start.elapsed()), "waited {:?}", start.elapsed());
}

pub(crate) fn a_waker_ends_a_wait_of_another_thread<H: Harness>(mut stage: Stage<H>) {
    stage.lease(1);
    for _ in 0..3 {
        let waker = stage.driver.waker();
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(move || {
                // Whether the wait has begun by then or not, it ends.
                thread::yield_now();
                waker.wake();
            });
            stage.driver.receive(&mut Batch::new(), LONG).expect("the driver works");
        });
        assert!(start.elapsed() < SOON);
    }
}

pub(crate) fn a_waker_called_before_ends_the_next_wait<H: Harness>(mut stage: Stage<H>) {
    stage.lease(1);
    stage.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    stage.driver.waker().wake();
    stage.driver.waker().wake();
    let start = Instant::now();
    stage.driver.receive(&mut Batch::new(), LONG).expect("the driver works");
    assert!(start.elapsed() < SOON);
}

pub(crate) fn a_packet_ends_a_wait<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    for _ in 0..3 {
        stage.send(peer, port, b"packet");
        let start = Instant::now();
        let mut batch = Batch::new();
        stage.driver.receive(&mut batch, LONG).expect("the driver works");
        assert!(start.elapsed() < SOON);
        stage.transmit(&mut batch);
    }
}

pub(crate) fn a_signal_does_not_end_a_wait<H: Harness>(mut stage: Stage<H>) {
    stage.lease(1);
    let wait = Duration::from_millis(50);
    stage.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    ignore_visibly(libc::SIGUSR1);
    // SAFETY: it takes nothing, and tells this thread's name.
    let this = unsafe { libc::pthread_self() };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // SAFETY: the thread is alive, as it waits for this one to end.
                let result = unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                assert_eq!(result, 0, "a thread may interrupt another one");
                thread::yield_now();
            }
        });
        let start = Instant::now();
        stage.driver.receive(&mut Batch::new(), wait).expect("the driver works");
        let waited = start.elapsed();
        is_over.store(true, Ordering::Relaxed);
        assert!((wait..SOON).contains(&waited), "waited {waited:?}");
    });
}

pub(crate) fn a_packet_that_is_counted_only_does_not_end_a_wait<H: Harness>(mut stage: Stage<H>) {
    // A path that is shorter than a frame carries none that is too long.
    if stage.harness.payload_max().is_some() {
        return;
    }
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(port);
    let wait = Duration::from_millis(30);
    let start = Instant::now();
    for _ in 0..3 {
        stage.send(peer, port, &[7; FRAME_BYTES]);
    }
    let mut batch = Batch::new();
    stage.driver.receive(&mut batch, wait).expect("the driver works");
    assert!((wait..SOON).contains(&start.elapsed()), "waited {:?}", start.elapsed());
    assert_eq!((batch.len(), stage.driver.statistics().rx_truncated), (0, 3));
    stage.assert_works(port);
}

/// Has a signal interrupt system calls and do nothing else.
fn ignore_visibly(signal: i32) {
    extern "C" fn nothing(_: i32) {}
    // SAFETY: all zeros are an action without flags and mask.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = nothing as *const () as usize;
    // SAFETY: the action lives during the call, and what it does is allowed in a signal: nothing.
    let result = unsafe { libc::sigaction(signal, &raw const action, core::ptr::null_mut()) };
    assert_eq!(result, 0, "the signal is a number of the kernel");
}
