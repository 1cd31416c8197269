//! Starting other programs: a missing one or a failed one becomes a sentence.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs `command` to its end with our own output; `what` is what it was for, as in "build the relay".
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("could not {what}: cannot start {}", name(command)))?;
    if !status.success() {
        bail!("could not {what}: {} ended with {status}", name(command));
    }
    Ok(())
}

/// Runs `command` to its end and shows each line of its standard output, also handing it to `line`. True if it
/// succeeded.
pub(crate) fn watch(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))?;
    if let Some(output) = child.stdout.take() {
        let mut shown = std::io::stdout().lock();
        for bytes in BufReader::new(output).split(b'\n') {
            let bytes = bytes.context("cannot read a program's output")?;
            let text = String::from_utf8_lossy(&bytes);
            // Nobody may be reading any more; the run still counts.
            let _ = writeln!(shown, "{text}");
            line(&text);
        }
    }
    let status = child.wait().context("cannot wait for a program")?;
    Ok(status.success())
}

/// The trimmed standard output of `command`, or `None` if it is missing or fails.
pub(crate) fn read(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program lies on the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
