//! Is a tab-separated file quoted?
//!
//! GLUE's files are not: a quotation mark is text. Those that spreadsheets and data frames write are: a field that holds a
//! tab, a line feed or a quotation mark stands in quotation marks, those inside doubled. The name of a file does not tell,
//! so its content must. A file is quoted where
//!
//! - each field that begins with a quotation mark ends with one (before a tab, the end of its line or of the file), those
//!   inside being doubled, and the records so read have the header's number of fields (but for 0.1 %), and
//! - its quotation marks are needed: a quoted field holds a tab, a line feed or a doubled quotation mark, or the fields of the
//!   header are quoted themselves.
//!
//! Any other file is taken as it stands.

/// What a scan of a file as quoted finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Scan {
    /// Line of the first field whose quotation marks do not fit: never closed, or closed in mid-field.
    pub(super) misfit: Option<Misfit>,
    /// Fields that begin with a quotation mark.
    quoted: usize,
    /// Some of them need to be.
    needed: bool,
    /// Every field of the first record is one of them.
    quoted_header: bool,
    /// Records, and those that have another number of fields than the first.
    records: usize,
    ragged: usize,
}

/// A quotation mark that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit {
    /// One-based line.
    pub(super) line: usize,
    /// Text goes on after the closing mark; else there is no closing mark.
    pub(super) goes_on: bool,
}

impl Scan {
    pub(super) fn of(text: &str, delimiter: u8) -> Self {
        let bytes = text.as_bytes();
        let mut scan = Self::default();
        let mut line = 1;
        let mut place = 0;
        let mut header = None;
        while place < bytes.len() {
            if matches!(bytes[place], b'\n' | b'\r') {
                line += usize::from(bytes[place] == b'\n');
                place += 1;
                continue;
            }
            let (mut fields, mut quoted) = (0, 0);
            loop {
                fields += 1;
                if bytes.get(place) == Some(&b'"') {
                    quoted += 1;
                    match scan.quoted_field(bytes, &mut place, &mut line, delimiter) {
                        Ok(()) => {}
                        Err(misfit) => {
                            scan.misfit = Some(misfit);
                            return scan;
                        }
                    }
                } else {
                    let ends = |byte: &u8| *byte == delimiter || *byte == b'\n';
                    let length = bytes[place..].iter().position(ends);
                    place = length.map_or(bytes.len(), |length| place + length);
                }
                if bytes.get(place) == Some(&delimiter) {
                    place += 1;
                } else {
                    break;
                }
            }
            scan.records += 1;
            scan.quoted += quoted;
            let names = *header.get_or_insert(fields);
            scan.quoted_header |= scan.records == 1 && quoted == fields;
            scan.ragged += usize::from(fields != names);
        }
        scan
    }

    /// Goes over a quoted field that begins at `place`.
    fn quoted_field(
        &mut self,
        bytes: &[u8],
        place: &mut usize,
        line: &mut usize,
        delimiter: u8,
    ) -> Result<(), Misfit> {
        let begin = *line;
        *place += 1;
        loop {
            match bytes.get(*place) {
                None => {
                    return Err(Misfit {
                        line: begin,
                        goes_on: false,
                    });
                }
                Some(b'"') if bytes.get(*place + 1) == Some(&b'"') => {
                    self.needed = true;
                    *place += 2;
                }
                Some(b'"') => {
                    *place += 1;
                    break;
                }
                Some(&byte) => {
                    *line += usize::from(byte == b'\n');
                    self.needed |= byte == b'\n' || byte == delimiter;
                    *place += 1;
                }
            }
        }
        if bytes.get(*place) == Some(&b'\r') {
            *place += 1;
        }
        match bytes.get(*place) {
            None | Some(b'\n') => Ok(()),
            Some(byte) if *byte == delimiter => Ok(()),
            Some(_) => Err(Misfit {
                line: *line,
                goes_on: true,
            }),
        }
    }

    /// The file is quoted.
    pub(super) fn is_quoted(&self) -> bool {
        self.fits() && (self.needed || self.quoted_header)
    }

    /// The file could be either; it is taken as it stands.
    pub(super) fn is_doubtful(&self) -> bool {
        self.fits() && self.quoted > 0 && !self.is_quoted()
    }

    fn fits(&self) -> bool {
        self.misfit.is_none() && self.ragged * 1000 <= self.records
    }
}
