//! Random damage to Parquet tables: reading all of their rows gives Ok or Err,
//! never a panic, and asks for no memory that the file does not account for.

use std::fs;
use std::path::Path;

use attnviz::batch::{InputSource, ReadOptions};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::binary::fixture;
use crate::hostile_files::{check_outcome, damage, damaged, runner};

/// How many rows a table has.
fn count(path: &Path) -> Result<u64, String> {
    let sources = InputSource::all(&[path.to_owned()], &ReadOptions::default());
    let sources = sources.map_err(|error| error.to_string())?;
    sources[0].count().map_err(|error| error.to_string())
}

#[test]
fn damaged_tables_are_refused_or_read() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("a.parquet");
    for name in [
        "pandas-none.parquet",
        "pandas-gzip.parquet",
        "arrow-v2-zstd.parquet",
        "arrow-delta-byte-array.parquet",
        "arrow-delta-length-byte-array.parquet",
        "duckdb.parquet",
        "ids-float.parquet",
    ] {
        let whole = fs::read(fixture("parquet").join(name)).expect("the fixture is there");
        fs::write(&path, &whole).expect("the copy can be written");
        let rows = if name.starts_with("ids") { 3 } else { 5 };
        assert_eq!(count(&path), Ok(rows), "{name}");
        let check = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("the file can be written");
            check_outcome(|| count(&path).map(drop)).map(drop)
        };
        let damages = prop::collection::vec(damage(), 1..4);
        let outcome = runner(300).run(&damages, |damages| {
            check(&damaged(&whole, &damages, whole.len()))
        });
        if let Err(error) = outcome {
            panic!("{name}: {error}");
        }
        // Pages alone: what stands behind them stays whole, and says how much
        // they are to hold.
        let outcome = runner(300).run(&damages_in_place(), |damages| {
            let mut bytes = whole.clone();
            let pages = whole.len() / 2;
            for (at, byte) in damages {
                bytes[4 + at.index(pages)] = byte;
            }
            check(&bytes)
        });
        if let Err(error) = outcome {
            panic!("{name}: {error}");
        }
    }
}

/// Other bytes in the place of some, which leaves everything where it is.
fn damages_in_place() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    let byte = prop_oneof![any::<u8>(), Just(0xff), Just(0x7f)];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 1..6)
}

#[test]
fn a_few_bytes_that_stand_for_many_take_no_memory_for_them() {
    let path = fixture("parquet").join("bomb.parquet");
    let length = fs::metadata(&path).expect("the fixture is there").len();
    assert!(length < 100_000);
    let outcome = check_outcome(|| match count(&path) {
        Err(error) if error.contains("256 MiB") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(outcome.expect("no panic, and no absurd request"), Ok(()));
}
