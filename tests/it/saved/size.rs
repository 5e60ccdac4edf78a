//! What would take more than a gigabyte is not written by accident.

use attnviz::checkpoint::ModelSource;
use attnviz::figure::View;
use attnviz::pipeline::{OutputError, write_run};
use attnviz::run::Run;
use attnviz::store::{Format, MAXIMUM_LENGTH, OutputOptions};
use tempfile::TempDir;

use super::bare_run;
use crate::binary::{Workplace, tree};
use crate::runs::own;

/// Many layers and heads of very little.
fn run(layers: usize, heads: usize) -> Run {
    let values = vec![1.0; layers * heads];
    let attention = own(values, [layers, heads, 1, 1]);
    bare_run(ModelSource::Builtin, &["a".to_owned()], attention)
}

#[test]
fn a_run_above_a_gigabyte_is_refused_unless_it_is_asked_for() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let options = OutputOptions {
        views: [View::Heads].into(),
        formats: [Format::Png].into(),
        ..OutputOptions::default()
    };
    let error = write_run(&run(100, 100), &options, folder.path(), &|| ());
    match error.expect_err("ten thousand pictures are too much") {
        OutputError::TooLarge { length } => assert!(length > MAXIMUM_LENGTH),
        other => panic!("{other}"),
    }
    assert!(tree(folder.path()).is_empty());
    // Numbers of the same run are next to nothing.
    let options = OutputOptions {
        formats: [Format::Npz].into(),
        large: true,
        ..options
    };
    write_run(&run(100, 100), &options, folder.path(), &|| ()).expect("it is written");
}

#[test]
fn a_table_above_a_gigabyte_is_refused_before_anything_is_computed() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    // A line for every two of ten thousand heads.
    let options = OutputOptions {
        views: [View::Similarity].into(),
        formats: [Format::Csv].into(),
        ..OutputOptions::default()
    };
    let error = write_run(&run(100, 100), &options, folder.path(), &|| ());
    match error.expect_err("a hundred million lines are too much") {
        OutputError::TooLarge { length } => assert!(length > MAXIMUM_LENGTH),
        other => panic!("{other}"),
    }
    // Raw attention is in no table.
    let options = OutputOptions {
        views: [View::Heads].into(),
        ..options
    };
    write_run(&run(100, 100), &options, folder.path(), &|| ()).expect("it is next to nothing");
}

#[test]
fn the_error_says_how_much_and_names_what_shrinks_it() {
    let workplace = Workplace::new();
    let (layers, heads) = (100, 100);
    let values = super::f32_bytes(&vec![1.0; layers * heads]);
    let shape = [layers, heads, 1, 1];
    let tensors = [(
        "attention",
        safetensors::Dtype::F32,
        shape.as_slice(),
        values,
    )];
    let file = super::safetensors_file(&tensors);
    std::fs::write(workplace.path().join("it"), file).expect("it can be written");
    let outcome = workplace.run(&["render", "it", "-q"]);
    assert_eq!(outcome.code, Some(1));
    for word in [
        "GB would be written",
        "--views overview",
        "--layers",
        "--heads",
        "--crop",
        "--large",
    ] {
        assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
    }
    assert!(!workplace.default_output().exists());
    workplace.succeed(&["render", "it", "-q", "--layers", "0-1", "--heads", "0"]);
}
