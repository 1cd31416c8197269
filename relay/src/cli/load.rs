//! `rookery-relay load`: runs the load of [`crate::load`] and turns its verdict into an exit code.

use std::process::ExitCode;

use super::fail;
use crate::load;

pub(super) fn run(args: &load::Args) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(load::run(args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}
