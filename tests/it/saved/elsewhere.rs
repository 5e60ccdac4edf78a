//! Attention that another program computed, in every form that is read.

use attnviz::attention::RowSums;
use attnviz::input::StreamRole;
use attnviz::store::saved::{ForeignNames, read};
use half::{bf16, f16};
use safetensors::Dtype;

use super::{attention, f32_bytes, npy, npz, only_folder, safetensors_file};
use crate::binary::{Workplace, manifest};

const SHAPE: [usize; 4] = [11, 2, 3, 3];

/// The file gives exactly the expected attention.
fn check_read(what: &str, bytes: &[u8]) {
    let workplace = Workplace::new();
    // The name says nothing about the format.
    let path = workplace.path().join("file.bin");
    std::fs::write(&path, bytes).expect("the file can be written");
    let saved =
        read(&path, &ForeignNames::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let [layers, heads, tokens, _] = SHAPE;
    assert_eq!(saved.run.attention[0].maps().shape(), SHAPE, "{what}");
    assert_eq!(
        saved.run.attention[0].maps().values(),
        attention(layers, heads, tokens),
        "{what}"
    );
    assert_eq!(saved.run.attention[0].row_sums(), RowSums::One, "{what}");
    let labels: Vec<&str> = saved
        .run
        .units(StreamRole::Source)
        .iter()
        .map(|unit| unit.text.as_str())
        .collect();
    assert_eq!(labels, ["0", "1", "2"], "{what}");
    assert_eq!(saved.warnings.len(), 1, "{what}: {:?}", saved.warnings);
    assert_eq!(saved.run.model.id, "file", "{what}");
}

fn values() -> Vec<f32> {
    attention(SHAPE[0], SHAPE[1], SHAPE[2])
}

#[test]
fn safetensors_of_every_shape_and_type_is_read() {
    let values = values();
    let [layers, heads, tokens, _] = SHAPE;
    let shapes: [&[usize]; 3] = [
        &SHAPE,
        &[1, layers, heads, tokens, tokens],
        &[layers, 1, heads, tokens, tokens],
    ];
    let floats: [(Dtype, Vec<u8>); 4] = [
        (Dtype::F32, f32_bytes(&values)),
        (
            Dtype::F64,
            values
                .iter()
                .flat_map(|&v| f64::from(v).to_le_bytes())
                .collect(),
        ),
        (
            Dtype::F16,
            values
                .iter()
                .flat_map(|&v| f16::from_f32(v).to_le_bytes())
                .collect(),
        ),
        (
            Dtype::BF16,
            values
                .iter()
                .flat_map(|&v| bf16::from_f32(v).to_le_bytes())
                .collect(),
        ),
    ];
    for shape in shapes {
        for (dtype, bytes) in &floats {
            for name in ["attention", "attentions", "whatever"] {
                let file = safetensors_file(&[(name, *dtype, shape, bytes.clone())]);
                check_read(&format!("{name} {dtype:?} {shape:?}"), &file);
            }
        }
    }
}

#[test]
fn one_array_a_layer_is_read_in_natural_order() {
    let values = values();
    let [layers, heads, tokens, _] = SHAPE;
    let layer_size = heads * tokens * tokens;
    let layer = |index: usize| f32_bytes(&values[index * layer_size..(index + 1) * layer_size]);
    for prefix in ["attention.", "attentions_", "arr_", "layer 0.", ""] {
        for shape in [vec![heads, tokens, tokens], vec![1, heads, tokens, tokens]] {
            let names: Vec<String> = (0..layers)
                .map(|index| format!("{prefix}{index}"))
                .collect();
            let tensors: Vec<_> = names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.as_str(), Dtype::F32, shape.as_slice(), layer(index)))
                .collect();
            check_read(prefix, &safetensors_file(&tensors));
            let files: Vec<String> = names.iter().map(|name| format!("{name}.npy")).collect();
            let arrays: Vec<_> = files
                .iter()
                .enumerate()
                .map(|(index, name)| (name.as_str(), npy("<f4", false, &shape, &layer(index))))
                .collect();
            check_read(prefix, &npz(&arrays));
        }
    }
}

