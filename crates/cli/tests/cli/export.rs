//! `export`: a model of a run for other programs.

use crate::workplace::Workplace;

#[test]
fn a_folder_without_a_model_and_an_unknown_format() {
    let workplace = Workplace::nano();
    let finished = workplace.run(&["export", "--to", "hf", "--model", "nothing", "--out", "out"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(
        finished.error().contains("it has no config.json"),
        "{finished}"
    );
    let finished = workplace.run(&["export", "--to", "tf", "--model", "nothing", "--out", "out"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(finished.error().contains("hf"), "{finished}");
}
