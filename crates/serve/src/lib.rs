//! The live page of runs: a local server that follows `metrics.jsonl` of run folders, also of runs that another process
//! writes or that begin later, and shows losses, speeds, norms and the activations as they learn.

mod curves;
mod error;
mod find;
mod follow;
mod history;
mod http;
mod record;
mod run;
mod series;
mod tail;

use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub use error::ServeError;

/// A server that listens, not yet following.
#[derive(Debug)]
pub struct Server {
    roots: Vec<PathBuf>,
    host: String,
    address: SocketAddr,
    listener: std::net::TcpListener,
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
        let address = (host, port)
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| std::io::Error::other(format!("{host} has no address")))?;
        let listener =
            std::net::TcpListener::bind(address).map_err(|source| match source.kind() {
                std::io::ErrorKind::AddrInUse => ServeError::PortInUse { address },
                _ => ServeError::Listen { address, source },
            })?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            roots,
            host: host.to_owned(),
            address: listener.local_addr()?,
            listener,
        })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
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
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
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

/// Ready once `stopped` says so, looked at ten times a second.
pub async fn until(stopped: impl Fn() -> bool) {
    while !stopped() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
