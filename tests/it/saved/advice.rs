//! What is no attention of one input, or not in a form that is read, is refused
//! with what helps in its case; what can be read all the same is.

use std::fs;

use attnviz::input::StreamRole;
use attnviz::store::saved::{ForeignNames, read};
use safetensors::Dtype;

use super::{FOLDER, TEXT, attention, encoded, f32_bytes, npy, npy_file, npz, safetensors_file};
use crate::bad_input::check_refused;
use crate::binary::{Workplace, fixture};

fn array(shape: &[usize]) -> Vec<u8> {
    let values = vec![0.5; shape.iter().product()];
    npy("<f4", false, shape, &f32_bytes(&values))
}

#[test]
fn hints_fit_what_the_file_has() {
    let of = |name: &str, shape: &[usize]| npz(&[(name, array(shape))]);
    let one_input =
        "numpy.stack([layer[0].detach().float().cpu().numpy() for layer in attentions])";
    let layers = npz(&[
        ("layer_0.npy", array(&[2, 2, 2])),
        ("layer_1.npy", array(&[2, 3, 3])),
    ]);
    let batch = npz(&[
        ("layer_0.npy", array(&[2, 2, 2, 2])),
        ("layer_1.npy", array(&[2, 2, 2, 2])),
    ]);
    let object = npy("|O", false, &[1], b"\x80\x04}\x94.");
    let frame = br#"{"attn": {"0": {"0": 0.5, "1": 0.5}, "1": {"0": 1.0, "1": 0.0}}}"#;
    let cases: [(Vec<u8>, &str); 8] = [
        (
            of("attention.npy", &[3]),
            "attention.reshape(layers, heads, queries, keys)",
        ),
        (
            of("weights.npy", &[3]),
            "attention.detach().float().cpu().numpy()",
        ),
        (of("attention.npy", &[2, 2, 1, 3, 3]), "attention[:, :, 0]"),
        (layers, "attention=layer_0)"),
        (batch, one_input),
        (npz(&[("attention.npy", object)]), "**attention) of a dict"),
        (frame.to_vec(), "attention=frame.to_numpy())"),
        (
            npz(&[]),
            "numpy.savez(\"attention.npz\", attention=attention)",
        ),
    ];
    for (bytes, hint) in cases {
        let workplace = Workplace::new();
        fs::write(workplace.path().join("it"), bytes).expect("it can be written");
        check_refused(&workplace, &["render", "it"], 1, &[hint]);
    }
}

#[test]
fn what_generate_returns_is_told_from_a_call() {
    let path = fixture("attention-from-elsewhere").join("generate.pt");
    let path = path.to_str().expect("the path is UTF-8");
    let words = ["attentions.0.1 [1, 2, 3, 3]", "the steps of generate()"];
    check_refused(&Workplace::new(), &["render", path], 1, &words);
}

#[test]
fn weights_of_a_model_are_told_from_attention() {
    for names in [
        ["attn.q.weight", "attn.k.weight"],
        [
            "encoder.layer.0.attention.self.query.weight",
            "encoder.layer.0.attention.self.query.bias",
        ],
    ] {
        let workplace = Workplace::new();
        let values = || f32_bytes(&[0.5; 16]);
        let tensors = names.map(|name| (name, Dtype::F32, &[4, 4][..], values()));
        fs::create_dir(workplace.path().join("model")).expect("it can be made");
        let path = workplace.path().join("model/model.safetensors");
        fs::write(path, safetensors_file(&tensors)).expect("it can be written");
        let arguments = ["render", "model/model.safetensors"];
        let words = ["the weights of a model", "attnviz encode --model model \""];
        check_refused(&workplace, &arguments, 1, &words);
    }
}

#[test]
fn a_manifest_stands_for_its_run() {
    let workplace = Workplace::new();
    encoded(&workplace, TEXT, &["-f", "safetensors"], "saved");
    let manifest = format!("saved/{FOLDER}/manifest.json");
    workplace.succeed(&["render", &manifest, "-o", "drawn", "--views", "overview"]);
    let picture = format!("drawn/{FOLDER}/overview.png");
    assert!(workplace.path().join(picture).is_file());
    // Without numbers beside it there is nothing to draw.
    let numbers = format!("saved/{FOLDER}/attention.safetensors");
    fs::remove_file(workplace.path().join(numbers)).expect("it can be removed");
    let words = ["attention.safetensors", "--format png,safetensors"];
    check_refused(&workplace, &["render", &manifest], 1, &words);
}

