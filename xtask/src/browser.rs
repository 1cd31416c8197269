//! Finds the Chromium that the browser tests and benches drive, or installs Debian's where that is allowed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const MAC_APPS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser's program. The error says how to get one.
pub(crate) fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("CHROMIUM names {}, which is no file", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = installed() {
        return Ok(path);
    }
    if is_debian() && is_root() {
        install()?;
        if let Some(path) = installed() {
            return Ok(path);
        }
    }
    bail!(
        "no Chromium was found: install it, with `apt-get install chromium` on Debian, from https://www.chromium.org \
         elsewhere, or set CHROMIUM to the program"
    )
}

fn installed() -> Option<PathBuf> {
    NAMES
        .iter()
        .find_map(|name| command::find(name))
        .or_else(|| {
            MAC_APPS
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
        })
}

fn install() -> Result<()> {
    println!("Installing Debian's Chromium");
    let what = "install Chromium";
    let mut update = Command::new("apt-get");
    command::run(update.args(["update", "--quiet"]), what)?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args([
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "chromium",
    ]);
    command::run(&mut install, what)
        .context("check the network connection, then run `apt-get install chromium`")
}

/// Elsewhere, Ubuntu included, the package of that name may be no browser.
fn is_debian() -> bool {
    fs::read_to_string(Path::new("/etc/os-release"))
        .is_ok_and(|text| text.lines().any(|line| line.trim() == "ID=debian"))
}

fn is_root() -> bool {
    command::read(Command::new("id").arg("-u")).as_deref() == Some("0")
}
