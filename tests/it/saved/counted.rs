//! Layers and heads by the numbers in the names of arrays: kept as the file
//! counts them, and never made out of what counts something else.

use std::fs;

use attnviz::store::saved::{ForeignNames, read};
use safetensors::Dtype;

use super::{attention, f32_bytes, safetensors_file};
use crate::bad_input::check_refused;
use crate::binary::Workplace;

/// A file of arrays of these names, each of the same shape, the last name
/// first: the values of `attention`, one array after the other.
fn file(names: &[&str], shape: &[usize]) -> Vec<u8> {
    let size: usize = shape.iter().product();
    let values = attention(1, names.len() * size / 16, 4);
    let arrays = names.iter().zip(values.chunks(size));
    let arrays = arrays.map(|(name, values)| (*name, Dtype::F32, shape, f32_bytes(values)));
    let mut arrays: Vec<(&str, Dtype, &[usize], Vec<u8>)> = arrays.collect();
    arrays.reverse();
    safetensors_file(&arrays)
}

/// Names of arrays, the shape of each, and the layers with their heads that they
/// are of.
type Case = (
    &'static [&'static str],
    &'static [usize],
    &'static [(usize, &'static [usize])],
);

#[test]
fn layers_and_heads_keep_the_numbers_of_their_names() {
    let cases: [Case; 18] = [
        (
            &["layer_3", "layer_7"],
            &[2, 4, 4],
            &[(3, &[0, 1]), (7, &[0, 1])],
        ),
        (&["layer_11"], &[2, 4, 4], &[(11, &[0, 1])]),
        (&["layer_11"], &[1, 2, 4, 4], &[(11, &[0, 1])]),
        (&["layer_11"], &[4, 4], &[(11, &[0])]),
        (
            &["attention_0", "attention_2"],
            &[1, 4, 4],
            &[(0, &[0]), (2, &[0])],
        ),
        (&["5", "11"], &[2, 4, 4], &[(5, &[0, 1]), (11, &[0, 1])]),
        (&["attentions.5"], &[2, 4, 4], &[(5, &[0, 1])]),
        (&["head_3", "head_7"], &[4, 4], &[(0, &[3, 7])]),
        (&["head_3"], &[4, 4], &[(0, &[3])]),
        (
            &["layer_2.head_0", "layer_2.head_5"],
            &[4, 4],
            &[(2, &[0, 5])],
        ),
        (
            &["L5H1", "L5H3", "L10H7"],
            &[4, 4],
            &[(5, &[1, 3]), (10, &[7])],
        ),
        // However they are ordered by their names.
        (
            &["head_3.layer_1", "head_0.layer_2"],
            &[4, 4],
            &[(1, &[3]), (2, &[0])],
        ),
        (
            &["blocks.1.attn.hook_pattern", "blocks.11.attn.hook_pattern"],
            &[1, 2, 4, 4],
            &[(1, &[0, 1]), (11, &[0, 1])],
        ),
        (
            &["transformer.h.2.attn", "transformer.h.5.attn"],
            &[2, 4, 4],
            &[(2, &[0, 1]), (5, &[0, 1])],
        ),
        (
            &["layer_1", "layer_2", "layer_3"],
            &[1, 4, 4],
            &[(1, &[0]), (2, &[0]), (3, &[0])],
        ),
        // Behind what numpy.savez got first, which is no attention.
        (&["arr_1", "arr_2"], &[1, 4, 4], &[(0, &[0]), (1, &[0])]),
        // The size of a model, and a file's number.
        (&["vit_l16"], &[2, 4, 4], &[(0, &[0, 1])]),
        (&["sentence_2"], &[2, 4, 4], &[(0, &[0, 1])]),
    ];
    for (names, shape, expected) in cases {
        let workplace = Workplace::new();
        let path = workplace.path().join("it");
        fs::write(&path, file(names, shape)).expect("it can be written");
        let saved = read(&path, &ForeignNames::default()).unwrap_or_else(|error| panic!("{error}"));
        let maps = saved.run.attention[0].maps();
        let layers = maps.selection().layers.iter();
        let found: Vec<(usize, &[usize])> = layers
            .map(|layer| (layer.layer, layer.heads.as_slice()))
            .collect();
        assert_eq!(found, expected, "{names:?}");
        let heads = maps.selection().head_count();
        assert_eq!(maps.values(), attention(1, heads, 4), "{names:?}");
    }
}

#[test]
fn pictures_and_manifest_have_the_numbers_of_the_names() {
    let workplace = Workplace::new();
    let bytes = file(&["L5H1", "L5H3", "L10H7"], &[4, 4]);
    fs::write(workplace.path().join("it"), bytes).expect("it can be written");
    workplace.succeed(&["render", "it", "-f", "png,npz", "--views", "heads,overview"]);
    let folder = workplace.path().join("attnviz-out/it");
    for picture in ["layer-05-head-01", "layer-05-head-03", "layer-10-head-07"] {
        assert!(folder.join(format!("heads/{picture}.png")).is_file());
    }
    // And the run that was saved of it gives them again.
    let arguments = ["render", "attnviz-out/it", "--layers", "10", "-o", "again"];
    workplace.succeed(&[arguments.as_slice(), &["--views", "heads"]].concat());
    let again = workplace.path().join("again/it/heads/layer-10-head-07.png");
    assert!(again.is_file());
}

#[test]
fn inputs_beside_one_another_are_not_layers() {
    for (names, hint) in [
        (["sentence_1", "sentence_2"], "attention=sentence_1)"),
        (
            ["attention_sample0", "attention_sample1"],
            "attention=attention_sample0)",
        ),
        (["step_0", "step_1"], "attention=step_0)"),
        (
            ["attention_epoch1", "attention_epoch2"],
            "attention=attention_epoch1)",
        ),
        (["s1", "s2"], "attention=s1)"),
        // Lists and dicts of what was saved of each input.
        (["0.attention", "1.attention"], "attention=attentions)"),
        (
            ["results.0.attention", "results.1.attention"],
            "attention=results)",
        ),
        // The same layer twice.
        (["layer_1", "layer_01"], "attention=layer_"),
    ] {
        for shape in [&[2, 4, 4][..], &[4, 4]] {
            let workplace = Workplace::new();
            fs::write(workplace.path().join("it"), file(&names, shape)).expect("it is written");
            let words = ["several inputs", names[1], "layer_0.head_0", hint];
            check_refused(&workplace, &["render", "it"], 1, &words);
        }
    }
    let map = serde_json::json!([[1.0, 0.0], [0.5, 0.5]]);
    let input = serde_json::json!({"tokens": ["a", "b"], "attention": [map]});
    for json in [
        serde_json::json!([input, input]),
        serde_json::json!({"s1": input, "s2": input}),
        serde_json::json!({"results": [input, input]}),
    ] {
        let workplace = Workplace::new();
        fs::write(workplace.path().join("it"), json.to_string()).expect("it is written");
        check_refused(&workplace, &["render", "it"], 1, &["several inputs"]);
    }
}

#[test]
fn arrays_of_heads_are_single_maps() {
    let workplace = Workplace::new();
    let bytes = file(&["head_0", "head_1"], &[2, 4, 4]);
    fs::write(workplace.path().join("it"), bytes).expect("it can be written");
    let words = ["[query, key] for every head", "head_0 [2, 4, 4]"];
    check_refused(&workplace, &["render", "it"], 1, &words);
}