#[test]
fn npz_of_every_order_and_type_is_read() {
    let values = values();
    let [layers, heads, queries, keys] = SHAPE;
    let mut fortran = Vec::new();
    for key in 0..keys {
        for query in 0..queries {
            for head in 0..heads {
                for layer in 0..layers {
                    fortran.push(values[((layer * heads + head) * queries + query) * keys + key]);
                }
            }
        }
    }
    for (is_fortran, values) in [(false, &values), (true, &fortran)] {
        let encodings: [(&str, Vec<u8>); 5] = [
            ("<f4", f32_bytes(values)),
            (
                ">f4",
                values.iter().flat_map(|&v| v.to_be_bytes()).collect(),
            ),
            (
                "<f8",
                values
                    .iter()
                    .flat_map(|&v| f64::from(v).to_le_bytes())
                    .collect(),
            ),
            (
                ">f8",
                values
                    .iter()
                    .flat_map(|&v| f64::from(v).to_be_bytes())
                    .collect(),
            ),
            (
                "<f2",
                values
                    .iter()
                    .flat_map(|&v| f16::from_f32(v).to_le_bytes())
                    .collect(),
            ),
        ];
        for (descr, data) in encodings {
            let ids = npy("<i8", false, &[3], &[0; 24]);
            let arrays = [
                ("input_ids.npy", ids),
                ("attention.npy", npy(descr, is_fortran, &SHAPE, &data)),
            ];
            check_read(&format!("{descr} {is_fortran}"), &npz(&arrays));
        }
    }
}

/// The labels become the tokens of the picture and the caption.
fn check_labels(labels: &str, tokens: &[&str], caption: &str) {
    let workplace = Workplace::new();
    let file = safetensors_file(&[(
        "attention",
        Dtype::F32,
        &[1, 1, 3, 3],
        f32_bytes(&attention(1, 1, 3)),
    )]);
    std::fs::write(workplace.path().join("it.safetensors"), file).expect("it can be written");
    std::fs::write(workplace.path().join("labels"), labels).expect("it can be written");
    let outcome = workplace.succeed(&[
        "render",
        "it.safetensors",
        "--labels",
        "labels",
        "--title",
        "my/model",
    ]);
    assert_eq!(outcome.stderr, "");
    assert!(
        outcome.stdout.contains("my/model (elsewhere)"),
        "{}",
        outcome.stdout
    );
    let manifest = manifest(&only_folder(&workplace, "attnviz-out"));
    let units = &manifest["streams"][0]["units"];
    let found = units.as_array().expect("units are a list").iter();
    let found: Vec<&str> = found.filter_map(|token| token["text"].as_str()).collect();
    assert_eq!(found, tokens);
    assert_eq!(manifest["input"]["text"], caption);
    assert!(units[0]["special"].is_string());
    assert!(units[1]["special"].is_null());
}

#[test]
fn labels_name_the_tokens() {
    check_labels(
        "[CLS]\nun\n##believable\n",
        &["[CLS]", "un", "##believable"],
        "[CLS] unbelievable",
    );
    check_labels(
        "\u{feff}[CLS]\r\na b\r\nc",
        &["[CLS]", "a b", "c"],
        "[CLS] a b c",
    );
    check_labels(
        r#"["<s>", "x\ny", "मन"]"#,
        &["<s>", "x\ny", "मन"],
        "<s> x\ny मन",
    );
}

#[test]
fn words_of_byte_level_labels_are_merged() {
    let workplace = Workplace::new();
    let values = f32_bytes(&attention(1, 1, 5));
    let tensors = [("attention", Dtype::F32, [1, 1, 5, 5].as_slice(), values)];
    let file = safetensors_file(&tensors);
    std::fs::write(workplace.path().join("it"), file).expect("it can be written");
    let labels = "<s>\nThe\n\u{120}un\nlikely\n</s>";
    std::fs::write(workplace.path().join("labels"), labels).expect("it can be written");
    let arguments = ["render", "it", "--labels", "labels", "--tokens", "word"];
    workplace.succeed(&arguments);
    let manifest = manifest(&only_folder(&workplace, "attnviz-out"));
    assert_eq!(manifest["input"]["text"], "<s> The unlikely </s>");
    let tokens = manifest["shown"]["columns"].as_array();
    let tokens = tokens.expect("words are shown").iter();
    let tokens: Vec<&str> = tokens.filter_map(|token| token["text"].as_str()).collect();
    assert_eq!(tokens, ["<s>", "The", "\u{120}unlikely", "</s>"]);
}

