//! What `config.json` says of decoders: old and new forms, defaults, masks, and
//! what is refused by name. The numbers are those of transformers' config
//! classes.

use attnviz::attention::Mask;
use attnviz::model::{Architecture, ConfigError};
use serde_json::{Value, json};

fn read(config: &Value) -> Result<Architecture, ConfigError> {
    Architecture::from_json(config.to_string().as_bytes())
}

/// A small config of a family, with some fields changed.
fn small(model_type: &str, changes: Value) -> Value {
    let mut config = json!({
        "model_type": model_type, "vocab_size": 32, "hidden_size": 24, "intermediate_size": 40,
        "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6,
    });
    let fields = config.as_object_mut().expect("it is an object");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    fields.extend(changes);
    config
}

#[test]
fn old_and_new_configs_describe_the_same_model() {
    let llama3 = json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64, "rope_theta": 5e5,
    });
    let factors = [1.0, 1.5, 2.0];
    let cases = [
        (
            "llama",
            json!({"rope_theta": 5e5, "rope_scaling": llama3}),
            json!({"rope_parameters": llama3}),
        ),
        (
            "llama",
            json!({"rope_theta": 300.0, "rope_scaling": {"type": "linear", "factor": 2.0}}),
            json!({"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 300.0}}),
        ),
        // Whole heads are turned, whatever share is named.
        (
            "llama",
            json!({"partial_rotary_factor": 0.5, "rope_scaling": null}),
            json!({}),
        ),
        (
            "llama",
            json!({"num_key_value_heads": null, "head_dim": null}),
            json!({"num_key_value_heads": 4}),
        ),
        (
            "gpt_neox",
            json!({"rotary_pct": 0.5, "rotary_emb_base": 300, "rope_theta": 7.0}),
            json!({"rope_parameters": {"rope_theta": 300.0, "partial_rotary_factor": 0.5}}),
        ),
        (
            "bloom",
            json!({"hidden_size": 7, "n_embed": 24, "n_layer": 1, "n_head": 1}),
            json!({"n_layer": 4, "n_head": 4, "n_embed": null}),
        ),
        (
            "gpt2",
            json!({"n_embd": 7, "n_layer": 1, "n_head": 1}),
            json!({}),
        ),
        (
            "phi3",
            json!({"max_position_embeddings": 8192, "rope_scaling":
                {"type": "su", "short_factor": factors, "long_factor": factors}}),
            json!({"max_position_embeddings": 8192, "rope_parameters": {"rope_type": "longrope",
                "short_factor": factors, "long_factor": factors,
                "original_max_position_embeddings": 4096}}),
        ),
        (
            "gemma3_text",
            json!({"rope_theta": 300.0, "rope_local_base_freq": 70.0, "sliding_window_pattern": 2,
                "rope_scaling": {"rope_type": "linear", "factor": 8.0}}),
            json!({"rope_parameters": {
                    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 300.0},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 70.0}},
                "layer_types": ["sliding_attention", "full_attention",
                    "sliding_attention", "full_attention"]}),
        ),
        (
            "gemma2",
            json!({"hidden_act": "no such", "hidden_activation": "silu"}),
            json!({"hidden_activation": "silu"}),
        ),
        (
            "qwen2",
            json!({"use_sliding_window": true, "sliding_window": null}),
            json!({"sliding_window": 3}),
        ),
        (
            "smollm3",
            json!({"no_rope_layers": [1, 0, 1, 0, 1]}),
            json!({"no_rope_layer_interval": 2}),
        ),
    ];
    for (model_type, old, new) in cases {
        let [old, new] = [old, new].map(|changes| small(model_type, changes));
        let [found, expected] = [&old, &new]
            .map(|config| read(config).unwrap_or_else(|error| panic!("{config}: {error}")));
        assert_eq!(found, expected, "{old} and {new}");
    }
}

