//! What the names of arrays say: which of them are the attention, which number
//! counts layers and which heads, and what the tokens are called.

use std::fs;

use attnviz::attention::Mask;
use attnviz::store::saved::{ForeignNames, SavedRun, read};
use safetensors::Dtype;

use super::{attention, causal, f32_bytes, npy, npy_file, npz, safetensors_file};
use crate::bad_input::check_refused;
use crate::binary::{Workplace, fixture, manifest};

/// A file of arrays of these names, each of the same shape: the values of
/// `attention`, one array after the other.
fn file(names: &[String], shape: &[usize]) -> Vec<u8> {
    let size: usize = shape.iter().product();
    let tokens = shape[shape.len() - 1];
    let values = attention(1, names.len() * size / tokens / tokens, tokens);
    let mut tensors: Vec<(&str, Dtype, &[usize], Vec<u8>)> = names
        .iter()
        .zip(values.chunks(size))
        .map(|(name, values)| (name.as_str(), Dtype::F32, shape, f32_bytes(values)))
        .collect();
    // However they are ordered in the file.
    tensors.reverse();
    safetensors_file(&tensors)
}

fn read_file(workplace: &Workplace, bytes: &[u8]) -> SavedRun {
    let path = workplace.path().join("it");
    fs::write(&path, bytes).expect("the file can be written");
    let saved = read(&path, &ForeignNames::default());
    saved.unwrap_or_else(|error| panic!("{error}"))
}

/// Names of two by three things.
fn names(name: fn(usize, usize) -> String) -> Vec<String> {
    (0..2)
        .flat_map(|first| (0..3).map(move |second| name(first, second)))
        .collect()
}

#[test]
fn the_numbers_of_names_count_layers_and_heads() {
    let one = |name: fn(usize) -> String| (0..12).map(name).collect::<Vec<_>>();
    let cases: [(Vec<String>, &[usize], [usize; 4]); 8] = [
        (
            names(|l, h| format!("layer_{l}.head_{h}")),
            &[4, 4],
            [2, 3, 4, 4],
        ),
        (names(|l, h| format!("{l}.{h}")), &[4, 4], [2, 3, 4, 4]),
        (names(|l, h| format!("l{l}h{h}")), &[1, 4, 4], [2, 3, 4, 4]),
        (one(|h| format!("head{h}")), &[4, 4], [1, 12, 4, 4]),
        (one(|l| format!("layer-{l}")), &[4, 4], [12, 1, 4, 4]),
        (
            one(|l| format!("layer.{l}.attention.0")),
            &[2, 4, 4],
            [12, 2, 4, 4],
        ),
        (
            one(|l| format!("stage.{}.block.{l}", l / 6)),
            &[2, 4, 4],
            [12, 2, 4, 4],
        ),
        (
            one(|l| format!("blocks.{l}.attn.hook_pattern")),
            &[1, 2, 4, 4],
            [12, 2, 4, 4],
        ),
    ];
    for (names, shape, expected) in cases {
        let workplace = Workplace::new();
        let saved = read_file(&workplace, &file(&names, shape));
        let maps = saved.run.attention[0].maps();
        assert_eq!(maps.shape(), expected, "{}", names[0]);
        let values = attention(1, expected[0] * expected[1], 4);
        assert_eq!(maps.values(), values, "{}", names[0]);
    }
}

#[test]
fn lists_in_a_list_are_not_one_list_of_layers() {
    let hint = "torch.save(model(input_ids, output_attentions=True).attentions";
    for name in [
        (|i, l| format!("{i}.{l}")) as fn(usize, usize) -> String,
        |i, l| format!("sentence{i}_layer{l}"),
        |i, l| format!("{i}.attentions.{l}"),
    ] {
        let workplace = Workplace::new();
        let bytes = file(&names(name), &[2, 4, 4]);
        fs::write(workplace.path().join("it"), bytes).expect("it can be written");
        check_refused(&workplace, &["render", "it"], 1, &["lists in a list", hint]);
    }
    // Nor are a sentence's layers of one head the heads of a layer.
    let workplace = Workplace::new();
    let bytes = file(&names(|i, l| format!("sentence{i}_layer{l}")), &[4, 4]);
    fs::write(workplace.path().join("it"), bytes).expect("it can be written");
    check_refused(&workplace, &["render", "it"], 1, &["lists in a list", hint]);
}

