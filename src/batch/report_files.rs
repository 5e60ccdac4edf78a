//! The reports that a batch writes beside its folder, by who asks for them.

use std::path::PathBuf;

/// Files that the user asked for beside the batch's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reports {
    /// A Markdown summary is added to it.
    pub summary: Option<ReportFile>,
    /// Becomes a JUnit report.
    pub junit: Option<ReportFile>,
}

/// A file that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Where it is to be.
    pub path: PathBuf,
    /// The option or variable that says so.
    pub option: &'static str,
}
