//! The relay as one static program for Linux: built against musl, by Zig as C compiler and linker, so that one machine builds
//! for both processors. What was built is tried where it can be run.

mod elf;
mod trial;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::tools;
use crate::workspace::{Workspace, cargo};

/// From PyPI, which has both as wheels with the program inside.
const ZIG_PACKAGES: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];
const PROGRAM: &str = "rookery-relay";

/// A processor, by the name that containers have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arch {
    Amd64,
    Arm64,
}

impl Arch {
    const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// As Rust and qemu have it.
    const fn cpu(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    fn target(self) -> String {
        format!("{}-unknown-linux-musl", self.cpu())
    }
}

/// Which ones the command line asks for.
pub(crate) fn arches(arguments: &[String]) -> Result<Vec<Arch>> {
    let [only] = arguments else {
        if arguments.is_empty() {
            return Ok(Arch::ALL.to_vec());
        }
        bail!("`cargo xtask dist-relay` takes amd64 or arm64, or nothing for both");
    };
    let arch = Arch::ALL.into_iter().find(|arch| arch.name() == only);
    let arch = arch.with_context(|| {
        format!("`cargo xtask dist-relay` does not know `{only}`; it takes amd64 and arm64")
    })?;
    Ok(vec![arch])
}

/// Builds the relay for each, sees that it needs no other file, and tries it.
pub(crate) fn build(workspace: &Workspace, arches: &[Arch]) -> Result<()> {
    let path = zig(workspace)?;
    for arch in arches {
        let target = arch.target();
        tools::target(&target)?;
        let mut build = Command::new(cargo());
        build
            .current_dir(&workspace.root)
            .env("PATH", &path)
            .args(["zigbuild", "--release", "--locked", "--target", &target])
            .args(["--package", PROGRAM, "--bin", PROGRAM]);
        command::run(&mut build, "build the static relay")?;

        let folder = workspace.target.join("static").join(arch.name());
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let built = workspace.target.join(&target).join("release").join(PROGRAM);
        let program = folder.join(PROGRAM);
        fs::copy(&built, &program).with_context(|| format!("cannot copy {}", built.display()))?;

        let bytes = fs::read(&program).context("cannot read what was built")?;
        if let Some(loader) = elf::interpreter(&bytes).context("what was built is no program")? {
            bail!("{} is not static: it needs {loader}", program.display());
        }
        let (size, place) = (bytes.len(), program.display());
        match trial::command(&program, arch.cpu()) {
            Some(command) => {
                trial::run(command)?;
                println!("{place}: {size} bytes, static; it serves");
            }
            None => println!(
                "{place}: {size} bytes, static; not tried: there is no qemu-{} here (Debian: qemu-user)",
                arch.cpu()
            ),
        }
    }
    Ok(())
}

/// Makes sure that there are Zig and cargo-zigbuild; gives the search path on which they are.
fn zig(workspace: &Workspace) -> Result<std::ffi::OsString> {
    let folder = workspace.tools().join("zig");
    let (bin, stamp) = (folder.join("bin"), folder.join("packages"));
    let wanted = ZIG_PACKAGES.join("\n");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        println!(
            "Installing {} into {}",
            ZIG_PACKAGES.join(" and "),
            folder.display()
        );
        let mut make = Command::new("python3");
        make.args(["-m", "venv", "--clear"]).arg(&folder);
        command::run(&mut make, "make a folder for Zig")
            .context("Python 3 with its venv module is needed (Debian: python3-venv)")?;
        let mut install = Command::new(bin.join("pip"));
        install.args(["install", "--quiet"]).args(ZIG_PACKAGES);
        command::run(&mut install, "install Zig").context("check the network connection")?;
        fs::write(&stamp, wanted).context("cannot note what is installed")?;
    }
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::iter::once(bin)
        .chain(std::env::split_paths(&before))
        .collect();
    std::env::join_paths(folders).context("the search path cannot be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn without_an_argument_both_are_built_and_an_unknown_one_is_refused_with_those_there_are() {
        assert_eq!(arches(&[]).unwrap(), Arch::ALL);
        assert_eq!(arches(&words("arm64")).unwrap(), [Arch::Arm64]);
        let error = format!("{:#}", arches(&words("riscv")).unwrap_err());
        assert!(
            error.contains("riscv") && error.contains("amd64"),
            "{error}"
        );
        assert!(arches(&words("amd64 arm64")).is_err());
    }
}
