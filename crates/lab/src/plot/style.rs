//! Colours and strokes of a picture that stands alone; a report's page brings its own.

use std::fmt::Write as _;

/// Rules for light and dark surroundings, chosen by the viewer's preference.
pub const STANDALONE: &str = "\
svg{font:11px/1.2 ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;--ink:#1f2328;--soft:#6b7280;--line:#e3e5e8;--paper:#ffffff;--arm:#c2410c}\
@media(prefers-color-scheme:dark){svg{--ink:#e8e6e3;--soft:#9aa0a6;--line:#33363b;--paper:#17181a;--arm:#fb923c}}\
.paper{fill:var(--paper)}text{fill:var(--soft)}.heading{fill:var(--ink);font-weight:600;font-size:13px}\
.middle{text-anchor:middle}.end{text-anchor:end}\
.grid{stroke:var(--line);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1;opacity:.6}\
path{fill:none;stroke-linejoin:round;stroke-linecap:round}\
.learned{stroke:var(--arm);stroke-width:2}.start{stroke:var(--soft);stroke-width:1.4;stroke-dasharray:4 3}\
.derivative{stroke:var(--arm);stroke-width:1.2;opacity:.5}.bars{fill:var(--arm);opacity:.28}\
.fitted{stroke:var(--soft);stroke-width:1;stroke-dasharray:1 4}.band{fill:var(--arm);opacity:.2}";

/// The colours of arms and tasks in a picture that stands alone, after [`STANDALONE`].
pub const COLOURS: &str = "\
.arm-0{--arm:#44546a}.arm-1{--arm:#c2410c}.arm-2{--arm:#0f766e}.arm-3{--arm:#6d4bc3}.arm-4{--arm:#8a6d0b}.arm-5{--arm:#be185d}.arm-6{--arm:#2563a8}.arm-7{--arm:#4d7c0f}\
@media(prefers-color-scheme:dark){.arm-0{--arm:#a3b4cc}.arm-1{--arm:#fb8a4c}.arm-2{--arm:#4fc5b8}.arm-3{--arm:#b39df5}.arm-4{--arm:#dcbc4e}.arm-5{--arm:#f472a9}.arm-6{--arm:#74b0f0}.arm-7{--arm:#a3d05a}}\
.note{fill:var(--ink)}path.start{stroke:var(--ink)}";

/// The rules for light surroundings without variables and media queries, for renderers that know neither.
pub fn flat(rules: &str) -> String {
    let rules = without_media(rules);
    let rules: Vec<(&str, Vec<(&str, &str)>)> = rules
        .split('}')
        .filter_map(|rule| rule.split_once('{'))
        .map(|(selector, declarations)| {
            let declarations = declarations.split(';');
            let declarations = declarations.filter_map(|declaration| declaration.split_once(':'));
            (selector.trim(), declarations.collect())
        })
        .collect();
    let variables = |selector: &str| {
        let own = rules.iter().filter(move |rule| rule.0 == selector);
        own.flat_map(|rule| &rule.1)
            .filter(|(name, _)| name.starts_with("--"))
            .copied()
            .collect::<Vec<_>>()
    };
    let everywhere = variables("svg");
    // Classes that give a variable of everywhere another value.
    let classes: Vec<&str> = rules
        .iter()
        .filter(|(selector, declarations)| {
            *selector != "svg" && declarations.iter().any(|(name, _)| name.starts_with("--"))
        })
        .map(|(selector, _)| *selector)
        .collect();
    let mut text = String::new();
    for (selector, declarations) in &rules {
        let mut written = String::new();
        for (name, value) in declarations {
            if !name.starts_with("--") {
                let _ = write!(written, "{name}:{value};");
            }
        }
        if written.is_empty() {
            continue;
        }
        let _ = write!(text, "{selector}{{{}}}", put_in(&written, &everywhere));
        for class in &classes {
            let own = variables(class);
            let differs = put_in(&written, &own);
            if differs != written {
                let _ = write!(
                    text,
                    "{class}{selector}{{{}}}",
                    put_in(&differs, &everywhere)
                );
            }
        }
    }
    text
}

/// The rules outside of `@media`.
fn without_media(rules: &str) -> String {
    let mut kept = String::new();
    let mut rest = rules;
    while let Some((before, media)) = rest.split_once("@media") {
        kept.push_str(before);
        let mut depth = 0_usize;
        let end = media.char_indices().find(|(_, character)| {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => return false,
            }
            depth == 0
        });
        rest = end.map_or("", |(index, _)| &media[index + 1..]);
    }
    kept.push_str(rest);
    kept
}

fn put_in(declarations: &str, variables: &[(&str, &str)]) -> String {
    variables
        .iter()
        .fold(declarations.to_owned(), |text, (name, value)| {
            text.replace(&format!("var({name})"), value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_rules_have_the_light_colours_of_every_arm() {
        let text = flat(&format!("{STANDALONE}{COLOURS}"));
        for wanted in [
            ".paper{fill:#ffffff;}",
            ".learned{stroke:#c2410c;stroke-width:2;}",
            ".arm-2.learned{stroke:#0f766e;stroke-width:2;}",
            ".arm-0.bars{fill:#44546a;opacity:.28;}",
            ".grid{stroke:#e3e5e8;stroke-width:1;}",
            "path.start{stroke:#1f2328;}",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        assert!(!text.contains("--") && !text.contains("var(") && !text.contains("@media"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
