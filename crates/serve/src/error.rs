//! What keeps a page or a model from being served.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use pliant_train::ErrorKind;

/// Why `watch` or `serve` could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The path is a file.
    #[error("{} is a file, not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder holds something, but no run.
    #[error("{} holds no run of pliant, but `{found}`", folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// Something in it.
        found: String,
    },
    /// The folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program listens there.
    #[error("{address} is in use by another program")]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The model cannot be asked.
    #[error(transparent)]
    Model(#[from] pliant_train::TrainError),
    /// The thread of the model has ended too early; this is a fault of the program.
    #[error("the thread of the model failed; what it said stands above")]
    ModelThread,
    /// The time to stop in was over before all requests were answered.
    #[error("{requests} requests were not answered within {seconds} seconds after the stop")]
    Unanswered {
        /// How many.
        requests: u64,
        /// The time that they had.
        seconds: f64,
    },
    /// The server cannot be started or fails.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
}

impl ServeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAFolder { .. } | Self::Foreign { .. } => {
                "give the folder of a run, or that of `compare`, `finetune` or `sweep`; a folder that does not exist yet is waited for"
            }
            Self::PortInUse { .. } => "choose another with --port; --port 0 takes a free one",
            Self::Listen { .. } => {
                "give an address of this machine with --host, and a port above 1023"
            }
            Self::Model(error) => return error.hint(),
            Self::Unanswered { .. } => "give them longer with --grace",
            Self::Read { .. } | Self::ModelThread | Self::Server(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAFolder { .. }
            | Self::Foreign { .. }
            | Self::PortInUse { .. }
            | Self::Listen { .. } => ErrorKind::Configuration,
            Self::Model(error) => error.kind(),
            Self::Read { .. } | Self::ModelThread | Self::Unanswered { .. } | Self::Server(_) => {
                ErrorKind::Failed
            }
        }
    }
}
