//! The binary itself and a hub: what a user sees, and what is left on disk.

use std::fs;

use attnviz::checkpoint::DEFAULT_MODEL_ID;
use serde_json::Value;

use super::home::{Home, SECOND_SHARD, SHARDS, SMALL, always, assert_digests, fixture, served};
use super::{TOKEN, assert_nothing_holds, coded, fault, files_below, status};
use crate::loopback_hub::{
    COMMIT, FaultKind, LoopbackHub, ServedRepository, git_blob_sha1, sha256, unreachable_endpoint,
};

#[test]
fn a_model_is_downloaded_once_and_needs_no_hub_from_then_on() {
    for checkpoint in [SHARDS, "masked-lm-bin", "relu-uncased-vocabulary"] {
        let hub = LoopbackHub::serve([served(SMALL, checkpoint)]);
        let endpoint = hub.endpoint();
        let home = Home::new();
        let model = ["--model", SMALL];
        let first = home.encode(&endpoint, &[], &model).succeeded();
        assert!(
            first.stderr.contains("downloading: config.json"),
            "{first:?}"
        );
        assert_eq!(first.warnings(), [""; 0]);
        let manifest = home.manifest();
        assert_eq!(manifest["model"]["id"], SMALL);
        assert_eq!(manifest["model"]["source"], "hub");
        assert_eq!(manifest["model"]["commit"], COMMIT);
        assert_digests(&manifest["model"], checkpoint);
        let written = home.written();
        let content_requests = |hub: &LoopbackHub| {
            let requests = hub.requests();
            requests
                .iter()
                .filter(|request| request.method == "GET")
                .count()
        };
        let gets = content_requests(&hub);

        // A second run asks whether `main` has moved, and brings nothing.
        let again = home.encode(&endpoint, &[], &model).succeeded();
        assert!(!again.stderr.contains("downloading"), "{again:?}");
        assert_eq!(again.warnings(), [""; 0]);
        assert_eq!(content_requests(&hub), gets);
        assert_eq!(home.written(), written);

        let before = hub.requests().len();
        let check_offline = |variables: &[(&str, &str)], more: &[&str]| {
            fs::remove_dir_all(home.output()).unwrap();
            let arguments = [&model, more].concat();
            let offline = home.encode(&endpoint, variables, &arguments).succeeded();
            // What leads on from the picture is said again, and nothing else.
            assert_eq!(offline.stderr, again.stderr, "{checkpoint}");
            assert_eq!(home.written(), written, "{checkpoint}");
        };
        check_offline(&[], &["--offline"]);
        check_offline(&[("HF_HUB_OFFLINE", "1")], &[]);
        assert_eq!(hub.requests().len(), before);
        drop(hub);
        check_offline(&[], &["--offline"]);
        check_offline(&[("HF_HUB_OFFLINE", "1")], &[]);

        // Nobody said that the hub would be away, so the user is told.
        let away = home
            .encode(&unreachable_endpoint(), &[], &model)
            .succeeded();
        assert_eq!(away.warnings().len(), 1, "{away:?}");
        assert!(away.stderr.contains("local cache"), "{away:?}");
        assert_eq!(home.written(), written);
    }
}

#[test]
fn a_damaged_transfer_is_refused_and_the_next_run_heals_it() {
    for file in ["config.json", "tokenizer.json", SECOND_SHARD] {
        let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
        let content = fs::read(fixture(SHARDS).join(file)).unwrap();
        let is_linked = content.len() >= 50_000;
        // A large file's first answer is the redirect to its content.
        let answers = if is_linked { 2 } else { 1 };
        hub.inject(fault("GET", file, FaultKind::WrongBytes, answers));
        let home = Home::new();
        let ran = home.encode(&hub.endpoint(), &[], &["--model", SMALL]);
        ran.refused(
            file,
            &home,
            &[file, "damaged", "hint: run the command again"],
        );
        let etag = if is_linked {
            sha256(&content)
        } else {
            git_blob_sha1(&content)
        };
        let blobs = home.blobs("models--owner--small");
        assert!(
            !blobs.iter().any(|name| name.starts_with(&etag)),
            "{blobs:?}"
        );
        let snapshots = files_below(&home.hugging_face().join("hub"));
        assert!(
            !snapshots.iter().any(|path| path.ends_with(file)),
            "{snapshots:?}"
        );

        home.encode(&hub.endpoint(), &[], &["--model", SMALL])
            .succeeded();
        assert_digests(&home.manifest()["model"], SHARDS);
    }
}

