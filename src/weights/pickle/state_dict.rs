//! The tensors that a pickle describes, and where they are in it: in a state
//! dict, or in one of the dicts of a training checkpoint.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::names::is_of_word_embeddings;
use super::machine::{Pickled, Value, ValueId};

/// The most dimensions that a tensor of PyTorch has.
const MAXIMUM_DIMENSION_COUNT: usize = 64;

/// The longest name of a storage and of its class, in bytes. They stand in
/// every tensor's description, where a pickle repeats them at no cost.
const MAXIMUM_KEY_LENGTH: usize = 256;

/// The longest name of a tensor that is looked at, in bytes.
const MAXIMUM_NAME_LENGTH: usize = 1_024;

/// How deep dicts are looked for within dicts.
const MAXIMUM_DEPTH: usize = 4;

/// How many keys are named in an error, and how long each may be.
const MAXIMUM_NAMED_KEY_COUNT: usize = 8;
const MAXIMUM_NAMED_KEY_LENGTH: usize = 60;

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRecord {
    /// PyTorch's class of the storage, such as `FloatStorage`.
    pub storage_type: String,
    /// The storage's name in the file.
    pub storage: String,
    /// Where it begins in its storage, in elements.
    pub offset: u64,
    /// Its shape.
    pub shape: Vec<usize>,
    /// By dimension, how many elements lie between neighbours.
    pub strides: Vec<u64>,
    /// Whether its numbers are those of the storage with the other sign.
    pub is_negated: bool,
}

/// What a state dict has under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A tensor of numbers that lie in a storage.
    Tensor(TensorRecord),
    /// A tensor of another kind, by the function that would make it.
    Unreadable(String),
    /// None.
    Nothing,
}

/// What is wrong with a pickle that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStateDict {
    /// It is an object of this class, not a dict.
    Object(String),
    /// Several of its dicts hold an encoder; the keys that lead to them.
    Several(Vec<String>),
    /// Something else, in words.
    Malformed(String),
}

/// The tensors of a state dict by name, and the keys of the dict around them,
/// in words, where that is something else.
#[derive(Debug)]
pub struct StateDict {
    /// By name.
    pub entries: BTreeMap<String, Entry>,
    /// A few of the keys that lead to no tensor.
    pub other_keys: Vec<String>,
    /// Lists of texts, by the keys that lead to them.
    pub texts: Vec<(String, Vec<String>)>,
}

/// The state dict that a pickle is or holds.
///
/// # Errors
/// See [`NoStateDict`].
pub fn state_dict(pickled: &Pickled<'_>) -> Result<StateDict, NoStateDict> {
    let top = dict(pickled, pickled.top()).ok_or_else(|| NoStateDict::Object(class_of(pickled)))?;
    let other_keys = top
        .iter()
        .filter(|&(_, &value)| tensor_call(pickled, value).is_none())
        .take(MAXIMUM_NAMED_KEY_COUNT)
        .map(|(key, _)| shortened(key))
        .collect();
    let mut held = match holds_encoder(pickled, &top) {
        true => Vec::new(),
        false => encoders_within(pickled, top.clone()),
    };
    let found = match (held.pop(), held.is_empty()) {
        (None, _) => top,
        (Some((_, found)), true) => found,
        (Some((last, _)), false) => {
            let keys = held.into_iter().map(|(key, _)| key).chain([last]);
            return Err(NoStateDict::Several(keys.collect()));
        }
    };
    let mut entries = BTreeMap::new();
    for (name, value) in found {
        if let Some(call) = tensor_call(pickled, value) {
            let not_right = || NoStateDict::Malformed(not_described(name));
            entries.insert(
                name.to_owned(),
                entry(pickled, &call).ok_or_else(not_right)?,
            );
        }
    }
    Ok(StateDict {
        entries,
        other_keys,
        texts: Vec::new(),
    })
}

/// The storages that a pickle points to, by name, with the size of an element
/// in bytes.
///
/// # Errors
/// When a storage's class is not known, so that nobody can tell where the
/// next one begins.
pub fn storage_sizes<'pickle>(
    pickled: &Pickled<'pickle>,
) -> Result<BTreeMap<&'pickle str, usize>, String> {
    let mut sizes = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for value in pickled.values() {
        let Value::Persistent(id) = *value else {
            continue;
        };
        let Some(&[_, class, key, ..]) = pickled.tuple(id) else {
            continue;
        };
        // A long name that is repeated is compared once.
        if !seen.insert(key) {
            continue;
        }
        let (Some((_, class)), Some(key)) = (pickled.class(class), pickled.text(key)) else {
            continue;
        };
        let size = element_size(class)
            .ok_or_else(|| format!("it has a storage of the unknown class {}", shortened(class)))?;
        // Of several, PyTorch believes the first.
        sizes.entry(key).or_insert(size);
    }
    Ok(sizes)
}

