//! `cargo xtask test`: every check and test of the workspace, stage by stage, and the tally of all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::browser;
use crate::command;
use crate::node;
use crate::run::{self, ENGINE_FEATURES};
use crate::site;
use crate::stamp;
use crate::tally::Tally;
use crate::tools;
use crate::verify;
use crate::wasm;
use crate::workspace::{Workspace, cargo, in_ci};

const NATIVE: [&str; 10] = [
    "rookery-engine",
    "rookery-fuzz",
    "rookery-games",
    "rookery-ledger",
    "rookery-match",
    "rookery-relay",
    "rookery-shuttle",
    "rookery-train",
    "rookery-verify",
    "xtask",
];

/// What prettier keeps in order, from the workspace's root.
const FORMATTED: [&str; 2] = [
    "www/**/*.{js,mjs,css,html,json,webmanifest}",
    "web/*/{js,test}/**/*.{js,mjs,ts,json}",
];

/// A hung test ends after this time, in ms.
const NODE_TEST_TIMEOUT: &str = "600000";

/// Runs every stage that still makes sense, even after a failure; fails if anything failed.
pub(crate) fn test(workspace: &Workspace, quick: bool) -> Result<ExitCode> {
    let mut run = Run {
        workspace,
        sum: Tally::default(),
        failures: Vec::new(),
    };
    run.stages(quick);
    for failure in &run.failures {
        println!("failed: {failure}");
    }
    println!("{}", run.sum);
    Ok(if run.sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Run<'a> {
    workspace: &'a Workspace,
    sum: Tally,
    failures: Vec<&'static str>,
}

impl Run<'_> {
    fn stages(&mut self, quick: bool) {
        self.check("formatting of the Rust code", |_| {
            Ok(cargo_in_root(self.workspace, &["fmt", "--all", "--check"]))
        });
        let packages = self.prepare("npm packages", || node::packages(self.workspace));
        if packages {
            self.check("formatting of the page", |workspace| {
                let mut check = node::script(workspace, "prettier", "bin/prettier.cjs");
                check
                    .args(["--check", "--log-level", "warn"])
                    .args(FORMATTED);
                Ok(check)
            });
        }

        if packages {
            self.stage("unit tests of the page", |workspace| {
                let files = test_files(&workspace.page().join("tests/unit"), ".test.mjs")?;
                node_tests(workspace, "unit", &files)
            });
        }

        self.check("lints of the native crates", |workspace| {
            tools::cpp_compiler()?;
            let mut clippy = cargo_in_root(workspace, &["clippy", "--release", "--all-targets"]);
            clippy.args(package_options(&NATIVE)).args(ENGINE_FEATURES);
            // Linted only: its tests need a GPU, and building wgpu takes minutes.
            clippy.args(["--features", "rookery-train/gpu"]);
            clippy.args(["--", "-D", "warnings"]);
            Ok(clippy)
        });
        self.check("lints of the wasm crates", |workspace| {
            tools::wasm_target()?;
            let mut clippy = cargo_in_root(workspace, &["clippy", "--release"]);
            clippy.args(["--target", "wasm32-unknown-unknown"]);
            clippy.args(package_options(
                &wasm::PACKAGES.map(|package| package.krate),
            ));
            clippy.args(["--", "-D", "warnings"]);
            Ok(clippy)
        });

        self.stage("native tests", native_tests);

        if !packages {
            return;
        }
        if quick {
            self.skip("wasm packages", "--quick leaves their builds out");
            if site_types(self.workspace) {
                self.types();
            } else {
                self.skip(
                    "types of the page",
                    "the wasm packages are not built; `cargo xtask dist` builds them",
                );
            }
            self.skip("machine checks", "--quick leaves them out");
            self.skip("browser tests", "--quick leaves them out");
            return;
        }
        let built = self.prepare("binaries", || run::build_binaries(self.workspace))
            & self.prepare("site", || site::build(self.workspace));
        if !built {
            return;
        }
        self.stage("machine checks", verify::smoke);
        self.types();
        self.stage("tests of the packages and the site", |workspace| {
            let mut files = test_files(&workspace.page().join("tests"), ".test.mjs")?;
            for package in &wasm::PACKAGES {
                let folder = workspace.root.join("web").join(package.name).join("test");
                files.extend(test_files(&folder, ".test.mjs")?);
            }
            node_tests(workspace, "site", &files)
        });
        match browser::find() {
            Ok(chromium) => self.stage("browser tests", |workspace| {
                let files = test_files(&workspace.page().join("tests"), ".spec.mjs")?;
                browser_tests(workspace, &chromium, &files)
            }),
            Err(error) if in_ci() => self.fail("browser tests", &error),
            Err(error) => self.skip("browser tests", &format!("{error:#}")),
        }
    }

    fn types(&mut self) {
        for (name, project) in [
            ("types of the page", "www"),
            ("types of the page's tests", "www/tests"),
            ("types of the service worker", "www/sw.tsconfig.json"),
        ] {
            self.check(name, |workspace| {
                let mut types = node::script(workspace, "typescript", "bin/tsc");
                types.args(["--project", project]);
                Ok(types)
            });
        }
    }

    /// A stage that is one command and counts as one test.
    fn check(&mut self, name: &'static str, command: impl FnOnce(&Workspace) -> Result<Command>) {
        self.stage(name, |workspace| {
            command::run(&mut command(workspace)?, "finish")?;
            Ok(Tally::check(true))
        });
    }

    /// Something that later stages need; it counts only if it fails.
    fn prepare(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> bool {
        println!("\n== {name}");
        match step() {
            Ok(()) => true,
            Err(error) => {
                self.fail(name, &error);
                println!("The stages after this one need it and are left out.");
                false
            }
        }
    }

    fn stage(&mut self, name: &'static str, stage: impl FnOnce(&Workspace) -> Result<Tally>) {
        println!("\n== {name}");
        match stage(self.workspace) {
            Ok(tally) => {
                if tally.failed > 0 {
                    self.failures.push(name);
                }
                println!("{name}: {tally}");
                self.sum += tally;
            }
            Err(error) => self.fail(name, &error),
        }
    }

    fn fail(&mut self, name: &'static str, error: &anyhow::Error) {
        println!("{name}: {error:#}");
        self.failures.push(name);
        self.sum += Tally::check(false);
    }

    fn skip(&mut self, name: &str, reason: &str) {
        println!("\nskipped: {name}: {reason}");
        self.sum += Tally::skip();
    }
}

fn native_tests(workspace: &Workspace) -> Result<Tally> {
    let mut tests = cargo_in_root(workspace, &["test", "--release", "--no-fail-fast"]);
    tests.args(package_options(&NATIVE)).args(ENGINE_FEATURES);
    let mut tally = Tally::default();
    let success = command::watch(&mut tests, |line| tally.read_cargo(line))?;
    Ok(tally.ended(success))
}

/// Runs `files` one after another; `name` keeps the summary of this run apart from others.
fn node_tests(workspace: &Workspace, name: &str, files: &[PathBuf]) -> Result<Tally> {
    run_node_tests(workspace, name, files, &mut Command::new("node"))
}

fn browser_tests(workspace: &Workspace, chromium: &Path, files: &[PathBuf]) -> Result<Tally> {
    let mut node = Command::new("node");
    node.env("CHROMIUM", chromium)
        .env("ROOKERY_RELAY", workspace.binary("rookery-relay"));
    run_node_tests(workspace, "browser", files, &mut node)
}

fn run_node_tests(
    workspace: &Workspace,
    name: &str,
    files: &[PathBuf],
    node: &mut Command,
) -> Result<Tally> {
    if files.is_empty() {
        bail!("there are no such tests");
    }
    let summary = workspace.target.join(format!("{name}-tests.tap"));
    node.current_dir(&workspace.root)
        .args(["--test", "--test-concurrency=1"])
        .arg(format!("--test-timeout={NODE_TEST_TIMEOUT}"))
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .args(["--test-reporter=tap", "--test-reporter-destination"])
        .arg(&summary)
        .args(files);
    let success = command::watch(node, |_| {})?;
    let text = fs::read_to_string(&summary)
        .with_context(|| format!("the tests left no summary in {}", summary.display()))?;
    let mut tally = Tally::default();
    for line in text.lines() {
        tally.read_node(line);
    }
    Ok(tally.ended(success))
}

/// The files of `folder`, not of its sub-folders, whose names end with `ending`.
fn test_files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let files = stamp::files(folder, &[])?;
    let tests = files
        .into_iter()
        .filter(|file| file.components().count() == 1 && file.to_string_lossy().ends_with(ending));
    Ok(tests.map(|file| folder.join(file)).collect())
}

/// Whether the types that wasm-pack generates lie in the site.
fn site_types(workspace: &Workspace) -> bool {
    wasm::PACKAGES.iter().all(|package| {
        let types = format!("{}.d.ts", package.krate.replace('-', "_"));
        let folder = workspace.dist.join("packages").join(package.name);
        folder.join(types).is_file()
    })
}

fn cargo_in_root(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args(arguments);
    if in_ci() && arguments.first() != Some(&"fmt") {
        command.arg("--locked");
    }
    command
}

fn package_options<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    names.iter().flat_map(|name| ["--package", name])
}
