//! One model in every kind of file.

use std::collections::BTreeMap;
use std::fs;

use super::{
    ModelFolder, Tensor, check_expected, container, pickle_of, prefixed, safetensors_of, tensors,
};
use crate::bad_input::{pickled_text, zip};
use crate::binary::fixture;

const KINDS: [&str; 6] = [
    "double-bin",
    "double-safetensors",
    "legacy-bin",
    "lightning",
    "sharded-bin",
    "training-checkpoint",
];

#[test]
fn every_kind_of_weight_file_has_the_attention_of_transformers() {
    let mut all = Vec::new();
    for kind in KINDS {
        let folder = ModelFolder::new();
        let files = fs::read_dir(fixture("containers").join(kind)).expect("the kind is there");
        for file in files {
            let name = file.expect("an entry").file_name();
            let name = name.to_str().expect("a plain name");
            folder.write(name, container(&format!("{kind}/{name}")));
        }
        let (found, manifest) = folder.attention(&[]);
        check_expected(&found, kind);
        assert!(manifest["model"].get("weights_prefix").is_none(), "{kind}");
        all.push(found);
    }
    assert!(
        all.windows(2).all(|two| two[0] == two[1]),
        "not the same bits"
    );
}

#[test]
fn weights_are_looked_for_in_the_order_of_transformers() {
    // Each with another file that would be refused, and is not looked at.
    let folder = ModelFolder::new();
    let index = container("sharded-bin/pytorch_model.bin.index.json");
    folder.write("pytorch_model.bin.index.json", "no index");
    folder.write(
        "pytorch_model.bin",
        container("double-bin/pytorch_model.bin"),
    );
    check_expected(&folder.attention(&[]).0, "one file before an index");
    folder.write("pytorch_model.bin", "no weights");
    folder.write("pytorch_model.bin.index.json", index);
    let weights = container("double-safetensors/model.safetensors");
    folder.write("model.safetensors", weights);
    check_expected(&folder.attention(&[]).0, "safetensors before pickles");
}

#[test]
fn a_shard_that_is_missing_or_is_none_is_named() {
    let folder = ModelFolder::new();
    for (name, words) in [
        ("pytorch_model-00001-of-00002.bin", "which is not there"),
        ("../other.bin", "expected names of .bin files"),
        ("model.safetensors", "expected names of .bin files"),
    ] {
        let index = serde_json::json!({"weight_map": {"a": name}});
        folder
            .write("pytorch_model.bin.index.json", index.to_string())
            .check_refused(&["pytorch_model.bin.index.json", name, words]);
    }
}

/// A zip file as PyTorch writes it, with the numbers in the order it says.
fn torch_zip(pickle: &[u8], storage: &[f32], is_big_endian: bool) -> Vec<u8> {
    let bytes: Vec<u8> = match is_big_endian {
        true => storage
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect(),
        false => storage
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    };
    let order: &[u8] = if is_big_endian { b"big" } else { b"little" };
    zip(&[
        ("model/data.pkl", pickle),
        ("model/byteorder", order),
        ("model/data/0", &bytes),
        ("model/version", b"3\n"),
    ])
}

#[test]
fn numbers_are_read_in_the_byte_order_that_the_file_names() {
    for is_big_endian in [false, true] {
        let folder = ModelFolder::new();
        let (pickle, storage) = pickle_of(&prefixed("bert.", &tensors()));
        folder.write(
            "pytorch_model.bin",
            torch_zip(&pickle, &storage, is_big_endian),
        );
        check_expected(&folder.attention(&[]).0, "byte order");
    }
}

#[test]
fn every_usual_prefix_is_found() {
    for prefix in [
        "",
        "bert.",
        "module.",
        "module.bert.",
        "model.",
        "model.bert.",
        "model.encoder.",
        "roberta.",
        "encoder.",
        "text_encoder.bert.",
        "0.auto_model.",
        "_orig_mod.bert.",
        "base_model.model.bert.",
    ] {
        let folder = ModelFolder::new();
        let weights = safetensors_of(&prefixed(prefix, &tensors()));
        folder.write("model.safetensors", weights);
        check_expected(&folder.attention(&[]).0, prefix);
    }
}