#[test]
fn a_layer_of_a_batch_is_not_taken_for_all_layers() {
    for (name, is_one_layer) in [
        ("0", true),
        ("attentions.0", true),
        ("layer_11", true),
        ("blocks.3", true),
        ("arr_0", false),
        ("bert2", false),
    ] {
        let workplace = Workplace::new();
        let bytes = file(&[name.to_owned()], &[2, 3, 4, 4]);
        if is_one_layer {
            fs::write(workplace.path().join("it"), bytes).expect("it can be written");
            check_refused(&workplace, &["render", "it"], 1, &["a batch of one", name]);
        } else {
            let saved = read_file(&workplace, &bytes);
            assert_eq!(
                saved.run.attention[0].maps().shape(),
                [2, 3, 4, 4],
                "{name}"
            );
        }
    }
}

#[test]
fn maps_that_may_be_of_heads_or_of_layers_are_refused_with_both_ways() {
    let workplace = Workplace::new();
    let names = ["arr_0", "arr_1"].map(str::to_owned);
    fs::write(workplace.path().join("it"), file(&names, &[4, 4])).expect("it can be written");
    let words = ["[head, query, key]", "numpy.stack(maps)[None]", "[:, None]"];
    check_refused(&workplace, &["render", "it"], 1, &words);
}

#[test]
fn what_stands_beside_attention_is_not_taken_for_it() {
    let of = |others: &[(&str, &[usize])], name: &str| {
        let attention = f32_bytes(&attention(2, 3, 4));
        let mut tensors = vec![(name, Dtype::F32, &[2, 3, 4, 4][..], attention)];
        for &(name, shape) in others {
            let bytes = f32_bytes(&vec![0.5; shape.iter().product()]);
            tensors.push((name, Dtype::F32, shape, bytes));
        }
        safetensors_file(&tensors)
    };
    let mask: (&str, &[usize]) = ("attention_mask", &[1, 1, 4, 4]);
    for (name, others) in [
        ("attn", vec![mask]),
        (
            "attn",
            vec![
                ("attention_mask", &[1, 4][..]),
                ("position_bias", &[1, 3, 4, 4]),
            ],
        ),
        ("attn_weights", vec![("attn_output", &[1, 4, 8][..]), mask]),
        (
            "hook_pattern",
            vec![
                ("blocks.0.attn.hook_q", &[1, 4, 3, 2][..]),
                ("blocks.0.attn.hook_attn_scores", &[1, 3, 4, 4]),
                ("hook_embed", &[1, 4, 8]),
            ],
        ),
        ("weights", vec![("temperature", &[][..]), ("norms", &[4])]),
    ] {
        let workplace = Workplace::new();
        let saved = read_file(&workplace, &of(&others, name));
        let maps = saved.run.attention[0].maps();
        assert_eq!(maps.values(), attention(2, 3, 4), "{name}");
    }
    // What nothing tells apart is asked for, by the name that it has.
    let workplace = Workplace::new();
    let bytes = of(&[("b", &[4, 4])], "a");
    fs::write(workplace.path().join("it"), bytes).expect("it can be written");
    check_refused(
        &workplace,
        &["render", "it"],
        1,
        &["a [2, 3, 4, 4]", "attention=a)"],
    );
}

/// The texts of the units of all streams.
fn texts(saved: &SavedRun) -> Vec<Vec<String>> {
    let streams = saved.run.streams.iter();
    streams
        .map(|stream| stream.units.iter().map(|unit| unit.text.clone()).collect())
        .collect()
}

/// Texts as NumPy has them, of as many letters each as the longest.
fn unicode(texts: &[&str]) -> Vec<u8> {
    let letters = texts
        .iter()
        .map(|text| text.chars().count())
        .max()
        .unwrap_or(0);
    let padded = |text: &&str| -> Vec<u8> {
        let zeros = std::iter::repeat('\0');
        let letters = text.chars().chain(zeros).take(letters);
        letters
            .flat_map(|letter| u32::from(letter).to_le_bytes())
            .collect()
    };
    let data: Vec<u8> = texts.iter().flat_map(padded).collect();
    npy(&format!("<U{letters}"), false, &[texts.len()], &data)
}

