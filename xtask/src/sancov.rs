//! The compiler as the fuzz targets need it: code of this workspace counts which branches it takes, for libFuzzer to see.
//! Cargo starts this program in the compiler's place for the workspace's own crates and for no other, so that all that
//! comes from elsewhere is shared with the ordinary build. What Cargo builds so has names of its own.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Set where Cargo is to start this program as the compiler.
pub(crate) const VARIABLE: &str = "ROOKERY_COVERAGE";

/// As cargo-fuzz has it, but for its `--cfg fuzzing`, with which some crates leave checks out.
const FLAGS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Cdebug-assertions=yes",
];

/// Whether this process is meant as the compiler.
pub(crate) fn is_compiler() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Runs the compiler that the first argument names, with what the fuzz targets need besides.
pub(crate) fn compile(arguments: &[OsString]) -> Result<ExitCode> {
    let (rustc, rest) = arguments
        .split_first()
        .with_context(|| format!("{VARIABLE} is for Cargo alone: unset it"))?;
    let mut command = Command::new(rustc);
    command.args(rest);
    if is_target_code(rest) {
        command.args(FLAGS);
    }
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", rustc.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Whether a crate is compiled that ends up in a target: no build script, no macro, no mere question.
fn is_target_code(arguments: &[OsString]) -> bool {
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.to_str()
    };
    value("--crate-name").is_some_and(|name| !name.starts_with("build_script") && name != "___")
        && value("--crate-type") != Some("proc-macro")
}

#[cfg(test)]
mod tests {
    use super::is_target_code;

    #[test]
    fn only_libraries_and_programs_count_their_branches() {
        let asked = |line: &str| {
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            is_target_code(&words)
        };
        assert!(asked(
            "--crate-name rookery_ledger --crate-type lib src/lib.rs"
        ));
        assert!(asked(
            "--crate-name item --crate-type bin fuzz_targets/item.rs"
        ));
        assert!(!asked(
            "--crate-name build_script_build --crate-type bin build.rs"
        ));
        assert!(!asked(
            "--crate-name derive --crate-type proc-macro src/lib.rs"
        ));
        assert!(!asked("-vV"));
        assert!(!asked("- --crate-name ___ --print=cfg --crate-type bin"));
    }
}
