//! Models that are not what they look like: with adapters, quantized, pruned,
//! with code of their own, or of no named family.

use std::fs;

use candle_core::Device;
use serde_json::{Value, json};

use super::{ModelFolder, check_expected, prefixed, safetensors_of, tensors};
use crate::families;

fn plain() -> ModelFolder {
    let folder = ModelFolder::new();
    folder.write(
        "model.safetensors",
        safetensors_of(&prefixed("bert.", &tensors())),
    );
    folder
}

/// The usual weights with some renamed and one more added.
fn with(renamed: &[(&str, &str)], added: &[&str]) -> ModelFolder {
    let mut all = prefixed("bert.", &tensors());
    for (from, to) in renamed {
        let tensor = all.remove(*from).expect("the tensor is there");
        all.insert((*to).to_owned(), tensor);
    }
    for name in added {
        all.insert((*name).to_owned(), (vec![2, 8], vec![0.5; 16]));
    }
    let folder = ModelFolder::new();
    folder.write("model.safetensors", safetensors_of(&all));
    folder
}

const QUERY: &str = "bert.encoder.layer.0.attention.self.query";

#[test]
fn weights_with_an_adapter_are_not_computed_without_it() {
    let merge = "merge_and_unload()";
    let base = "the model that the adapter was made for";
    for (part, words, hint) in [
        // Older PEFT, beside the weights as they were; and newer.
        ("attention.self.query.lora_A.weight", "LoRA weights", merge),
        (
            "attention.self.query.lora_A.default.weight",
            "LoRA weights",
            merge,
        ),
        (
            "attention.self.query.lora_B.default.weight",
            "LoRA weights",
            merge,
        ),
        (
            "attention.self.query.lora_magnitude_vector.default",
            "LoRA weights",
            merge,
        ),
        (
            "attention.self.query.lora_magnitude_vector",
            "LoRA weights",
            merge,
        ),
        (
            "attention.self.query.loras.task.lora_A",
            "LoRA weights",
            merge,
        ),
        ("attention.self.key.ia3_l.default", "an adapter", merge),
        ("output.dense.hada_w1_a.default", "an adapter", merge),
        ("output.dense.oft_r.default", "an adapter", merge),
        (
            "output.adapters.task.adapter_down.0.weight",
            "an adapter",
            base,
        ),
        ("attention.output.adapter_down.weight", "an adapter", base),
        (
            "attention.self.prefix_tuning.task.weight",
            "an adapter",
            base,
        ),
    ] {
        let name = format!("bert.encoder.layer.0.{part}");
        let stderr = with(&[], &[&name]).check_refused(&["model.safetensors holds", words]);
        assert!(stderr.contains(hint), "{part}: {stderr}");
    }
    for name in [
        "bert.embeddings.word_embeddings.lora_embedding_A.default",
        "prompt_encoder.default.embedding.weight",
        "bert.encoder.layer.1.output.dense.modules_to_save.default.weight",
    ] {
        with(&[], &[name]).check_refused(&["model.safetensors holds"]);
    }
    for (from, to) in [
        (
            format!("{QUERY}.weight"),
            format!("{QUERY}.base_layer.weight"),
        ),
        (
            "bert.embeddings.word_embeddings.weight".to_owned(),
            "bert.embeddings.word_embeddings.base_layer.weight".to_owned(),
        ),
        (
            "bert.embeddings.word_embeddings.weight".to_owned(),
            "bert.embeddings.word_embeddings.original_module.weight".to_owned(),
        ),
    ] {
        with(&[(&from, &to)], &[]).check_refused(&["model.safetensors holds", merge]);
    }
    // What is trained on top of the encoder does not change its attention.
    let head = with(
        &[],
        &["classifier.lora_A.weight", "adapter.weight", "scales"],
    );
    check_expected(&head.attention(&[]).0, "head");
}

#[test]
fn quantized_weights_are_refused_by_name() {
    for name in [
        "qweight",
        "weight.absmax",
        "SCB",
        "weight.quant_state.bitsandbytes__nf4",
    ] {
        let name = format!("{QUERY}.{name}");
        with(&[], &[&name]).check_refused(&["quantized weights", "model.dequantize()"]);
    }
    let folder = plain();
    folder
        .configure(|config| config["quantization_config"] = json!({"quant_method": "gptq"}))
        .check_refused(&["quantization_config", "before it was quantized"]);
    for nothing in [Value::Null, json!({}), json!([]), json!(false)] {
        let folder = plain();
        folder.configure(|config| config["quantization_config"] = nothing.clone());
        check_expected(&folder.attention(&[]).0, "not quantized");
    }
    // FP8, as large as what it stands for.
    let folder = plain();
    let bytes = std::fs::read(folder.path("model.safetensors")).expect("the weights");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).expect("JSON");
    let query = &mut header[format!("{QUERY}.weight")];
    query["dtype"] = json!("F8_E4M3");
    query["shape"] = json!([8, 32]);
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    let rest =
        bytes[8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().expect("eight")))
            .expect("small")..]
            .to_vec();
    folder
        .write(
            "model.safetensors",
            [&length[..], header.as_bytes(), &rest].concat(),
        )
        .check_refused(&["found F8_E4M3", "before it was quantized"]);
}

