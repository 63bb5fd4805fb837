//! The log: a bounded queue, and a thread behind it that writes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clock::Moment;
use super::field::Value;
use super::level::{Level, Levels};
use super::line::{Format, Line};
use super::pace::Verdict;
use super::site::Site;

/// Where lines are said.
///
/// Whoever says one waits for nobody: the line goes into a queue, and a thread writes it. If whoever reads our lines has
/// stopped, the queue fills, and what finds no room is counted and told later.
#[derive(Debug)]
pub struct Log<W> {
    format: Format,
    levels: Levels,
    queue: SyncSender<Task>,
    writing: JoinHandle<W>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Task {
    Write(String),
    /// Answer, when all before it is written.
    Flush(SyncSender<()>),
}

#[derive(Debug, Default)]
struct Shared {
    /// Lines that found no room in the queue.
    lost: AtomicU64,
    /// Sites that have suppressed lines which nobody was told of yet.
    silenced: Mutex<Vec<&'static Site>>,
}

/// Lines that may wait: a second of a hundred sites that say all they may.
const QUEUE_MAX: usize = 1024;

/// How often the writing thread looks whether something was suppressed or lost.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// How long the end of a process waits for whoever reads its lines.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

static STARTED: OnceLock<Log<io::Stderr>> = OnceLock::new();

/// Writes what is left when it is dropped: the last thing in `main`.
#[derive(Debug)]
#[must_use = "what is dropped at once does not wait for the last lines"]
pub struct Finish(());

/// Begins the log of this process, on the standard error. Beginning twice changes nothing.
pub fn start(format: Format, levels: Levels) -> Finish {
    STARTED.get_or_init(|| Log::to_writer(format, levels, io::stderr()));
    Finish(())
}

/// Returns the log of this process, if it was started.
#[must_use]
pub fn started() -> Option<&'static Log<io::Stderr>> {
    STARTED.get()
}

impl Drop for Finish {
    fn drop(&mut self) {
        if let Some(log) = STARTED.get() {
            log.flush();
        }
    }
}

