//! A page an input, and the page that leads to them.

use serde_json::json;

use super::{HOSTILE, batch, page, read, results, write_inputs};
use crate::binary::{Workplace, manifest, sha256, tree};
use crate::page::browser::open;

#[test]
fn a_batch_links_the_page_of_every_input() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    batch(&workplace, 3, "out", &["-f", "html,png"]);
    let index = read(&page(&workplace, "out"));
    for record in results(&workplace, "out") {
        let Some(folder) = record["folder"].as_str() else {
            assert_eq!(record.get("page"), None);
            continue;
        };
        assert_eq!(record["page"], format!("{folder}/index.html"));
        let folder = workplace.path().join("out").join(folder);
        let bytes = std::fs::read(folder.join("index.html")).unwrap();
        let manifest = manifest(&folder);
        let files = manifest["files"].as_array().unwrap();
        let listed = files.iter().find(|file| file["name"] == "index.html");
        assert_eq!(listed.unwrap()["sha256"], sha256(&bytes));
    }
    assert_eq!(index.matches(">look around</a>").count(), HOSTILE.len() - 1);
    assert!(!index.contains("<script"), "the index needs no script");
    let Some(opened) = open_index(&workplace) else {
        return;
    };
    // With the keyboard alone, as every link, and each leads to a page that opens.
    let count = "[...document.querySelectorAll('a.look')].filter(link => link.tabIndex === 0 && link.protocol === 'file:').length";
    assert_eq!(opened.value(count), HOSTILE.len() - 1);
    opened.value("document.querySelector('a.look').focus()");
    opened.press("Enter", 0);
    opened.until("document.documentElement.dataset.ready === 'yes'");
    assert_eq!(
        opened.text("document.querySelector('h1').textContent"),
        "hello world"
    );
    // And back.
    opened.value("document.querySelector('.back a').focus()");
    opened.press("Enter", 0);
    opened.until("document.querySelectorAll('a.look').length > 0");
}

/// The index has no script that says when it is ready.
fn open_index(workplace: &Workplace) -> Option<crate::page::browser::Page> {
    let of_input = results(workplace, "out")[1]["page"].as_str()?.to_owned();
    let opened = open(&workplace.path().join("out").join(of_input), "")?;
    let index = page(workplace, "out");
    opened.value(&format!(
        "location.href = {:?}",
        format!("file://{}", index.display())
    ));
    opened.until("document.querySelectorAll('a.look').length > 0");
    Some(opened)
}

#[test]
fn resume_shards_and_merge_keep_the_pages() {
    for more in [&["-f", "html"][..], &["-f", "html,json", "--single-file"]] {
        let workplace = Workplace::new();
        write_inputs(&workplace, HOSTILE);
        batch(&workplace, 3, "whole", more);
        let whole = tree(&workplace.path().join("whole"));
        batch(&workplace, 3, "again", more);
        assert!(
            tree(&workplace.path().join("again")) == whole,
            "{more:?}: again"
        );
        let options = [more, &["--resume", "--json"]].concat();
        let report = batch(&workplace, 3, "again", &options).stdout;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["kept"], HOSTILE.len() - 1);
        assert!(
            tree(&workplace.path().join("again")) == whole,
            "{more:?}: resumed"
        );
        // Begun without pages, and gone on with them.
        batch(&workplace, 3, "grown", &["-f", "json"]);
        batch(&workplace, 3, "grown", &[more, &["--resume"]].concat());
        assert!(
            tree(&workplace.path().join("grown")) == whole,
            "{more:?}: grown"
        );
        for shard in ["1/2", "2/2"] {
            let folder = format!("shard-{}", &shard[..1]);
            let options = [more, &["--shard", shard]].concat();
            let model = crate::binary::fixture("relu-uncased-vocabulary");
            let mut all = vec![
                "batch",
                "in.jsonl",
                "-m",
                model.to_str().unwrap(),
                "-o",
                &folder,
            ];
            all.extend(&options);
            let outcome = workplace.run(&all);
            assert!(matches!(outcome.code, Some(0 | 3)), "{}", outcome.stderr);
        }
        let merged = workplace.run(&["merge", "shard-1", "shard-2", "-o", "merged"]);
        assert_eq!(merged.code, Some(3), "{}", merged.stderr);
        assert!(
            tree(&workplace.path().join("merged")) == whole,
            "{more:?}: merged"
        );
    }
}

#[test]
fn a_merge_refuses_a_page_that_is_no_file_of_its_input() {
    let workplace = Workplace::new();
    write_inputs(&workplace, [("one", "hello world")]);
    batch(&workplace, 0, "out", &["-f", "html", "--shard", "1/1"]);
    let path = workplace.path().join("out/results.jsonl");
    let mut record: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
    record["page"] = json!("inputs/../../secret/index.html");
    std::fs::write(&path, format!("{record}\n")).unwrap();
    let merged = workplace.run(&["merge", "out", "-o", "merged"]);
    assert_eq!(merged.code, Some(1), "{}", merged.stderr);
    assert!(
        merged.stderr.contains("no file of its input"),
        "{}",
        merged.stderr
    );
}

#[test]
fn shards_of_one_page_and_of_many_do_not_go_together() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    for (shard, more) in [("1/2", &["--single-file"][..]), ("2/2", &[])] {
        let model = crate::binary::fixture("relu-uncased-vocabulary");
        let model = model.to_str().unwrap();
        let folder = &shard[..1];
        let mut all = vec!["batch", "in.jsonl", "-m", model, "-o", folder, "-f", "html"];
        all.extend(["--shard", shard]);
        all.extend(more);
        assert!(matches!(workplace.run(&all).code, Some(0 | 3)));
    }
    let merged = workplace.run(&["merge", "1", "2", "-o", "merged"]);
    assert_eq!(merged.code, Some(1));
    assert!(
        merged.stderr.contains("differ in --single-file"),
        "{}",
        merged.stderr
    );
}

#[test]
fn render_of_a_batch_leads_to_the_page_of_every_run() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    batch(&workplace, 3, "out", &["-f", "json"]);
    let made = workplace.succeed(&["render", "out", "-f", "html", "-o", "pages", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(report["open"], "pages/index.html");
    let index = read(&page(&workplace, "pages"));
    for record in results(&workplace, "out") {
        let Some(name) = record["folder"]
            .as_str()
            .and_then(|it| it.strip_prefix("inputs/"))
        else {
            continue;
        };
        let folder = workplace.path().join("pages").join(name);
        let own = read(&folder.join("index.html"));
        assert!(own.contains("<a href=\"../index.html\">"), "{name}");
    }
    assert_eq!(index.matches("/index.html\">").count(), HOSTILE.len() - 1);
    assert!(!index.contains("<script"));
    // Its own may be replaced, and nobody else's.
    let before = tree(&workplace.path().join("pages"));
    workplace.succeed(&["render", "out", "-f", "html", "-o", "pages"]);
    assert!(tree(&workplace.path().join("pages")) == before);
    std::fs::write(page(&workplace, "pages"), "mine").unwrap();
    let refused = workplace.run(&["render", "out", "-f", "html", "-o", "pages"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(read(&page(&workplace, "pages")), "mine");
    workplace.succeed(&["render", "out", "-f", "html", "-o", "pages", "--overwrite"]);
    assert!(tree(&workplace.path().join("pages")) == before);
}
