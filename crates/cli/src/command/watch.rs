use std::fmt::Write as _;
use std::process::{Command, Stdio};

use pliant_serve::{until, watch::Server};
use serde::Serialize;

use super::context::Context;
use crate::{arguments, exit::Failure};

/// The document of `--json`, printed once the page can be opened.
#[derive(Debug, Serialize)]
struct Listening {
    url: String,
    /// Why `--open` opened nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_browser: Option<String>,
}

pub(crate) fn run(arguments: &arguments::watch::Watch, context: &Context) -> Result<(), Failure> {
    let server = Server::bind(arguments.runs.clone(), &arguments.host, arguments.port)?;
    let stop = Context::stop_on_signals()?;
    // The address takes connections already; they are answered once the server runs.
    let url = server.url();
    let no_browser = arguments
        .open
        .then(|| open(&url).err())
        .flatten()
        .map(|error| error.to_string());
    let listening = Listening { url, no_browser };
    context.output.result(&listening, |palette| {
        let mut text = format!("the page is at {}\nCtrl-C ends it\n", listening.url);
        if let Some(error) = &listening.no_browser {
            let _ = writeln!(
                text,
                "{} no browser can be started: {error}",
                palette.warning("warning:")
            );
        }
        text
    })?;
    Ok(server.run(until(|| stop.is_raised()))?)
}

/// Starts the program that opens pages on this system.
fn open(url: &str) -> std::io::Result<()> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}
