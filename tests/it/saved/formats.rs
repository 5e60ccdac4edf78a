//! The files of numbers, exactly.

use std::io::{Cursor, Read};
use std::process::Command;

use attnviz::checkpoint::ModelSource;
use attnviz::output::saved::{ForeignNames, read};
use attnviz::output::{Format, OutputOptions, write_run};
use attnviz::run::Run;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tempfile::TempDir;

use super::{TEXT, bare_run, encoded};
use crate::binary::{Workplace, skipped};
use crate::runs::foreign;

fn run(values: Vec<f32>, tokens: usize) -> Run {
    let layers = values.len() / tokens / tokens;
    let attention = foreign(values, [layers, 1, tokens, tokens]);
    let texts: Vec<String> = (0..tokens)
        .map(|index| format!("t{index}\u{1f600}"))
        .collect();
    bare_run(ModelSource::Elsewhere, &texts, attention)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_value_comes_back_bit_by_bit() {
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_102),
        ..Config::with_cases(40)
    });
    // Any finite value that is not negative, the smallest ones included.
    let values = prop::collection::vec(0..0x7f80_0000_u32, 18);
    let outcome = runner.run(&values, |patterns| {
        let values: Vec<f32> = patterns.iter().copied().map(f32::from_bits).collect();
        let run = run(values.clone(), 3);
        let folder = TempDir::new().expect("a temporary folder can be made");
        let options = OutputOptions {
            formats: [Format::Safetensors, Format::Npz, Format::Json].into(),
            ..OutputOptions::default()
        };
        let written = write_run(&run, &options, folder.path(), &|| ()).expect("it is written");
        for file in ["attention.safetensors", "attention.npz"] {
            let saved = read(&written.folder.join(file), &ForeignNames::default());
            let saved = saved.unwrap_or_else(|error| panic!("{file}: {error}"));
            prop_assert_eq!(bits(saved.run.attention[0].maps().values()), &patterns[..]);
        }
        let json = std::fs::read(written.folder.join("attention.json")).expect("it is there");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("it is JSON");
        let attention: Vec<Vec<Vec<Vec<f32>>>> =
            serde_json::from_value(json["attention"].clone()).expect("four dimensions");
        let found: Vec<f32> = attention
            .into_iter()
            .flatten()
            .flatten()
            .flatten()
            .collect();
        prop_assert_eq!(bits(&found), &patterns[..]);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn npz_is_stored_without_a_time() {
    let workplace = Workplace::new();
    let folder = encoded(&workplace, TEXT, &["-f", "npz"], "out");
    let bytes = std::fs::read(folder.join("attention.npz")).expect("it is there");
    let mut archive = ::zip::ZipArchive::new(Cursor::new(&bytes)).expect("it is a zip file");
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("the entry can be read");
        assert_eq!(entry.compression(), ::zip::CompressionMethod::Stored);
        assert_eq!(entry.last_modified(), Some(::zip::DateTime::DEFAULT));
        names.push(entry.name().expect("a name").into_owned());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("the entry is whole");
        assert!(content.starts_with(b"\x93NUMPY\x01\x00"));
        let header = usize::from(u16::from_le_bytes([content[8], content[9]]));
        assert_eq!((10 + header) % 64, 0, "{names:?}");
    }
    let expected = ["attention", "tokens", "layers", "heads", "manifest"];
    assert_eq!(names, expected.map(|name| format!("{name}.npy")));
}

const SCRIPT: &str = "
import json, sys, numpy
file = numpy.load(sys.argv[1], allow_pickle=False)
plain = json.load(open(sys.argv[2]))
manifest = json.loads(str(file['manifest']))
assert file['attention'].dtype == numpy.float32, file['attention'].dtype
assert numpy.array_equal(file['attention'], numpy.array(plain['attention'], dtype=numpy.float32))
assert file['tokens'].dtype.kind == 'U', file['tokens'].dtype
assert list(file['tokens']) == [unit['text'] for unit in manifest['streams'][0]['units']], file['tokens']
assert file['layers'].dtype == numpy.int64 and list(file['layers']) == manifest['attention'][0]['layers']
assert file['heads'].dtype == numpy.int64 and list(file['heads']) == manifest['attention'][0]['heads']
assert manifest == plain['manifest']
numpy.savez(sys.argv[3], attention=file['attention'])
numpy.savez_compressed(sys.argv[4], *numpy.asfortranarray(file['attention'].astype('f8')))
";

#[test]
fn numpy_reads_what_is_written_and_what_numpy_writes_is_read() {
    let python = std::env::var("ATTNVIZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_numpy = Command::new(&python)
        .args(["-c", "import numpy"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_numpy {
        skipped("reading npz needs numpy; name an interpreter that has it in ATTNVIZ_PYTHON");
        return;
    }
    let workplace = Workplace::new();
    let folder = encoded(&workplace, TEXT, &["-f", "npz,json"], "out");
    let own = folder.join("attention.npz");
    let (stored, deflated) = (
        workplace.path().join("stored.npz"),
        workplace.path().join("deflated.npz"),
    );
    let output = Command::new(&python)
        .args(["-c", SCRIPT])
        .args([&own, &folder.join("attention.json"), &stored, &deflated])
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{output:?}");
    let expected = read(&own, &ForeignNames::default()).expect("attnviz reads its own file");
    for file in [stored, deflated] {
        let found = read(&file, &ForeignNames::default()).expect("attnviz reads NumPy's file");
        assert_eq!(
            found.run.attention[0].maps().values(),
            expected.run.attention[0].maps().values()
        );
    }
}
