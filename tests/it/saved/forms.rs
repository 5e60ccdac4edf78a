//! Every form in which people have attention: formats, shapes, and None.

use std::fs;

use attnviz::store::saved::{ForeignNames, read};
use half::bf16;

use super::{attention, encoded, f32_bytes, npy, npz, only_folder};
use crate::bad_input::check_refused;
use crate::binary::Workplace;

const EAGER: &str = "attn_implementation=\"eager\"";

/// The file holds these values in this shape.
fn check_read(what: &str, bytes: &[u8], shape: [usize; 4], values: &[f32]) {
    let workplace = Workplace::new();
    let path = workplace.path().join("file");
    fs::write(&path, bytes).expect("the file can be written");
    let saved = read(&path, &ForeignNames::default());
    let saved = saved.unwrap_or_else(|error| panic!("{what}: {error}"));
    let maps = saved.run.attention[0].maps();
    assert_eq!(maps.shape(), shape, "{what}");
    assert_eq!(maps.values(), values, "{what}");
}

/// Numbers as lists in lists.
fn nested(shape: &[usize], values: &[f32]) -> serde_json::Value {
    match shape {
        [] => values[0].into(),
        [count, inner @ ..] => {
            let size = values.len() / count;
            values
                .chunks(size)
                .map(|values| nested(inner, values))
                .collect()
        }
    }
}

#[test]
fn every_shape_is_read_alike_in_every_format() {
    let all = attention(2, 3, 4);
    let cases: [(&[usize], [usize; 4]); 6] = [
        (&[4, 4], [1, 1, 4, 4]),
        (&[3, 4, 4], [1, 3, 4, 4]),
        (&[2, 3, 4, 4], [2, 3, 4, 4]),
        (&[1, 3, 4, 4], [1, 3, 4, 4]),
        (&[2, 1, 3, 4, 4], [2, 3, 4, 4]),
        (&[1, 2, 3, 4, 4], [2, 3, 4, 4]),
    ];
    for (shape, expected) in cases {
        let values = &all[..shape.iter().product()];
        let array = npy("<f4", false, shape, &f32_bytes(values));
        check_read("npy", &array, expected, values);
        check_read("npz", &npz(&[("x.npy", array)]), expected, values);
        let json = nested(shape, values);
        check_read("JSON", json.to_string().as_bytes(), expected, values);
        let entries = serde_json::json!({"tokens": ["a"], "attentions": json, "model": "x"});
        check_read(
            "a JSON object",
            entries.to_string().as_bytes(),
            expected,
            values,
        );
    }
}

#[test]
fn npy_of_every_type_and_order_is_read() {
    let values = [0.75_f32, 0.25, 0.5, 0.5];
    let shape = [1, 1, 2, 2];
    let halves = values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes());
    let of = |descr: &str, bytes: Vec<u8>| npy(descr, false, &[2, 2], &bytes);
    // What ml_dtypes' bfloat16 is to NumPy.
    check_read("bfloat16", &of("<V2", halves.collect()), shape, &values);
    let doubles = values.iter().flat_map(|&v| f64::from(v).to_be_bytes());
    check_read("big", &of(">f8", doubles.collect()), shape, &values);
    let turned = f32_bytes(&[0.75, 0.5, 0.25, 0.5]);
    check_read(
        "Fortran",
        &npy("<f4", true, &[2, 2], &turned),
        shape,
        &values,
    );
}

#[test]
fn a_batch_of_several_inputs_is_refused_with_what_to_save() {
    let workplace = Workplace::new();
    super::npy_file(&workplace, "it", &[2, 3, 2, 2, 2], &[0.5; 48]);
    let hint = "attention=attention[0]), or attention[:, 0]";
    check_refused(&workplace, &["render", "it"], 1, &["a batch of one", hint]);
    let layer = npy("<f4", false, &[2, 2, 2, 2], &f32_bytes(&[0.5; 16]));
    let layers = npz(&[("arr_0.npy", layer.clone()), ("arr_1.npy", layer)]);
    fs::write(workplace.path().join("it"), layers).expect("it can be written");
    let hint = "for layer in attentions";
    check_refused(&workplace, &["render", "it"], 1, &["a batch of one", hint]);
}