#[test]
fn a_model_whose_heads_were_pruned_is_refused() {
    let folder = plain();
    folder
        .configure(|config| config["pruned_heads"] = json!({"0": [1]}))
        .check_refused(&["pruned_heads", "before model.prune_heads()"]);
    let folder = plain();
    folder.configure(|config| config["pruned_heads"] = json!({}));
    check_expected(&folder.attention(&[]).0, "nothing pruned");
    for part in ["query", "key", "value"] {
        let mut all = prefixed("bert.", &tensors());
        for end in ["weight", "bias"] {
            let name = format!("bert.encoder.layer.1.attention.self.{part}.{end}");
            let (shape, values) = all.get_mut(&name).expect("the tensor is there");
            shape[0] = 4;
            values.truncate(shape.iter().product());
        }
        let folder = ModelFolder::new();
        folder
            .write("model.safetensors", safetensors_of(&all))
            .check_refused(&[part, "has 4 outputs, expected 8", "pruned"]);
    }
}

/// In every family whose classes transformers has ever pruned.
#[test]
fn pruned_heads_are_recognised_by_each_familys_own_names() {
    for (name, tensor, outputs, found) in [
        ("roberta", "layer.0.attention.self.key.weight", 0, 18),
        ("esm", "layer.1.attention.self.value.weight", 0, 18),
        ("distilbert", "layer.1.attention.q_lin.bias", 0, 18),
        (
            "albert-groups",
            "albert_layers.0.attention.query.weight",
            0,
            18,
        ),
        ("mpnet", "layer.0.attention.attn.v.weight", 0, 18),
        ("gpt2", "h.0.attn.c_attn.weight", 1, 54),
    ] {
        let folder = ModelFolder::new();
        folder.remove("vocab.txt");
        let fixture = families::fixtures("families").join(name);
        for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
            let bytes = fs::read(fixture.join(file)).expect("the fixture has it");
            folder.write(file, bytes);
        }
        let weights = fixture.join("model.safetensors");
        let mut all = candle_core::safetensors::load(weights, &Device::Cpu)
            .expect("the fixture's weights can be read");
        let cut = all.iter_mut().find(|(name, _)| name.ends_with(tensor));
        let (full_name, cut) = cut.expect("the tensor is there");
        let expected = cut.dim(outputs).expect("it has this side");
        *cut = cut
            .narrow(outputs, 0, found)
            .and_then(|part| part.contiguous())
            .expect("it is longer");
        let words = format!("tensor {full_name} has {found} outputs, expected {expected}");
        candle_core::safetensors::save(&all, folder.path("model.safetensors"))
            .expect("the weights can be written");
        folder.check_refused(&[&words, "heads were pruned", "before model.prune_heads()"]);
    }
}

#[test]
fn a_model_with_its_own_code_is_warned_about_or_refused() {
    let auto_map = |config: &mut Value| {
        config["auto_map"] = json!({"AutoConfig": "c.C", "AutoModel": "layers.MyModel"});
    };
    let folder = plain();
    folder.configure(auto_map);
    for options in [&[][..], &["-q"]] {
        let outcome = folder.encode(options);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let warned = outcome.stderr.contains("warning: config.json has auto_map");
        assert!(
            warned && outcome.stderr.contains("layers.MyModel"),
            "{}",
            outcome.stderr
        );
    }
    let report: Value = serde_json::from_str(&folder.encode(&["--json"]).stdout).expect("JSON");
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("auto_map"), "{warnings}");
    check_expected(&folder.attention(&[]).0, "plain after all");

    let query = format!("{QUERY}.weight");
    for folder in [
        with(
            &[(&query, "bert.encoder.layer.0.attention.self.Wqkv.weight")],
            &[],
        ),
        with(
            &[("bert.embeddings.position_embeddings.weight", "other")],
            &[],
        ),
        // Everything is there, and something more.
        with(
            &[],
            &["bert.encoder.layer.0.attention.self.relative.weight"],
        ),
    ] {
        folder.configure(auto_map).check_refused(&[
            "auto_map",
            "own code (layers.MyModel)",
            "attnviz render attention.npz",
        ]);
    }
    let folder = plain();
    folder
        .configure(|config| {
            auto_map(config);
            config["model_type"] = json!("nomic_bert");
        })
        .check_refused(&["auto_map", "layers.MyModel", "nomic_bert", "attnviz render"]);
    // Without code of its own, what is not a BERT's is not used either.
    let folder = with(&[], &["bert.encoder.layer.2.output.dense.weight"]);
    let outcome = folder.encode(&["-q"]);
    let warning = "warning: the tensor bert.encoder.layer.2.output.dense.weight is none";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    for nothing in [Value::Null, json!({})] {
        let folder = plain();
        folder.configure(|config| config["auto_map"] = nothing.clone());
        assert_eq!(folder.encode(&[]).stderr, "");
    }
}

#[test]
fn a_config_without_model_type_is_told_what_to_add() {
    let type_alone = |config: &mut Value| {
        config
            .as_object_mut()
            .expect("an object")
            .remove("model_type");
    };
    let add = "hint: add \"model_type\": \"bert\" to config.json";
    let known = "any other model of one of these types";
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (|_| (), add),
        (
            |config| config["architectures"] = json!(["BertForMaskedLM"]),
            add,
        ),
        (
            |config| config["architectures"] = json!(["RobertaModel"]),
            "hint: add \"model_type\": \"roberta\" to config.json",
        ),
        (
            |config| config["architectures"] = json!(["XLNetModel"]),
            known,
        ),
        // A RoBERTa's fields have the same names.
        (|config| config["type_vocab_size"] = json!(1), known),
        (|config| config["pad_token_id"] = json!(1), known),
        (|config| config["embedding_size"] = json!(8), known),
        (
            |config| {
                config
                    .as_object_mut()
                    .expect("an object")
                    .remove("hidden_size");
            },
            known,
        ),
    ];
    for (change, hint) in cases {
        let folder = plain();
        folder.configure(type_alone).configure(change);
        folder.check_refused(&["names no model_type", hint]);
    }
}
