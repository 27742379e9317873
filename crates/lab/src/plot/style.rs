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
.derivative{stroke:var(--arm);stroke-width:1.2;opacity:.5}.bars{fill:var(--arm);opacity:.28}\
.fitted{stroke:var(--soft);stroke-width:1;stroke-dasharray:1 4}.band{fill:var(--arm);opacity:.2}";

/// The colours of arms and tasks in a picture that stands alone, after [`STANDALONE`].
pub const COLOURS: &str = "\
.arm-0{--arm:#44546a}.arm-1{--arm:#c2410c}.arm-2{--arm:#0f766e}.arm-3{--arm:#6d4bc3}.arm-4{--arm:#8a6d0b}.arm-5{--arm:#be185d}.arm-6{--arm:#2563a8}.arm-7{--arm:#4d7c0f}\
@media(prefers-color-scheme:dark){.arm-0{--arm:#a3b4cc}.arm-1{--arm:#fb8a4c}.arm-2{--arm:#4fc5b8}.arm-3{--arm:#b39df5}.arm-4{--arm:#dcbc4e}.arm-5{--arm:#f472a9}.arm-6{--arm:#74b0f0}.arm-7{--arm:#a3d05a}}\
.note{fill:var(--ink)}path.start{stroke:var(--ink)}";