/// Bytes of an element of PyTorch's storages.
fn element_size(class: &str) -> Option<usize> {
    Some(match class {
        "ComplexDoubleStorage" => 16,
        "DoubleStorage" | "LongStorage" | "ComplexFloatStorage" => 8,
        "FloatStorage" | "IntStorage" | "QInt32Storage" => 4,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "BoolStorage" | "ByteStorage" | "CharStorage" | "QInt8Storage" | "QUInt8Storage"
        | "QUInt4x2Storage" | "QUInt2x4Storage" | "UntypedStorage" => 1,
        _ => return None,
    })
}

/// The entries of a dict whose keys are texts, as Python has them: of a key
/// that is set twice, the last value.
fn dict<'pickle>(
    pickled: &Pickled<'pickle>,
    id: ValueId,
) -> Option<BTreeMap<&'pickle str, ValueId>> {
    let Value::Dict(entries) = pickled.value(id) else {
        return None;
    };
    // Where a pickle repeats a long name a million times, it is the same value.
    let last: HashMap<ValueId, (usize, ValueId)> = entries
        .iter()
        .enumerate()
        .map(|(place, &(key, value))| (key, (place, value)))
        .collect();
    let mut by_place: Vec<(usize, ValueId, ValueId)> = last
        .into_iter()
        .map(|(key, (place, value))| (place, key, value))
        .collect();
    by_place.sort_unstable();
    let texts = by_place
        .into_iter()
        .filter_map(|(_, key, value)| Some((pickled.text(key)?, value)))
        .filter(|(name, _)| name.len() <= MAXIMUM_NAME_LENGTH);
    Some(texts.collect())
}

fn holds_encoder(pickled: &Pickled<'_>, dict: &BTreeMap<&str, ValueId>) -> bool {
    dict.iter()
        .any(|(name, &value)| is_of_word_embeddings(name) && tensor_call(pickled, value).is_some())
}

type NamedDict<'pickle> = (String, BTreeMap<&'pickle str, ValueId>);

/// The dicts below one that hold an encoder's tensors, each once, with the
/// keys that lead there.
fn encoders_within<'pickle>(
    pickled: &Pickled<'pickle>,
    top: BTreeMap<&'pickle str, ValueId>,
) -> Vec<NamedDict<'pickle>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([pickled.top()]);
    let mut level = vec![(String::new(), top)];
    for _ in 0..MAXIMUM_DEPTH {
        let mut below = Vec::new();
        for (path, entries) in level {
            for (key, value) in entries {
                if !seen.insert(value) {
                    continue;
                }
                let Some(inner) = dict(pickled, value) else {
                    continue;
                };
                let path = match path.as_str() {
                    "" => shortened(key),
                    path => format!("{path}\"][\"{}", shortened(key)),
                };
                match holds_encoder(pickled, &inner) {
                    true => found.push((path, inner)),
                    false => below.push((path, inner)),
                }
            }
        }
        level = below;
    }
    found
}

/// The class of the object that a pickle is of.
fn class_of(pickled: &Pickled<'_>) -> String {
    let top = pickled.value(pickled.top());
    let class = match top {
        Value::Call { callable, .. } => pickled.class(*callable),
        Value::Class { .. } => pickled.class(pickled.top()),
        Value::List(_) => Some(("", "list")),
        Value::Tuple(_) => Some(("", "tuple")),
        Value::Number(_)
        | Value::Text(_)
        | Value::Dict(_)
        | Value::Persistent(_)
        | Value::Nothing
        | Value::Other => None,
    };
    match class {
        Some(("", name)) => format!("a {name}"),
        Some((module, name)) => shortened(&format!("{module}.{name}")),
        None => "something else".to_owned(),
    }
}

/// What a value is the making of, if it is that of a tensor.
pub(super) enum TensorCall<'values> {
    /// `torch._utils._rebuild_tensor_v2` with these arguments.
    Plain(&'values [ValueId]),
    /// Another function of PyTorch's that makes tensors.
    Other(String),
}

