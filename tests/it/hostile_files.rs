//! Random damage to every file of a checkpoint: the library says Ok or Err,
//! never panics, and never asks for memory that the files do not account for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bad_input::zip;
use crate::binary::{copy_of_fixture, fixture};

/// The system's allocator, remembering the greatest request of the process.
struct Watched;

static GREATEST_REQUEST: AtomicUsize = AtomicUsize::new(0);

/// Far above what any test here needs at once, far below what a lie in a
/// header can ask for.
const ABSURD_REQUEST: usize = 1 << 30;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        GREATEST_REQUEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        GREATEST_REQUEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        GREATEST_REQUEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// One change of a file's bytes.
#[derive(Debug, Clone)]
pub enum Damage {
    /// Some bits of one byte.
    Flip(Index, u8),
    /// The beginning alone.
    Truncate(Index),
    /// A piece of the file, again in another place.
    Splice {
        from: Index,
        length: usize,
        to: Index,
    },
    /// Other bytes over what is there.
    Overwrite(Index, Vec<u8>),
    /// Bytes out of the middle.
    Remove(Index, usize),
    /// A digit for another, which keeps text what it was.
    Digit(Index, u8),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>, within: usize) {
        let within = within.min(bytes.len());
        if within == 0 {
            return;
        }
        match self {
            Self::Flip(at, bits) => bytes[at.index(within)] ^= bits,
            Self::Truncate(at) => bytes.truncate(at.index(within)),
            Self::Splice { from, length, to } => {
                let from = from.index(within);
                let end = (from + length).min(bytes.len());
                let piece = bytes[from..end].to_vec();
                let to = to.index(within);
                bytes.splice(to..to, piece);
            }
            Self::Overwrite(at, other) => {
                let start = at.index(within);
                for (byte, &other) in bytes[start..].iter_mut().zip(other) {
                    *byte = other;
                }
            }
            Self::Remove(at, length) => {
                let start = at.index(within);
                let end = (start + length).min(bytes.len());
                bytes.drain(start..end);
            }
            Self::Digit(at, digit) => {
                let digits: Vec<usize> = (0..within)
                    .filter(|&position| bytes[position].is_ascii_digit())
                    .collect();
                if !digits.is_empty() {
                    bytes[*at.get(&digits)] = b'0' + digit % 10;
                }
            }
        }
    }
}

pub fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any::<Index>().prop_map(Damage::Truncate),
        (any::<Index>(), 1_usize..200, any::<Index>())
            .prop_map(|(from, length, to)| Damage::Splice { from, length, to }),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..16))
            .prop_map(|(at, other)| Damage::Overwrite(at, other)),
        (any::<Index>(), 1_usize..100).prop_map(|(at, length)| Damage::Remove(at, length)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, digit)| Damage::Digit(at, digit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, digit)| Damage::Digit(at, digit)),
    ]
}

const TEXTS: [(&str, Option<&str>); 3] = [
    ("hello, how are you?", None),
    ("the [MASK] \u{1f600} तन", Some("naïve\u{0}\u{200b} 你好")),
    ("[CLS] [UNK] x [SEP]", Some("[PAD]")),
];

/// Everything that `encode` does up to the attention; the error in words.
fn encode(folder: &std::path::Path) -> Result<(), String> {
    let source = CheckpointSource::Directory(folder.to_owned());
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ())
        .map_err(|error| error.to_string())?;
    // Each part is looked at, even when the one before was refused.
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).map_err(|error| error.to_string());
    let model = Model::load(&checkpoint, Backend::Fused).map_err(|error| error.to_string());
    checkpoint
        .provenance()
        .wait()
        .map_err(|error| error.to_string())?;
    let tokenizer = match &model {
        Ok(model) => tokenizer?.for_rows(model.architecture().vocabulary_size()),
        Err(_) => tokenizer?,
    };
    let mut outcome = Ok(());
    for truncate in [None, Some(7)] {
        let maximum = match &model {
            Ok(model) => model.architecture().maximum_token_count,
            Err(_) => 512,
        };
        let limit = TokenLimit { maximum, truncate };
        for (text, pair) in TEXTS {
            let input = match tokenizer.tokenize(text, pair, limit) {
                Ok(input) => input,
                Err(error) => {
                    outcome = Err(error.to_string());
                    continue;
                }
            };
            if let Ok(model) = &model {
                let output = model.forward(&[&input], HiddenStates::Keep);
                if let Err(error) = output {
                    outcome = Err(error.to_string());
                }
            }
        }
    }
    model.and(outcome)
}

/// The case neither panics nor asks for absurd amounts of memory.
fn check(folder: &std::path::Path) -> Result<Result<(), String>, TestCaseError> {
    check_outcome(|| encode(folder))
}

/// The same of any other work.
pub fn check_outcome(
    work: impl FnOnce() -> Result<(), String>,
) -> Result<Result<(), String>, TestCaseError> {
    let outcome = catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| TestCaseError::fail("the library panicked"))?;
    let greatest = GREATEST_REQUEST.load(Ordering::Relaxed);
    if greatest >= ABSURD_REQUEST {
        let message = format!("{greatest} bytes were asked for at once");
        return Err(TestCaseError::fail(message));
    }
    Ok(outcome)
}

pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        failure_persistence: None,
        // The same cases on every run: a gate that fails now and then tells
        // nobody anything.
        rng_seed: RngSeed::Fixed(20_260_101),
        max_shrink_iters: 200,
        ..Config::with_cases(cases)
    })
}

/// A copy of a fixture of which one file is written again and again.
struct Victim {
    folder: TempDir,
    path: PathBuf,
    whole: Vec<u8>,
}

impl Victim {
    fn new(name: &str, file: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        copy_of_fixture(name, folder.path());
        Self::in_folder(folder, file)
    }

    /// A file of one of the containers, with their config and vocabulary.
    fn of_container(kind: &str, file: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let containers = fixture("containers");
        for name in ["config.json", "vocab.txt"] {
            fs::copy(containers.join(name), folder.path().join(name)).expect("a copy");
        }
        for entry in fs::read_dir(containers.join(kind)).expect("the kind is there") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
        }
        Self::in_folder(folder, file)
    }

    fn in_folder(folder: TempDir, file: &str) -> Self {
        assert_eq!(encode(folder.path()), Ok(()), "the fixture is whole");
        let path = folder.path().join(file);
        let whole = fs::read(&path).expect("the fixture can be read");
        // What is damaged has to be what is read.
        fs::write(&path, []).expect("the file can be written");
        encode(folder.path()).expect_err("an empty file is refused");
        Self {
            folder,
            path,
            whole,
        }
    }

    fn check(&self, bytes: &[u8]) -> Result<(), TestCaseError> {
        fs::write(&self.path, bytes).expect("the file can be written");
        check(self.folder.path()).map(drop)
    }

    fn run<S: Strategy>(&self, cases: u32, strategy: S, bytes: impl Fn(S::Value) -> Vec<u8>) {
        let outcome = runner(cases).run(&strategy, |value| self.check(&bytes(value)));
        if let Err(error) = outcome {
            panic!("{}: {error}", self.path.display());
        }
    }
}

/// Damages one file of a fixture within its first bytes, for a random byte of
/// weights is just a number.
fn check_damage(name: &str, file: &str, within: usize, cases: u32) {
    let victim = Victim::new(name, file);
    victim.run(cases, prop::collection::vec(damage(), 1..4), |damages| {
        damaged(&victim.whole, &damages, within)
    });
    let random = prop::collection::vec(any::<u8>(), 0..200);
    victim.run(20, random, |bytes| bytes);
}

pub fn damaged(whole: &[u8], damages: &[Damage], within: usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for damage in damages {
        damage.apply(&mut bytes, within);
    }
    bytes
}

/// Values that are JSON and rarely what is expected.
fn odd_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(4_294_967_295_u64),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("[CLS]"),
        json!("\u{10ffff}\u{0}"),
        json!([]),
        json!({}),
        json!(["a", 0]),
    ]
}

/// Goes down from a value as the indices say, and changes what is there.
fn change(value: &mut Value, way: &[Index], odd: &Index, remove: bool) {
    let Some((first, rest)) = way.split_first() else {
        *value = odd.get(&odd_values()).clone();
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = first.index(items.len());
            match remove && rest.is_empty() {
                true => drop(items.remove(at)),
                false => change(&mut items[at], rest, odd, remove),
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = first.get(&keys);
            match remove && rest.is_empty() {
                true => drop(fields.remove(key)),
                false => change(&mut fields[key], rest, odd, remove),
            }
        }
        _ => *value = odd.get(&odd_values()).clone(),
    }
}

/// Puts odd values into a JSON file, which stays JSON.
fn check_odd_json(name: &str, file: &str, cases: u32) {
    let victim = Victim::new(name, file);
    let whole: Value = serde_json::from_slice(&victim.whole).expect("the fixture is JSON");
    let way = prop::collection::vec(any::<Index>(), 1..8);
    let changes = prop::collection::vec((way, any::<Index>(), any::<bool>()), 1..3);
    victim.run(cases, changes, |changes| {
        let mut value = whole.clone();
        for (way, odd, remove) in &changes {
            change(&mut value, way, odd, *remove);
        }
        value.to_string().into_bytes()
    });
}

const WHOLE: usize = usize::MAX;

#[test]
fn a_damaged_config_is_refused_or_used() {
    check_damage("gelu-tanh-cased-vocabulary", "config.json", WHOLE, 200);
    check_odd_json("gelu-tanh-cased-vocabulary", "config.json", 300);
}

#[test]
fn a_damaged_tokenizer_is_refused_or_used() {
    check_damage("silu-classifier", "tokenizer.json", WHOLE, 250);
    check_odd_json("silu-classifier", "tokenizer.json", 1_000);
}

#[test]
fn a_damaged_vocabulary_is_refused_or_used() {
    check_damage("gelu-tanh-cased-vocabulary", "vocab.txt", WHOLE, 150);
    check_damage(
        "relu-uncased-vocabulary",
        "tokenizer_config.json",
        WHOLE,
        100,
    );
    check_odd_json("relu-uncased-vocabulary", "tokenizer_config.json", 150);
}