#[test]
fn a_transfer_that_breaks_off_goes_on_in_the_same_run() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let place = format!("{SMALL}/{SECOND_SHARD}");
    hub.inject(fault("GET", &place, FaultKind::DropAfter(70_000), 1));
    let home = Home::new();
    let ran = home
        .encode(&hub.endpoint(), &[], &["--model", SMALL])
        .succeeded();
    // It changes nothing of the result.
    assert_eq!(ran.warnings(), [""; 0]);
    let told = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("retrying: "));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{ran:?}");
    assert!(told[0].contains("attempt 2 follows"), "{ran:?}");
    assert!(ran.stderr.contains("already here"), "{ran:?}");
    assert_digests(&home.manifest()["model"], SHARDS);
}

#[test]
fn a_named_model_loads_or_the_command_fails() {
    type Case<'a> = (&'a str, Option<FaultKind>, &'a [&'a str], &'a [&'a str]);
    let named = ["--model", SMALL];
    let cases: [Case<'_>; 8] = [
        (
            "404",
            None,
            &["--model", "owner/other"],
            &["owner/other", "not found", "HF_TOKEN"],
        ),
        (
            "gated",
            Some(coded(401, "GatedRepo")),
            &named,
            &["gated", "HF_TOKEN", "/owner/small"],
        ),
        ("401", Some(status(401)), &named, &["401", "HF_TOKEN"]),
        ("403", Some(status(403)), &named, &["403", "HF_TOKEN"]),
        (
            "503",
            Some(FaultKind::Status(
                503,
                vec![("Retry-After", "0".to_owned())],
            )),
            &named,
            &["503", "after 4 attempts"],
        ),
        (
            "no such revision",
            None,
            &["--model", SMALL, "--revision", "v2"],
            &["`v2`", "--revision"],
        ),
        (
            "offline",
            None,
            &["--model", SMALL, "--offline"],
            &["not in the cache", "attnviz pull owner/small"],
        ),
        ("no name", None, &["--model", "owner/../x"], &["owner/../x"]),
    ];
    for (name, kind, arguments, says) in cases {
        let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
        kind.into_iter().for_each(|kind| hub.inject(always(kind)));
        let home = Home::new();
        home.encode(&hub.endpoint(), &[], arguments)
            .refused(name, &home, says);
    }
    for model in [SMALL, DEFAULT_MODEL_ID] {
        let home = Home::new();
        let ran = home.encode(&unreachable_endpoint(), &[], &["--model", model]);
        ran.refused(model, &home, &["cannot be reached", "--model builtin"]);
    }
}

#[test]
fn a_model_of_another_family_is_refused_before_its_weights_come() {
    let other = served(SMALL, SHARDS).file("config.json", r#"{"model_type": "t5"}"#);
    let hub = LoopbackHub::serve([other]);
    let home = Home::new();
    let ran = home.encode(&hub.endpoint(), &[], &["--model", SMALL]);
    ran.refused("t5", &home, &["t5", "bert"]);
    let requests = hub.requests();
    assert!(
        !requests
            .iter()
            .any(|request| request.path.contains("model-0000"))
    );
}

#[test]
fn a_repository_that_is_no_whole_checkpoint_is_refused_by_the_file_it_lacks() {
    let config = fs::read(fixture(SHARDS).join("config.json")).unwrap();
    let tokenizer = fs::read(fixture(SHARDS).join("tokenizer.json")).unwrap();
    let without_weights = ServedRepository::new(SMALL)
        .file("config.json", config)
        .file("tokenizer.json", tokenizer);
    let index = r#"{"weight_map": {"x": "model-00009-of-00009.safetensors"}}"#;
    let without_shard = without_weights
        .clone()
        .file("model.safetensors.index.json", index);
    for (lacks, repository) in [
        ("config.json", ServedRepository::new(SMALL)),
        ("pytorch_model.bin", without_weights),
        ("model-00009-of-00009.safetensors", without_shard),
    ] {
        let hub = LoopbackHub::serve([repository]);
        let home = Home::new();
        let ran = home.encode(&hub.endpoint(), &[], &["--model", SMALL]);
        ran.refused(lacks, &home, &[SMALL, lacks]);
    }
}

#[test]
fn a_token_is_sent_to_the_hub_and_shown_to_nobody() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let endpoint = hub.endpoint();
    let home = Home::new();
    let token = [("HF_TOKEN", TOKEN)];
    let named = ["--model", SMALL];
    let ran = [
        home.encode(&endpoint, &token, &[&named[..], &["--verbose"]].concat())
            .succeeded(),
        home.encode(&endpoint, &token, &[&named[..], &["--json"]].concat())
            .succeeded(),
        home.run(&endpoint, &token, &["pull", SMALL, "--json"])
            .succeeded(),
        home.encode(&endpoint, &token, &["--model", "owner/other"]),
        home.encode(&unreachable_endpoint(), &token, &["--model", "owner/other"]),
        home.encode(&endpoint, &[("HF_TOKEN", "hf_thisIs\u{e4}")], &named),
    ];
    let requests = hub.requests();
    assert!(requests.iter().any(|request| request.at_second_port));
    for request in &requests {
        let sent = request.headers.contains_key("authorization");
        assert_eq!(sent, !request.at_second_port, "{request:?}");
    }
    hub.inject(always(coded(401, "GatedRepo")));
    let gated = home.encode(&endpoint, &token, &["--model", "owner/gated"]);
    assert_eq!(gated.code, Some(1), "{gated:?}");
    for ran in ran.iter().chain([&gated]) {
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("hf_thisIs"), "{ran:?}");
            assert!(!text.contains("secret-signature"), "{ran:?}");
        }
    }
    assert_nothing_holds(home.0.path(), TOKEN);
}

