//! A word on the terminal while a run takes long.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Nothing is said for so long, and then once in so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// Work that somebody waits for, until it is dropped.
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Says something only where standard error is a terminal that can take it back.
    pub fn start(quiet: bool) -> Progress {
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        if quiet || is_dumb || !io::stderr().is_terminal() {
            return Progress(None);
        }
        let (end, ended) = mpsc::channel();
        Progress(Some((end, thread::spawn(move || show(&mut io::stderr(), &ended, PATIENCE)))))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, shown)) = self.0.take() {
            drop(end);
            // Whatever became of the thread, the run goes on.
            let _ = shown.join();
        }
    }
}

/// Says how long it takes until the other side ends, and takes it back then.
fn show(out: &mut impl Write, ended: &Receiver<()>, patience: Duration) {
    let mut seconds = 0;
    let mut is_told = false;
    let mut say = |text: &str| _ = write!(out, "\r\u{1b}[K{text}").and_then(|()| out.flush());
    while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        seconds += patience.as_secs();
        say(&format!("iamlint is at work, {seconds} s"));
        is_told = true;
    }
    if is_told {
        say("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal on which the work ends as soon as something is said.
    struct Terminal {
        shown: Vec<u8>,
        work: Option<Sender<()>>,
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.work = None;
            self.shown.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn long_work_is_told_and_the_line_is_empty_afterwards() {
        let (work, ended) = mpsc::channel();
        let mut terminal = Terminal { shown: Vec::new(), work: Some(work) };
        show(&mut terminal, &ended, Duration::ZERO);
        assert_eq!(String::from_utf8_lossy(&terminal.shown), "\r\u{1b}[Kiamlint is at work, 0 s\r\u{1b}[K");
    }

    #[test]
    fn nothing_is_told_of_work_that_has_ended() {
        let (work, ended) = mpsc::channel();
        drop(work);
        let mut out = Vec::new();
        show(&mut out, &ended, Duration::from_secs(3600));
        assert_eq!(String::from_utf8_lossy(&out), "");
    }
}