impl<W: Write + Send + 'static> Log<W> {
    /// Begins a log that writes there.
    ///
    /// # Panics
    ///
    /// If the system gives no thread.
    pub fn to_writer(format: Format, levels: Levels, writer: W) -> Self {
        let (queue, tasks) = sync_channel(QUEUE_MAX);
        let shared = Arc::<Shared>::default();
        let scribe = Scribe { format, shared: Arc::clone(&shared), writer };
        let writing = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || scribe.write_all(&tasks))
            .expect("a process that cannot start a thread cannot work");
        Self { format, levels, queue, writing, shared }
    }

    /// Says a line, with fields that are made only if it is written. [`say!`](crate::say) is the way to say it.
    pub fn say(&self, site: &'static Site, fields: impl FnOnce(Level) -> Vec<(&'static str, Value)>) {
        if self.levels.allow(site.room, site.level) {
            self.say_at(Moment::now(), site, fields);
        }
    }

    fn say_at(
        &self,
        moment: Moment,
        site: &'static Site,
        fields: impl FnOnce(Level) -> Vec<(&'static str, Value)>,
    ) {
        match site.judge(moment.since_epoch.as_secs()) {
            Verdict::Write { suppressed } => {
                let line =
                    Line { moment, site, fields: &fields(site.level), suppressed }.written(self.format);
                if self.queue.try_send(Task::Write(line)).is_err() {
                    self.shared.lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            Verdict::Suppress { is_first: true } => {
                self.shared.silenced.lock().unwrap_or_else(PoisonError::into_inner).push(site);
            }
            Verdict::Suppress { is_first: false } => {}
        }
    }

    /// Waits until all that was said is written; no longer than a second.
    pub fn flush(&self) {
        let (written, is_written) = sync_channel(1);
        let start = Instant::now();
        let mut task = Task::Flush(written);
        while let Err(error) = self.queue.try_send(task) {
            let (TrySendError::Full(back) | TrySendError::Disconnected(back)) = error;
            if start.elapsed() >= FLUSH_PATIENCE {
                return;
            }
            task = back;
            thread::yield_now();
        }
        // Whoever does not read our lines does not hold up our end.
        let _ = is_written.recv_timeout(FLUSH_PATIENCE);
    }

    /// Ends the log, and returns the writer with all that was said and suppressed.
    ///
    /// # Panics
    ///
    /// If the writer has panicked.
    pub fn finish(self) -> W {
        drop(self.queue);
        self.writing.join().expect("a writer says by an error what is wrong")
    }
}

/// The thread that writes.
struct Scribe<W> {
    format: Format,
    shared: Arc<Shared>,
    writer: W,
}

static LOST: Site = Site::new(Level::Warn, "telemetry", "log lines found no room");

impl<W: Write> Scribe<W> {
    fn write_all(mut self, tasks: &Receiver<Task>) -> W {
        let mut looked = Instant::now();
        loop {
            match tasks.recv_timeout(LOOK_AROUND.saturating_sub(looked.elapsed())) {
                Ok(Task::Write(text)) => self.write_text(&text),
                // Whoever asked may have gone.
                Ok(Task::Flush(written)) => drop(written.try_send(())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.tell_unwritten(Moment::now(), u64::MAX);
                    return self.writer;
                }
            }
            if looked.elapsed() >= LOOK_AROUND {
                looked = Instant::now();
                let now = Moment::now();
                self.tell_unwritten(now, now.since_epoch.as_secs());
            }
        }
    }

    /// Says what was not written until this second.
    fn tell_unwritten(&mut self, now: Moment, second: u64) {
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let fields = [("lost", Value::Number(i128::from(lost)))];
            self.write(&Line { moment: now, site: &LOST, fields: &fields, suppressed: 0 });
        }
        let silenced =
            core::mem::take(&mut *self.shared.silenced.lock().unwrap_or_else(PoisonError::into_inner));
        let mut still_silenced = Vec::new();
        for site in silenced {
            match site.take_suppressed(second) {
                None => still_silenced.push(site),
                // The next line of the site has told already.
                Some(0) => {}
                Some(count) => self.write(&Line { moment: now, site, fields: &[], suppressed: count }),
            }
        }
        self.shared.silenced.lock().unwrap_or_else(PoisonError::into_inner).append(&mut still_silenced);
    }

    fn write(&mut self, line: &Line<'_>) {
        self.write_text(&line.written(self.format));
    }

    /// A line that nobody takes is lost: there is nowhere left to say so.
    fn write_text(&mut self, text: &str) {
        let _ = self.writer.write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(second: u64) -> Moment {
        Moment { since_epoch: Duration::from_secs(second) }
    }

    fn text(log: Log<Vec<u8>>) -> String {
        String::from_utf8(log.finish()).expect("lines are text")
    }

    #[test]
    fn of_a_thousand_lines_in_a_second_ten_are_written_and_the_next_one_tells_of_the_others() {
        static SITE: Site = Site::new(Level::Warn, "fleet", "again");
        let log = Log::to_writer(Format::Text, Levels::default(), Vec::new());
        for number in 0..1000_u32 {
            log.say_at(moment(7), &SITE, |_| vec![("number", Value::Number(number.into()))]);
        }
        log.say_at(moment(8), &SITE, |_| vec![]);
        let text = text(log);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[9], "1970-01-01T00:00:07.000Z WARN fleet: again number=9");
        assert_eq!(lines[10], "1970-01-01T00:00:08.000Z WARN fleet: again (suppressed 990)");
    }

    #[test]
    fn what_was_suppressed_last_is_told_even_if_the_site_is_silent_from_then_on() {
        static SITE: Site = Site::new(Level::Warn, "fleet", "again");
        let log = Log::to_writer(Format::Json, Levels::default(), Vec::new());
        for _ in 0..17 {
            log.say_at(moment(7), &SITE, |_| vec![]);
        }
        let text = text(log);
        assert_eq!(text.lines().count(), 11);
        assert!(text.ends_with("\"message\":\"again\",\"suppressed\":7}\n"), "{text}");
    }

    /// A writer that waits until it is let go.
    struct Stuck(Receiver<()>, Vec<u8>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the other end is gone, nothing waits any more.
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_has_stopped_and_what_is_lost_is_told() {
        static SITES: [Site; 2] = [const { Site::new(Level::Warn, "fleet", "flood") }; 2];
        let (release, is_released) = sync_channel(0);
        let log = Log::to_writer(Format::Text, Levels::default(), Stuck(is_released, Vec::new()));
        let said = 3 * QUEUE_MAX as u64;
        for number in 0..said {
            log.say_at(moment(number), &SITES[(number % 2) as usize], |_| vec![]);
        }
        drop(release);
        let text = String::from_utf8(log.finish().1).expect("lines are text");
        let written = text.lines().filter(|line| line.contains("flood")).count() as u64;
        let lost =
            text.lines().filter_map(|line| line.split_once("lost=")?.1.parse::<u64>().ok()).sum::<u64>();
        assert_eq!(written + lost, said);
        // The thread may have taken one line before it was stuck.
        assert!((QUEUE_MAX as u64..=QUEUE_MAX as u64 + 1).contains(&written), "{written}");
    }
}
