//! Who asks this process to end: Ctrl-C, or a service manager.

use std::io;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Does something whenever somebody asks, with the number of the signal.
pub(crate) fn when_asked(act: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || signals.forever().for_each(act));
    Ok(())
}
