//! What else a repository may hold in the place of `model.safetensors`.

use std::fs;

use super::home::{Home, SMALL};
use crate::binary::fixture;
use crate::loopback_hub::{LoopbackHub, ServedRepository};

fn container(name: &str) -> Vec<u8> {
    fs::read(fixture("containers").join(name)).unwrap()
}

/// A repository without weights.
fn repository() -> ServedRepository {
    ServedRepository::new(SMALL)
        .file("config.json", container("config.json"))
        .file("vocab.txt", container("vocab.txt"))
}

#[test]
fn sharded_pickles_come_from_the_hub() {
    let index = "pytorch_model.bin.index.json";
    let shards = [1, 2].map(|number| format!("pytorch_model-{number:05}-of-00002.bin"));
    let files = shards.iter().map(String::as_str).chain([index]);
    let served = files.fold(repository(), |served, name| {
        served.file(name, container(&format!("sharded-bin/{name}")))
    });
    let hub = LoopbackHub::serve([served]);
    let home = Home::new();
    home.encode(&hub.endpoint(), &[], &["--model", SMALL])
        .succeeded();
    let files = home.manifest()["model"]["files"].to_string();
    for name in shards.iter().map(String::as_str).chain([index]) {
        assert!(files.contains(name), "{files}");
    }
    // One that the index names and nobody has.
    let hub =
        LoopbackHub::serve([repository().file(index, container(&format!("sharded-bin/{index}")))]);
    let outcome = Home::new().encode(&hub.endpoint(), &[], &["--model", SMALL]);
    assert!(outcome.stderr.contains(&shards[0]), "{outcome:?}");
}

#[test]
fn a_repository_with_something_else_is_told_apart_without_a_download() {
    let lora = "{\"peft_type\": \"LORA\"}";
    let large = vec![b'H'; 300_000];
    for (served, words) in [
        (
            ServedRepository::new(SMALL).file("adapter_config.json", lora),
            &["holds an adapter", "merge_and_unload()"][..],
        ),
        (
            repository().file("adapter_config.json", lora),
            &["holds an adapter", "merge_and_unload()"],
        ),
        (
            repository().file("tf_model.h5", large.clone()),
            &["found tf_model.h5", "from_tf=True"],
        ),
        (
            repository().file("flax_model.msgpack", large.clone()),
            &["found flax_model.msgpack", "from_flax=True"],
        ),
        (
            repository().file("onnx/model.onnx", large.clone()),
            &["found onnx/model.onnx", "it was converted from"],
        ),
        (
            repository(),
            &["expected model.safetensors, pytorch_model.bin"],
        ),
    ] {
        let hub = LoopbackHub::serve([served.linked_from(100_000)]);
        let outcome = Home::new().encode(&hub.endpoint(), &[], &["--model", SMALL]);
        for word in words {
            assert!(outcome.stderr.contains(word), "no {word}: {outcome:?}");
        }
        for file in ["tf_model.h5", "flax_model.msgpack", "onnx/model.onnx"] {
            assert!(!outcome.stderr.contains(&format!("downloading: {file}")));
        }
    }
}