#[test]
fn inputs_of_a_batch_are_told_from_layers_by_their_padding() {
    // Every query attends evenly to so many keys.
    let of = |lengths: [usize; 3]| -> Vec<f32> {
        let rows = lengths.into_iter().flat_map(|length| [length; 10]);
        rows.flat_map(|length| {
            (0..5).map(move |key| {
                if key < length {
                    1.0 / length as f32
                } else {
                    0.0
                }
            })
        })
        .collect()
    };
    for (lengths, is_batch) in [([5, 3, 4], true), ([3, 5, 5], true), ([4, 4, 4], false)] {
        let workplace = Workplace::new();
        npy_file(&workplace, "it.npy", &[3, 2, 5, 5], &of(lengths));
        let words = [
            "a batch of inputs",
            "attention=attention[0])",
            "layers=attention",
        ];
        match is_batch {
            true => drop(check_refused(&workplace, &["render", "it.npy"], 1, &words)),
            false => drop(workplace.succeed(&["render", "it.npy"])),
        }
        // Unless it says that they are layers.
        let bytes = npy("<f4", false, &[3, 2, 5, 5], &f32_bytes(&of(lengths)));
        let bytes = npz(&[("layers.npy", bytes)]);
        fs::write(workplace.path().join("it.npz"), bytes).expect("it can be written");
        workplace.succeed(&["render", "it.npz"]);
    }
}

#[test]
fn probabilities_are_taken_where_scores_stand_beside_them() {
    let values = attention(2, 2, 3);
    let shape = &[2, 2, 3, 3][..];
    for name in ["attention_probs", "attention_weights"] {
        let workplace = Workplace::new();
        let bytes = safetensors_file(&[
            (
                "attention_scores",
                Dtype::F32,
                shape,
                f32_bytes(&[-4.0; 36]),
            ),
            (name, Dtype::F32, shape, f32_bytes(&values)),
        ]);
        let path = workplace.path().join("it");
        fs::write(&path, bytes).expect("it can be written");
        let saved = read(&path, &ForeignNames::default()).expect("it is attention");
        assert_eq!(saved.run.attention[0].maps().values(), values);
    }
}

#[test]
fn texts_that_numpy_pickled_name_the_tokens() {
    // numpy.array(["[CLS]", "a", "[SEP]"], dtype=object) without what describes
    // the type: a list of texts.
    let pickle = b"\x80\x04]\x94(\x8c\x05[CLS]\x94\x8c\x01a\x94\x8c\x05[SEP]\x94e.";
    let bytes = npz(&[
        (
            "attention.npy",
            npy("<f4", false, &[2, 3, 3], &f32_bytes(&attention(1, 2, 3))),
        ),
        ("tokens.npy", npy("|O", false, &[3], pickle)),
    ]);
    let workplace = Workplace::new();
    let path = workplace.path().join("it");
    fs::write(&path, bytes).expect("it can be written");
    let saved = read(&path, &ForeignNames::default()).expect("it is attention");
    let units = saved.run.units(StreamRole::Source).iter();
    let texts: Vec<&str> = units.map(|unit| unit.text.as_str()).collect();
    assert_eq!(texts, ["[CLS]", "a", "[SEP]"]);
    assert_eq!(saved.warnings, [""; 0]);
}

#[test]
fn labels_without_those_of_padding_say_where_it_is() {
    let workplace = Workplace::new();
    // An encoder's: two tokens that are no keys and have queries.
    let row = [0.5, 0.25, 0.25, 0.0, 0.0];
    npy_file(&workplace, "it.npy", &[1, 1, 5, 5], &row.repeat(5));
    fs::write(workplace.path().join("labels"), "a\nb\nc").expect("it can be written");
    let arguments = ["render", "it.npy", "--labels", "labels"];
    let words = [
        "expected 5 labels",
        "found 3",
        "the last 2 of 5 tokens",
        "attention[..., 0:3, 0:3]",
    ];
    check_refused(&workplace, &arguments, 1, &words);
}

#[test]
fn hiding_special_tokens_where_there_are_none_is_said() {
    let workplace = Workplace::new();
    npy_file(&workplace, "it.npy", &[1, 1, 3, 3], &attention(1, 1, 3));
    for (labels, is_idle) in [("\"[CLS]\"\na\nb", true), ("[CLS]\na\nb", false)] {
        fs::write(workplace.path().join("labels"), labels).expect("it can be written");
        let arguments = [
            "render",
            "it.npy",
            "--labels",
            "labels",
            "-o",
            "out",
            "--overwrite",
        ];
        let outcome =
            workplace.succeed(&[arguments.as_slice(), &["--special-tokens", "hide"]].concat());
        let words = "--special-tokens hide does nothing";
        assert_eq!(
            outcome.stderr.contains(words),
            is_idle,
            "{}",
            outcome.stderr
        );
    }
}
