//! `attnviz diff` of many inputs through the binary: two models on the same
//! files, two folders of runs, two folders of scores.

mod exit_codes;
mod folders;
mod hostile;
mod page;
mod partial;
mod running;
mod scores;
mod statistics;
mod units;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use crate::binary::{Outcome, Workplace, copy_of_fixture, fixture};

/// A small model of 2 layers with 7 heads.
const MODEL: &str = "relu-uncased-vocabulary";
/// Lines, one of which is longer than the others; the fourth is empty.
const SENTENCES: &str = "The animal was tired, so it slept.\nHello, how are you?\n\
    He is a nurse.\n\nThe keys to the cabinet are on the table, and the table is red.\nShort.\n";

/// A workplace with inputs and a copy of the small model in `changed`, whose
/// queries of the last layer have the other sign.
pub fn workplace() -> Workplace {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", SENTENCES);
    let changed = workplace.path().join("changed");
    copy_of_fixture(MODEL, &changed);
    turn_signs(
        &changed.join("model.safetensors"),
        "encoder.layer.1.attention.self.query.weight",
    );
    workplace
}

pub fn model() -> String {
    fixture(MODEL).display().to_string()
}

fn write(workplace: &Workplace, name: &str, content: impl AsRef<[u8]>) {
    fs::write(workplace.path().join(name), content).expect("the file can be written");
}

/// Turns the sign of every number of a tensor of 16 bits.
fn turn_signs(file: &Path, tensor: &str) {
    let mut bytes = fs::read(file).expect("the weights can be read");
    let length: [u8; 8] = bytes[..8].try_into().expect("it has a length");
    let start = 8 + usize::try_from(u64::from_le_bytes(length)).expect("it fits");
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..start]).expect("JSON");
    let entry = &header[tensor];
    assert_eq!(entry["dtype"], "BF16", "{tensor}");
    let place = |end: usize| {
        let offset = entry["data_offsets"][end].as_u64().expect("a number");
        start + usize::try_from(offset).expect("it fits")
    };
    for high in (place(0) + 1..place(1)).step_by(2) {
        bytes[high] ^= 0x80;
    }
    fs::write(file, bytes).expect("the weights can be written");
}

/// The arguments of a comparison, without pictures of heads where nobody asks for
/// them.
fn arguments(sides: [&str; 2], output: &str, more: &[&str]) -> Vec<String> {
    let mut all = vec!["diff"];
    all.extend(sides);
    all.extend(["-o", output]);
    if !more.contains(&"--top-k") {
        all.extend(["--top-k", "0"]);
    }
    all.extend(more);
    all.into_iter().map(str::to_owned).collect()
}

/// Compares and expects this exit code.
fn diff(
    workplace: &Workplace,
    code: i32,
    sides: [&str; 2],
    output: &str,
    more: &[&str],
) -> Outcome {
    let outcome = workplace.run(&arguments(sides, output, more));
    assert_eq!(
        outcome.code,
        Some(code),
        "{sides:?} {more:?}: {}{}",
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

/// Compares the small model with its changed copy on `in.txt`.
fn diff_models(workplace: &Workplace, code: i32, output: &str, more: &[&str]) -> Outcome {
    let more = [&["--inputs", "in.txt"], more].concat();
    diff(workplace, code, [&model(), "changed"], output, &more)
}

/// The rows of a table with a header, by column.
fn csv(workplace: &Workplace, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(workplace.path().join(name)).expect("there is a table");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("it has a header").split(',').collect();
    lines
        .map(|line| {
            let fields = line.split(',').map(str::to_owned);
            header
                .iter()
                .map(|&name| name.to_owned())
                .zip(fields)
                .collect()
        })
        .collect()
}

/// The rows of a table of Parquet, by column; what is empty is NaN.
fn parquet_rows(workplace: &Workplace, name: &str) -> Vec<(String, BTreeMap<String, f64>)> {
    let file = File::open(workplace.path().join(name)).expect("there is a table");
    let reader = SerializedFileReader::new(file).expect("it is Parquet");
    let rows = reader.get_row_iter(None).expect("it has rows");
    rows.map(|row| {
        let row = row.expect("it can be read");
        let mut id = String::new();
        let mut numbers = BTreeMap::new();
        for (name, field) in row.get_column_iter() {
            let number = match field {
                Field::Str(text) => {
                    id.clone_from(text);
                    continue;
                }
                Field::Float(value) => f64::from(*value),
                Field::Int(value) => f64::from(*value),
                Field::Long(value) => *value as f64,
                Field::Null => f64::NAN,
                other => panic!("{name} is {other:?}"),
            };
            numbers.insert(name.clone(), number);
        }
        (id, numbers)
    })
    .collect()
}
