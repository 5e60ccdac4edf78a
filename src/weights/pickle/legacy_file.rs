//! What PyTorch wrote before 1.6, and still does when asked to: a magic
//! number, a version and a note about the machine, each a pickle; the pickle
//! itself; one of the storages' names; and the storages in that order, each a
//! count of elements and the elements.
//!
//! The elements are little-endian whatever the note about the machine says:
//! PyTorch turned them round when it wrote on others, and reads them as such.

use std::collections::BTreeMap;

use super::super::bytes::ByteSource;
use super::machine::{Fault, Pickled, Value};
use super::state_dict::{StateDict, storage_sizes};
use super::{Contents, Find, MAXIMUM_PICKLE_LENGTH, Problem, Storage};

/// How much of a file is read to find the pickles; then eight times as much,
/// until they are whole.
const FIRST_LENGTH: u64 = 1 << 20;

/// Pickles before that of the tensors: magic number, version, machine.
const PREFACE_LENGTH: usize = 3;

/// The tensors of a file, and where the storages are.
pub(super) fn contents(
    bytes: &ByteSource,
    file_length: u64,
    find: Find,
) -> Result<Contents, Problem> {
    let mut length = FIRST_LENGTH.min(file_length);
    let pickles = loop {
        // At most 64 MB, which is a usize.
        let mut start = vec![0; length as usize];
        bytes.read_exact_at(0, &mut start)?;
        match pickles(&start, find) {
            Err(PicklesProblem::EndEarly) if length < file_length.min(MAXIMUM_PICKLE_LENGTH) => {
                length = (length * 8).min(file_length).min(MAXIMUM_PICKLE_LENGTH);
            }
            Err(PicklesProblem::EndEarly) if length == file_length => {
                return Err(Problem::Incomplete("its pickle ends too early".to_owned()));
            }
            Err(PicklesProblem::EndEarly) => {
                return Err(Problem::Malformed("its pickle is too long".to_owned()));
            }
            Err(PicklesProblem::Other(problem)) => return Err(problem),
            Ok(pickles) => break pickles,
        }
    };
    let mut storages = BTreeMap::new();
    let mut at = pickles.length;
    for (name, element_size) in pickles.storages {
        let mut count = [0; 8];
        let missing = || Problem::Incomplete(format!("the data of storage {name} are missing"));
        if at.checked_add(8).is_none_or(|end| end > file_length) {
            return Err(missing());
        }
        bytes.read_exact_at(at, &mut count)?;
        let start = at + 8;
        let length = u64::from_le_bytes(count).checked_mul(element_size);
        let end = length.and_then(|length| start.checked_add(length));
        let Some(end) = end.filter(|&end| end <= file_length) else {
            return Err(missing());
        };
        at = end;
        // PyTorch's names are as those of the zip file's entries.
        let length = end - start;
        storages.insert(name, Storage { start, length });
    }
    Ok(Contents {
        state_dict: pickles.state_dict,
        storages,
        is_big_endian: false,
    })
}

struct Pickles {
    state_dict: StateDict,
    /// Names and bytes of an element, in the order of the file.
    storages: Vec<(String, u64)>,
    /// Bytes of all pickles.
    length: u64,
}

enum PicklesProblem {
    EndEarly,
    Other(Problem),
}

impl From<Fault> for PicklesProblem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::EndsEarly => Self::EndEarly,
            Fault::Malformed(reason) => Self::Other(Problem::Malformed(reason)),
        }
    }
}

fn pickles(bytes: &[u8], find: Find) -> Result<Pickles, PicklesProblem> {
    let other = |problem: Problem| PicklesProblem::Other(problem);
    let mut rest = bytes;
    for _ in 0..PREFACE_LENGTH {
        rest = &rest[Pickled::read(rest)?.length..];
    }
    let tensors = Pickled::read(rest)?;
    let keys = Pickled::read(&rest[tensors.length..])?;
    let sizes = storage_sizes(&tensors).map_err(|reason| other(Problem::Malformed(reason)))?;
    let no_list = || other(Problem::Malformed("it lists no storages".to_owned()));
    let Value::List(items) = keys.value(keys.top()) else {
        return Err(no_list());
    };
    let mut storages = Vec::new();
    let mut sizes = sizes;
    for &item in items {
        // Each once, so that a list which repeats a name makes nothing large.
        let key = keys.text(item).ok_or_else(no_list)?;
        let size = sizes.remove(key).ok_or_else(no_list)?;
        storages.push((key.to_owned(), size as u64));
    }
    let preface = bytes.len() - rest.len();
    Ok(Pickles {
        state_dict: find(&tensors).map_err(|problem| other(problem.into()))?,
        storages,
        length: (preface + tensors.length + keys.length) as u64,
    })
}
