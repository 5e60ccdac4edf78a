//! Models that are named by their address.

use attnviz::checkpoint::hub::{HubError, ModelAddress, model_address};

use super::home::{Home, SHARDS, SMALL, served};
use crate::loopback_hub::{COMMIT, LoopbackHub};

const HUB: &str = "https://huggingface.co";

#[test]
fn addresses_of_the_hub_are_models() {
    for (text, id, revision) in [
        (
            "https://huggingface.co/bert-base-uncased",
            "bert-base-uncased",
            None,
        ),
        ("https://huggingface.co/owner/name", "owner/name", None),
        ("https://huggingface.co/owner/name/", "owner/name", None),
        ("http://huggingface.co/owner/name", "owner/name", None),
        ("HTTPS://HuggingFace.co/owner/name", "owner/name", None),
        ("https://www.huggingface.co/owner/name", "owner/name", None),
        ("https://hf.co/owner/name", "owner/name", None),
        ("hf.co/owner/name", "owner/name", None),
        (
            "huggingface.co/bert-base-uncased",
            "bert-base-uncased",
            None,
        ),
        ("hf://owner/name", "owner/name", None),
        ("hf://owner/name@v2", "owner/name", Some("v2")),
        (
            "https://huggingface.co/owner/name?library=transformers",
            "owner/name",
            None,
        ),
        (
            "https://huggingface.co/owner/name#usage",
            "owner/name",
            None,
        ),
        (
            "https://huggingface.co/owner/name/tree/main",
            "owner/name",
            Some("main"),
        ),
        (
            "https://huggingface.co/owner/name/tree/v1.0/",
            "owner/name",
            Some("v1.0"),
        ),
        (
            "https://huggingface.co/name/tree/main",
            "name",
            Some("main"),
        ),
        (
            "https://huggingface.co/owner/name/blob/v2/config.json",
            "owner/name",
            Some("v2"),
        ),
        (
            "https://huggingface.co/owner/name/resolve/abc/a/b.bin?download=true",
            "owner/name",
            Some("abc"),
        ),
        (
            "https://huggingface.co/owner/name/raw/main/vocab.txt",
            "owner/name",
            Some("main"),
        ),
        (
            "https://huggingface.co/owner/name/commit/0123abc",
            "owner/name",
            Some("0123abc"),
        ),
        (
            "https://huggingface.co/owner/name/commits/main",
            "owner/name",
            Some("main"),
        ),
        (
            "https://huggingface.co/owner/name/tree/refs%2Fpr%2F3",
            "owner/name",
            Some("refs/pr/3"),
        ),
        (
            "https://huggingface.co/owner/name/tree/refs/pr/3",
            "owner/name",
            Some("refs/pr/3"),
        ),
        (
            "https://huggingface.co/owner/name/discussions/7",
            "owner/name",
            None,
        ),
        ("https://huggingface.co/owner/name.git", "owner/name", None),
        ("git@hf.co:owner/name", "owner/name", None),
        (
            "https://huggingface.co/api/models/owner/name",
            "owner/name",
            None,
        ),
        (
            "https://huggingface.co/models/owner/name",
            "owner/name",
            None,
        ),
        ("owner/name@v2", "owner/name", Some("v2")),
        ("name@refs/pr/1", "name", Some("refs/pr/1")),
    ] {
        let found = model_address(text, HUB).unwrap();
        let expected = ModelAddress {
            id: id.to_owned(),
            revision: revision.map(str::to_owned),
        };
        assert_eq!(found, Some(expected), "{text}");
    }
    for text in [
        "owner/name",
        "bert-base-uncased",
        "builtin",
        "./hf.co/x",
        "a.b/c",
    ] {
        assert_eq!(model_address(text, HUB).unwrap(), None, "{text}");
    }
    // A mirror has the hub's models, under its own addresses as well.
    for (text, mirror) in [
        (
            "https://mirror.test/owner/name/tree/main",
            "https://mirror.test",
        ),
        (
            "http://mirror.test:8080/owner/name/tree/main",
            "http://mirror.test:8080",
        ),
        (
            "https://mirror.test/hf/owner/name/tree/main",
            "https://mirror.test/hf",
        ),
        (
            "mirror.test/hf/owner/name/tree/main",
            "https://mirror.test/hf",
        ),
        (
            "https://huggingface.co/owner/name/tree/main",
            "https://mirror.test/hf",
        ),
    ] {
        let found = model_address(text, mirror).unwrap().unwrap();
        assert_eq!(found.id, "owner/name", "{text}");
        assert_eq!(found.revision.as_deref(), Some("main"), "{text}");
    }
}

