//! Files of scores.

use std::fs::{self, File};
use std::path::Path;

use attnviz::analysis::{Link, Score};
use attnviz::attention::{HeadId, Selection};
use attnviz::store::tables::{InputScores, SCORE_ROWS, ScoredInput, ScoresReader, ScoresWriter};
use parquet::file::reader::{FileReader, SerializedFileReader};
use tempfile::TempDir;

fn heads() -> Vec<HeadId> {
    Selection::all(2, 3).head_ids().collect()
}

/// An input whose every number is another one, with empty scores and links.
fn input(index: u64) -> ScoredInput {
    let count = heads().len();
    let value = |place: usize| match place % 7 {
        3 => f32::NAN,
        _ => (index as f32 + 1.0) / (place as f32 + 1.5),
    };
    let link = |head: usize| {
        (head != 1).then(|| Link {
            query: head + 1,
            key: index as usize % 5,
            value: 0.5 / (head as f32 + 1.0),
        })
    };
    ScoredInput {
        index,
        id: format!("satz {index} · 鳥"),
        scores: InputScores {
            tokens: 7 + index as u32 % 3,
            values: (0..Score::ALL.len() * count).map(value).collect(),
            received_unit: (0..count as u32).collect(),
            links: (0..count).map(link).collect(),
            relations: match index % 2 {
                0 => Vec::new(),
                _ => vec![["010".to_owned(), "1".repeat(index as usize % 7)]; count],
            },
        },
    }
}

fn write(path: &Path, inputs: &[ScoredInput]) {
    let file = File::create(path).expect("the file can be made");
    let mut writer = ScoresWriter::new(file, heads()).expect("it can be begun");
    for ScoredInput { index, id, scores } in inputs {
        writer.push(*index, id, scores).expect("it can be added");
    }
    writer.finish().expect("it can be ended");
}

/// With NaN alike.
fn in_words(inputs: &[ScoredInput]) -> String {
    format!("{inputs:?}")
}

#[test]
fn a_table_gives_back_what_was_written() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("scores.parquet");
    // Some are missing, as of other shards, and one row group is not there at all.
    let indices = (0..2 * SCORE_ROWS + 10).filter(|index| index % 3 != 1);
    let indices = indices.chain([5 * SCORE_ROWS, 5 * SCORE_ROWS + 3]);
    let inputs: Vec<ScoredInput> = indices.map(input).collect();
    write(&path, &inputs);
    let reader = ScoresReader::open(File::open(&path).unwrap(), heads()).expect("it is a table");
    assert_eq!(reader.group_count(), 4);
    let groups = (0..4).flat_map(|group| reader.group(group).expect("it can be read"));
    let found: Vec<ScoredInput> = groups.collect();
    assert_eq!(in_words(&found), in_words(&inputs));
    let again = folder.path().join("again.parquet");
    write(&again, &found);
    assert!(
        fs::read(&again).unwrap() == fs::read(&path).unwrap(),
        "other bytes"
    );
}

#[test]
fn other_programs_find_the_columns_by_their_names() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("scores.parquet");
    write(&path, &[input(3)]);
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).expect("it is Parquet");
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns().iter().map(|column| {
        (
            column.name().to_owned(),
            format!("{:?}", column.physical_type()),
        )
    });
    let number = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let mut expected = vec![
        number("index", "INT64"),
        number("id", "BYTE_ARRAY"),
        number("tokens", "INT32"),
        number("layer", "INT32"),
        number("head", "INT32"),
    ];
    expected.extend(Score::ALL.iter().map(|score| number(score.name(), "FLOAT")));
    expected.extend([
        number("received_unit", "INT32"),
        number("link_query", "INT32"),
        number("link_key", "INT32"),
        number("link_value", "FLOAT"),
        number("relations_from_to", "BYTE_ARRAY"),
        number("relations_to_from", "BYTE_ARRAY"),
    ]);
    assert_eq!(columns.collect::<Vec<_>>(), expected);
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let row = row.to_string();
    for part in ["index: 3", "id: \"satz 3 · 鳥\"", "layer: 0", "next: null"] {
        assert!(row.contains(part), "{part} in {row}");
    }
}

#[test]
fn what_is_no_table_of_scores_is_refused() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("scores.parquet");
    let inputs: Vec<ScoredInput> = (0..3).map(input).collect();
    write(&path, &inputs);
    let whole = fs::read(&path).expect("it can be read");
    let open = |heads: Vec<HeadId>| {
        let reader = ScoresReader::open(File::open(&path).unwrap(), heads)?;
        (0..reader.group_count()).try_for_each(|group| reader.group(group).map(|_| ()))
    };
    assert!(open(heads()).is_ok());
    for other in [
        Selection::all(3, 2),
        Selection::all(1, 1),
        Selection::of(&[], &[]),
    ] {
        assert!(open(other.head_ids().collect()).is_err(), "{other:?}");
    }
    for content in [
        &b""[..],
        b"PAR1PAR1",
        b"index,id\n",
        &whole[..whole.len() / 2],
    ] {
        fs::write(&path, content).expect("it can be written");
        assert!(open(heads()).is_err());
    }
    // The reader of malformed files may panic; that is an error as well.
    // A byte that is another one is an error or another number, and no more.
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        fs::write(&path, &bytes).expect("it can be written");
        let _ = open(heads());
    }
}
