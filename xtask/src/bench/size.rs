//! What a visitor downloads: raw, and as a web server would compress it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::report::{Peer, Report};
use super::uci::{PEER, peer_folder};
use crate::command;
use crate::site;
use crate::stamp;
use crate::wasm;
use crate::workspace::Workspace;

/// Prints how many bytes each file has raw and with brotli at its best, in the order of the arguments.
const MEASURE: &str = "
const { readFileSync } = require('node:fs');
const { brotliCompressSync, constants } = require('node:zlib');
const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
for (const file of process.argv.slice(1)) {
  const bytes = readFileSync(file);
  console.log(bytes.length, brotliCompressSync(bytes, { params }).length);
}";

/// Whether a file of the site belongs to a part of it.
type Belongs<'a> = &'a dyn Fn(&Path) -> bool;

pub(super) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    site::build(workspace)?;
    let peer_wasm = peer_folder(workspace)?.join("stockfish-19-lite-single.wasm");
    for package in &wasm::PACKAGES {
        let folder = workspace.dist.join("packages").join(package.name);
        let ours = measure(&[folder.join(package.wasm_file())])?;
        let theirs = match package.name {
            "engine" => Some(measure(std::slice::from_ref(&peer_wasm))?),
            _ => None,
        };
        add(report, &format!("{}_wasm", package.name), ours, theirs);
    }
    // The peer's modules are in a script of the page.
    let of_engine = |path: &Path| path.starts_with("packages/engine");
    let of_peer = |path: &Path| path.starts_with("packages/peer") || path == Path::new("peer.js");
    let parts: [(&str, Belongs<'_>); 4] = [
        ("engine_package", &of_engine),
        ("peer_package", &of_peer),
        ("page_without_packages", &|path| {
            !of_engine(path) && !of_peer(path)
        }),
        ("everything", &|_| true),
    ];
    for (name, belongs) in parts {
        add(
            report,
            name,
            measure(&loaded(&workspace.dist, belongs)?)?,
            None,
        );
    }
    Ok(())
}

struct Size {
    raw: f64,
    brotli: f64,
}

fn add(report: &mut Report, name: &str, ours: Size, theirs: Option<Size>) {
    let (raw, brotli) = match theirs {
        Some(size) => (Some(size.raw), Some(size.brotli)),
        None => (None, None),
    };
    let peer = |bytes: Option<f64>| {
        bytes.map(|bytes| Peer {
            name: PEER,
            runs: vec![bytes],
        })
    };
    report.add(format!("{name}.raw"), "bytes", vec![ours.raw], peer(raw));
    report.add(
        format!("{name}.brotli"),
        "bytes",
        vec![ours.brotli],
        peer(brotli),
    );
}

/// The files of the site that a browser may load and that belong to a part of it.
fn loaded(dist: &Path, belongs: Belongs<'_>) -> Result<Vec<PathBuf>> {
    let files = stamp::files(dist, &[])?.into_iter();
    Ok(files
        .filter(|path| site::is_loaded(path) && belongs(path))
        .map(|path| dist.join(path))
        .collect())
}

/// The sum over `files`, each compressed by itself, as it is sent.
fn measure(files: &[PathBuf]) -> Result<Size> {
    let printed = command::read(Command::new("node").args(["-e", MEASURE]).args(files))
        .context("node could not measure the files")?;
    let mut sum = Size {
        raw: 0.0,
        brotli: 0.0,
    };
    for line in printed.lines() {
        let (raw, brotli) = line.split_once(' ').context("node printed no sizes")?;
        sum.raw += raw.parse::<f64>()?;
        sum.brotli += brotli.parse::<f64>()?;
    }
    Ok(sum)
}