#[test]
fn missing_fields_have_the_defaults_of_transformers() {
    // Hidden size, layers, heads, heads with keys, their size, tokens with
    // embeddings, the widest inner layer (twice where it is gated), positions.
    let cases = [
        ("gpt2", [768, 12, 12, 12, 64, 50_257, 3_072, 1_024]),
        ("gpt_neox", [6_144, 44, 64, 64, 96, 50_432, 24_576, 2_048]),
        ("opt", [768, 12, 12, 12, 64, 50_272, 3_072, 2_048]),
        ("bloom", [64, 2, 8, 8, 8, 250_880, 256, 1 << 24]),
        ("llama", [4_096, 32, 32, 32, 128, 32_000, 22_016, 2_048]),
        ("mistral", [4_096, 32, 32, 8, 128, 32_000, 28_672, 131_072]),
        ("qwen2", [4_096, 32, 32, 32, 128, 151_936, 44_032, 32_768]),
        ("qwen3", [4_096, 32, 32, 32, 128, 151_936, 44_032, 32_768]),
        ("gemma2", [2_304, 26, 8, 4, 256, 256_000, 18_432, 8_192]),
        (
            "gemma3_text",
            [2_304, 26, 8, 4, 256, 262_208, 18_432, 131_072],
        ),
        ("phi3", [3_072, 32, 32, 32, 96, 32_064, 16_384, 4_096]),
        ("olmo2", [4_096, 32, 32, 32, 128, 50_304, 22_016, 2_048]),
        ("smollm3", [2_048, 36, 16, 4, 128, 128_256, 22_016, 32_768]),
    ];
    for (model_type, expected) in cases {
        let config = json!({"model_type": model_type});
        let found = read(&config).unwrap_or_else(|error| panic!("{model_type}: {error}"));
        let block = &found.blocks[0];
        let numbers = [
            found.hidden_size,
            found.layer_count(),
            found.head_count(),
            block.attention.key_value_head_count,
            block.attention.head_size,
            found.vocabulary_size(),
            block.feed_forward.widening.outputs(),
            found.maximum_token_count,
        ];
        assert_eq!(numbers, expected, "{model_type}");
    }
}

