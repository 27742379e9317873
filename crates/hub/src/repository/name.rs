//! `hub:owner/name[@revision][/path/inside]`.

use std::fmt;
use std::str::FromStr;

use super::RepositoryError;

/// What such a name begins with.
pub const PREFIX: &str = "hub:";

/// A repository, which state of it, and what of it.
///
/// A revision is a branch, a tag or a commit; a `/` in it is written `%2F`, except in `refs/pr/1` and `refs/convert/parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryName {
    /// `owner/name`.
    pub id: String,
    /// The state; none is the branch `main`.
    pub revision: Option<String>,
    /// A file or folder in the repository.
    pub inside: Option<String>,
}

impl RepositoryName {
    /// The revision that is meant.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.id)?;
        if let Some(revision) = &self.revision {
            write!(f, "@{}", revision.replace('/', "%2F"))?;
        }
        match &self.inside {
            Some(inside) => write!(f, "/{inside}"),
            None => Ok(()),
        }
    }
}

impl FromStr for RepositoryName {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let refused = |reason: &str| RepositoryError::Name {
            name: text.to_owned(),
            reason: reason.to_owned(),
        };
        let rest = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| refused("it does not begin with `hub:`"))?;
        let (owner, rest) = rest
            .split_once('/')
            .ok_or_else(|| refused("there is no `/` between owner and name"))?;
        let end = rest.find(['/', '@']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        for part in [owner, name] {
            if !is_part(part) {
                return Err(refused(
                    "owner and name are of letters, digits, `-`, `_` and `.`",
                ));
            }
        }
        let (revision, rest) = match rest.strip_prefix('@') {
            Some(rest) => {
                let (revision, rest) = rest.split_at(revision_end(rest));
                let revision = revision.replace("%2F", "/").replace("%2f", "/");
                if !is_path(&revision) {
                    return Err(refused("there is no revision behind `@`"));
                }
                (Some(revision), rest)
            }
            None => (None, rest),
        };
        let inside = match rest
            .strip_prefix('/')
            .map(|path| path.trim_end_matches('/'))
        {
            None | Some("") => None,
            Some(path) if is_path(path) => Some(path.to_owned()),
            Some(_) => return Err(refused("the path in it is not relative and plain")),
        };
        Ok(Self {
            id: format!("{owner}/{name}"),
            revision,
            inside,
        })
    }
}

/// Where a revision ends: at the first `/`, which those below `refs/` have two of.
fn revision_end(text: &str) -> usize {
    let slashes = if text.starts_with("refs/") { 2 } else { 0 };
    text.match_indices('/')
        .nth(slashes)
        .map_or(text.len(), |(place, _)| place)
}

fn is_part(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(is_plain)
}

/// Whether a path stays inside the folder that it is joined to, and can stand in an address as it is, but for its spaces.
pub(super) fn is_path(text: &str) -> bool {
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '?', '#', '%', '\0', '@'])
    };
    !text.chars().any(char::is_control) && text.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::RepositoryName;

    #[test]
    fn every_part_is_told_apart() {
        for (text, id, revision, inside) in [
            ("hub:a/b", "a/b", None, None),
            ("hub:a/b@v1.0", "a/b", Some("v1.0"), None),
            ("hub:a/b.c/x/y.txt", "a/b.c", None, Some("x/y.txt")),
            ("hub:a/b@main/x", "a/b", Some("main"), Some("x")),
            ("hub:a/b@one%2Ftwo/x", "a/b", Some("one/two"), Some("x")),
            (
                "hub:a/b@refs/convert/parquet/x/train",
                "a/b",
                Some("refs/convert/parquet"),
                Some("x/train"),
            ),
        ] {
            let name: RepositoryName = text.parse().unwrap();
            assert_eq!(name.id, id, "{text}");
            assert_eq!(name.revision.as_deref(), revision, "{text}");
            assert_eq!(name.inside.as_deref(), inside, "{text}");
            let again: RepositoryName = name.to_string().parse().unwrap();
            assert_eq!(again, name, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "a/b",
            "hub:",
            "hub:b",
            "hub:/b",
            "hub:a/",
            "hub:a/b@",
            "hub:a/b/../c",
            "hub:../b",
            "hub:a/b//c",
            "hub:a/b c",
            "hub:a/b@x?y",
            "hub:a/b@../..",
        ] {
            assert!(text.parse::<RepositoryName>().is_err(), "{text}");
        }
    }
}
