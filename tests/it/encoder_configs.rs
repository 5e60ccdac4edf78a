//! What the configs of DeBERTa, ModernBERT and ESM mean: old and new forms are
//! the same model, and what is not built is refused by name.

use attnviz::attention::Mask;
use attnviz::model::Architecture;
use attnviz::model::architecture::{Position, PositionCount};
use serde_json::{Value, json};

/// A small config of a family, with some fields set; `null` takes one out.
fn config(model_type: &str, fields: Value) -> Vec<u8> {
    let mut config = json!({
        "model_type": model_type,
        "vocab_size": 33,
        "hidden_size": 24,
        "num_hidden_layers": 4,
        "num_attention_heads": 3,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
        "mask_token_id": 4,
    });
    let (Value::Object(all), Value::Object(fields)) = (&mut config, fields) else {
        panic!("both are objects");
    };
    for (name, value) in fields {
        match value {
            Value::Null => all.remove(&name),
            value => all.insert(name, value),
        };
    }
    serde_json::to_vec(&config).expect("a config is JSON")
}

fn architecture(model_type: &str, fields: Value) -> Architecture {
    let shown = fields.to_string();
    Architecture::from_json(&config(model_type, fields))
        .unwrap_or_else(|error| panic!("{model_type} with {shown}: {error}"))
}

/// DeBERTa-v3 as it is published.
fn deberta(fields: Value) -> Value {
    let mut all = json!({
        "relative_attention": true,
        "position_buckets": 16,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": true,
        "pos_att_type": "p2c|c2p",
        "position_biased_input": false,
    });
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
        all.extend(fields);
    }
    all
}

#[test]
fn two_forms_of_an_encoders_config_are_the_same_model() {
    let types = json!([
        "full_attention",
        "sliding_attention",
        "full_attention",
        "sliding_attention"
    ]);
    let parameters = |full: f64, sliding: f64| {
        json!({
            "full_attention": {"rope_type": "default", "rope_theta": full},
            "sliding_attention": {"rope_type": "default", "rope_theta": sliding},
        })
    };
    let cases = [
        (
            "modernbert",
            json!({"global_rope_theta": 900.0, "local_rope_theta": 40.0}),
            json!({"rope_parameters": parameters(900.0, 40.0)}),
        ),
        (
            "modernbert",
            json!({}),
            json!({"rope_parameters": parameters(160_000.0, 10_000.0)}),
        ),
        (
            "modernbert",
            json!({"global_attn_every_n_layers": 2}),
            json!({"layer_types": types}),
        ),
        (
            "modernbert",
            json!({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}),
            json!({"rope_parameters": {
                "full_attention": {"rope_type": "linear", "factor": 2.0},
                "sliding_attention": {"rope_type": "linear", "factor": 2.0},
            }}),
        ),
        // ModernBertConfig looks at neither of them.
        (
            "modernbert",
            json!({"rope_theta": 5.0, "partial_rotary_factor": 0.5}),
            json!({}),
        ),
        (
            "deberta-v2",
            deberta(json!({"pos_att_type": " P2C | c2p "})),
            deberta(json!({"pos_att_type": ["c2p", "p2c", "p2p"]})),
        ),
        (
            "deberta-v2",
            deberta(json!({"max_relative_positions": -1})),
            deberta(json!({"max_relative_positions": 64})),
        ),
        (
            "esm",
            json!({"emb_layer_norm_before": false, "token_dropout": false}),
            json!({"position_embedding_type": "absolute", "hidden_act": "relu"}),
        ),
    ];
    for (model_type, one, other) in cases {
        let message = format!("{model_type}: {one} and {other}");
        let [one, other] = [one, other].map(|fields| architecture(model_type, fields));
        assert_eq!(one, other, "{message}");
    }
}