#[test]
fn layers_see_what_configs_let_them_see() {
    let behind = |behind| Mask::Window { behind, ahead: 0 };
    let around = |size| Mask::Window {
        behind: size,
        ahead: size,
    };
    let (causal, full) = (Mask::Causal, Mask::Full);
    let sliding = |types: [bool; 4]| {
        types.map(|slides| {
            if slides {
                "sliding_attention"
            } else {
                "full_attention"
            }
        })
    };
    let mixed = sliding([true, false, false, true]);
    let cases = [
        ("gpt2", json!({}), [causal; 4]),
        ("gpt2", json!({"is_causal": false}), [full; 4]),
        ("opt", json!({"is_causal": false, "ffn_dim": 8}), [full; 4]),
        ("bloom", json!({}), [causal; 4]),
        ("mistral", json!({}), [behind(4_095); 4]),
        ("mistral", json!({"sliding_window": null}), [causal; 4]),
        (
            "mistral",
            json!({"sliding_window": 5, "is_causal": false}),
            [around(5); 4],
        ),
        ("phi3", json!({}), [causal; 4]),
        ("phi3", json!({"sliding_window": 1}), [behind(0); 4]),
        (
            "qwen2",
            json!({"sliding_window": 5, "max_window_layers": 0}),
            [causal; 4],
        ),
        (
            "qwen2",
            json!({"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 3}),
            [causal, causal, causal, behind(4)],
        ),
        (
            "qwen3",
            json!({"use_sliding_window": true, "sliding_window": 5, "layer_types": mixed}),
            [behind(4), causal, causal, behind(4)],
        ),
        (
            "gemma2",
            json!({"sliding_window": 5, "use_bidirectional_attention": true}),
            [behind(4), causal, behind(4), causal],
        ),
        ("gemma3_text", json!({}), [behind(4_095); 4]),
        (
            "gemma3_text",
            json!({"sliding_window": 512, "use_bidirectional_attention": true, "layer_types": mixed}),
            [around(256), full, full, around(256)],
        ),
        (
            "smollm3",
            json!({"sliding_window": 5, "use_sliding_window": true}),
            [causal, causal, causal, behind(4)],
        ),
        ("smollm3", json!({"sliding_window": 5}), [causal; 4]),
    ];
    for (model_type, changes, expected) in cases {
        let config = small(model_type, changes);
        let found = read(&config).unwrap_or_else(|error| panic!("{config}: {error}"));
        assert_eq!(found.masks(), expected, "{config}");
    }
}

#[test]
fn settings_that_no_decoder_has_here_are_refused_by_name() {
    let cases = [
        (
            "llama",
            json!({"rope_scaling": {"rope_type": "mrope"}}),
            ["rope_type", "mrope"],
        ),
        (
            "llama",
            json!({"rope_scaling": {"type": "linear"}}),
            ["factor \"null\"", "expected a number"],
        ),
        (
            "llama",
            json!({"rope_scaling": {"type": "linear", "factor": 0}}),
            ["factor between 0.000001 and", "found 0"],
        ),
        (
            "llama",
            json!({"rope_scaling": "linear"}),
            ["rope_scaling \"linear\"", "expected an object"],
        ),
        (
            "mistral",
            json!({"rope_parameters": [8.0]}),
            ["rope_parameters", "[8.0]"],
        ),
        (
            "gemma3_text",
            json!({"rope_scaling": 8.0}),
            ["rope_scaling", "8.0"],
        ),
        (
            "gemma3_text",
            json!({"rope_parameters": {"full_attention": "linear"}}),
            ["rope_parameters", "linear"],
        ),
        (
            "llama",
            json!({"partial_rotary_factor": 0.5, "rope_scaling": {"type": "linear", "factor": 2.0}}),
            ["partial_rotary_factor", "0.5"],
        ),
        (
            "llama",
            json!({"num_key_value_heads": 3}),
            ["num_key_value_heads", "3"],
        ),
        (
            "llama",
            json!({"hidden_act": "relu6"}),
            ["hidden_act", "relu6"],
        ),
        (
            "gpt2",
            json!({"add_cross_attention": true}),
            ["add_cross_attention", "true"],
        ),
        (
            "mistral",
            json!({"sliding_window": 0}),
            ["sliding_window", "0"],
        ),
        (
            "qwen2",
            json!({"layer_types": ["full_attention"]}),
            ["layer_types", "a list of 1"],
        ),
        (
            "qwen3",
            json!({"layer_types": vec!["chunked_attention"; 4]}),
            ["layer_types", "chunked_attention"],
        ),
        (
            "qwen3",
            json!({"layer_types": vec!["sliding_attention"; 4]}),
            ["sliding_window", "null"],
        ),
        (
            "gemma2",
            json!({"query_pre_attn_scalar": 0}),
            ["query_pre_attn_scalar", "0"],
        ),
        (
            "gemma3_text",
            json!({"sliding_window_pattern": 0}),
            ["sliding_window_pattern", "0"],
        ),
        (
            "phi3",
            json!({"rope_scaling": {"type": "linear", "factor": 2.0}}),
            ["rope_type", "linear"],
        ),
        (
            "phi3",
            json!({"rope_scaling": {"type": "longrope", "short_factor": [1.0], "long_factor": [1.0]}}),
            ["short_factor", "a list of 1"],
        ),
        (
            "smollm3",
            json!({"no_rope_layers": [1, 0]}),
            ["no_rope_layers", "a list of 2"],
        ),
        (
            "opt",
            json!({"activation_function": "selu", "ffn_dim": 8}),
            ["activation_function", "selu"],
        ),
        (
            "bloom",
            json!({"n_head": 5, "num_attention_heads": null}),
            ["n_head", "5"],
        ),
        // With pictures.
        ("gemma3", json!({}), ["model_type", "gemma3"]),
    ];
    for (model_type, changes, words) in cases {
        let config = small(model_type, changes);
        let error = read(&config).expect_err("the config is refused");
        for word in words {
            assert!(error.to_string().contains(word), "{config}: {error}");
        }
        assert!(error.remedy().is_some(), "{config}");
    }
}