/// PyTorch saves a negated view as the storage and a mark.
#[test]
fn a_negated_tensor_of_a_pickle_has_the_other_sign() {
    let query = |tensors: &mut BTreeMap<String, Tensor>| {
        for (name, (_, values)) in tensors {
            if name.contains(".query.") {
                values.iter_mut().for_each(|value| *value = -*value);
            }
        }
    };
    for (metadata, is_negated) in [
        (None, false),
        (Some(("neg", false)), false),
        (Some(("neg", true)), true),
    ] {
        let mut all = prefixed("bert.", &tensors());
        if is_negated {
            query(&mut all);
        }
        let (mut described, mut storage) = (Vec::new(), Vec::new());
        for (name, (shape, values)) in &all {
            let mut tensor = super::at(name, storage.len() as i32, shape);
            tensor.metadata = metadata.filter(|_| name.contains(".query."));
            described.push(tensor);
            storage.extend(values);
        }
        let pickle = crate::bad_input::state_dict(&described);
        let folder = ModelFolder::new();
        folder.write("pytorch_model.bin", torch_zip(&pickle, &storage, false));
        check_expected(&folder.attention(&[]).0, "negated");
        for tensor in &mut described {
            tensor.metadata = Some(("conj", true));
        }
        let pickle = crate::bad_input::state_dict(&described);
        ModelFolder::new()
            .write("pytorch_model.bin", torch_zip(&pickle, &storage, false))
            .check_refused(&["conjugated"]);
    }
}

#[test]
fn the_weights_that_the_config_names_are_loaded() {
    let good = safetensors_of(&prefixed("bert.", &tensors()));
    let mut other = tensors();
    for (_, values) in other.values_mut() {
        values.iter_mut().for_each(|value| *value *= 0.5);
    }
    let other = safetensors_of(&prefixed("bert.", &other));
    let names: serde_json::Map<String, serde_json::Value> = prefixed("bert.", &tensors())
        .into_keys()
        .map(|name| (name, "part.safetensors".into()))
        .collect();
    let index = serde_json::json!({"weight_map": names}).to_string();
    for (name, file) in [
        ("other.safetensors", "other.safetensors"),
        ("below/other.safetensors", "below/other.safetensors"),
        ("o.safetensors.index.json", "part.safetensors"),
    ] {
        let folder = ModelFolder::new();
        folder.write("model.safetensors", &other);
        folder.write("o.safetensors.index.json", &index);
        folder.configure(|config| config["transformers_weights"] = name.into());
        folder.check_refused(&["which is not there"]);
        folder.write(file, &good);
        check_expected(&folder.attention(&[]).0, name);
    }
    for name in [
        serde_json::json!("other.bin"),
        serde_json::json!("../other.safetensors"),
        serde_json::json!("/other.safetensors"),
        serde_json::json!(""),
        serde_json::json!(3),
    ] {
        let folder = ModelFolder::new();
        folder.write("model.safetensors", &good);
        folder.configure(|config| config["transformers_weights"] = name.clone());
        folder.check_refused(&["config.json: transformers_weights"]);
    }
}

/// A pickled dict without the frame of a pickle.
fn body(pickle: &[u8]) -> &[u8] {
    &pickle[2..pickle.len() - 1]
}

/// A pickle of a dict of values that are pickled already.
fn dict(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    for (key, value) in entries {
        pickle.extend(pickled_text(key));
        pickle.extend(*value);
    }
    pickle.extend(b"u.");
    pickle
}

#[test]
fn the_one_model_of_a_training_checkpoint_is_found() {
    let (weights, storage) = pickle_of(&prefixed("module.bert.", &tensors()));
    let weights = body(&weights);
    let inner = dict(&[("epoch", b"K\x01"), ("state_dict", weights)]);
    let python_2 = {
        // A dict as Python 2 pickles it: a list of lists of two.
        let pairs = [b"](", &pickled_text("model")[..], weights, b"e"].concat();
        [
            b"\x80\x02ccollections\nOrderedDict\n](",
            &pairs[..],
            b"e\x85R.",
        ]
        .concat()
    };
    for pickle in [
        dict(&[("model", weights)]),
        dict(&[("epoch", b"K\x01"), ("module", weights), ("loss", b"N")]),
        dict(&[("trainer", body(&inner)), ("ema", b"}")]),
        // The same dict under two names is one.
        dict(&[("model", &[weights, b"q\x07"].concat()), ("best", b"h\x07")]),
        // Of a key that is set twice, the last value.
        dict(&[("model", b"N"), ("model", weights)]),
        python_2,
    ] {
        let folder = ModelFolder::new();
        folder.write("pytorch_model.bin", torch_zip(&pickle, &storage, false));
        check_expected(&folder.attention(&[]).0, "nested");
    }
}

