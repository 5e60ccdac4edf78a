//! The pickle inside a `pytorch_model.bin`, read as a description of tensors.
//!
//! A pickle is a program for a stack machine. This machine knows the
//! instructions that `torch.save` writes and calls nothing: a call becomes a
//! note of what was to be called, and only the notes that describe a tensor
//! are looked at. Values are kept in one flat list and point at each other by
//! index, so that a value within a value a million deep, or one that holds
//! itself twice sixty times over, costs no more than its bytes.

use std::collections::HashMap;

/// The most values that a pickle may make; a BERT's makes some ten thousand.
const MAXIMUM_VALUE_COUNT: usize = 1 << 21;

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRecord {
    /// Its name in the state dict.
    pub name: String,
    /// PyTorch's class of the storage, such as `FloatStorage`.
    pub storage_type: String,
    /// The storage's name in the zip file, beside the pickle.
    pub storage: String,
    /// Where it begins in its storage, in elements.
    pub offset: u64,
    /// Its shape.
    pub shape: Vec<usize>,
    /// By dimension, how many elements lie between neighbours.
    pub strides: Vec<u64>,
}

/// The tensors of a state dict, in the order of the file.
///
/// # Errors
/// What is wrong with the pickle, in words.
pub fn tensors(pickle: &[u8]) -> Result<Vec<TensorRecord>, String> {
    let mut machine = Machine {
        rest: pickle,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while !machine.step()? {}
    let top = machine.pop()?;
    let Value::Dict(entries) = machine.value(top) else {
        return Err("it does not hold a state dict".to_owned());
    };
    let mut tensors = Vec::new();
    for &(key, value) in entries {
        if let Value::Text(name) = machine.value(key)
            && let Some(arguments) = machine.tensor_arguments(value)
        {
            let record = machine.tensor(name, arguments);
            tensors.push(record.ok_or_else(|| format!("tensor {name} is not described right"))?);
        }
    }
    Ok(tensors)
}

/// Index of a value of the machine.
type ValueId = usize;

#[derive(Debug)]
enum Value<'pickle> {
    Number(i64),
    Text(&'pickle str),
    Class {
        module: &'pickle str,
        name: &'pickle str,
    },
    Tuple(Vec<ValueId>),
    Dict(Vec<(ValueId, ValueId)>),
    Call {
        callable: ValueId,
        arguments: ValueId,
    },
    /// A reference to a storage.
    Persistent(ValueId),
    /// Nothing that describes a tensor.
    Other,
}

struct Machine<'pickle> {
    rest: &'pickle [u8],
    values: Vec<Value<'pickle>>,
    stack: Vec<ValueId>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, ValueId>,
}

