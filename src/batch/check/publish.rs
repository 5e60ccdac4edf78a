//! The folder of a check and its reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::CheckError;
use super::looks::Looks;
use super::options::CheckOptions;
use super::pictures::Shown;
use crate::batch::report::{CheckLook, write_check_junit, write_check_page, write_check_summary};
use crate::batch::{BatchError, ReportFile};
use crate::store::MANIFEST;
use crate::store::batch_records::PAGE;
use crate::store::check_record::{CHECK_KIND, CheckRecord};
use crate::store::write::{Change, StagedFolder, WriteError, beneath, check_root, report};

/// What may become of the folder.
pub(super) enum Claim {
    /// There is none yet.
    Free,
    /// An earlier check's, whose files go where they are not written again.
    Own(Box<CheckRecord>),
    /// Nothing is in it, or what is stays.
    Other,
}

/// Whether the check may have its folder; asked before any work is done.
pub(super) fn claim(options: &CheckOptions) -> Result<Claim, CheckError> {
    let path = &options.output;
    check_root(path)?;
    let Ok(mut entries) = fs::read_dir(path) else {
        return Ok(Claim::Free);
    };
    if entries.next().is_none() {
        return Ok(Claim::Other);
    }
    let bytes = beneath::read(path, MANIFEST).ok();
    let record = bytes.and_then(|bytes| serde_json::from_slice::<CheckRecord>(&bytes).ok());
    match record {
        Some(record)
            if record.kind == CHECK_KIND
                && (record.rules_file == options.rules_name() || options.overwrite) =>
        {
            Ok(Claim::Own(Box::new(record)))
        }
        Some(_) | None if options.overwrite => Ok(Claim::Other),
        Some(_) | None => Err(CheckError::Taken { path: path.clone() }),
    }
}

/// Writes everything: pictures, the page, the manifest last; then the reports.
pub(super) fn publish(
    options: &CheckOptions,
    claim: Claim,
    record: &mut CheckRecord,
    shown: Vec<Shown>,
    looks: Looks,
) -> Result<(), CheckError> {
    let root = match options.output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let staged = StagedFolder::create(root)?;
    let mut look = CheckLook {
        inputs: looks.inputs,
        ..CheckLook::default()
    };
    for (rule, shown) in record.rules.iter_mut().zip(shown) {
        look.rules.push(shown.look);
        rule.tokens = shown.tokens;
        rule.notes = shown.notes;
        for (picture, bytes) in shown.pictures {
            record.files.push(staged.write(&picture.file, &bytes)?);
            look.pictures.insert(picture.file.clone(), bytes);
            rule.pictures.push(picture);
        }
    }
    let page = write_check_page(record, &look);
    let page = staged.write(PAGE, page.as_bytes())?;
    record.files.insert(0, page);
    staged.write(MANIFEST, &record.to_json()?)?;
    let change = change(options, claim, record)?;
    staged.publish(&options.output, change.as_ref())?;
    let reports = &options.reports;
    if let Some(file) = &reports.summary {
        report::append(&file.path, |out| write_check_summary(record, out)).map_err(failed(file))?;
    }
    if let Some(file) = &reports.junit {
        report::replace(&file.path, |out| write_check_junit(record, out)).map_err(failed(file))?;
    }
    Ok(())
}

fn failed(file: &ReportFile) -> impl FnOnce(WriteError) -> BatchError {
    let option = file.option;
    move |source| BatchError::Report { option, source }
}

/// What becomes of what is in the folder.
fn change(
    options: &CheckOptions,
    claim: Claim,
    record: &CheckRecord,
) -> Result<Option<Change>, CheckError> {
    let interim = CheckRecord {
        files: Vec::new(),
        ..record.clone()
    };
    let interim_manifest = Some(interim.to_json()?);
    Ok(match claim {
        Claim::Free => None,
        Claim::Other => Some(Change {
            interim_manifest,
            outdated: Vec::new(),
        }),
        Claim::Own(earlier) => {
            let written: BTreeSet<&str> =
                record.files.iter().map(|file| file.name.as_str()).collect();
            // What somebody has changed since is somebody's.
            let outdated = earlier
                .files
                .iter()
                .filter(|file| !written.contains(file.name.as_str()))
                .filter(|file| beneath::is_as_listed(&options.output, &file.name, &file.sha256));
            Some(Change {
                interim_manifest,
                outdated: outdated.map(|file| PathBuf::from(&file.name)).collect(),
            })
        }
    })
}
