//! The Rust side's tools: the wasm target, wasm-pack and wasm-bindgen, Miri. What is missing is installed, into the target
//! folder where it can be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::workspace::{Workspace, cargo};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const WASM_PACK_VERSION: &str = "0.15.1";

/// Makes sure that the Rust compiler can build for the browser.
pub(crate) fn wasm_target() -> Result<()> {
    target(WASM_TARGET)
}

/// Makes sure that the Rust compiler can build for `target`.
pub(crate) fn target(target: &str) -> Result<()> {
    if has_target(target) {
        return Ok(());
    }
    let Some(rustup) = command::find("rustup") else {
        bail!(
            "Rust's standard library for {target} is missing, and so is rustup, which adds it: \
             install rustup from https://rustup.rs, or your distribution's package of that library"
        );
    };
    println!("Adding the Rust target {target}");
    let added = command::run(
        Command::new(rustup).args(["target", "add", target]),
        "add a Rust target",
    );
    if added.is_err() || !has_target(target) {
        bail!(
            "the Rust target could not be added: check the network connection, then run \
             `rustup target add {target}`"
        );
    }
    Ok(())
}

fn has_target(target: &str) -> bool {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let arguments = ["--print", "target-libdir", "--target", target];
    command::read(Command::new(rustc).args(arguments))
        .is_some_and(|folder| PathBuf::from(folder).is_dir())
}

/// Some of the relay's libraries hold C and assembly code.
pub(crate) fn c_compiler() -> Result<()> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if command::read(Command::new(&compiler).arg("--version")).is_none() {
        bail!(
            "the C compiler `{compiler}` is missing: install one, with `apt-get install build-essential` on Debian \
             and Ubuntu, `xcode-select --install` on macOS"
        );
    }
    Ok(())
}

/// Makes sure that the C++ part of libFuzzer can be built.
pub(crate) fn cpp_compiler() -> Result<()> {
    c_compiler()?;
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if command::read(Command::new(&compiler).arg("--version")).is_none() {
        bail!(
            "the C++ compiler `{compiler}` is missing, and libFuzzer is written in C++: install one, with \
             `apt-get install build-essential` on Debian and Ubuntu, `xcode-select --install` on macOS"
        );
    }
    Ok(())
}

/// A rustup toolchain's name, for what only a nightly compiler has.
pub(crate) const NIGHTLY: &str = "nightly";
const NIGHTLY_INSTALL: [&str; 7] = [
    "toolchain",
    "install",
    NIGHTLY,
    "--profile",
    "minimal",
    "--component",
    "miri,rust-src",
];

/// Makes sure that there is Miri, and of the standard library the sources that it interprets. Gives the path of rustup.
pub(crate) fn miri() -> Result<PathBuf> {
    let Some(rustup) = command::find("rustup") else {
        bail!(
            "rustup is missing, and Miri comes with it only: install rustup from https://rustup.rs, then run \
             `rustup {}`",
            NIGHTLY_INSTALL.join(" ")
        );
    };
    if has_miri(&rustup) {
        return Ok(rustup);
    }
    println!("Installing Rust's nightly toolchain with Miri");
    let mut install = Command::new(&rustup);
    install.args(NIGHTLY_INSTALL).arg("--no-self-update");
    if command::run(&mut install, "install Miri").is_err() || !has_miri(&rustup) {
        bail!(
            "Miri could not be installed: check the network connection, then run `rustup {}`",
            NIGHTLY_INSTALL.join(" ")
        );
    }
    Ok(rustup)
}

fn has_miri(rustup: &Path) -> bool {
    let nightly = |program: &[&str]| {
        command::read(
            Command::new(rustup)
                // Only looks; an absent toolchain is installed with all that it needs.
                .args(["run", NIGHTLY])
                .args(program)
                .env("RUSTUP_AUTO_INSTALL", "0"),
        )
    };
    let sources = nightly(&["rustc", "--print", "sysroot"]).is_some_and(|root| {
        Path::new(&root)
            .join("lib/rustlib/src/rust/library")
            .is_dir()
    });
    sources && nightly(&["miri", "--version"]).is_some()
}

/// The programs that make a wasm package out of a crate.
pub(crate) struct WasmTools {
    /// The wasm-pack program.
    pub(crate) pack: PathBuf,
    /// The folder of the wasm-bindgen program, where wasm-pack has to find it.
    pub(crate) bindgen_folder: PathBuf,
    /// Names and versions, as part of a stamp.
    pub(crate) versions: String,
}

/// Finds wasm-pack and the wasm-bindgen that `Cargo.lock` asks for, or installs them.
pub(crate) fn wasm_tools(workspace: &Workspace) -> Result<WasmTools> {
    let bindgen_version = workspace.locked_version("wasm-bindgen")?;
    let pack = CargoTool {
        krate: "wasm-pack",
        program: "wasm-pack",
        version: WASM_PACK_VERSION,
        options: &[],
    };
    let bindgen = CargoTool {
        krate: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: bindgen_version,
        // Only the one program, and no TLS: that belongs to its test runner.
        options: &["--bin", "wasm-bindgen", "--no-default-features"],
    };
    let pack_path = pack.find_or_install(workspace)?;
    let bindgen_path = bindgen.find_or_install(workspace)?;
    // Shared by both installs, of no use after them.
    let scratch = workspace.tools().join("build");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)
            .with_context(|| format!("cannot remove {}", scratch.display()))?;
    }
    Ok(WasmTools {
        pack: pack_path,
        bindgen_folder: bindgen_path.parent().map(PathBuf::from).unwrap_or_default(),
        versions: format!("wasm-pack {WASM_PACK_VERSION}, wasm-bindgen {bindgen_version}"),
    })
}

/// A program from a crate, at exactly one version.
struct CargoTool<'a> {
    krate: &'a str,
    program: &'a str,
    version: &'a str,
    options: &'a [&'a str],
}

impl CargoTool<'_> {
    fn find_or_install(&self, workspace: &Workspace) -> Result<PathBuf> {
        let file = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        let own = workspace.tools().join("bin").join(file);
        if self.is_right(&own) {
            return Ok(own);
        }
        if let Some(path) = command::find(self.program).filter(|path| self.is_right(path)) {
            return Ok(path);
        }
        println!(
            "Installing {} {} into {} (about a minute)",
            self.krate,
            self.version,
            workspace.tools().display()
        );
        let mut install = Command::new(cargo());
        install
            .current_dir(&workspace.root)
            .args(["install", "--locked", "--quiet", "--force", self.krate])
            .args(["--version", self.version])
            .args(self.options)
            .arg("--root")
            .arg(workspace.tools())
            .arg("--target-dir")
            .arg(workspace.tools().join("build"))
            // These run for seconds and are built once: a quick build beats fast code by minutes.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        if command::run(&mut install, "install a tool").is_err() || !self.is_right(&own) {
            bail!(
                "{} could not be installed: check the network connection, then run `cargo install {} --version {}`",
                self.krate,
                self.krate,
                self.version
            );
        }
        Ok(own)
    }

    fn is_right(&self, program: &PathBuf) -> bool {
        let wanted = format!("{} {}", self.program, self.version);
        command::read(Command::new(program).arg("--version")).is_some_and(|printed| {
            // wasm-bindgen adds a commit when it is built from one.
            printed == wanted || printed.starts_with(&format!("{wanted} "))
        })
    }
}