#[test]
fn several_attentions_are_not_mixed() {
    let workplace = Workplace::new();
    let array = npy("<f4", false, &[1, 2, 2], &f32_bytes(&[0.5; 4]));
    let file = npz(&[
        ("encoder_attentions.npy", array.clone()),
        ("cross_attentions.npy", array.clone()),
        ("logits.npy", array.clone()),
    ]);
    fs::write(workplace.path().join("it"), file).expect("it can be written");
    let words = ["one array of attention", "encoder_attentions [1, 2, 2]"];
    check_refused(&workplace, &["render", "it"], 1, &words);
    // What else is in the file does not matter.
    let file = npz(&[
        ("cross_attentions.npy", array.clone()),
        ("logits.npy", array),
    ]);
    fs::write(workplace.path().join("it"), file).expect("it can be written");
    workplace.succeed(&["render", "it"]);
}

/// An array of Python objects as NumPy writes it: a pickle behind the header.
fn objects(items: &[u8], protocol: u8) -> Vec<u8> {
    let mut pickle = vec![0x80, protocol];
    pickle.extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x00(K\x01K\x0c\x85]q\x01(");
    pickle.extend(items);
    pickle.extend(b"etq\x02b.");
    npy("|O", false, &[12], &pickle)
}

#[test]
fn attention_that_is_none_asks_for_the_eager_implementation() {
    let workplace = Workplace::new();
    let words = ["is None: the model gave no attention", EAGER];
    let none = objects(&[b'N'; 12], 4);
    let files: [Vec<u8>; 6] = [
        none.clone(),
        objects(b"N", 2),
        npz(&[("attention.npy", none)]),
        b"null_is_no_file".to_vec(),
        br#"{"attentions": [null, null]}"#.to_vec(),
        br#"{"attentions": null}"#.to_vec(),
    ];
    for (index, file) in files.iter().enumerate() {
        fs::write(workplace.path().join("it"), file).expect("it can be written");
        match index {
            3 => drop(check_refused(
                &workplace,
                &["render", "it"],
                1,
                &["something else"],
            )),
            _ => drop(check_refused(&workplace, &["render", "it"], 1, &words)),
        }
    }
    let ragged = objects(b"h\x00h\x00", 4);
    fs::write(workplace.path().join("it"), ragged).expect("it can be written");
    check_refused(
        &workplace,
        &["render", "it"],
        1,
        &["Python objects", "None among them"],
    );
}

#[test]
fn lists_that_are_no_arrays_are_refused() {
    let workplace = Workplace::new();
    for (json, word) in [
        ("[[1, 0], [1]]", "lists of different lengths"),
        ("[[1, 0], [[1], [0]]]", "lists of different depths"),
        ("[[\"a\", \"b\"]]", "texts"),
        ("{\"attention\": {\"a\": 1}}", "attention.a []"),
        ("[[true]]", "true or false"),
    ] {
        fs::write(workplace.path().join("it"), json).expect("it can be written");
        check_refused(&workplace, &["render", "it"], 1, &[word]);
    }
}

#[test]
fn a_run_in_json_is_drawn_again() {
    let workplace = Workplace::new();
    let folder = encoded(
        &workplace,
        "hello there",
        &["-f", "json,safetensors,png"],
        "first",
    );
    let json = folder.join("attention.json");
    let json = json.to_str().expect("the path is UTF-8");
    workplace.succeed(&["render", json, "-o", "again", "-f", "png,safetensors"]);
    let again = only_folder(&workplace, "again");
    for file in [
        "overview.png",
        "heads/layer-00-head-00.png",
        "attention.safetensors",
    ] {
        let [first, again] = [&folder, &again].map(|folder| fs::read(folder.join(file)));
        assert!(
            first.expect("it is there") == again.expect("it is there"),
            "{file}"
        );
    }
    fs::remove_file(folder.join("attention.safetensors")).expect("it can be removed");
    let folder = folder.to_str().expect("the path is UTF-8");
    workplace.succeed(&["render", folder, "-o", "folder"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once() {
    let workplace = Workplace::new();
    let status = std::process::Command::new("mkfifo")
        .arg(workplace.path().join("pipe"))
        .status();
    assert!(status.expect("mkfifo runs").success());
    check_refused(&workplace, &["render", "pipe"], 1, &["no regular file"]);
}