#[test]
fn what_an_encoder_is_not_built_for_is_refused_by_its_fields_name() {
    let cases = [
        ("esm", json!({"is_folding_model": true}), "is_folding_model"),
        ("esm", json!({"is_decoder": true}), "is_decoder"),
        ("esm", json!({"vocab_size": null}), "vocab_size"),
        (
            "esm",
            json!({"position_embedding_type": "relative_key"}),
            "position_embedding_type",
        ),
        (
            "esm",
            json!({"token_dropout": true, "mask_token_id": null}),
            "mask_token_id",
        ),
        ("esm", json!({"pad_token_id": null}), "pad_token_id"),
        (
            "esm",
            json!({"pad_token_id": 63}),
            "max_position_embeddings",
        ),
        (
            "esm",
            json!({"position_embedding_type": "rotary", "head_dim": 4}),
            "head_dim",
        ),
        (
            "modernbert",
            json!({"layer_types": ["full_attention"]}),
            "layer_types",
        ),
        (
            "modernbert",
            json!({"layer_types": vec!["chunked_attention"; 4]}),
            "chunked_attention",
        ),
        (
            "modernbert",
            json!({"global_attn_every_n_layers": 0}),
            "global_attn_every_n_layers",
        ),
        (
            "modernbert",
            json!({"rope_parameters": {"rope_theta": 5.0}}),
            "rope_parameters",
        ),
        (
            "modernbert",
            json!({"rope_scaling": {"rope_type": "spiral"}}),
            "spiral",
        ),
        ("modernbert", json!({"hidden_activation": "mish"}), "mish"),
        ("modernbert", json!({"head_dim": 4}), "head_dim"),
        (
            "deberta-v2",
            deberta(json!({"attention_head_size": 4})),
            "attention_head_size",
        ),
        (
            "deberta-v2",
            deberta(json!({"position_buckets": 1})),
            "position_buckets",
        ),
        (
            "deberta-v2",
            deberta(json!({"position_buckets": 126})),
            "position_buckets",
        ),
        (
            "deberta-v2",
            deberta(json!({"conv_kernel_size": 2})),
            "conv_kernel_size",
        ),
        (
            "deberta-v2",
            deberta(json!({"conv_kernel_size": 3, "conv_groups": 5})),
            "conv_groups",
        ),
        (
            "deberta-v2",
            deberta(json!({"conv_kernel_size": 3, "conv_act": "mish"})),
            "conv_act",
        ),
        ("deberta-v2", json!({"is_decoder": true}), "is_decoder"),
        ("deberta", json!({}), "deberta"),
        ("modernbert-decoder", json!({}), "modernbert-decoder"),
    ];
    for (model_type, fields, expected) in cases {
        let message = format!("{model_type}: {fields}");
        let error = Architecture::from_json(&config(model_type, fields)).expect_err(&message);
        let found = error.to_string();
        assert!(found.contains(expected), "{message}: {found}");
        assert!(error.remedy().is_some(), "{message}: {found}");
    }
}

#[test]
fn layers_of_modernbert_attend_as_their_types_say() {
    let architecture = architecture("modernbert", json!({"local_attention": 11}));
    let near = Mask::Window {
        behind: 5,
        ahead: 5,
    };
    assert_eq!(architecture.masks(), [Mask::Full, near, near, Mask::Full]);
    let positions = architecture.blocks.iter();
    let positions: Vec<Position> = positions.map(|block| block.attention.position).collect();
    let rotary = [0, 1, 1, 0].map(Position::Rotary);
    assert_eq!(positions, rotary);
    let has_norm = |layer: usize| architecture.blocks[layer].attention_norms.before.is_some();
    assert_eq!([0, 1, 2, 3].map(has_norm), [false, true, true, true]);
}

#[test]
fn scores_of_deberta_are_scaled_by_all_their_summands() {
    let cases = [
        (json!({"pos_att_type": []}), 1.0),
        (json!({"pos_att_type": ["c2p"]}), 2.0),
        (json!({"pos_att_type": "p2c"}), 2.0),
        (json!({"pos_att_type": "c2p|p2c"}), 3.0),
        // The scale stays where attention is not relative.
        (json!({"relative_attention": false}), 3.0_f32),
    ];
    for (fields, summands) in cases {
        let message = fields.to_string();
        let architecture = architecture("deberta-v2", deberta(fields));
        let scale = architecture.blocks[0].attention.scale;
        assert_eq!(scale, 1.0 / (8.0 * summands).sqrt(), "{message}");
    }
}

#[test]
fn learned_positions_of_esm_begin_behind_the_padding() {
    let architecture = architecture("esm", json!({"pad_token_id": 5}));
    let positions = architecture.embeddings.positions.expect("they are learned");
    assert_eq!(positions.count, PositionCount::BehindPadding(5));
    assert_eq!(architecture.maximum_token_count, 64 - 6);
}
