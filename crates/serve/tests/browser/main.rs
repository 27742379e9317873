//! The live page in real headless Chromium, driven through chromedriver. Needs both on the `PATH`, Debian's packages
//! `chromium` and `chromium-driver`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod session;

use std::fs;

use session::{Recording, Session};

#[test]
#[ignore = "needs chromium"]
fn chromium_a_run_that_begins_later_is_drawn_and_its_end_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("twins/rational/seed-1");
    Session::with(folder.path().join("twins"), async |page| {
        page.wait(
            "the title says waiting",
            "document.title.includes('waiting')",
        )
        .await;

        let mut recording = Recording::begin(&run);
        recording.steps(1..=40);
        page.wait(
            "the title says running",
            "document.title.includes('running')",
        )
        .await;
        page.wait("loss curves have points", "[...document.querySelectorAll('#loss path')].some(p => p.getAttribute('d').split('L').length > 20)").await;
        page.wait("a panel with the curve and its start", "document.querySelectorAll('#panels figure path.learned').length === 1 && document.querySelectorAll('#panels path.start').length === 1").await;

        // The curve moves with the slider, which is reachable by keyboard.
        page.wait(
            "three moments",
            "document.getElementById('moment').max === '2'",
        )
        .await;
        let learned = "document.querySelector('path.learned').getAttribute('d')";
        let newest = page.text(learned).await;
        page.keys("#moment", "\u{E011}").await; // Home
        page.wait(
            "the slider stands at step 0",
            "document.getElementById('chosen').textContent === '0'",
        )
        .await;
        let first = page.text(learned).await;
        assert_ne!(newest, first, "the curve moves with the slider");
        assert_eq!(
            first,
            page.text("document.querySelector('path.start').getAttribute('d')")
                .await
        );

        // A half-written line changes nothing until its end is there.
        recording.raw("{\"event\":\"finished\",\"summ");
        page.wait(
            "it is still running",
            "document.querySelector('.state').textContent === 'running'",
        )
        .await;
        recording.raw("ary\":{}}\n");
        page.wait("the page says it is finished", "document.title.includes('finished') && document.querySelector('.state').textContent === 'finished'").await;

        fs::remove_dir_all(folder.path().join("twins")).unwrap();
        page.wait("the page says it vanished and keeps the curves", "document.title.includes('vanished') && document.querySelector('path.learned') !== null").await;
    });
}

#[test]
#[ignore = "needs chromium"]
fn chromium_two_runs_stand_side_by_side_and_a_cut_back_record_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Recording::begin(&folder.path().join("a/seed-1"));
    Recording::begin(&folder.path().join("b/seed-1")).steps(1..=20);
    first.steps(1..=40);
    Session::with(folder.path().to_path_buf(), async |page| {
        page.wait(
            "two runs",
            "document.querySelectorAll('#runs tr').length === 2",
        )
        .await;
        page.wait(
            "both have panels",
            "document.querySelectorAll('#panels figure path.learned').length === 2",
        )
        .await;
        page.wait(
            "step 40",
            "document.querySelector('#runs td.n').textContent === '40 of 100'",
        )
        .await;
        first.cut_back(10);
        page.wait(
            "step 10 again",
            "document.querySelector('#runs td.n').textContent === '10 of 100'",
        )
        .await;
        // Nothing wider than the screen of a phone.
        page.resize(390, 800).await;
        page.wait(
            "no sideways scrolling",
            "document.documentElement.scrollWidth <= innerWidth",
        )
        .await;
    });
}
