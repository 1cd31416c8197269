//! Node.js and the npm packages of `www/`: wasm-opt, the page's libraries, and the tools that check and test it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::stamp::{self, Stamp};
use crate::workspace::Workspace;

/// The oldest Node.js that runs the tests: the first of version 20 with `--test-timeout`.
const NODE_VERSION: (u32, u32) = (20, 11);

/// Makes sure that Node.js is new enough and that the packages of `www/package-lock.json` are installed.
pub(crate) fn packages(workspace: &Workspace) -> Result<()> {
    let (major, minor) = NODE_VERSION;
    let advice = format!(
        "install Node.js {major}.{minor} or newer, which brings npm, from https://nodejs.org or with your package manager"
    );
    let Some(version) = command::read(Command::new("node").arg("--version")) else {
        bail!("Node.js is missing: {advice}");
    };
    if parse_version(&version).is_none_or(|found| found < NODE_VERSION) {
        bail!("Node.js {version} is too old: {advice}");
    }

    let page = workspace.page();
    let current = Stamp::new()
        .text(&version)
        .file(&page.join("package.json"))?
        .file(&page.join("package-lock.json"))?
        .hex();
    let kept = page.join("node_modules").join(".rookery-stamp");
    if stamp::is_current(&kept, &current) {
        return Ok(());
    }
    if command::find("npm").is_none() {
        bail!("npm is missing: {advice}");
    }
    println!("Installing the page's npm packages");
    // Some libraries name a newer Node.js for their own build; in the page none of them meets Node.js at all.
    let mut install = Command::new("npm");
    install.current_dir(&page).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
    ]);
    command::run(&mut install, "install the page's packages")
        .context("check the network connection, then run `npm ci` in www/")?;
    stamp::keep(&kept, &current)
}

/// A command that runs a script of an installed package, such as `("prettier", "bin/prettier.cjs")`.
pub(crate) fn script(workspace: &Workspace, package: &str, script: &str) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(&workspace.root)
        .arg(package_folder(workspace, package).join(script));
    command
}

/// Where an npm package is installed.
pub(crate) fn package_folder(workspace: &Workspace, package: &str) -> PathBuf {
    workspace.page().join("node_modules").join(package)
}

/// Major and minor of a version such as `v20.11.0`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .strip_prefix('v')?
        .split('.')
        .map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::{NODE_VERSION, parse_version};

    #[test]
    fn node_versions_compare_by_number() {
        assert!(parse_version("v9.99.0").unwrap() < NODE_VERSION);
        assert!(parse_version("v20.10.1").unwrap() < NODE_VERSION);
        assert!(parse_version("v20.11.0").unwrap() >= NODE_VERSION);
        assert!(parse_version("v100.0.0").unwrap() >= NODE_VERSION);
        assert_eq!(parse_version("twenty"), None);
    }
}
