//! What the configs of BERT's descendants say: the defaults of transformers'
//! config classes, names that stand for each other, and what is refused.

use attnviz::model::{Architecture, ConfigError};
use serde_json::{Value, json};

fn read(config: &Value) -> Result<Architecture, ConfigError> {
    Architecture::from_json(config.to_string().as_bytes())
}

fn architecture(config: Value) -> Architecture {
    read(&config).unwrap_or_else(|error| panic!("{config}: {error}"))
}

/// The config with other fields.
fn with(config: &Value, fields: Value) -> Value {
    let mut config = config.clone();
    let (Value::Object(all), Value::Object(fields)) = (&mut config, fields) else {
        panic!("configs are objects");
    };
    all.extend(fields);
    config
}

#[test]
fn missing_fields_have_the_defaults_of_transformers() {
    // Layers, heads, hidden, intermediate, vocabulary, segments, tokens, width
    // of the embeddings: those of `RobertaConfig()` and so on.
    let cases = [
        ("roberta", [12, 12, 768, 3072, 50265, 2, 510, 768]),
        ("xlm-roberta", [12, 12, 768, 3072, 30522, 2, 510, 768]),
        ("camembert", [12, 12, 768, 3072, 30522, 2, 510, 768]),
        ("distilbert", [6, 12, 768, 3072, 30522, 0, 512, 768]),
        ("albert", [12, 64, 4096, 16384, 30000, 2, 512, 128]),
        ("electra", [12, 4, 256, 1024, 30522, 2, 512, 128]),
        ("mpnet", [12, 12, 768, 3072, 30527, 0, 510, 768]),
        ("ernie", [12, 12, 768, 3072, 30522, 2, 512, 768]),
    ];
    for (model_type, expected) in cases {
        let found = architecture(json!({ "model_type": model_type }));
        assert_eq!(found.model_type, model_type);
        let feed_forward = &found.blocks[0].feed_forward;
        let numbers = [
            found.layer_count(),
            found.head_count(),
            found.hidden_size,
            feed_forward.widening.outputs(),
            found.vocabulary_size(),
            found.segment_count().unwrap_or(0),
            found.maximum_token_count,
            found.embeddings.words.columns,
        ];
        assert_eq!(numbers, expected, "{model_type}");
        assert!(found.embeddings.tasks.is_none(), "{model_type}");
    }
}

#[test]
fn positions_are_counted_from_behind_the_padding() {
    let cases = [
        (
            json!({ "model_type": "roberta", "max_position_embeddings": 514 }),
            512,
        ),
        (
            json!({ "model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 0 }),
            513,
        ),
        (
            json!({ "model_type": "camembert", "max_position_embeddings": 514, "pad_token_id": 5 }),
            508,
        ),
        // MPNet takes 1 for the padding, whatever its config says.
        (
            json!({ "model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 5 }),
            512,
        ),
    ];
    for (config, expected) in cases {
        let found = architecture(config.clone());
        assert_eq!(found.maximum_token_count, expected, "{config}");
    }
}

#[test]
fn distilbert_is_known_by_the_names_of_other_families_too() {
    let own = json!({ "model_type": "distilbert", "dim": 24, "n_heads": 3, "n_layers": 2 });
    let others = json!({
        "model_type": "distilbert",
        "hidden_size": 24,
        "num_attention_heads": 3,
        "num_hidden_layers": 2,
    });
    let expected = architecture(own.clone());
    assert_eq!(architecture(others.clone()), expected);
    // As in transformers, where both are there the names of others count.
    let both = with(&own, json!({ "hidden_size": 48, "num_hidden_layers": 4 }));
    let both = architecture(both);
    assert_eq!([both.hidden_size, both.layer_count()], [48, 4]);
}

#[test]
fn layers_of_albert_share_their_weights_by_groups() {
    // Which layers have the same weights, by their first layer.
    let cases = [
        ([4, 1, 1], vec![0, 0, 0, 0]),
        ([5, 2, 1], vec![0, 0, 0, 3, 3]),
        ([7, 3, 1], vec![0, 0, 0, 3, 3, 5, 5]),
        ([3, 1, 2], vec![0, 1, 0, 1, 0, 1]),
        ([2, 2, 2], vec![0, 1, 2, 3]),
    ];
    for ([layers, groups, inner], expected) in cases {
        let found = architecture(json!({
            "model_type": "albert",
            "num_hidden_layers": layers,
            "num_hidden_groups": groups,
            "inner_group_num": inner,
        }));
        let blocks = &found.blocks;
        let first = |block| blocks.iter().position(|other| other == block);
        let firsts: Vec<Option<usize>> = blocks.iter().map(first).collect();
        let expected: Vec<Option<usize>> = expected.into_iter().map(Some).collect();
        assert_eq!(
            firsts, expected,
            "{layers} layers, {groups} groups, {inner}"
        );
    }
}

#[test]
fn embeddings_of_another_width_are_mapped() {
    let is_mapped = |config| architecture(config).embeddings.projection.is_some();
    let electra = |size| json!({ "model_type": "electra", "embedding_size": size });
    assert!(is_mapped(electra(128)));
    assert!(is_mapped(electra(512)));
    assert!(!is_mapped(electra(256)));
    // ALBERT's always are.
    assert!(is_mapped(
        json!({ "model_type": "albert", "embedding_size": 4096 })
    ));
}

#[test]
fn tasks_have_a_table_where_the_config_asks_for_it() {
    let tasks = |fields| {
        let config = with(&json!({ "model_type": "ernie" }), fields);
        architecture(config)
            .embeddings
            .tasks
            .map(|table| table.rows)
    };
    assert_eq!(tasks(json!({ "use_task_id": true })), Some(3));
    let sixteen = json!({ "use_task_id": true, "task_type_vocab_size": 16 });
    assert_eq!(tasks(sixteen), Some(16));
    assert_eq!(tasks(json!({ "task_type_vocab_size": 16 })), None);
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let cases = [
        ("roberta", "position_embedding_type", json!("relative_key")),
        ("roberta", "is_decoder", json!(true)),
        ("xlm-roberta", "add_cross_attention", json!(true)),
        ("camembert", "hidden_act", json!("gelu_10")),
        ("roberta", "pad_token_id", json!(null)),
        ("roberta", "pad_token_id", json!(-1)),
        ("roberta", "max_position_embeddings", json!(2)),
        ("distilbert", "n_heads", json!(7)),
        ("distilbert", "activation", json!("mish")),
        ("albert", "num_hidden_groups", json!(0)),
        ("albert", "inner_group_num", json!(86)),
        ("albert", "embedding_size", json!(0)),
        ("electra", "embedding_size", json!(1_000_000)),
        (
            "electra",
            "position_embedding_type",
            json!("relative_key_query"),
        ),
        ("mpnet", "relative_attention_num_buckets", json!(16)),
        ("mpnet", "max_position_embeddings", json!(2)),
        ("ernie", "type_vocab_size", json!(0)),
        ("ernie", "is_decoder", json!(true)),
    ];
    for (model_type, field, value) in cases {
        let config = json!({ "model_type": model_type, field: value });
        let error = match read(&config) {
            Ok(_) => panic!("{config} was read"),
            Err(error) => error,
        };
        assert!(error.to_string().contains(field), "{config}: {error}");
        assert!(error.remedy().is_some(), "{config}: {error}");
    }
}
