//! Which model is used when none is named, seen from outside.

use attnviz::checkpoint::{BUILTIN_ID, DEFAULT_MODEL_ID};
use serde_json::Value;

use super::home::{FOREVER, Home, SECOND_SHARD, SHARDS, always, served};
use super::{coded, fault, status};
use crate::loopback_hub::{FaultKind, LoopbackHub, unreachable_endpoint};

/// No `--model`, and the built-in checkpoint in place of the default.
fn check_built_in(name: &str, home: &Home, endpoint: &str, more: &[&str]) {
    let ran = home.encode(endpoint, &[], more).succeeded();
    let told: Vec<_> = ran.warnings();
    let told: Vec<_> = told
        .iter()
        .filter(|line| line.contains("built-in"))
        .collect();
    assert_eq!(told.len(), 1, "{name}: {ran:?}");
    for id in [DEFAULT_MODEL_ID, BUILTIN_ID] {
        assert!(told[0].contains(id), "{name}: {ran:?}");
    }
    assert!(ran.stdout.contains(BUILTIN_ID), "{name}: {ran:?}");
    let manifest = home.manifest();
    assert_eq!(manifest["model"]["source"], "builtin", "{name}");
    assert_eq!(manifest["model"]["id"], BUILTIN_ID, "{name}");
    assert_eq!(manifest["model"]["commit"], Value::Null, "{name}");
}

#[test]
fn without_a_name_the_built_in_model_stands_in_for_an_unreachable_hub() {
    let home = Home::new();
    let nowhere = unreachable_endpoint();
    check_built_in("refused", &home, &nowhere, &[]);
    let ran = home.encode(&nowhere, &[], &[]).succeeded();
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    let quiet = home.encode(&nowhere, &[], &["--quiet"]).succeeded();
    assert_eq!(quiet.stderr, ran.stderr);
    assert_eq!(quiet.stdout, "");
    let json = home.encode(&nowhere, &[], &["--json"]).succeeded();
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["model"]["source"], "builtin");
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);

    let hub = LoopbackHub::serve([]);
    check_built_in("offline", &home, &hub.endpoint(), &["--offline"]);
    assert!(hub.requests().is_empty());
    let at_once = vec![("Retry-After", "0".to_owned())];
    hub.inject(always(FaultKind::Status(503, at_once)));
    check_built_in("503", &home, &hub.endpoint(), &[]);
}

#[test]
fn half_a_default_model_in_the_cache_is_none() {
    // Each time one file fails to come, and then the hub goes away.
    for file in [
        "tokenizer.json",
        "model.safetensors.index.json",
        SECOND_SHARD,
    ] {
        let home = Home::new();
        let hub = LoopbackHub::serve([served(DEFAULT_MODEL_ID, SHARDS)]);
        hub.inject(fault("GET", file, FaultKind::WrongBytes, FOREVER));
        home.encode(&hub.endpoint(), &[], &[])
            .refused(file, &home, &[file]);
        drop(hub);
        let nowhere = unreachable_endpoint();
        let named = ["--model", DEFAULT_MODEL_ID];
        let away = home.encode(&nowhere, &[], &named);
        away.refused(file, &home, &["cannot be reached"]);
        let offline = home.encode(&nowhere, &[("HF_HUB_OFFLINE", "1")], &named);
        let pull = format!("attnviz pull {DEFAULT_MODEL_ID}");
        offline.refused(file, &home, &["not in the cache", &pull]);
        check_built_in(file, &home, &nowhere, &[]);
        check_built_in(file, &home, &nowhere, &["--offline"]);
    }
}

#[test]
fn without_a_name_the_hubs_default_model_is_used() {
    let new_name = "google-bert/bert-base-uncased";
    for served_as in [DEFAULT_MODEL_ID, new_name] {
        let hub = LoopbackHub::serve([served(served_as, SHARDS)]);
        if served_as == new_name {
            hub.rename(DEFAULT_MODEL_ID, new_name);
        }
        let home = Home::new();
        let ran = home.encode(&hub.endpoint(), &[], &[]).succeeded();
        assert_eq!(ran.warnings(), [""; 0]);
        let manifest = home.manifest();
        assert_eq!(manifest["model"]["id"], DEFAULT_MODEL_ID);
        assert_eq!(manifest["model"]["source"], "hub");
        // The cache holds it now, so nothing else stands in for it.
        let offline = home
            .encode(&hub.endpoint(), &[], &["--offline"])
            .succeeded();
        assert_eq!(offline.stderr, "");
        assert_eq!(home.manifest(), manifest);
        drop(hub);
        let away = home.encode(&unreachable_endpoint(), &[], &[]).succeeded();
        assert_eq!(away.warnings().len(), 1, "{away:?}");
        assert_eq!(home.manifest(), manifest);
    }
}

#[test]
fn a_hub_that_answers_no_is_not_replaced_by_the_built_in_model() {
    for kind in [status(404), status(401), coded(401, "GatedRepo")] {
        let hub = LoopbackHub::serve([served(DEFAULT_MODEL_ID, SHARDS)]);
        hub.inject(always(kind));
        let home = Home::new();
        let ran = home.encode(&hub.endpoint(), &[], &[]);
        ran.refused("default", &home, &[DEFAULT_MODEL_ID, "HF_TOKEN"]);
    }
}
