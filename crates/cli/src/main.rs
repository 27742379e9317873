//! The program `pliant`: arguments, rendering, exit codes. What it does is done by the libraries.

mod arguments;
mod command;
mod exit;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main().into()
}
