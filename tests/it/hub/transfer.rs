//! How files come: reported, resumed, under one commit, without the token where
//! it does not belong.

use std::fs;

use attnviz::checkpoint::hub::DownloadEvent;
use tempfile::TempDir;

use super::{
    FILE, TOKEN, WEIGHTS, assert_nothing_holds, content, fault, fetch, files_below, folder, model,
    open,
};
use crate::loopback_hub::{COMMIT, FaultKind, LoopbackHub, sha256};

#[test]
fn an_absent_file_is_no_error_and_is_not_asked_for_twice() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    for _ in 0..2 {
        let mut repository = open(&hub.endpoint(), cache.path(), &[]);
        fetch(&mut repository, FILE).unwrap();
        assert_eq!(repository.fetch("vocab.txt", &mut |_| {}).unwrap(), None);
    }
    assert_eq!(hub.count("HEAD", "vocab.txt"), 1);
}

#[test]
fn a_download_is_reported_from_start_to_finish() {
    let hub = LoopbackHub::serve([model()]);
    hub.inject(fault("GET", FILE, FaultKind::DropAfter(100), 1));
    let cache = TempDir::new().unwrap();
    let mut lines = Vec::new();
    open(&hub.endpoint(), cache.path(), &[])
        .fetch(FILE, &mut |event| {
            lines.push(match event {
                DownloadEvent::Started {
                    file,
                    size,
                    resumed_from,
                } => {
                    format!("{file} of {size} from {resumed_from}")
                }
                DownloadEvent::Advanced { bytes } => format!("{bytes}"),
                DownloadEvent::Finished { file } => format!("{file} done"),
                DownloadEvent::Retrying { file, attempt, .. } => format!("{file} again {attempt}"),
            });
        })
        .unwrap();
    assert_eq!(
        lines,
        [
            "config.json of 500 from 0",
            "100",
            "config.json again 2",
            "config.json of 500 from 100",
            "500",
            "config.json done",
        ]
    );
    let ranges: Vec<_> = hub
        .requests()
        .iter()
        .filter(|request| request.method == "GET")
        .map(|request| request.headers.get("range").cloned())
        .collect();
    assert_eq!(ranges, [None, Some("bytes=100-".to_owned())]);
}

#[test]
fn parts_from_an_earlier_run_are_used_when_they_are_right() {
    let whole = content(300_000);
    let mut damaged = whole[..1000].to_vec();
    damaged[10] ^= 1;
    let longer = [whole.clone(), vec![0; 10]].concat();
    let complete_but_wrong: Vec<u8> = whole.iter().map(|byte| byte ^ 1).collect();
    let cases: [(&str, &[u8], usize); 6] = [
        ("the beginning", &whole[..1000], 1),
        ("all of it", &whole, 0),
        ("longer than the file", &longer, 1),
        ("a damaged beginning", &damaged, 2),
        ("complete and wrong", &complete_but_wrong, 1),
        ("empty", &[], 1),
    ];
    for (name, part, gets) in cases {
        let hub = LoopbackHub::serve([model()]);
        let cache = TempDir::new().unwrap();
        let blobs = folder(cache.path()).join("blobs");
        fs::create_dir_all(&blobs).unwrap();
        let digest = sha256(&whole);
        fs::write(blobs.join(format!("{digest}.incomplete")), part).unwrap();
        let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), WEIGHTS).unwrap();
        assert_eq!(fs::read(&cached.path).unwrap(), whole, "{name}");
        assert_eq!(cached.sha256.as_deref(), Some(digest.as_str()), "{name}");
        assert_eq!(cached.recorded_sha256(), cached.sha256, "{name}");
        assert_eq!(hub.count("GET", WEIGHTS), gets, "{name}");
        assert_eq!(
            files_below(&blobs).len(),
            1,
            "{name}: something is left over"
        );
    }
}

#[test]
fn a_redirect_to_another_port_carries_no_token() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let mut repository = open(&hub.endpoint(), cache.path(), &[("HF_TOKEN", TOKEN)]);
    fetch(&mut repository, WEIGHTS).unwrap();
    assert!(!format!("{repository:?}").contains(TOKEN));
    let requests = hub.requests();
    assert!(requests.iter().any(|request| request.at_second_port));
    for request in requests {
        let sent = request.headers.get("authorization").map(String::as_str);
        let expected = format!("Bearer {TOKEN}");
        assert_eq!(sent, (!request.at_second_port).then_some(expected.as_str()));
    }
    assert_nothing_holds(cache.path(), TOKEN);
}

#[test]
fn main_follows_the_hub_and_one_run_keeps_to_one_commit() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let mut early = open(&hub.endpoint(), cache.path(), &[]);
    fetch(&mut early, FILE).unwrap();
    let moved = "ffff456789abcdef0123456789abcdef01234567";
    hub.replace(model().commit(moved).file(FILE, "{}"));
    let mut late = open(&hub.endpoint(), cache.path(), &[]);
    let cached = fetch(&mut late, FILE).unwrap();
    assert_eq!(fs::read(&cached.path).unwrap(), b"{}");
    assert_eq!(late.commit(), Some(moved));
    assert_eq!(early.commit(), Some(COMMIT));
    // The hub of this test forgets the old commit, and the run that began
    // with it must not go on with the new one.
    assert!(fetch(&mut early, WEIGHTS).is_err());
    let reference = folder(cache.path()).join("refs/main");
    assert_eq!(fs::read_to_string(reference).unwrap(), moved);
}

#[test]
fn two_downloads_at_the_same_time_do_not_corrupt_each_other() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut repository = open(&hub.endpoint(), cache.path(), &[]);
                let cached = fetch(&mut repository, WEIGHTS).unwrap();
                assert_eq!(fs::read(cached.path).unwrap(), content(300_000));
            });
        }
    });
    assert_eq!(hub.count("GET", WEIGHTS), 1);
}
