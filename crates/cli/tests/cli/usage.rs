//! Arguments that cannot be carried out: what is said, and exit code 2.

use crate::workplace::Workplace;

/// Asserts that a command line is refused with exit code 2, and snapshots what is said.
macro_rules! refused {
    ($name:ident, $($argument:expr),+) => {
        #[test]
        fn $name() {
            let finished = Workplace::empty().run(&[$($argument),+]);
            assert_eq!(finished.code, Some(2), "{finished}");
            assert_eq!(finished.stdout, "");
            insta::assert_snapshot!(concat!("usage_", stringify!($name)), finished.error());
        }
    };
}

refused!(an_unknown_verb, "comapre");
refused!(an_unknown_option, "compare", "--step", "5");
refused!(a_missing_option, "pretrain");
refused!(a_verb_without_its_verb, "act");
refused!(an_empty_arm, "compare", "--arms", "gelu,,relu");
refused!(an_unknown_arm, "compare", "--arms", "gelu,swosh");
refused!(
    an_open_parenthesis,
    "compare",
    "--arms",
    "gelu,rational(5/4"
);
refused!(degrees_zero, "compare", "--arms", "gelu,rational(0/0)");
refused!(seeds_backwards, "compare", "--seeds", "3-1");
refused!(a_seed_twice, "compare", "--seeds", "1-3,2");
refused!(zero_steps, "compare", "--steps", "0");
refused!(zero_threads, "doctor", "--threads", "0");
refused!(a_range_backwards, "act", "fit", "gelu", "--range=5,-5");
refused!(an_unknown_shell, "completions", "tcsh");
refused!(an_unknown_color, "doctor", "--color", "sometimes");

#[test]
fn no_verb_shows_the_help_on_standard_error() {
    let finished = Workplace::empty().run(&[]);
    assert_eq!((finished.code, &*finished.stdout), (Some(2), ""));
    assert!(finished.stderr.contains("Usage: pliant"), "{finished}");
    assert!(
        finished
            .stderr
            .contains("error: `pliant` needs a verb\nhint: "),
        "{finished}"
    );
}

#[test]
fn colour_only_where_it_is_wanted() {
    let workplace = Workplace::empty();
    assert!(!workplace.run(&["nothing"]).stderr.contains('\x1b'));
    assert!(
        workplace
            .run(&["nothing", "--color", "always"])
            .stderr
            .contains("\x1b[1;31merror:\x1b[0m ")
    );
    assert!(
        workplace
            .run(&["--color=always", "--help"])
            .stdout
            .contains('\x1b')
    );
    let output = workplace
        .command(&["nothing", "--color=never"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(!output.stderr.contains(&0x1b));
}
