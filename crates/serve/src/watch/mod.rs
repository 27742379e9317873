//! The live page of runs: a local server that follows `metrics.jsonl` of run folders, also of runs that another process
//! writes or that begin later, and shows losses, speeds, norms and the activations as they learn.

mod curves;
mod find;
mod follow;
mod history;
mod http;
mod record;
mod run;
mod series;
mod tail;

use std::future::Future;
use std::path::PathBuf;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::ServeError;
use crate::listen::Listener;

/// A server that listens, not yet following.
#[derive(Debug)]
pub struct Server {
    roots: Vec<PathBuf>,
    host: String,
    listener: Listener,
}

impl Server {
    /// Checks the folders and listens on `host` and `port`; port 0 takes a free one.
    ///
    /// # Errors
    /// A folder of another program, an address that is in use or not of this machine.
    pub fn bind(roots: Vec<PathBuf>, host: &str, port: u16) -> Result<Self, ServeError> {
        for root in &roots {
            find::check(root)?;
        }
        Ok(Self {
            roots,
            host: host.to_owned(),
            listener: Listener::bind(host, port)?,
        })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Serves until `stop` is ready. Readers that are still connected are left.
    ///
    /// # Errors
    /// The system cannot give threads or connections.
    pub fn run(self, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
        let runtime: Runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (sender, news) = watch::channel(follow::News::default());
        let runs = follow::Shared::default();
        let (roots, followed) = (self.roots, runs.clone());
        let follower = std::thread::Builder::new()
            .name("follow".to_owned())
            .spawn(move || follow::follow(&roots, &followed, &sender))?;
        let routes = http::routes(http::Site::new(runs, news, &self.host));
        let served = runtime.block_on(async {
            let listener = self.listener.into_tokio()?;
            let mut server = std::pin::pin!(std::future::IntoFuture::into_future(axum::serve(
                listener, routes
            )));
            let mut stop = std::pin::pin!(stop);
            std::future::poll_fn(|context| {
                if stop.as_mut().poll(context).is_ready() {
                    return std::task::Poll::Ready(Ok(()));
                }
                server.as_mut().poll(context)
            })
            .await
        });
        // Drops every connection and with them the receivers, which ends the follower.
        runtime.shutdown_background();
        drop(follower);
        served.map_err(ServeError::Server)
    }
}
