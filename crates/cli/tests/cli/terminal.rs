//! The program on a terminal: util-linux's `script` runs it on a pseudo-terminal, and what it writes is read as a terminal would.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use crate::{
    resume::{long_run, wait_for_step},
    workplace::Workplace,
};

const COLUMNS: usize = 80;

/// Starts the program on a terminal of 80 columns.
fn start(workplace: &Workplace, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    let program = workplace.command(&[]).get_program().to_owned();
    let quoted = |word: &str| format!("'{word}'");
    let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
    let line = format!(
        "stty cols {COLUMNS} rows 24 && exec {} {}",
        quoted(program.to_str().unwrap()),
        words.join(" ")
    );
    Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &line])
        .arg("/dev/null")
        .current_dir(workplace.path("."))
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Everything that was written, and the exit code.
fn finish(mut child: Child) -> (String, Option<i32>) {
    let mut bytes = Vec::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_end(&mut bytes).unwrap();
    let code = child.wait().unwrap().code();
    (String::from_utf8(bytes).unwrap(), code)
}

fn run(workplace: &Workplace, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let (text, code) = finish(start(workplace, arguments, variables));
    assert_eq!(code, Some(0), "{text:?}");
    text
}

/// What is on the screen in the end, above and below its edge. Knows the sequences that the program uses and fails at any other,
/// such as one that hides the cursor.
fn screen(text: &str) -> String {
    let mut rows = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                assert_eq!(letters.next(), Some('['), "{text:?}");
                let mut number = String::new();
                let end = loop {
                    match letters.next().unwrap() {
                        digit @ ('0'..='9' | ';') => number.push(digit),
                        end => break end,
                    }
                };
                match (end, &*number) {
                    ('m', _) => {}
                    ('A', number) => row -= number.parse::<usize>().unwrap(),
                    ('K', "") => rows[row].truncate(column),
                    ('J', "") => {
                        rows.truncate(row + 1);
                        rows[row].truncate(column);
                    }
                    other => panic!("{other:?} in {text:?}"),
                }
            }
            letter => {
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                }
                rows.resize(rows.len().max(row + 1), Vec::new());
                let length = rows[row].len().max(column + 1);
                rows[row].resize(length, ' ');
                rows[row][column] = letter;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let rows: Vec<String> = rows.iter().map(|row| row.iter().collect()).collect();
    rows.join("\n")
}

/// Whether something of a bar or its sparkline is in a text.
fn has_bar(text: &str) -> bool {
    text.contains(['━', '╸', '─', '▁', '█'])
}

const PRETRAIN: [&str; 5] = ["pretrain", "--recipe", "nano.toml", "--out", "run"];

#[test]
fn bars_while_it_runs_and_none_of_them_in_the_end() {
    let workplace = Workplace::nano();
    let text = run(&workplace, &PRETRAIN, &[]);
    for part in ["\x1b[36m", "─", "▁", "1/20", "loss "] {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
    let left = screen(&text);
    assert!(left.contains("pretrain  done: 20 steps"), "{left}");
    assert!(!has_bar(&left), "{left}");

    let compare = "compare --recipe nano.toml --steps 4 --seeds 1 --out twins";
    let compare: Vec<&str> = compare.split(' ').collect();
    let text = run(&workplace, &compare, &[]);
    assert!(text.contains("runs ") && text.contains("0/2"), "{text:?}");
    assert!(text.contains("1/2"), "{text:?}");
    assert!(!has_bar(&screen(&text)), "{text:?}");
}

#[test]
fn plain_is_lines_and_no_color_is_bars_without_colours() {
    let workplace = Workplace::nano();
    let plain: Vec<&str> = PRETRAIN.into_iter().chain(["--plain"]).collect();
    let text = run(&workplace, &plain, &[]);
    assert!(!text.contains('\x1b') && !has_bar(&text), "{text:?}");
    assert!(text.contains("pretrain  step 1/20  loss "), "{text:?}");

    let other: Vec<&str> = PRETRAIN[..4].iter().copied().chain(["other"]).collect();
    let text = run(&workplace, &other, &[("NO_COLOR", "1")]);
    assert!(has_bar(&text) && text.contains("\x1b[K"), "{text:?}");
    let colour = |part: &str| {
        let end = part.find(|c: char| c != ';' && !c.is_ascii_digit());
        end.is_some_and(|end| part[end..].starts_with('m'))
    };
    assert!(!text.split("\x1b[").skip(1).any(colour), "{text:?}");

    let dumb: Vec<&str> = PRETRAIN[..4].iter().copied().chain(["dumb"]).collect();
    let text = run(&workplace, &dumb, &[("TERM", "dumb")]);
    assert!(!text.contains('\x1b') && !has_bar(&text), "{text:?}");
}

#[test]
fn ctrl_c_leaves_a_clean_screen() {
    let workplace = Workplace::nano();
    let mut child = start(&workplace, &long_run("run", &["--threads", "1"]), &[]);
    wait_for_step(&workplace, "run", &mut child, 5);
    // The terminal makes a signal of it, and writes `^C` where the cursor is.
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    let (text, code) = finish(child);
    assert_eq!(code, Some(130), "{text:?}");
    assert!(has_bar(&text) && text.contains("^C"), "{text:?}");
    let left = screen(&text);
    assert!(!has_bar(&left) && !left.contains("^C"), "{left}");
    let lines: Vec<&str> = left.lines().collect();
    let [.., stopping, error, hint] = &lines[..] else {
        panic!("{left}");
    };
    assert_eq!(
        *stopping,
        "stopping after this step; Ctrl-C again leaves at once"
    );
    assert!(error.starts_with("interrupted after step "), "{left}");
    assert_eq!(
        *hint,
        "hint: go on with: pliant pretrain --out run --resume"
    );
}

#[test]
fn removing_a_run_asks_first() {
    let workplace = Workplace::nano();
    workplace.succeed(&["pretrain", "--recipe", "nano.toml", "--out", "run", "-q"]);
    for (answer, is_left) in [("n\n", true), ("\n", true), ("yes\n", false)] {
        let mut child = start(&workplace, &["runs", "rm", "run"], &[]);
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(answer.as_bytes()).unwrap();
        let (text, code) = finish(child);
        assert_eq!(code, Some(0), "{text:?}");
        assert!(text.contains("Remove 1 run, "), "{text:?}");
        assert_eq!(
            workplace.path("run").exists(),
            is_left,
            "{answer:?} {text:?}"
        );
    }
}
