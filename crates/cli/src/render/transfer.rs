//! Files that come from the Hub, or go there.

use pliant_hub::repository::Transfer;

use super::number;

/// A file that comes.
pub(crate) fn fetched(transfer: &Transfer) -> String {
    format!(
        "fetching {} of {}, {}",
        transfer.file,
        transfer.repository,
        number::bytes(transfer.bytes)
    )
}

/// A file that goes.
pub(crate) fn sent(transfer: &Transfer) -> String {
    format!(
        "sending {} to {}, {}",
        transfer.file,
        transfer.repository,
        number::bytes(transfer.bytes)
    )
}
