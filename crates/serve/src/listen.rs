//! Where a server listens, and until when.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crate::ServeError;

/// An address that takes connections already; they are answered once the server runs.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    listener: std::net::TcpListener,
}

impl Listener {
    /// Listens on `host` and `port`; port 0 takes a free one.
    pub(crate) fn bind(host: &str, port: u16) -> Result<Self, ServeError> {
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
            address: listener.local_addr()?,
            listener,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// The same for the runtime that this is called in.
    pub(crate) fn into_tokio(self) -> std::io::Result<tokio::net::TcpListener> {
        tokio::net::TcpListener::from_std(self.listener)
    }
}

/// Ready once `stopped` says so, looked at ten times a second.
pub async fn until(stopped: impl Fn() -> bool) {
    while !stopped() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
