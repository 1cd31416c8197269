//! `cargo xtask match`: builds the engine, an older engine if one is asked for, and the program that plays matches, then
//! becomes that program. What the options mean is its business.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::command;
use crate::run::ENGINE_FEATURES;
use crate::workspace::{Workspace, cargo, in_ci};

/// The option that this file answers itself.
const OURS_AT: &str = "--ours-at";

/// Builds what is needed and hands this process over. Returns only if that fails.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let mut build = Command::new(cargo());
    build
        .current_dir(&workspace.root)
        .args(["build", "--release", "--package", "rookery-engine"])
        .args(["--package", "rookery-match"])
        .args(["--bin", "rookery", "--bin", "rookery-match"])
        .args(ENGINE_FEATURES);
    if in_ci() {
        build.arg("--locked");
    }
    command::run(&mut build, "build the engine and its matches")?;
    let arguments = with_older_engines(arguments, |revision| older_engine(workspace, revision))?;
    let error = Command::new(workspace.binary("rookery-match"))
        .args(arguments)
        .exec();
    Err(anyhow!(error).context("cannot start the match"))
}

/// Puts an engine in the place of each `--ours-at REVISION`.
fn with_older_engines(
    arguments: &[String],
    engine: impl Fn(&str) -> Result<(String, PathBuf)>,
) -> Result<Vec<String>> {
    let mut replaced = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument != OURS_AT {
            replaced.push(argument.clone());
            continue;
        }
        let revision = arguments
            .next()
            .with_context(|| format!("{OURS_AT} needs a git revision"))?;
        let (name, program) = engine(revision)?;
        replaced.push("--engine".to_owned());
        replaced.push(format!("name={name} \"cmd={}\"", program.display()));
    }
    Ok(replaced)
}

/// The engine as it was at `revision`, built once: its name and where it is. Its sources are taken out of git without
/// touching the working tree.
fn older_engine(workspace: &Workspace, revision: &str) -> Result<(String, PathBuf)> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(&workspace.root).args(arguments);
        git
    };
    let commit = format!("{revision}^{{commit}}");
    let Some(commit) = command::read(&mut git(&[
        "rev-parse",
        "--verify",
        "--short=12",
        "--quiet",
        &commit,
    ])) else {
        bail!("git knows no revision `{revision}`");
    };
    let name = format!("rookery-{commit}");
    let folder = workspace.target.join("match");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok((name, program));
    }

    println!("Building the engine of {revision} ({commit})");
    let sources = folder.join(format!("sources-{commit}"));
    if sources.exists() {
        fs::remove_dir_all(&sources)
            .with_context(|| format!("cannot remove {}", sources.display()))?;
    }
    fs::create_dir_all(&sources).with_context(|| format!("cannot create {}", sources.display()))?;
    unpack(&mut git(&["archive", "--format=tar", &commit]), &sources)?;
    let target = folder.join("build");
    let mut build = Command::new(cargo());
    build
        .current_dir(&sources)
        .args(["build", "--release", "--locked", "--bin", "rookery"])
        .args(["--package", "rookery-engine", "--target-dir"])
        .arg(&target);
    command::run(&mut build, "build the older engine")?;
    let built = target
        .join("release")
        .join(format!("rookery{}", std::env::consts::EXE_SUFFIX));
    fs::copy(&built, &program).with_context(|| format!("cannot write {}", program.display()))?;
    fs::remove_dir_all(&sources).with_context(|| format!("cannot remove {}", sources.display()))?;
    Ok((name, program))
}

/// Unpacks what `archive` prints into `folder`.
fn unpack(archive: &mut Command, folder: &Path) -> Result<()> {
    let mut archive = archive
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start git")?;
    let packed = archive.stdout.take().context("git has no output")?;
    let mut tar = Command::new("tar");
    tar.arg("-x").arg("-C").arg(folder).stdin(packed);
    let unpacked = tar.status().context("cannot start tar")?;
    let packed = archive.wait().context("cannot wait for git")?;
    if !unpacked.success() || !packed.success() {
        bail!(
            "the sources could not be taken out of git: it ended with {packed}, tar with {unpacked}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_older_engine_stands_where_it_was_asked_for() {
        let engine = |revision: &str| {
            let program = PathBuf::from("/some where").join(revision);
            Ok((format!("rookery-{revision}"), program))
        };
        let replaced = with_older_engines(&words("--ours-at main --nodes 5"), engine).unwrap();
        assert_eq!(
            replaced,
            [
                "--engine",
                "name=rookery-main \"cmd=/some where/main\"",
                "--nodes",
                "5"
            ]
        );
        assert!(with_older_engines(&words("--ours-at"), engine).is_err());
    }

    #[test]
    fn an_unknown_revision_is_refused() {
        let workspace = Workspace::find().unwrap();
        let error = older_engine(&workspace, "no-such-revision").unwrap_err();
        assert!(error.to_string().contains("no-such-revision"), "{error}");
    }
}
