//! The two wasm packages: compiled and bound by wasm-pack, then made smaller and faster by wasm-opt.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::node;
use crate::stamp::{self, Stamp};
use crate::tools::{self, WasmTools};
use crate::workspace::{Workspace, in_ci};

/// A crate under `web/` and how it is optimised.
pub(crate) struct Package {
    /// The folder under `web/`, and the name after `@rookery/`.
    pub(crate) name: &'static str,
    /// The crate.
    pub(crate) krate: &'static str,
    /// The module that a program loads, by where it runs; the first that fits counts.
    pub(crate) entries: &'static [(&'static str, &'static str)],
    /// The compiler's optimisation level.
    opt_level: &'static str,
    /// wasm-opt's.
    wasm_opt_level: &'static str,
}

/// Made to be fast.
pub(crate) const ENGINE: Package = Package {
    name: "engine",
    krate: "rookery-web-engine",
    entries: &[("node", "./node.mjs"), ("default", "./index.js")],
    opt_level: "3",
    wasm_opt_level: "-O3",
};

/// Made to be small.
pub(crate) const PEER: Package = Package {
    name: "peer",
    krate: "rookery-web-peer",
    entries: &[("default", "./index.js")],
    opt_level: "z",
    wasm_opt_level: "-Oz",
};

pub(crate) const PACKAGES: [Package; 2] = [ENGINE, PEER];

/// What the compiler may have used. Stripping takes the section away that says so, hence they are named.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

impl Package {
    /// The hand-written modules beside the crate.
    pub(crate) fn modules(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join("web").join(self.name).join("js")
    }

    /// wasm-pack's output.
    pub(crate) fn output(&self, workspace: &Workspace) -> PathBuf {
        workspace.target.join("wasm").join(self.name)
    }

    /// The module's file name in the output.
    pub(crate) fn wasm_file(&self) -> String {
        format!("{}_bg.wasm", self.krate.replace('-', "_"))
    }

    fn environment(&self) -> [(&'static str, &'static str); 5] {
        [
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level),
            ("CARGO_PROFILE_RELEASE_LTO", "fat"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
            ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
            ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
        ]
    }
}

/// Builds those of the packages whose sources, settings or tools changed. Needs the npm packages.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    tools::wasm_target()?;
    let tools = tools::wasm_tools(workspace)?;
    for package in &PACKAGES {
        build_package(workspace, package, &tools)?;
    }
    Ok(())
}

fn build_package(workspace: &Workspace, package: &Package, tools: &WasmTools) -> Result<()> {
    let output = package.output(workspace);
    let kept = output.with_extension("stamp");
    let current = inputs(workspace, package, tools)?;
    if stamp::is_current(&kept, &current) && output.join(package.wasm_file()).is_file() {
        return Ok(());
    }
    println!("Building @rookery/{} for the browser", package.name);
    if output.exists() {
        fs::remove_dir_all(&output)
            .with_context(|| format!("cannot remove {}", output.display()))?;
    }

    let mut pack = Command::new(&tools.pack);
    pack.current_dir(&workspace.root)
        .args(["--log-level", "error", "build", "--mode", "no-install"])
        .args(["--target", "web", "--release"])
        .args(["--no-opt", "--no-pack", "--no-gitignore", "--out-dir"])
        .arg(&output)
        .arg(Path::new("web").join(package.name))
        .env("PATH", path_with(&tools.bindgen_folder)?)
        .envs(package.environment());
    if in_ci() {
        pack.args(["--", "--locked"]);
    }
    command::run(&mut pack, &format!("build {}", package.krate))?;

    optimise(workspace, package, &output.join(package.wasm_file()))?;
    stamp::keep(&kept, &current)
}

/// Runs wasm-opt over `module`, or takes its last result if the module is the same again.
fn optimise(workspace: &Workspace, package: &Package, module: &Path) -> Result<()> {
    let raw = Stamp::new()
        .text(package.wasm_opt_level)
        .text(&FEATURES.concat())
        .file(module)?
        .hex();
    let output = package.output(workspace);
    let (kept, cached) = (
        output.with_extension("raw-stamp"),
        output.with_extension("wasm"),
    );
    if !stamp::is_current(&kept, &raw) || !cached.is_file() {
        let mut optimise = node::script(workspace, "binaryen", "bin/wasm-opt");
        optimise
            .arg(package.wasm_opt_level)
            .args(FEATURES)
            .arg(module)
            .arg("-o")
            .arg(&cached);
        command::run(&mut optimise, &format!("optimise {}", package.wasm_file()))?;
        stamp::keep(&kept, &raw)?;
    }
    fs::copy(&cached, module).with_context(|| format!("cannot write {}", module.display()))?;
    Ok(())
}

fn inputs(workspace: &Workspace, package: &Package, tools: &WasmTools) -> Result<String> {
    let mut stamp = Stamp::new()
        .text(&tools.versions)
        .text(&format!("{:?}", package.environment()))
        .text(package.wasm_opt_level)
        .text(&FEATURES.concat());
    for file in [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        ".cargo/config.toml",
        "www/package-lock.json",
    ] {
        stamp = stamp.file(&workspace.root.join(file))?;
    }
    for folder in workspace.source_folders(package.krate)? {
        stamp = stamp.folder(&folder, &["js", "test", "tests", "benches", "vectors"])?;
    }
    Ok(stamp.hex())
}

/// The search path with `folder` at its front.
fn path_with(folder: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).context("the search path cannot be extended")
}