#[test]
fn a_damaged_safetensors_file_is_refused_or_used() {
    check_damage(
        "gelu-tanh-cased-vocabulary",
        "model.safetensors",
        9_000,
        300,
    );
    check_damage("relu-uncased-vocabulary", "model.safetensors", WHOLE, 60);
    check_damage(
        "gelu-new-shards",
        "model.safetensors.index.json",
        WHOLE,
        100,
    );
}

#[test]
fn a_damaged_safetensors_header_is_refused_or_used() {
    let victim = Victim::new("gelu-tanh-cased-vocabulary", "model.safetensors");
    let (length, rest) = victim.whole.split_first_chunk().expect("a length");
    let length = usize::try_from(u64::from_le_bytes(*length)).expect("a small header");
    let (header, data) = rest.split_at(length);
    // The length is made right again, so that the header itself is read.
    victim.run(300, prop::collection::vec(damage(), 1..4), |damages| {
        let header = damaged(header, &damages, WHOLE);
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], &header, data].concat()
    });
}

#[test]
fn a_damaged_bin_file_is_refused_or_used() {
    check_damage("masked-lm-bin", "pytorch_model.bin", 8_000, 150);
    let victim = Victim::new("masked-lm-bin", "pytorch_model.bin");
    // The directory of the zip file is at its end.
    let (data, directory) = victim.whole.split_at(victim.whole.len() - 6_500);
    victim.run(150, prop::collection::vec(damage(), 1..4), |damages| {
        [data, &damaged(directory, &damages, WHOLE)].concat()
    });
}

#[test]
fn damaged_weights_of_every_other_kind_are_refused_or_used() {
    for (kind, file, cases) in [
        ("legacy-bin", "pytorch_model.bin", 250),
        ("training-checkpoint", "pytorch_model.bin", 100),
        ("lightning", "pytorch_model.bin", 100),
        ("double-bin", "pytorch_model.bin", 60),
        ("double-safetensors", "model.safetensors", 60),
        ("sharded-bin", "pytorch_model.bin.index.json", 60),
        ("sharded-bin", "pytorch_model-00001-of-00002.bin", 60),
    ] {
        let victim = Victim::of_container(kind, file);
        // Half of them where names and shapes are, half anywhere.
        for within in [4_000, WHOLE] {
            victim.run(cases, prop::collection::vec(damage(), 1..4), |damages| {
                damaged(&victim.whole, &damages, within)
            });
        }
    }
}

#[test]
fn a_damaged_pickle_is_refused_or_used() {
    let victim = Victim::new("masked-lm-bin", "pytorch_model.bin");
    let mut archive =
        ::zip::ZipArchive::new(Cursor::new(&victim.whole)).expect("the fixture is a zip file");
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("the entry can be read");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("the entry is whole");
        entries.push((entry.name().expect("a name").into_owned(), bytes));
    }
    // Put together again with the right checksum, so that the pickle is read.
    let together = |pickle: &[u8]| {
        let entries: Vec<(&str, &[u8])> = entries
            .iter()
            .map(|(name, bytes)| match name.ends_with("data.pkl") {
                true => (name.as_str(), pickle),
                false => (name.as_str(), bytes.as_slice()),
            })
            .collect();
        zip(&entries)
    };
    let pickle = &entries.first().expect("there are entries").1;
    fs::write(&victim.path, together(pickle)).expect("the file can be written");
    assert_eq!(encode(victim.folder.path()), Ok(()));
    victim.run(400, prop::collection::vec(damage(), 1..4), |damages| {
        together(&damaged(pickle, &damages, WHOLE))
    });
    let instructions = b"\x80\x02.NG\x88\x89KMJ\x8aXcQR\x81b(qrhj)t\x85\x86\x87]ae}dsu\0\x01\
        \x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96UTBCl02";
    let instruction = prop::sample::select(&instructions[..]);
    victim.run(400, prop::collection::vec(instruction, 0..60), |pickle| {
        together(&pickle)
    });
}

#[test]
fn a_config_alone_gets_no_memory() {
    // 2 MB of word embeddings bear out a width of which a single layer's
    // weights would take 51 GB.
    let victim = Victim::new("gelu-tanh-cased-vocabulary", "config.json");
    let mut config: Value = serde_json::from_slice(&victim.whole).expect("the fixture is JSON");
    config["hidden_size"] = json!(65_536);
    config["num_attention_heads"] = json!(1);
    config["vocab_size"] = json!(8);
    fs::write(&victim.path, config.to_string()).expect("the config can be written");
    let data = vec![0; 4 * 8 * 65_536];
    let tensor =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![8, 65_536], &data);
    let tensors = [(
        "embeddings.word_embeddings.weight",
        tensor.expect("the sizes agree"),
    )];
    let bytes = safetensors::serialize(tensors, None).expect("the tensor can be serialized");
    let weights = victim.folder.path().join("model.safetensors");
    fs::write(weights, bytes).expect("the weights can be written");
    let error = check(victim.folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let error = error.expect_err("most tensors are missing");
    assert!(error.contains("is missing"), "{error}");
}
