//! Named activations in a file.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use pliant_activation::library::{self, LibraryError};

/// A fresh file name in the folder of this test's build.
fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn names_are_added_and_read_in_order() {
    let path = file("library-added.toml");
    let first = ("bent".to_owned(), "frozen(swish, [1.5])".parse().unwrap());
    let second = (
        "layer-0".to_owned(),
        "layers([gelu, relu])".parse().unwrap(),
    );
    library::add(&path, std::slice::from_ref(&first)).unwrap();
    fs::write(&path, fs::read_to_string(&path).unwrap() + "# mine").unwrap();
    library::add(&path, std::slice::from_ref(&second)).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("# mine\n"));
    assert_eq!(
        library::read(&path).unwrap(),
        [first.clone(), second.clone()]
    );
    let text = format!("@{}:bent", path.display());
    assert_eq!(library::resolve(&text).unwrap(), first.1);
    assert_eq!(library::name_of(&text), Some("bent"));
    assert_eq!(library::resolve("gelu").unwrap().to_string(), "gelu");
    assert_eq!(library::name_of("gelu"), None);

    let error = library::add(&path, &[first]).unwrap_err();
    assert!(matches!(error, LibraryError::Taken { .. }), "{error}");
    let error = library::resolve(&format!("@{}:bend", path.display())).unwrap_err();
    assert!(error.to_string().ends_with("has no activation `bend`"));
    assert_eq!(error.hint().unwrap(), "it has bent, layer-0");
}

#[test]
fn what_is_no_library_is_refused_and_left_alone() {
    for (name, text, message) in [
        (
            "library-other.toml",
            "[activations]\n[run]\na = 1\n",
            "`run` is not known in it",
        ),
        ("library-empty.toml", "", "it has no table [activations]"),
        (
            "library-number.toml",
            "[activations]\na = 1\n",
            "`a` is no text",
        ),
        (
            "library-broken.toml",
            "[activations\n",
            "is no library of activations",
        ),
        (
            "library-entry.toml",
            "[activations]\na = \"geluu\"\n",
            "unknown activation `geluu`",
        ),
    ] {
        let path = file(name);
        fs::write(&path, text).unwrap();
        for error in [
            library::read(&path).unwrap_err(),
            library::add(&path, &[("b".into(), "gelu".parse().unwrap())]).unwrap_err(),
        ] {
            assert!(error.to_string().contains(message), "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(matches!(
        library::resolve("@nowhere.toml:a").unwrap_err(),
        LibraryError::File { .. }
    ));
    for text in ["@", "@file", "@:a", "@file:"] {
        assert!(
            matches!(
                library::resolve(text).unwrap_err(),
                LibraryError::Form { .. }
            ),
            "{text}"
        );
    }
}
