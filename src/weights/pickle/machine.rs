//! A pickle, run without running anything.
//!
//! A pickle is a program for a stack machine. This machine knows the
//! instructions and calls nothing: a call becomes a note of what was to be
//! called. Values are kept in one flat list and point at each other by index,
//! so that a value within a value a million deep, or one that holds itself
//! twice sixty times over, costs no more than its bytes.

use std::collections::HashMap;

use super::classes::is_dict;

/// The most values that a pickle may make; a BERT's makes some ten thousand.
const MAXIMUM_VALUE_COUNT: usize = 1 << 21;

/// Why a pickle cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Its bytes end before it does.
    EndsEarly,
    /// Something else, in words.
    Malformed(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Malformed(reason)
    }
}

/// Index of a value.
pub type ValueId = usize;

/// What a pickle makes.
#[derive(Debug)]
pub enum Value<'pickle> {
    Number(i64),
    Text(&'pickle str),
    Class {
        module: &'pickle str,
        name: &'pickle str,
    },
    Tuple(Vec<ValueId>),
    List(Vec<ValueId>),
    /// Keys and values in the order in which they were set.
    Dict(Vec<(ValueId, ValueId)>),
    Call {
        callable: ValueId,
        arguments: ValueId,
    },
    /// A reference to a storage.
    Persistent(ValueId),
    /// None.
    Nothing,
    /// Nothing that describes a tensor.
    Other,
}

/// All values of a pickle, and which of them it is.
#[derive(Debug)]
pub struct Pickled<'pickle> {
    values: Vec<Value<'pickle>>,
    top: ValueId,
    /// Bytes that the pickle has.
    pub length: usize,
}

impl<'pickle> Pickled<'pickle> {
    /// Runs the pickle at the start of `bytes`.
    ///
    /// # Errors
    /// When it is malformed or makes too much.
    pub fn read(bytes: &'pickle [u8]) -> Result<Self, Fault> {
        let mut machine = Machine {
            rest: bytes,
            values: vec![Value::Other],
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            pair_count: 0,
        };
        while !machine.step()? {}
        let top = machine.pop()?;
        Ok(Self {
            length: bytes.len() - machine.rest.len(),
            values: machine.values,
            top,
        })
    }

    /// What the pickle is of.
    pub fn top(&self) -> ValueId {
        self.top
    }

    /// A value.
    pub fn value(&self, id: ValueId) -> &Value<'pickle> {
        self.values.get(id).unwrap_or(&Value::Other)
    }

    /// All values, in the order in which they were made.
    pub fn values(&self) -> &[Value<'pickle>] {
        &self.values
    }

    /// A whole number that is not negative.
    pub fn number(&self, id: ValueId) -> Option<u64> {
        let Value::Number(number) = self.value(id) else {
            return None;
        };
        u64::try_from(*number).ok()
    }

    /// A text.
    pub fn text(&self, id: ValueId) -> Option<&'pickle str> {
        let Value::Text(text) = self.value(id) else {
            return None;
        };
        Some(text)
    }

    /// The items of a tuple.
    pub fn tuple(&self, id: ValueId) -> Option<&[ValueId]> {
        let Value::Tuple(items) = self.value(id) else {
            return None;
        };
        Some(items)
    }

    /// Module and name of a class or function.
    pub fn class(&self, id: ValueId) -> Option<(&'pickle str, &'pickle str)> {
        let Value::Class { module, name } = self.value(id) else {
            return None;
        };
        Some((module, name))
    }
}

/// The id of every value that describes nothing.
const OTHER: ValueId = 0;

struct Machine<'pickle> {
    rest: &'pickle [u8],
    /// The first is [`Value::Other`].
    values: Vec<Value<'pickle>>,
    stack: Vec<ValueId>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, ValueId>,
    /// Keys of the dicts that were made of lists.
    pair_count: usize,
}

