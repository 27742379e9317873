//! The framing of an event file: length, its checksum, payload, its checksum; all little-endian.

use std::io::{self, Write};

/// Checksums of data that hold checksums themselves are masked, as `TFRecord` has it.
const MASK: u32 = 0xa282_ead8;

fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

/// Writes one record.
pub(crate) fn write(to: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = (payload.len() as u64).to_le_bytes();
    to.write_all(&length)?;
    to.write_all(&masked_checksum(&length).to_le_bytes())?;
    to.write_all(payload)?;
    to.write_all(&masked_checksum(payload).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnoli_s_masked() {
        // The check value of CRC-32C is that of "123456789".
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        let rotated = 0xe306_9283_u32.rotate_left(17);
        assert_eq!(masked_checksum(b"123456789"), rotated.wrapping_add(MASK));
    }
}
