//! The values of `--show`.

use crate::analysis::Score;
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
    /// What each head does, as a table.
    Scores,
}

closed_set!(
    TerminalView,
    "terminal view",
    Auto => "auto",
    Overview => "overview",
    Heads => "heads",
    Scores => "scores",
);

/// What is shown in the terminal, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TerminalSettings {
    /// What is drawn.
    pub view: TerminalView,
    /// The score that a table of scores is sorted by.
    pub sort: Option<Score>,
}