#[test]
fn other_addresses_are_refused_by_name() {
    for (text, host) in [
        ("https://example.com/owner/name", "example.com"),
        ("https://github.com/owner/name", "github.com"),
        (
            "https://huggingface.co.example.com/owner/name",
            "huggingface.co.example.com",
        ),
        ("https://user:secret@example.com/owner/name", "example.com"),
        (
            "https://huggingface.co:444/owner/name",
            "huggingface.co:444",
        ),
    ] {
        let error = model_address(text, HUB).unwrap_err();
        assert!(matches!(&error, HubError::ForeignHost { host: found, .. } if found == host));
        assert!(error.to_string().contains(host), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for text in [
        "https://huggingface.co",
        "https://huggingface.co/",
        "https://huggingface.co/models?search=bert",
        "https://huggingface.co/datasets/owner/name",
        "https://huggingface.co/spaces/owner/name",
        "https://huggingface.co/owner/name/more/parts",
        "hf://datasets/owner/name",
        "hf://",
    ] {
        let error = model_address(text, HUB).unwrap_err();
        assert!(
            matches!(error, HubError::NotAModelsAddress { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn an_address_is_loaded_like_the_name_in_it() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS).revision("v2")]);
    let own = hub.endpoint();
    for (name, more) in [
        (format!("https://huggingface.co/{SMALL}"), &[][..]),
        (format!("{own}/{SMALL}/tree/v2"), &[]),
        (format!("{own}/{SMALL}/tree/v2"), &["--revision", "v2"]),
        (format!("hf.co/{SMALL}/"), &["--revision", "v2"]),
        (format!("{SMALL}@v2"), &[]),
        (format!("hf://{SMALL}@{COMMIT}"), &[]),
    ] {
        let home = Home::new();
        let arguments = [&["--model", name.as_str()], more].concat();
        home.encode(&own, &[], &arguments).succeeded();
        let manifest = home.manifest();
        assert_eq!(manifest["model"]["id"], SMALL, "{name}");
        assert_eq!(manifest["model"]["commit"], COMMIT, "{name}");
    }
    let home = Home::new();
    let pulled = format!("https://huggingface.co/{SMALL}");
    home.run(&own, &[], &["pull", &pulled]).succeeded();
    for (name, more, code, says) in [
        (
            format!("hf.co/{SMALL}/tree/v2"),
            &["--revision", "main"][..],
            2,
            "names revision v2",
        ),
        (
            format!("{SMALL}@v2"),
            &["--revision", "v3"],
            2,
            "--revision names v3",
        ),
        (
            format!("https://example.com/{SMALL}"),
            &[],
            1,
            "example.com is not the hub",
        ),
        (
            format!("{own}/datasets/{SMALL}"),
            &[],
            1,
            "not the address of a model",
        ),
    ] {
        let arguments = [&["--model", name.as_str()], more].concat();
        let ran = home.encode(&own, &[], &arguments);
        assert_eq!(ran.code, Some(code), "{name}: {ran:?}");
        assert!(ran.stderr.contains(says), "{name}: {ran:?}");
        assert!(ran.stderr.contains("\nhint: "), "{name}: {ran:?}");
    }
}
