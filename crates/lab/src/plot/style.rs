//! Colours and strokes of a picture that stands alone; a report's page brings its own.

/// Rules for light and dark surroundings, chosen by the viewer's preference.
pub const STANDALONE: &str = "\
svg{font:11px/1.2 ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;--ink:#1f2328;--soft:#6b7280;--line:#e3e5e8;--paper:#ffffff;--arm:#c2410c}\
@media(prefers-color-scheme:dark){svg{--ink:#e8e6e3;--soft:#9aa0a6;--line:#33363b;--paper:#17181a;--arm:#fb923c}}\
.paper{fill:var(--paper)}text{fill:var(--soft)}.heading{fill:var(--ink);font-weight:600;font-size:13px}\
.middle{text-anchor:middle}.end{text-anchor:end}\
.grid{stroke:var(--line);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1;opacity:.6}\
path{fill:none;stroke-linejoin:round;stroke-linecap:round}\
.learned{stroke:var(--arm);stroke-width:2}.start{stroke:var(--soft);stroke-width:1.4;stroke-dasharray:4 3}\
.derivative{stroke:var(--arm);stroke-width:1.2;opacity:.5}.bars{fill:var(--arm);opacity:.28}";
