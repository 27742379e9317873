use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use pliant_data::Tokenizer;
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::tokenize::Tokenize,
    exit::{Code, Failure},
    render::output,
};

/// The one document of `--json`.
#[derive(Serialize)]
struct Document<T> {
    /// Ids, or what they stand for, of each line.
    lines: Vec<Vec<T>>,
}

pub(crate) fn run(arguments: &Tokenize, context: &Context) -> Result<(), Failure> {
    let path = &arguments.tokenizer;
    let tokenizer = if path.is_dir() {
        Tokenizer::open_folder(path)
    } else {
        Tokenizer::open(path)
    }?;
    let lines = Lines::open(&arguments.input)?;
    if arguments.tokens {
        let name = |id: u32| tokenizer.token(id).unwrap_or_default();
        print(lines, context, |line| {
            Ok(tokenizer.encode(line)?.into_iter().map(name).collect())
        })
    } else {
        print(lines, context, |line| Ok(tokenizer.encode(line)?))
    }
}

/// Prints what `encode` gives, a line as soon as it is known unless it is for the document.
fn print<T: Serialize + ToString>(
    lines: Lines,
    context: &Context,
    encode: impl Fn(&str) -> Result<Vec<T>, Failure>,
) -> Result<(), Failure> {
    if context.output.json {
        let lines: Result<_, Failure> = lines.map(|line| encode(&line?)).collect();
        return output::print_document(&Document { lines: lines? });
    }
    let mut output = BufWriter::new(io::stdout().lock());
    for line in lines {
        let words: Vec<String> = encode(&line?)?.iter().map(T::to_string).collect();
        writeln!(output, "{}", words.join(" ")).map_err(|error| Failure::output(&error))?;
    }
    output.flush().map_err(|error| Failure::output(&error))
}

/// The lines of a text, without their ends.
struct Lines {
    reader: Box<dyn BufRead>,
    name: String,
    /// Lines read so far.
    count: usize,
}

impl Lines {
    fn open(input: &Path) -> Result<Self, Failure> {
        let is_standard = input == Path::new("-");
        let name = if is_standard {
            "standard input".to_owned()
        } else {
            input.display().to_string()
        };
        let reader: Box<dyn BufRead> = if is_standard {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(input).map_err(|error| unreadable(&name, &error))?;
            Box::new(BufReader::new(file))
        };
        Ok(Self {
            reader,
            name,
            count: 0,
        })
    }
}

impl Iterator for Lines {
    type Item = Result<String, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        match self.reader.read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) => self.count += 1,
            Err(error) => return Some(Err(unreadable(&self.name, &error))),
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        Some(String::from_utf8(bytes).map_err(|_| {
            Failure::new(
                Code::Data,
                format_args!("{}: line {} is not UTF-8 text", self.name, self.count),
            )
            .hint("convert it first, for instance with iconv")
        }))
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(Code::Data, format_args!("cannot read {name}: {error}"))
        .hint("give a file of text, or - for standard input")
}