#[test]
fn what_is_no_state_dict_says_what_it_is() {
    let (weights, storage) = pickle_of(&prefixed("bert.", &tensors()));
    let weights = body(&weights);
    let object = b"\x80\x02ctransformers.models.bert.modeling_bert\nBertModel\n)\x81}b.";
    let many: Vec<String> = (0..50).map(|index| format!("model_{index}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|key| (key.as_str(), weights)).collect();
    for (pickle, words) in [
        (
            dict(&[("model", weights), ("ema", weights)]),
            &[
                "holds several models, under ema, model",
                "cp -rL ./model state-dict",
                "torch.load(\"./model/pytorch_model.bin\", weights_only=False)[\"ema\"], \"state-dict/pytorch_model.bin\"), or with [\"model\"]",
            ][..],
        ),
        (
            dict(&many),
            &["holds several models, under model_0, model_1"],
        ),
        (
            dict(&[("epoch", b"K\x01"), ("loss", b"N")]),
            &["found a dict with the keys epoch, loss"],
        ),
        (
            object.to_vec(),
            &[
                "holds transformers.models.bert.modeling_bert.BertModel",
                ".state_dict(), \"state-dict/pytorch_model.bin\")",
            ],
        ),
        (
            b"\x80\x02]K\x01a.".to_vec(),
            &["holds a list", "weights_only=False)[0]"],
        ),
        (b"\x80\x02K\x01.".to_vec(), &["holds something else"]),
    ] {
        let folder = ModelFolder::new();
        folder
            .write("pytorch_model.bin", torch_zip(&pickle, &storage, false))
            .check_refused(words);
    }
    let folder = ModelFolder::new();
    let script = zip(&[
        ("m/data.pkl", b"\x80\x02}."),
        ("m/constants.pkl", b"\x80\x02)."),
    ]);
    folder
        .write("pytorch_model.bin", script)
        .check_refused(&["holds a TorchScript archive"]);
}

/// As transformers, which renames the old names and takes them first.
#[test]
fn old_names_of_a_layer_norm_go_before_the_new_ones() {
    let right = tensors();
    let mut both = right.clone();
    for (name, (shape, values)) in &right {
        let old = [("weight", "gamma"), ("bias", "beta")]
            .iter()
            .find_map(|(new, old)| {
                let stem = name.strip_suffix(&format!("LayerNorm.{new}"))?;
                Some(format!("{stem}LayerNorm.{old}"))
            });
        if let Some(old) = old {
            both.insert(old, (shape.clone(), values.clone()));
            both.insert(name.clone(), (shape.clone(), vec![0.5; values.len()]));
        }
    }
    assert!(both.len() > right.len());
    let folder = ModelFolder::new();
    folder.write("model.safetensors", safetensors_of(&both));
    check_expected(&folder.attention(&[]).0, "gamma beside weight");
    folder.write(
        "model.safetensors",
        safetensors_of(&prefixed("bert.", &both)),
    );
    check_expected(
        &folder.attention(&[]).0,
        "gamma beside weight, with a prefix",
    );
}

/// As `torch.save` writes with `_use_new_zipfile_serialization=False` and
/// `pickle_protocol=4`.
#[test]
fn an_old_file_of_a_newer_protocol_is_read() {
    let old = container("legacy-bin/pytorch_model.bin");
    assert_eq!(old[..4], [0x80, 2, 0x8a, 10]);
    let frame = 13_u64.to_le_bytes();
    let folder = ModelFolder::new();
    let newer = [&[0x80, 4, 0x95], &frame[..], &old[2..]].concat();
    folder.write("pytorch_model.bin", newer);
    check_expected(&folder.attention(&[]).0, "protocol 4");
}
