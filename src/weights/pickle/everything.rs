//! All tensors that a pickle describes, wherever they are: in lists, tuples
//! and dicts, as `torch.save` writes what a model returned.

use std::collections::BTreeMap;

use super::machine::{Pickled, Value, ValueId};
use super::state_dict::{
    Entry, NoStateDict, StateDict, entry, not_described, shortened, tensor_call,
};

/// The most entries, each of which has a name of its own.
const MAXIMUM_ENTRY_COUNT: usize = 10_000;

/// How deep lists and dicts are looked into.
const MAXIMUM_DEPTH: usize = 4;

/// The most values that are looked at: a list may hold another one as often as
/// it likes.
const MAXIMUM_VISIT_COUNT: usize = 1 << 20;

/// What a single tensor is called that is all there is.
const SINGLE: &str = "attention";

/// What stands for an array of another library, whose pickles are not read.
const NUMPY: &str = "a NumPy array within a pickle";

/// Every tensor by the keys and positions that lead to it, with points between:
/// `attentions.11`.
///
/// # Errors
/// When a tensor is not described right, or there are too many.
pub fn everything(pickled: &Pickled<'_>) -> Result<StateDict, NoStateDict> {
    let mut found = StateDict {
        entries: BTreeMap::new(),
        other_keys: Vec::new(),
        texts: Vec::new(),
    };
    let mut visits = MAXIMUM_VISIT_COUNT;
    let top = pickled.top();
    add(pickled, top, "", MAXIMUM_DEPTH, (&mut found, &mut visits))?;
    Ok(found)
}

fn add(
    pickled: &Pickled<'_>,
    value: ValueId,
    path: &str,
    depth: usize,
    (found, visits): (&mut StateDict, &mut usize),
) -> Result<(), NoStateDict> {
    let within = |key: &str| match path {
        "" => shortened(key),
        path => format!("{path}.{}", shortened(key)),
    };
    let name = || {
        if path.is_empty() {
            SINGLE.to_owned()
        } else {
            path.to_owned()
        }
    };
    *visits = visits.saturating_sub(1);
    if found.entries.len() > MAXIMUM_ENTRY_COUNT || *visits == 0 {
        let reason = format!("it has more than {MAXIMUM_ENTRY_COUNT} tensors");
        return Err(NoStateDict::Malformed(reason));
    }
    if let Some(call) = tensor_call(pickled, value) {
        let not_right = || NoStateDict::Malformed(not_described(path));
        let entry = entry(pickled, &call).ok_or_else(not_right)?;
        found.entries.insert(name(), entry);
        return Ok(());
    }
    if let Some(texts) = texts(pickled, value) {
        let known = found.texts.iter().flat_map(|(_, texts)| texts);
        let length: usize = known.chain(&texts).map(String::len).sum();
        // A list may name one text as often as it likes.
        if length <= pickled.length {
            found.texts.push((path.to_owned(), texts));
        }
        return Ok(());
    }
    match pickled.value(value) {
        Value::Call { callable, .. } if is_numpy(pickled, *callable) => {
            let entry = Entry::Unreadable(NUMPY.to_owned());
            found.entries.insert(name(), entry);
        }
        Value::Nothing => drop(found.entries.insert(name(), Entry::Nothing)),
        Value::List(items) | Value::Tuple(items) if depth > 0 => {
            for (index, &item) in items.iter().enumerate().take(MAXIMUM_ENTRY_COUNT + 1) {
                add(
                    pickled,
                    item,
                    &within(&index.to_string()),
                    depth - 1,
                    (found, visits),
                )?;
            }
        }
        Value::Dict(entries) if depth > 0 => {
            for &(key, value) in entries.iter().take(MAXIMUM_ENTRY_COUNT + 1) {
                let key = match pickled.value(key) {
                    Value::Text(text) => within(text),
                    Value::Number(number) => within(&number.to_string()),
                    _ => continue,
                };
                add(pickled, value, &key, depth - 1, (found, visits))?;
            }
        }
        Value::Number(_)
        | Value::Text(_)
        | Value::Class { .. }
        | Value::Tuple(_)
        | Value::List(_)
        | Value::Dict(_)
        | Value::Call { .. }
        | Value::Persistent(_)
        | Value::Other => {}
    }
    Ok(())
}

/// The texts of the first list in a pickle that has so many of them and nothing
/// else, as NumPy writes an array of Python's texts. Nothing of it is run.
pub fn pickled_texts(pickle: &[u8], count: usize) -> Option<Vec<String>> {
    let pickled = Pickled::read(pickle).ok()?;
    let mut lists = (0..pickled.values().len()).filter_map(|value| texts(&pickled, value));
    lists.find(|texts| texts.len() == count)
}

/// The texts of a list that has nothing else.
fn texts(pickled: &Pickled<'_>, value: ValueId) -> Option<Vec<String>> {
    let (Value::List(items) | Value::Tuple(items)) = pickled.value(value) else {
        return None;
    };
    let all = || items.iter().map(|&item| pickled.text(item));
    let length = all().try_fold(0_usize, |sum, text| Some(sum + text?.len()))?;
    let is_some = !items.is_empty() && length <= pickled.length;
    is_some.then(|| all().flatten().map(str::to_owned).collect())
}

fn is_numpy(pickled: &Pickled<'_>, callable: ValueId) -> bool {
    let class = pickled.class(callable);
    class.is_some_and(|(module, _)| module.starts_with("numpy."))
}