#[test]
fn what_is_not_normalized_is_drawn_with_a_warning_and_says_so() {
    let workplace = Workplace::new();
    let mut values = attention(1, 1, 3);
    values[4] = 3.5;
    let file = safetensors_file(&[("attention", Dtype::F32, &[1, 1, 3, 3], f32_bytes(&values))]);
    std::fs::write(workplace.path().join("it"), file).expect("it can be written");
    std::fs::write(workplace.path().join("labels"), "a\nb\nc").expect("it can be written");
    let arguments = ["render", "it", "--labels", "labels", "-f", "png,npz"];
    let outcome = workplace.succeed(&arguments);
    assert!(
        outcome.stderr.starts_with("warning: it: the rows"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.stderr.lines().count(), 1);
    let folder = only_folder(&workplace, "attnviz-out");
    let attention = manifest(&folder)["attention"][0].clone();
    assert_eq!(attention["row_sums"], "unnormalized");
    // What attnviz saved of it can be drawn again, and still says so.
    workplace.succeed(&[
        "render",
        "attnviz-out/a-b-c",
        "-o",
        "again",
        "--crop",
        "0-1",
    ]);
    let shown = manifest(&only_folder(&workplace, "again"))["shown"].clone();
    assert_eq!(shown["row_sums"], "unnormalized");
    assert!(
        !shown["notes"].to_string().contains("less than 1"),
        "{shown}"
    );
}

#[test]
fn half_precision_counts_as_normalized_and_can_be_saved_and_drawn_again() {
    let workplace = Workplace::new();
    let row = [1.0_f32 / 3.0; 9];
    let halves: Vec<u8> = row
        .iter()
        .flat_map(|&v| f16::from_f32(v).to_le_bytes())
        .collect();
    let file = safetensors_file(&[("attention", Dtype::F16, &[1, 1, 3, 3], halves)]);
    std::fs::write(workplace.path().join("it"), file).expect("it can be written");
    let outcome = workplace.succeed(&["render", "it", "-f", "safetensors", "-o", "first"]);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("--labels FILE"),
        "{}",
        outcome.stderr
    );
    workplace.succeed(&["render", "first/it", "-o", "again"]);
}

#[test]
fn queries_and_keys_of_two_sequences_have_labels_of_their_own_in_every_view() {
    let workplace = Workplace::new();
    let values: Vec<f32> = (0..2 * 2 * 3)
        .flat_map(|_| [0.5_f32, 0.25, 0.125, 0.125])
        .collect();
    let file = safetensors_file(&[("attention", Dtype::F32, &[2, 2, 3, 4], f32_bytes(&values))]);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(workplace.path().join(name), bytes).expect("it can be written");
    };
    write("cross.safetensors", &file);
    write("rows.json", br#"["Guten", "Tag", "</s>"]"#);
    write("columns.json", br#"["Good", "day", "!", "</s>"]"#);
    let views = "heads,overview,mean,max,from:Tag,to:day";
    let mut arguments = vec!["render", "cross.safetensors", "--views", views];
    arguments.extend(["--labels", "rows.json", "--key-labels", "columns.json"]);
    arguments.extend(["-f", "png,svg,npz"]);
    let outcome = workplace.succeed(&arguments);
    assert_eq!(outcome.stderr, "");
    let folder = only_folder(&workplace, "attnviz-out");
    let manifest = manifest(&folder);
    assert_eq!(manifest["attention"][0]["kind"], "cross");
    assert_eq!(manifest["input"]["kind"], "translation");
    assert_eq!(manifest["input"]["target"], "Guten Tag </s>");
    let roles: Vec<&str> = manifest["streams"]
        .as_array()
        .expect("streams are a list")
        .iter()
        .filter_map(|stream| stream["role"].as_str())
        .collect();
    assert_eq!(roles, ["source", "target"]);
    // Four heads, an overview, twice three joined maps and two profiles, twice.
    let files = manifest["files"].as_array().map(Vec::len);
    assert_eq!(files, Some(2 * (4 + 1 + 6 + 2) + 1));
    // What is saved of it is drawn the same way again.
    let npz = folder.join("attention.npz");
    let npz = npz.to_str().expect("the path is UTF-8");
    workplace.succeed(&["render", npz, "-o", "again", "--views", "overview"]);
    let overview = |folder: &std::path::Path| std::fs::read(folder.join("overview.png"));
    let again = overview(&only_folder(&workplace, "again")).expect("it is drawn");
    assert!(again == overview(&folder).expect("it is drawn"));
    let cropped = workplace.run(&["render", npz, "-o", "cropped", "--crop", "0-1"]);
    assert_eq!(cropped.code, Some(2));
    assert!(
        cropped.stderr.contains("leave --crop out"),
        "{}",
        cropped.stderr
    );
}
