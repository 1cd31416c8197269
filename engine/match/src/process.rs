//! An engine's process: lines to it, lines from it, each stamped with its time. Threads of its own read and write, over
//! bounded queues, so that no engine can block or flood its referee. Knows nothing of chess.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::spec::EngineSpec;
use crate::uci::Line;

/// Longest line that is kept, in bytes; the rest of a longer one is dropped. A principal variation of 10,000 moves fits.
const LINE_MAX: u64 = 1 << 16;
/// Lines from the engine that may wait; then its pipe fills, and then it waits itself.
const FROM_QUEUE: usize = 1024;
/// Messages to the engine that may wait, each a position and a `go` at most. An engine that reads none of so many hangs.
const TO_QUEUE: usize = 16;
/// How much is kept of the end of what an engine writes to its standard error, in bytes.
const STDERR_MAX: usize = 2048;
/// How long an engine may take to end after `quit`.
const QUIT: Duration = Duration::from_secs(1);
/// How often a process is asked whether it has ended. There is no call that waits for a limited time.
const POLL: Duration = Duration::from_millis(2);

/// A running engine. Its process ends with this value.
pub(crate) struct Process {
    child: Child,
    to: Option<SyncSender<String>>,
    from: Receiver<(Instant, Line)>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Reads the standard error to its end.
    stderr_reader: JoinHandle<()>,
}

/// Why there is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// None came in time.
    Late,
    /// None can come: the engine closed its output.
    Closed,
}

/// How an engine stopped talking.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Its process ended by itself.
    Exited(ExitStatus),
    /// Its process runs, but it closed its input or output.
    Closed,
}

impl Process {
    /// Starts the program that `spec` names.
    pub(crate) fn start(spec: &EngineSpec) -> io::Result<Self> {
        let mut command = Command::new(&spec.command);
        command
            .args(&spec.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &spec.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("the process has no pipes"));
        };

        let (to, messages) = sync_channel::<String>(TO_QUEUE);
        thread::spawn(move || write_all(stdin, &messages));
        let (lines, from) = sync_channel(FROM_QUEUE);
        thread::spawn(move || read_lines(BufReader::new(stdout), &lines));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let tail = Arc::clone(&kept);
        let stderr_reader = thread::spawn(move || keep_tail(stderr, &tail));

        Ok(Self {
            child,
            to: Some(to),
            from,
            stderr: kept,
            stderr_reader,
        })
    }

    /// Sends lines without waiting.
    pub(crate) fn send(&self, message: String) -> Result<(), Silence> {
        let Some(to) = &self.to else {
            return Err(Silence::Closed);
        };
        to.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => Silence::Late,
            TrySendError::Disconnected(_) => Silence::Closed,
        })
    }

    /// The next line that was understood, and when it came.
    pub(crate) fn receive(&self, deadline: Instant) -> Result<(Instant, Line), Silence> {
        let now = Instant::now();
        if now >= deadline {
            // Whoever floods is not heard beyond its time.
            return Err(Silence::Late);
        }
        self.from
            .recv_timeout(deadline - now)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => Silence::Late,
                RecvTimeoutError::Disconnected => Silence::Closed,
            })
    }

    /// After [`Silence::Closed`]: whether the process is gone as well.
    pub(crate) fn end(&mut self) -> End {
        match self.wait(QUIT) {
            Some(status) => {
                // Its last words may still be on their way; a child of its own may hold the pipe for longer.
                let deadline = Instant::now() + QUIT;
                while !self.stderr_reader.is_finished() && Instant::now() < deadline {
                    thread::sleep(POLL);
                }
                End::Exited(status)
            }
            None => End::Closed,
        }
    }

    /// The end of what the engine wrote to its standard error.
    pub(crate) fn stderr(&self) -> String {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).trim().to_owned()
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
                _ => return None,
            }
        }
    }

    /// Asks the engine to end and gives it a moment.
    pub(crate) fn quit(mut self) {
        let asked = self.send("quit\n".to_owned()).is_ok();
        // Its input ends as well.
        self.to = None;
        // An engine that still writes must not be held up by a full pipe.
        let deadline = Instant::now() + QUIT;
        while asked && self.receive(deadline).is_ok() {}
        self.wait(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to do about a process that cannot be killed; it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_all(mut stdin: impl Write, messages: &Receiver<String>) {
    for message in messages {
        let written = stdin.write_all(message.as_bytes());
        if written.and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Passes on the lines that mean something.
fn read_lines(mut output: impl BufRead, lines: &SyncSender<(Instant, Line)>) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match output.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let came = Instant::now();
        let cut = bytes.last() != Some(&b'\n');
        let line = Line::parse(&String::from_utf8_lossy(&bytes));
        if line != Line::Other && lines.send((came, line)).is_err() {
            return;
        }
        if cut && output.skip_until(b'\n').is_err() {
            return;
        }
    }
}

fn keep_tail(mut stderr: impl Read, tail: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    loop {
        let Ok(read @ 1..) = stderr.read(&mut chunk) else {
            return;
        };
        let mut kept = tail.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let surplus = kept.len().saturating_sub(STDERR_MAX);
        kept.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &[u8]) -> Vec<Line> {
        let (lines, from) = sync_channel(FROM_QUEUE);
        read_lines(output, &lines);
        drop(lines);
        from.iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_read() {
        let mut output = b"bestmove e2e4 ".to_vec();
        output.resize(300_000, b'x');
        output.extend_from_slice(b"\nreadyok\n");
        let best = Line::BestMove("e2e4".to_owned());
        assert_eq!(read(&output), [best, Line::ReadyOk]);
    }

    #[test]
    fn bytes_that_are_no_text_and_a_missing_line_end_do_no_harm() {
        assert_eq!(
            read(b"\xff\xfe\x00\n\nuciok\r\nreadyok"),
            [Line::UciOk, Line::ReadyOk]
        );
    }

    #[test]
    fn only_the_end_of_the_errors_is_kept() {
        let tail = Mutex::new(Vec::new());
        let mut errors = vec![b'a'; 10_000];
        errors.extend_from_slice(b"the end");
        keep_tail(errors.as_slice(), &tail);
        let kept = tail.into_inner().unwrap();
        assert_eq!(kept.len(), STDERR_MAX);
        assert!(kept.ends_with(b"the end"));
    }
}