#[test]
fn tokens_in_the_file_itself_name_the_units() {
    let tokens = ["[CLS]", "caf\u{e9}", "[SEP]"];
    let array = npy("<f4", false, &[2, 3, 3], &f32_bytes(&attention(1, 2, 3)));
    let bytes: Vec<u8> = ["[CLS]", "caf\u{e9}", "[SEP]"]
        .iter()
        .flat_map(|text| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.resize(6, 0);
            bytes
        })
        .collect();
    let files = [
        npz(&[
            ("attention.npy", array.clone()),
            ("tokens.npy", unicode(&tokens)),
        ]),
        npz(&[
            ("attention.npy", array.clone()),
            ("labels.npy", unicode(&tokens)),
        ]),
        npz(&[
            ("attention.npy", array.clone()),
            ("tokens.npy", npy("|S6", false, &[1, 3], &bytes)),
        ]),
        serde_json::json!({
            "left_text": tokens,
            "right_text": tokens,
            "attn": [[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]],
        })
        .to_string()
        .into_bytes(),
        {
            let values = f32_bytes(&attention(1, 2, 3));
            let tensor = safetensors::tensor::TensorView::new(Dtype::F32, vec![2, 3, 3], &values);
            let json = serde_json::json!(tokens).to_string();
            let metadata = [("tokens".to_owned(), json)].into_iter().collect();
            safetensors::serialize(
                [("attention", tensor.expect("its sizes agree"))],
                Some(metadata),
            )
            .expect("it can be serialized")
        },
    ];
    for bytes in files {
        let workplace = Workplace::new();
        let saved = read_file(&workplace, &bytes);
        assert_eq!(texts(&saved), [tokens]);
        assert_eq!(saved.warnings, [""; 0]);
    }
    let path = fixture("attention-from-elsewhere").join("tokens.pt");
    let saved = read(&path, &ForeignNames::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(texts(&saved), [["[CLS]", "a", "[SEP]"]]);
    // Queries and keys of two sequences.
    let array = npy(
        "<f4",
        false,
        &[2, 3],
        &f32_bytes(&[0.5, 0.25, 0.25, 0.0, 0.5, 0.5]),
    );
    let workplace = Workplace::new();
    let saved = read_file(
        &workplace,
        &npz(&[
            ("attention.npy", array.clone()),
            ("source_tokens.npy", unicode(&["a", "b", "c"])),
            ("target_tokens.npy", unicode(&["d", "e"])),
        ]),
    );
    assert_eq!(texts(&saved), [vec!["a", "b", "c"], vec!["d", "e"]]);
    let named = serde_json::json!({
        "attention": [[[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]],
        "queries": ["d", "e"],
        "keys": ["a", "b", "c"],
    });
    let saved = read_file(&workplace, named.to_string().as_bytes());
    assert_eq!(texts(&saved), [vec!["a", "b", "c"], vec!["d", "e"]]);
    // As many as there are not are not read, and that is said.
    let saved = read_file(
        &workplace,
        &npz(&[
            ("attention.npy", array),
            ("labels.npy", unicode(&["negative", "neutral", "positive"])),
        ]),
    );
    assert!(saved.warnings[0].contains("there are 3, and the attention is of 2"));
}

#[test]
fn numbers_of_other_types_are_refused_with_how_to_turn_them() {
    let whole = npy("<i8", false, &[2, 2], &[0; 32]);
    let json = br#"[[[NaN, 1.0], [0.5, 0.5]]]"#.to_vec();
    let lines = b"[[1.0]]\n[[1.0]]\n".to_vec();
    for (bytes, words) in [
        (whole, ["found <i8", "astype(numpy.float32)"]),
        (json, ["what JSON has not, such as NaN", "numpy.savez("]),
        (lines, ["a second line of it", "numpy.savez("]),
    ] {
        let workplace = Workplace::new();
        fs::write(workplace.path().join("it"), bytes).expect("it can be written");
        check_refused(&workplace, &["render", "it"], 1, &words);
    }
    let workplace = Workplace::new();
    let path = fixture("attention-from-elsewhere").join("numpy.pt");
    let path = path.to_str().expect("the path is UTF-8");
    let words = ["attn (a NumPy array within a pickle)", "numpy.savez("];
    check_refused(&workplace, &["render", path], 1, &words);
}

#[test]
fn nan_that_a_mask_left_is_empty_and_said() {
    let mut values = causal(1, 2, 5);
    for (index, value) in values.iter_mut().enumerate() {
        if index % 5 > index / 5 % 5 {
            *value = f32::NAN;
        }
    }
    let workplace = Workplace::new();
    npy_file(&workplace, "it.npy", &[1, 2, 5, 5], &values);
    let path = workplace.path().join("it.npy");
    let saved = read(&path, &ForeignNames::default()).unwrap_or_else(|error| panic!("{error}"));
    let attention = &saved.run.attention[0];
    assert_eq!(attention.maps().values(), causal(1, 2, 5));
    let own: Vec<Mask> = attention.masks();
    assert_eq!(own, [Mask::Causal]);
    let note = "10 of 25 cells are NaN in every head, as a mask has them, and read as 0";
    assert_eq!(saved.warnings[0], format!("it.npy: {note}"));
    // A number that is missing in one head alone is no mask.
    values[20] = f32::NAN;
    npy_file(&workplace, "it.npy", &[1, 2, 5, 5], &values);
    check_refused(&workplace, &["render", "it.npy"], 1, &["is NaN"]);
}

#[test]
fn maps_the_other_way_round_are_told_from_their_columns() {
    let workplace = Workplace::new();
    // Each row sums to one, and each column to something else.
    let values = [0.5, 0.25, 0.25, 1.0, 0.0, 0.0, 0.5, 0.5, 0.0_f32];
    let turned: Vec<f32> = (0..9)
        .map(|index| values[index % 3 * 3 + index / 3])
        .collect();
    npy_file(&workplace, "it.npy", &[3, 3], &turned);
    let outcome = workplace.succeed(&["render", "it.npy"]);
    let words = "its columns sum to 1 instead";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    let folder = workplace.path().join("attnviz-out/it");
    assert_eq!(
        manifest(&folder)["attention"][0]["row_sums"],
        "unnormalized"
    );
    npy_file(&workplace, "it.npy", &[3, 3], &values);
    let outcome = workplace.succeed(&["render", "it.npy"]);
    assert!(!outcome.stderr.contains(words), "{}", outcome.stderr);
}

#[test]
fn arrays_of_objects_within_json_are_read_by_what_leads_to_them() {
    let map = serde_json::json!([[1.0, 0.0], [0.5, 0.5]]);
    let other = serde_json::json!([[0.25, 0.75], [0.5, 0.5]]);
    let heads = serde_json::json!({"head_0": map, "head_1": other, "note": "of a layer"});
    let tokens = ["a", "b"];
    let values = [1.0, 0.0, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5];
    for (json, shape, is_named) in [
        // As people and BertViz write them.
        (
            serde_json::json!({"layer_0": heads, "layer_1": heads}),
            [2, 2, 2, 2],
            false,
        ),
        (
            serde_json::json!([{"name": null, "attn": [[map, other]],
                "left_text": tokens, "right_text": tokens}]),
            [1, 2, 2, 2],
            true,
        ),
        (
            serde_json::json!({"all": {"attn": [[map, other]], "left_text": tokens}}),
            [1, 2, 2, 2],
            true,
        ),
        (
            serde_json::json!({"model": "x", "layers": [
                {"attention": [map, other]}, {"attention": [map, other]},
            ]}),
            [2, 2, 2, 2],
            false,
        ),
    ] {
        let workplace = Workplace::new();
        let saved = read_file(&workplace, json.to_string().as_bytes());
        let maps = saved.run.attention[0].maps();
        assert_eq!(maps.shape(), shape, "{json}");
        assert_eq!(maps.values()[..8], values, "{json}");
        assert_eq!(texts(&saved)[0] == tokens, is_named, "{json}");
    }
    // A list of a million objects is no million arrays.
    let many = serde_json::json!(vec![serde_json::json!({"a": [[1.0]]}); 20_000]);
    let workplace = Workplace::new();
    fs::write(workplace.path().join("it"), many.to_string()).expect("it can be written");
    check_refused(
        &workplace,
        &["render", "it"],
        1,
        &["more than 10000 entries"],
    );
}