impl<'pickle> Machine<'pickle> {
    /// One instruction; true after the last.
    fn step(&mut self) -> Result<bool, Fault> {
        let [instruction] = self.array()?;
        match instruction {
            b'.' => return Ok(true),
            // The protocol and the length of what follows.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'N' => self.push(Value::Nothing)?,
            // True and False are 1 and 0 to Python.
            0x88 => self.push(Value::Number(1))?,
            0x89 => self.push(Value::Number(0))?,
            b'G' => {
                self.take(8)?;
                self.push_id(OTHER)?;
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
            // A number of any length.
            0x8a | 0x8b => {
                let bytes = self.counted(if instruction == 0x8a { 1 } else { 4 })?;
                self.push(long(bytes))?;
            }
            // Texts: of Python 3, and of Python 2.
            b'X' | 0x8c | 0x8d | b'U' | b'T' => {
                let bytes = self.counted(match instruction {
                    0x8c | b'U' => 1,
                    0x8d => 8,
                    _ => 4,
                })?;
                match std::str::from_utf8(bytes) {
                    Ok(text) => self.push(Value::Text(text))?,
                    // Python's half surrogates; no tensor is named by them.
                    Err(_) => self.push_id(OTHER)?,
                }
            }
            // Bytes.
            b'B' | b'C' | 0x8e | 0x96 => {
                self.counted(match instruction {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.push_id(OTHER)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Class { module, name })?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let found = (self.values.get(module), self.values.get(name));
                let (Some(&Value::Text(module)), Some(&Value::Text(name))) = found else {
                    return Err(Fault::Malformed("a pickled class has no name".to_owned()));
                };
                self.push(Value::Class { module, name })?;
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))?;
            }
            0x92 => {
                self.pop()?;
                self.call()?;
            }
            b'R' | 0x81 => self.call()?,
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
    fn container_step(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            b'(' => {
                if self.marks.len() >= MAXIMUM_VALUE_COUNT {
                    return Err(too_many());
                }
                self.marks.push(self.stack.len());
            }
            b'0' => drop(self.pop()?),
            b'2' => self.push_id(self.top()?)?,
            b'q' => {
                let [index] = self.array()?;
                self.memo.insert(index.into(), self.top()?);
            }
            b'r' => {
                let index = self.index()?;
                self.memo.insert(index, self.top()?);
            }
            0x94 => {
                // No more than the bytes of the pickle.
                let index = self.memo.len() as u32;
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
            b']' => self.push(Value::List(Vec::new()))?,
            b'l' => {
                let items = self.pop_to_mark()?;
                self.push(Value::List(items))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(&items)?;
            }
            // Sets.
            0x8f => self.push_id(OTHER)?,
            0x90 => {
                self.pop_to_mark()?;
                self.top()?;
            }
            0x91 => {
                self.pop_to_mark()?;
                self.push_id(OTHER)?;
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
            unknown => {
                return Err(Fault::Malformed(format!(
                    "unknown pickle instruction 0x{unknown:02x}"
                )));
            }
        }
        Ok(())
    }

    /// What a call leaves: a dict where one is made, else a note.
    fn call(&mut self) -> Result<(), Fault> {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        let makes_dict = match self.values.get(callable) {
            Some(&Value::Class { module, name }) => is_dict(module, name),
            _ => false,
        };
        match makes_dict {
            true => {
                let pairs = self.pairs(arguments);
                // The same list may be made a dict of over and over.
                self.pair_count += pairs.len();
                if self.pair_count > MAXIMUM_VALUE_COUNT {
                    return Err(too_many());
                }
                self.push(Value::Dict(pairs))
            }
            false => self.push(Value::Call {
                callable,
                arguments,
            }),
        }
    }

    /// The keys and values that Python 2 makes a dict of: one list of pairs.
    fn pairs(&self, arguments: ValueId) -> Vec<(ValueId, ValueId)> {
        let items = |id: ValueId| {
            let Some(Value::List(items) | Value::Tuple(items)) = self.values.get(id) else {
                return None;
            };
            Some(items.as_slice())
        };
        let Some(&[list]) = items(arguments) else {
            return Vec::new();
        };
        let pairs = items(list).into_iter().flatten();
        pairs
            .filter_map(|&pair| match items(pair) {
                Some(&[key, value]) => Some((key, value)),
                _ => None,
            })
            .collect()
    }

    /// Items to the end of the list on the stack. Of what is a list for some
    /// class of Python's, nothing is wanted.
    fn append(&mut self, added: &[ValueId]) -> Result<(), Fault> {
        let top = self.top()?;
        if let Some(Value::List(items)) = self.values.get_mut(top) {
            items.extend_from_slice(added);
        }
        Ok(())
    }

    /// Keys and values in turns, into the dict on the stack. Of what is a dict
    /// for some class of Python's, nothing is wanted.
    fn add_items(&mut self, items: &[ValueId]) -> Result<(), Fault> {
        let top = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            let reason = "a pickled dict has a key without a value";
            return Err(Fault::Malformed(reason.to_owned()));
        }
        if let Some(Value::Dict(entries)) = self.values.get_mut(top) {
            entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'pickle>) -> Result<(), Fault> {
        self.push_id(self.values.len())?;
        self.values.push(value);
        match self.values.len() > MAXIMUM_VALUE_COUNT {
            true => Err(too_many()),
            false => Ok(()),
        }
    }

    fn push_id(&mut self, id: ValueId) -> Result<(), Fault> {
        self.stack.push(id);
        match self.stack.len() > MAXIMUM_VALUE_COUNT {
            true => Err(too_many()),
            false => Ok(()),
        }
    }

    fn recall(&mut self, index: u32) -> Result<(), Fault> {
        let unknown = || "a pickled value is used before it is made".to_owned();
        let value = self.memo.get(&index).copied();
        self.push_id(value.ok_or_else(unknown)?)
    }

    fn pop(&mut self) -> Result<ValueId, Fault> {
        self.stack.pop().ok_or_else(too_short)
    }

    fn top(&self) -> Result<ValueId, Fault> {
        self.stack.last().copied().ok_or_else(too_short)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<ValueId>, Fault> {
        let mark = self.marks.pop();
        match mark.filter(|&mark| mark <= self.stack.len()) {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => Err(too_short()),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'pickle [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes behind a number of so many bytes that counts them.
    fn counted(&mut self, width: usize) -> Result<&'pickle [u8], Fault> {
        let mut count = [0_u8; 8];
        for (to, from) in count.iter_mut().zip(self.take(width)?) {
            *to = *from;
        }
        let count = usize::try_from(u64::from_le_bytes(count));
        self.take(count.map_err(|_| Fault::EndsEarly)?)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Fault> {
        let (&taken, rest) = self.rest.split_first_chunk().ok_or(Fault::EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    fn index(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    fn line(&mut self) -> Result<&'pickle str, Fault> {
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(end.ok_or(Fault::EndsEarly)?)?;
        self.take(1)?;
        let not_text = |_| "the name of a pickled class is not UTF-8".to_owned();
        Ok(std::str::from_utf8(line).map_err(not_text)?)
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

fn too_short() -> Fault {
    Fault::Malformed("its pickle takes more from the stack than is there".to_owned())
}

fn too_many() -> Fault {
    Fault::Malformed(format!(
        "its pickle makes more than {MAXIMUM_VALUE_COUNT} values"
    ))
}
