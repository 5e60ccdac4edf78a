//! A batch's folder, its inputs and its reports: three places that must not
//! overlap, or one would be written over another.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::report_files::{ReportFile, Reports};
use super::source::InputSource;
use crate::remedy::{FolderKind, Remedy};
use crate::store::batch_records::BatchKind;
use crate::store::write::batch_folder::STATE;
use crate::store::write::is_same_place;

/// Files of a batch would be written over one another.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OverlapError {
    /// An input lies in the folder that the batch fills.
    #[error(
        "the input {} lies in {}, into which the batch writes",
        input.display(),
        folder.display()
    )]
    InputInOutput {
        /// The input.
        input: PathBuf,
        /// The batch's folder.
        folder: PathBuf,
    },
    /// The folder that the batch fills lies in one that is an input.
    #[error(
        "the folder {}, into which the batch writes, lies in the input {}",
        folder.display(),
        input.display()
    )]
    OutputInInput {
        /// The input.
        input: PathBuf,
        /// The batch's folder.
        folder: PathBuf,
    },
    /// A report would be written over an input.
    #[error("the report {} is the input {}", report.display(), input.display())]
    ReportIsInput {
        /// The option or variable that names it.
        option: &'static str,
        /// The report.
        report: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// A report would be written over a part of the batch.
    #[error(
        "the report {} has the place of something that the batch writes into {}",
        report.display(),
        folder.display()
    )]
    ReportIsPart {
        /// The option or variable that names it.
        option: &'static str,
        /// The report.
        report: PathBuf,
        /// The batch's folder.
        folder: PathBuf,
    },
    /// Both reports would be the same file.
    #[error("both reports are {}", report.display())]
    SameReports {
        /// The option or variable that names it.
        option: &'static str,
        /// The reports.
        report: PathBuf,
    },
}

impl OverlapError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::InputInOutput { .. } | Self::OutputInInput { .. } => {
                Remedy::NameFolder(FolderKind::Other)
            }
            Self::ReportIsInput { option, .. }
            | Self::ReportIsPart { option, .. }
            | Self::SameReports { option, .. } => Remedy::NameReport { option },
        })
    }
}

/// Whether inputs, folder and reports are apart, links followed.
///
/// # Errors
/// When they are not.
pub fn check_places(
    sources: &[InputSource],
    output: &Path,
    reports: &Reports,
) -> Result<(), OverlapError> {
    let folder = real_place(output);
    let inputs = sources.iter().map(|source| source.path.as_path());
    let inputs: Vec<(&Path, PathBuf)> = inputs
        .filter_map(|path| Some((path, real_input(path)?)))
        .collect();
    if let Some((input, _)) = inputs.iter().find(|(_, real)| real.starts_with(&folder)) {
        return Err(OverlapError::InputInOutput {
            input: input.to_path_buf(),
            folder: output.to_owned(),
        });
    }
    if let Some((input, _)) = inputs.iter().find(|(_, real)| folder.starts_with(real)) {
        return Err(OverlapError::OutputInInput {
            input: input.to_path_buf(),
            folder: output.to_owned(),
        });
    }
    let files = [&reports.summary, &reports.junit].into_iter().flatten();
    // A pipe or a device takes both.
    let files: Vec<&ReportFile> = files
        .filter(|file| fs::metadata(&file.path).map_or(true, |found| found.is_file()))
        .collect();
    for file in &files {
        let (option, report) = (file.option, file.path.clone());
        let real = real_place(&report);
        if let Some((input, _)) = inputs.iter().find(|(_, input)| is_same_place(input, &real)) {
            return Err(OverlapError::ReportIsInput {
                option,
                report,
                input: input.to_path_buf(),
            });
        }
        if real.strip_prefix(&folder).is_ok_and(is_part) {
            return Err(OverlapError::ReportIsPart {
                option,
                report,
                folder: output.to_owned(),
            });
        }
    }
    match files.as_slice() {
        [first, second] if is_same_place(&real_place(&first.path), &real_place(&second.path)) => {
            let (option, report) = (second.option, first.path.clone());
            Err(OverlapError::SameReports { option, report })
        }
        _ => Ok(()),
    }
}

/// Whether a file of the batch's folder is one that the batch writes itself.
fn is_part(name: &Path) -> bool {
    let first = name.iter().next().unwrap_or_default().to_string_lossy();
    let places = BatchKind::ALL.iter().flat_map(|kind| kind.places());
    places
        .chain([&STATE])
        .any(|part| part.eq_ignore_ascii_case(&first))
        || name.as_os_str().is_empty()
}

/// Where a file of inputs really is, `None` where it is nowhere.
fn real_input(path: &Path) -> Option<PathBuf> {
    match path == Path::new("-") {
        // Where the system tells what standard input is.
        true => fs::canonicalize("/dev/stdin").ok(),
        false => fs::canonicalize(path).ok(),
    }
}

/// Where something is or would be: its folder need not be there either.
pub fn real_place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut ancestors = path.ancestors();
    let found = ancestors.find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    match found {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path,
    }
}