#[test]
fn pull_prints_what_was_resolved_and_the_rest_works_offline() {
    let other = "owner/other";
    let hub = LoopbackHub::serve([served(SMALL, SHARDS), served(other, "masked-lm-bin")]);
    let home = Home::new();
    let pulled = home
        .run(&hub.endpoint(), &[], &["pull", SMALL, other])
        .succeeded();
    let mut expected = String::new();
    for (id, checkpoint, files) in [
        (
            SMALL,
            SHARDS,
            &[
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                SECOND_SHARD,
            ][..],
        ),
        (
            other,
            "masked-lm-bin",
            &[
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "pytorch_model.bin",
            ],
        ),
    ] {
        expected.push_str(&format!("model   {id}\ncommit  {COMMIT}\n"));
        for file in files {
            let digest = sha256(&fs::read(fixture(checkpoint).join(file)).unwrap());
            expected.push_str(&format!("file    {file} sha256 {digest}\n"));
        }
    }
    assert_eq!(pulled.stdout, expected);
    assert!(!home.output().exists());

    let before = hub.requests().len();
    let json = ["pull", SMALL, other, "--json", "--offline"];
    let json = home.run(&hub.endpoint(), &[], &json).succeeded();
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let ids: Vec<_> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(ids, [SMALL, other]);
    assert_digests(&report[0], SHARDS);
    assert_digests(&report[1], "masked-lm-bin");
    for model in [SMALL, other] {
        let offline = ["--model", model, "--offline"];
        home.encode(&hub.endpoint(), &[], &offline).succeeded();
    }
    assert_eq!(hub.requests().len(), before);

    let missing = home.run(&hub.endpoint(), &[], &["pull", SMALL, "owner/none"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(
        missing
            .stderr
            .contains("error: owner/none could not be pulled")
    );
    assert!(missing.stderr.contains("\nhint: "), "{missing:?}");
}

#[test]
fn a_revision_is_resolved_to_its_commit() {
    let tagged = "aaaa456789abcdef0123456789abcdef01234567";
    let hub = LoopbackHub::serve([served(SMALL, SHARDS).commit(tagged).revision("v1.0")]);
    let home = Home::new();
    let endpoint = hub.endpoint();
    let revision = ["pull", SMALL, "--revision", "v1.0"];
    let pulled = home.run(&endpoint, &[], &revision).succeeded();
    assert!(
        pulled.stdout.contains(&format!("commit  {tagged}")),
        "{pulled:?}"
    );
    let before = hub.requests().len();
    for revision in ["v1.0", tagged] {
        let arguments = ["--model", SMALL, "--revision", revision, "--offline"];
        home.encode(&endpoint, &[], &arguments).succeeded();
        assert_eq!(home.manifest()["model"]["commit"], tagged);
    }
    assert_eq!(hub.requests().len(), before);
    // What is cached is `v1.0`; what `main` is was never asked.
    fs::remove_dir_all(home.output()).unwrap();
    let main = home.encode(&endpoint, &[], &["--model", SMALL, "--offline"]);
    main.refused("main", &home, &["`main`", "not in the cache"]);
}
