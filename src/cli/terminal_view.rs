//! The values of `--show`.

use crate::names::closed_set;

/// What is drawn in the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TerminalView {
    /// What `--views` names: the map where one is selected, else the overview,
    /// and the others.
    #[default]
    Auto,
    /// The grid of all selected heads.
    Overview,
    /// Every selected map, one after the other.
    Heads,
}

closed_set!(
    TerminalView,
    "terminal view",
    Auto => "auto",
    Overview => "overview",
    Heads => "heads",
);
