//! `cargo xtask`: set-up and automation of the workspace, and nothing else. This file reads the command line; each
//! command has a file of its own.

mod bench;
mod browser;
mod command;
mod engine_match;
mod node;
mod precache;
mod run;
mod sancov;
mod site;
mod stamp;
mod static_relay;
mod tally;
mod test;
mod tools;
mod verify;
mod wasm;
mod workspace;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use workspace::Workspace;

const USAGE: &str = "\
Set-up and automation of Rookery.

Usage: cargo xtask <COMMAND>

Commands:
  run [--port P] [--open]     Install what is missing, build everything, serve page and peers on 127.0.0.1
                                --port P   the page's port (default 8321)
                                --open     open the page in the default browser
  test [--quick]              Check and test everything; the last line is the tally
                                --quick    leave out the wasm builds and the browser tests
  dist                        Build the static site into dist/ and the relay into target/release/
  dist-relay [ARCH]           Build the relay as one static program for Linux into target/static/ARCH/, and try it; without
                              ARCH for both of amd64 and arm64
  bench [NAME] [--json FILE]  Measure, beside peers in the same run; without a name, all of:
{BENCHES}                                --json FILE  write [{\"name\",\"unit\",\"value\",\"runs\",\"peer\",\"command\"}]
  verify [OPTIONS]            Try to break the protocol's promises; without --way, by all of:
{WAYS}                                --way NAME    one way only
                                --budget T    how long to run, as in 90s, 5m or 2h (default 5m)
                                --seed S      where the random choices come from (default 1)
                                --input FILE  the file to check, for a way that checks files
                                --mutants     instead: see each deliberate fault found (a quarter of an hour); by one way with --way
                                --json FILE   write [{\"way\",\"cases\",\"states\",\"faults\",\"violations\",\"seed\"}]
  match [OPTIONS]             Play UCI engines against each other and measure their strength, by default this workspace's
                              own against --engine \"cmd=PROGRAM\"; `match --help` has all options
                                --ours-at R   against this workspace's own engine of another git revision

Environment:
  CHROMIUM                    the browser that the browser tests start (default: the one installed)
  CI                          when set, a missing browser is a failure and Cargo.lock must be up to date
";

fn main() -> ExitCode {
    let done = if sancov::is_compiler() {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        sancov::compile(&arguments)
    } else {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        dispatch(&arguments)
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    USAGE
        .replace("{BENCHES}", &bench::list())
        .replace("{WAYS}", &verify::list())
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("--help", [].as_slice()),
    };
    if command == "match" {
        // It has options of its own, and its own help.
        return engine_match::run(&Workspace::find()?, rest);
    }
    if rest
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{}", usage());
        return Ok(ExitCode::SUCCESS);
    }
    match command {
        "run" => {
            let options = run_options(rest)?;
            run::run(&Workspace::find()?, &options)
        }
        "test" => {
            let quick = match rest {
                [] => false,
                [only] if only == "--quick" => true,
                _ => bail!("`cargo xtask test` takes only --quick"),
            };
            test::test(&Workspace::find()?, quick)
        }
        "dist" => {
            if !rest.is_empty() {
                bail!("`cargo xtask dist` takes no arguments");
            }
            let workspace = Workspace::find()?;
            site::build(&workspace)?;
            run::build_binaries(&workspace)?;
            println!("The site is in {}", workspace.dist.display());
            println!(
                "The relay is {}",
                workspace.binary("rookery-relay").display()
            );
            Ok(ExitCode::SUCCESS)
        }
        "dist-relay" => {
            let arches = static_relay::arches(rest)?;
            static_relay::build(&Workspace::find()?, &arches)?;
            Ok(ExitCode::SUCCESS)
        }
        "bench" => {
            let options = bench::Options::parse(rest)?;
            bench::run(&Workspace::find()?, &options)
        }
        "verify" => {
            let options = verify::Options::parse(rest)?;
            verify::run(&Workspace::find()?, &options)
        }
        // The reading end of `run`, which starts it; see run.rs.
        run::ANNOUNCE => run::announce(rest),
        "--help" | "-h" | "help" => {
            print!("{}", usage());
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no command `{other}`; `cargo xtask --help` lists them"),
    }
}

fn run_options(arguments: &[String]) -> Result<run::Options> {
    let mut options = run::Options::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--open" => options.open = true,
            "--port" => {
                let port = arguments.next().context("--port needs a number")?;
                options.port = port.parse().with_context(|| {
                    format!("`{port}` is not a port: give a number from 0 to 65535")
                })?;
            }
            other => {
                bail!("`cargo xtask run` does not know `{other}`; it takes --port P and --open")
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::run_options;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn run_takes_its_options_in_any_order() {
        let options = run_options(&words("--open --port 9000")).unwrap();
        assert!(options.open);
        assert_eq!(options.port, 9000);
    }

    #[test]
    fn a_bad_port_is_refused_with_the_range() {
        let error = run_options(&words("--port 70000")).unwrap_err();
        assert!(format!("{error:#}").contains("0 to 65535"), "{error:#}");
        assert!(run_options(&words("--port")).is_err());
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(run_options(&words("--prot 1")).is_err());
    }
}
