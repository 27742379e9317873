use std::{io::Write as _, time::Duration};

use pliant_kernels::Precision;
use pliant_serve::{
    inference::{Limits, Options, Server, offers},
    until,
};
use pliant_train::predict::Predictor;
use serde::Serialize;

use super::context::Context;
use crate::{arguments, exit::Failure};

/// The document of `--json`, printed once the model can be asked.
#[derive(Debug, Serialize)]
struct Listening {
    url: String,
    /// What the model does.
    kind: &'static str,
    /// Where it can be asked.
    endpoints: Vec<&'static str>,
}

pub(crate) fn run(arguments: &arguments::serve::Serve, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    let server = Server::bind(options(arguments))?;
    if !server.is_loopback() {
        // A closed standard error keeps nothing from being served.
        let _ = writeln!(
            std::io::stderr(),
            "{} {} can be reached from other machines; whoever reaches it can ask the model",
            context.palette.warning("warning:"),
            server.url()
        );
    }
    let stop = Context::stop_on_signals()?;
    let adapter = arguments.adapter.as_deref();
    let predictor = Predictor::load(&arguments.model, adapter, Precision::F32)?;
    let (kind, endpoints) = offers(&predictor.kind());
    // The address takes connections already; they are answered once the server runs.
    let listening = Listening {
        url: server.url(),
        kind,
        endpoints,
    };
    context.output.result(&listening, |_| {
        format!(
            "{} at {}, for {}; what it takes: {}openapi.json\nCtrl-C ends it\n",
            arguments.model.display(),
            listening.url,
            listening.endpoints.join(" and "),
            listening.url
        )
    })?;
    let stopped = until(move || stop.is_raised());
    Ok(server.run(predictor, &arguments.model, stopped)?)
}

fn options(arguments: &arguments::serve::Serve) -> Options {
    Options {
        host: arguments.host.clone(),
        port: arguments.port,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("PLIANT_COMMIT").to_owned(),
        batch_tokens: arguments.batch_tokens.into(),
        delay: Duration::from_millis(arguments.delay_ms),
        limits: Limits {
            body_bytes: arguments.max_body.into(),
            characters: arguments.max_characters.into(),
            inputs: arguments.max_inputs.into(),
            queue: arguments.queue.into(),
            timeout: arguments.timeout,
        },
        grace: arguments.grace,
    }
}
