//! Tries a relay that was built for this processor or for another one, there under qemu: its version, its check of the example
//! configuration, and whether it serves.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command;

/// Under qemu on a busy machine an answer takes a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to start a program for `cpu` here; none where that cannot be done.
pub(super) fn command(program: &Path, cpu: &str) -> Option<Vec<OsString>> {
    let program = program.as_os_str().to_owned();
    if cpu == std::env::consts::ARCH && cfg!(target_os = "linux") {
        return Some(vec![program]);
    }
    let names = [format!("qemu-{cpu}"), format!("qemu-{cpu}-static")];
    let qemu = names.iter().find_map(|name| command::find(name))?;
    Some(vec![qemu.into_os_string(), program])
}

/// Tries it; an error says what it does not do.
pub(super) fn run(words: Vec<OsString>) -> Result<()> {
    let (first, rest) = words.split_first().context("no program")?;
    let start = || {
        let mut command = Command::new(first);
        command.args(rest).env_clear();
        command
    };
    let version = command::read(start().arg("--version"))
        .filter(|version| version.starts_with("rookery-relay "))
        .context("it does not say its version")?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../relay/rookery-relay.example.toml");
    command::read(start().args(["check", "--config"]).arg(example))
        .context("it does not take the example configuration")?;

    let data = std::env::temp_dir().join(format!("rookery-trial-{}", std::process::id()));
    let mut serve = start();
    serve
        .args(["serve", "--listen", "/ip4/127.0.0.1/tcp/0/ws"])
        .args(["--http", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
        .args(["--stun", "off", "--log", "warn", "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = serve.spawn().context("it does not start")?;
    let served = is_ready(&mut child);
    let _ = child.kill();
    let _ = child.wait();
    let _ = fs::remove_dir_all(&data);
    served.with_context(|| format!("{version} does not serve"))
}

/// Whether `/readyz` says so once the ready line is there.
fn is_ready(child: &mut Child) -> Result<()> {
    let mut line = String::new();
    let output = child.stdout.take().context("no output")?;
    BufReader::new(output)
        .read_line(&mut line)
        .context("no output")?;
    let ready: Value = serde_json::from_str(&line).context("no ready line")?;
    let http = ready["http"].as_str().context("no http address")?;
    let mut stream = TcpStream::connect(http).context("its HTTP cannot be reached")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .context("no timeout")?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .context("its HTTP takes no request")?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .context("its HTTP does not answer")?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!(
            "/readyz answered {}",
            answer.lines().next().unwrap_or_default()
        );
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a program that is this shell script.
    fn said_of(name: &str, script: &str) -> String {
        let program = std::env::temp_dir().join(format!("rookery-{name}-{}", std::process::id()));
        fs::write(&program, script).unwrap();
        let said = run(vec!["/bin/sh".into(), program.clone().into_os_string()]);
        fs::remove_file(program).unwrap();
        said.map_or_else(|error| format!("{error:#}"), |()| "it serves".into())
    }

    #[test]
    fn a_program_that_cannot_serve_is_found_out_and_what_it_cannot_do_is_said() {
        let silent = said_of("silent", "exit 0");
        assert_eq!(silent, "it does not say its version");
        let version = r#"[ "$1" = --version ] && echo rookery-relay 1 && exit"#;
        let unchecked = said_of("unchecked", &format!("{version}; exit 1"));
        assert_eq!(unchecked, "it does not take the example configuration");
        let checks = format!("{version}; [ \"$1\" = check ] && exit");
        let idle = said_of("idle", &format!("{checks}; exit"));
        assert_eq!(
            idle,
            "rookery-relay 1 does not serve: no ready line: EOF while parsing a value at line 1 column 0"
        );
        // Nobody listens at this port.
        let gone = said_of(
            "gone",
            &format!(r#"{checks}; echo '{{"http":"127.0.0.1:1"}}'"#),
        );
        assert!(
            gone.starts_with("rookery-relay 1 does not serve: its HTTP cannot be reached"),
            "{gone}"
        );
    }
}
