//! What PyTorch 1.6 and later write: a zip file whose entries are stored as
//! they are, one of them the pickle.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::machine::{Fault, Pickled};
use super::{Contents, Find, MAXIMUM_PICKLE_LENGTH, Problem, Storage};
use crate::checkpoint::FileKind;

/// The name of the pickle, below the archive's own folder.
const PICKLE: &str = "data.pkl";

/// What only archives of TorchScript have, below the archive's own folder.
const SCRIPT_CONSTANTS: &str = "constants.pkl";

/// Says how the numbers are stored, below the archive's own folder.
const BYTE_ORDER: &str = "byteorder";

/// The tensors of a file, and where the storages are.
pub(super) fn contents(path: &Path, file_length: u64, find: Find) -> Result<Contents, Problem> {
    // The zip crate has had panics on malformed files; one is reported like
    // any other such file.
    let entries = catch_unwind(AssertUnwindSafe(|| entries(path, file_length)));
    let broken = || Problem::Malformed("its structure is broken".to_owned());
    let entries = entries.map_err(|_| broken())??;
    let folder = entries.pickle_name.strip_suffix(".pkl");
    let folder = format!("{}/", folder.unwrap_or(&entries.pickle_name));
    let pickled = Pickled::read(&entries.pickle).map_err(|fault| match fault {
        // The entry is whole, so nothing of it is still to come.
        Fault::EndsEarly => Problem::Malformed("its pickle ends too early".to_owned()),
        Fault::Malformed(reason) => Problem::Malformed(reason),
    })?;
    let storages = entries.storages.into_iter();
    Ok(Contents {
        state_dict: find(&pickled)?,
        storages: storages
            .filter_map(|(name, storage)| Some((name.strip_prefix(&folder)?.to_owned(), storage)))
            .collect(),
        is_big_endian: entries.is_big_endian,
    })
}

struct Entries {
    pickle: Vec<u8>,
    pickle_name: String,
    storages: BTreeMap<String, Storage>,
    is_big_endian: bool,
}

fn entries(path: &Path, file_length: u64) -> Result<Entries, Problem> {
    let reason = |error: &dyn std::fmt::Display| Problem::Malformed(error.to_string());
    let kind = FileKind::of_file(path).map_err(|error| reason(&error))?;
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| match error {
        // The directory of a zip file is its end.
        zip::result::ZipError::InvalidArchive(_) if kind == FileKind::TorchZip => {
            Problem::Incomplete("the directory at the end of its zip file is missing".to_owned())
        }
        error => reason(&error),
    })?;
    let mut pickle = None;
    let mut storages = BTreeMap::new();
    let mut is_big_endian = false;
    let mut is_script = false;
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|error| reason(&error))?;
        let name = entry.name().map_err(|error| reason(&error))?.into_owned();
        let start = entry.data_start().unwrap_or(u64::MAX);
        let length = entry.size();
        let is_inside = start
            .checked_add(length)
            .is_some_and(|end| end <= file_length);
        if entry.compression() != CompressionMethod::Stored || !is_inside {
            return Err(Problem::Malformed(format!(
                "its entry {name} is compressed or not whole"
            )));
        }
        let is_called = |file: &str| {
            let folder = name.strip_suffix(file);
            folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        is_script |= is_called(SCRIPT_CONSTANTS);
        if is_called(BYTE_ORDER) && length <= 16 {
            let mut order = String::new();
            entry
                .take(16)
                .read_to_string(&mut order)
                .map_err(|error| reason(&error))?;
            is_big_endian = order == "big";
        } else if is_called(PICKLE) && pickle.is_none() {
            if length > MAXIMUM_PICKLE_LENGTH {
                return Err(Problem::Malformed(format!("its pickle has {length} bytes")));
            }
            let mut bytes = Vec::new();
            entry
                .take(MAXIMUM_PICKLE_LENGTH)
                .read_to_end(&mut bytes)
                .map_err(|error| reason(&error))?;
            pickle = Some((bytes, name.clone()));
        }
        storages.insert(name, Storage { start, length });
    }
    if is_script {
        return Err(Problem::Object("a TorchScript archive".to_owned()));
    }
    let missing = || Problem::Malformed(format!("there is no {PICKLE} in it"));
    let (pickle, pickle_name) = pickle.ok_or_else(missing)?;
    Ok(Entries {
        pickle,
        pickle_name,
        storages,
        is_big_endian,
    })
}
