//! `rookery-relay load`: runs the load of [`crate::load`] and turns its verdict into an exit code. `load-generator` is what it
//! starts for its clients.

use std::process::ExitCode;

use super::fail;
use crate::load;

pub(super) fn run(args: &load::Args) -> ExitCode {
    match load::run(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

pub(super) fn generate() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    runtime.block_on(load::generate());
    // A read of standard input hangs until the input ends.
    runtime.shutdown_background();
    ExitCode::SUCCESS
}