/// The call that makes a tensor, directly or in one of the usual wrappers.
pub(super) fn tensor_call<'values>(
    pickled: &'values Pickled<'_>,
    value: ValueId,
) -> Option<TensorCall<'values>> {
    let Value::Call {
        callable,
        arguments,
    } = *pickled.value(value)
    else {
        return None;
    };
    let arguments = pickled.tuple(arguments)?;
    let (module, function) = pickled.class(callable)?;
    let plain = |callable: ValueId, arguments: ValueId| {
        is_plain(pickled.class(callable)?).then_some(())?;
        pickled.tuple(arguments)
    };
    let found = match (module, function, arguments) {
        _ if is_plain((module, function)) => Some(arguments),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state", &[inner, ..]) => {
            let Value::Call {
                callable,
                arguments,
            } = *pickled.value(inner)
            else {
                return None;
            };
            plain(callable, arguments)
        }
        (
            "torch._tensor" | "torch.tensor",
            "_rebuild_from_type" | "_rebuild_from_type_v2",
            &[callable, _, arguments, ..],
        ) => plain(callable, arguments),
        _ => None,
    };
    let makes_tensor = module.starts_with("torch") && function.starts_with("_rebuild_");
    match (found, makes_tensor) {
        (Some(arguments), _) => Some(TensorCall::Plain(arguments)),
        (None, true) => Some(TensorCall::Other(shortened(function))),
        (None, false) => None,
    }
}

/// The function that makes a tensor; the first one is that of 2017, whose
/// arguments are the same.
fn is_plain(class: (&str, &str)) -> bool {
    matches!(
        class,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2")
    )
}

pub(super) fn entry(pickled: &Pickled<'_>, call: &TensorCall<'_>) -> Option<Entry> {
    match call {
        TensorCall::Plain(arguments) => {
            // PyTorch knows two views that change numbers: negated ones, and
            // conjugated ones, which real numbers are never in.
            let is_view = |key| metadata(pickled, arguments, key);
            match is_view("conj") {
                true => Some(Entry::Unreadable("a conjugated view".to_owned())),
                false => {
                    let record = tensor(pickled, arguments)?;
                    Some(Entry::Tensor(TensorRecord {
                        is_negated: is_view("neg"),
                        ..record
                    }))
                }
            }
        }
        TensorCall::Other(function) => Some(Entry::Unreadable(function.clone())),
    }
}

/// Whether the last argument of a tensor, a dict, says so of this key.
fn metadata(pickled: &Pickled<'_>, arguments: &[ValueId], key: &str) -> bool {
    let Some(&last) = arguments.get(6) else {
        return false;
    };
    let value = dict(pickled, last).and_then(|entries| entries.get(key).copied());
    value.is_some_and(|value| pickled.number(value) != Some(0))
}

/// A tensor by its storage, offset, shape and strides.
fn tensor(pickled: &Pickled<'_>, arguments: &[ValueId]) -> Option<TensorRecord> {
    let &[storage, offset, shape, strides, ..] = arguments else {
        return None;
    };
    let Value::Persistent(storage) = *pickled.value(storage) else {
        return None;
    };
    let &[_, storage_type, key, ref rest @ ..] = pickled.tuple(storage)? else {
        return None;
    };
    let (_, storage_type) = pickled.class(storage_type)?;
    let key = pickled.text(key)?;
    // Long ago a storage could be a part of another one.
    let view_offset = match rest {
        &[_, _, view] => match pickled.tuple(view) {
            Some(&[_, offset, _]) => pickled.number(offset)?,
            _ => 0,
        },
        _ => 0,
    };
    let shape = numbers(pickled, shape)?;
    let strides = numbers(pickled, strides)?;
    if shape.len() != strides.len() || key.len().max(storage_type.len()) > MAXIMUM_KEY_LENGTH {
        return None;
    }
    Some(TensorRecord {
        storage_type: storage_type.to_owned(),
        storage: key.to_owned(),
        offset: pickled.number(offset)?.checked_add(view_offset)?,
        shape: shape
            .into_iter()
            .map(usize::try_from)
            .collect::<Result<_, _>>()
            .ok()?,
        strides,
        is_negated: false,
    })
}

fn numbers(pickled: &Pickled<'_>, tuple: ValueId) -> Option<Vec<u64>> {
    let items = pickled.tuple(tuple)?;
    if items.len() > MAXIMUM_DIMENSION_COUNT {
        return None;
    }
    items.iter().map(|&item| pickled.number(item)).collect()
}

pub(super) fn not_described(name: &str) -> String {
    format!("tensor {} is not described right", shortened(name))
}

/// A name as far as an error shows it.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(MAXIMUM_NAMED_KEY_LENGTH) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}
