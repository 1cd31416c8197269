//! The `rookery-relay` binary.

fn main() -> std::process::ExitCode {
    rookery_relay::cli::run()
}