impl<'pickle> Machine<'pickle> {
    /// One instruction; true after the last.
    fn step(&mut self) -> Result<bool, String> {
        let [instruction] = self.array()?;
        match instruction {
            b'.' => return Ok(true),
            // Protocol.
            0x80 => {
                self.take(1)?;
            }
            b'N' | 0x88 | 0x89 => self.push(Value::Other)?,
            b'G' => {
                self.take(8)?;
                self.push(Value::Other)?;
            }
            b'K' => {
                let [byte] = self.array()?;
                self.push(Value::Number(byte.into()))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Value::Number(number.into()))?;
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Value::Number(number.into()))?;
            }
            0x8a => {
                let [length] = self.array()?;
                let value = long(self.take(length.into())?);
                self.push(value)?;
            }
            b'X' => {
                let length = self.index()? as usize;
                let text = utf8(self.take(length)?)?;
                self.push(Value::Text(text))?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Class { module, name })?;
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))?;
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let value = self.call(callable, arguments);
                self.push(value)?;
            }
            // What is added to an object: a state dict's metadata.
            b'b' => {
                self.pop()?;
                self.top()?;
            }
            _ => self.container_step(instruction)?,
        }
        Ok(false)
    }

    /// An instruction that is about the stack, the memo or a container.
    fn container_step(&mut self, instruction: u8) -> Result<(), String> {
        match instruction {
            b'(' => {
                // Marks count as values, so that they are bounded with them.
                self.values.push(Value::Other);
                self.check_value_count()?;
                self.marks.push(self.stack.len());
            }
            b'q' => {
                let [index] = self.array()?;
                self.memo.insert(index.into(), self.top()?);
            }
            b'r' => {
                let index = self.index()?;
                self.memo.insert(index, self.top()?);
            }
            b'h' => {
                let [index] = self.array()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = self.index()?;
                self.recall(index)?;
            }
            b')' => self.push(Value::Tuple(Vec::new()))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items))?;
            }
            0x85..=0x87 => {
                let length = usize::from(instruction - 0x84);
                let start = self.stack.len().checked_sub(length).ok_or_else(too_short)?;
                let items = self.stack.split_off(start);
                self.push(Value::Tuple(items))?;
            }
            // No tensor of a state dict is described by what is in a list.
            b']' => self.push(Value::Other)?,
            b'a' => {
                self.pop()?;
                self.top()?;
            }
            b'e' => {
                self.pop_to_mark()?;
                self.top()?;
            }
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Dict(Vec::new()))?;
                self.add_items(&items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.add_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.add_items(&items)?;
            }
            unknown => return Err(format!("unknown pickle instruction 0x{unknown:02x}")),
        }
        Ok(())
    }

    /// What a call leaves: an empty dict where one is made, else a note.
    fn call(&self, callable: ValueId, arguments: ValueId) -> Value<'pickle> {
        match self.value(callable) {
            Value::Class {
                module: "collections",
                name: "OrderedDict" | "defaultdict",
            } => Value::Dict(Vec::new()),
            _ => Value::Call {
                callable,
                arguments,
            },
        }
    }

    /// Keys and values in turns, into the dict on the stack.
    fn add_items(&mut self, items: &[ValueId]) -> Result<(), String> {
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Value::Dict(entries)) => {
                let (pairs, rest) = items.as_chunks::<2>();
                entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
                match rest {
                    [] => Ok(()),
                    _ => Err("a pickled dict has a key without a value".to_owned()),
                }
            }
            _ => Err("a pickled value is set in something that is no dict".to_owned()),
        }
    }

    /// The arguments of `torch._utils._rebuild_tensor_v2`, if that is what a
    /// value is a call of, directly or in one of the usual wrappers.
    fn tensor_arguments(&self, value: ValueId) -> Option<&[ValueId]> {
        let Value::Call {
            callable,
            arguments,
        } = self.value(value)
        else {
            return None;
        };
        let arguments = self.tuple(*arguments)?;
        match (self.class(*callable)?, arguments) {
            (("torch._utils", "_rebuild_tensor_v2"), _) => Some(arguments),
            (("torch._utils", "_rebuild_parameter"), &[inner, ..]) => match self.value(inner) {
                Value::Call {
                    callable,
                    arguments,
                } if self.is_tensor_class(*callable) => self.tuple(*arguments),
                _ => None,
            },
            (("torch._tensor", "_rebuild_from_type_v2"), &[callable, _, arguments, ..])
                if self.is_tensor_class(callable) =>
            {
                self.tuple(arguments)
            }
            _ => None,
        }
    }

    fn is_tensor_class(&self, callable: ValueId) -> bool {
        self.class(callable) == Some(("torch._utils", "_rebuild_tensor_v2"))
    }

    /// A tensor by its storage, offset, shape and strides.
    fn tensor(&self, name: &str, arguments: &[ValueId]) -> Option<TensorRecord> {
        let &[storage, offset, shape, strides, ..] = arguments else {
            return None;
        };
        let Value::Persistent(storage) = *self.value(storage) else {
            return None;
        };
        let &[_, storage_type, key, ..] = self.tuple(storage)? else {
            return None;
        };
        let Value::Text(key) = self.value(key) else {
            return None;
        };
        let shape = self.numbers(shape)?;
        let strides = self.numbers(strides)?;
        if shape.len() != strides.len() {
            return None;
        }
        Some(TensorRecord {
            name: name.to_owned(),
            storage_type: self.class(storage_type)?.1.to_owned(),
            storage: (*key).to_owned(),
            offset: self.number(offset)?,
            shape: shape
                .into_iter()
                .map(usize::try_from)
                .collect::<Result<_, _>>()
                .ok()?,
            strides,
        })
    }

    fn numbers(&self, tuple: ValueId) -> Option<Vec<u64>> {
        let items = self.tuple(tuple)?;
        items.iter().map(|&item| self.number(item)).collect()
    }

    fn number(&self, value: ValueId) -> Option<u64> {
        match self.value(value) {
            Value::Number(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    fn tuple(&self, value: ValueId) -> Option<&[ValueId]> {
        match self.value(value) {
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    fn class(&self, value: ValueId) -> Option<(&'pickle str, &'pickle str)> {
        match self.value(value) {
            Value::Class { module, name } => Some((module, name)),
            _ => None,
        }
    }

    fn value(&self, id: ValueId) -> &Value<'pickle> {
        self.values.get(id).unwrap_or(&Value::Other)
    }

    fn push(&mut self, value: Value<'pickle>) -> Result<(), String> {
        self.stack.push(self.values.len());
        self.values.push(value);
        self.check_value_count()
    }

    fn recall(&mut self, index: u32) -> Result<(), String> {
        let value = self.memo.get(&index);
        self.stack
            .push(*value.ok_or("a pickled value is used before it is made")?);
        match self.stack.len() > MAXIMUM_VALUE_COUNT {
            true => Err(too_many()),
            false => Ok(()),
        }
    }

    fn check_value_count(&self) -> Result<(), String> {
        match self.values.len() > MAXIMUM_VALUE_COUNT {
            true => Err(too_many()),
            false => Ok(()),
        }
    }

    fn pop(&mut self) -> Result<ValueId, String> {
        self.stack.pop().ok_or_else(too_short)
    }

    fn top(&self) -> Result<ValueId, String> {
        self.stack.last().copied().ok_or_else(too_short)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<ValueId>, String> {
        let mark = self.marks.pop();
        match mark.filter(|&mark| mark <= self.stack.len()) {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => Err(too_short()),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'pickle [u8], String> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or("its pickle ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], String> {
        let (&taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or("its pickle ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn index(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn line(&mut self) -> Result<&'pickle str, String> {
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(end.ok_or("its pickle ends too early")?)?;
        self.take(1)?;
        utf8(line)
    }
}

/// A whole number of any length; none that describes a tensor is longer than
/// eight bytes.
fn long(bytes: &[u8]) -> Value<'static> {
    let sign = bytes
        .last()
        .map_or(0, |&last| if last < 128 { 0 } else { 0xff });
    let mut extended = [sign; 8];
    match extended.get_mut(..bytes.len()) {
        Some(start) => {
            start.copy_from_slice(bytes);
            Value::Number(i64::from_le_bytes(extended))
        }
        None => Value::Other,
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a pickled text is not UTF-8".to_owned())
}

fn too_short() -> String {
    "its pickle takes more from the stack than is there".to_owned()
}

fn too_many() -> String {
    format!("its pickle makes more than {MAXIMUM_VALUE_COUNT} values")
}
