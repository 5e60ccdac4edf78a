//! What is taken along from the page of scores: files, commands, addresses.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Made, scored};
use crate::binary::tree;
use crate::page::browser::{Page, open};

/// The file that a button hands over.
fn caught(page: &Page, kind: &str) -> (String, Vec<u8>) {
    let (_, kind, bytes) = page.saved(kind);
    (kind, bytes)
}

#[test]
fn views_of_scores_are_saved_as_svg_png_and_csv() {
    let made = scored();
    let Some(page) = open(&made.page(), "#quantity=prev&sort=head&order=ascending") else {
        return;
    };
    let (kind, csv) = caught(&page, "csv");
    assert_eq!(kind, "text/csv");
    let csv = String::from_utf8(csv).unwrap();
    let table = fs::read_to_string(made.folder().join("heads.csv")).unwrap();
    let expected: Vec<&str> = table
        .lines()
        .filter(|line| line.contains(",prev,"))
        .collect();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("layer,head,score,mean,deviation,p05,p50,p95,count")
    );
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    // What likeness sorts by is there.
    page.go("#quantity=prev&layer=1&heads=1&sort=unlike&order=ascending");
    let (_, csv) = caught(&page, "csv");
    let csv = String::from_utf8(csv).unwrap();
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(
        header.starts_with("layer,head,unlike,score,mean,"),
        "{header}"
    );
    let unlike: Vec<f64> = lines
        .map(|line| line.split(',').nth(2).unwrap().parse().unwrap())
        .collect();
    assert!(
        unlike[0] == 0.0 && unlike.len() == 12 && unlike[11] > 0.1,
        "{csv}"
    );
    assert!(unlike.is_sorted(), "{csv}");
    for (view, first) in [
        ("head", "layer,head,score,mean,"),
        ("layers", "layer,mean,least,least_head,"),
        ("inputs", "score,layer,head,end,value,id,text,pair"),
        ("relations", "relation,words,layer,head,direction,share,"),
    ] {
        page.go(&format!("#view={view}&quantity=prev&layer=1&heads=2"));
        let (_, csv) = caught(&page, "csv");
        let csv = String::from_utf8(csv).unwrap();
        assert!(csv.starts_with(first), "{view}: {csv}");
        assert!(csv.lines().count() > 3, "{view}");
        // What is no drawing is not saved as that of another view.
        let disabled =
            "[...document.querySelectorAll('#save-svg, #save-png')].map(button => button.disabled)";
        let is_table = view != "layers";
        assert_eq!(page.value(disabled), json!([is_table, is_table]), "{view}");
        let why = "document.getElementById('no-picture').hidden";
        assert_eq!(page.value(why), !is_table, "{view}");
    }
    for view in ["heads", "layers"] {
        page.go(&format!("#view={view}&quantity=prev"));
        let (kind, svg) = caught(&page, "svg");
        assert_eq!(kind, "image/svg+xml");
        let svg = String::from_utf8(svg).unwrap();
        let tree = resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default());
        assert!(tree.is_ok(), "{view}: {svg}");
        assert!(svg.contains(">mean of prev<"), "{view}");
        let (kind, png) = caught(&page, "png");
        assert_eq!(kind, "image/png");
        assert_eq!(&png[1..4], b"PNG", "{view}");
    }
}

/// Runs a command of a page in a shell, in the folder where its inputs are.
fn run(made: &Made, command: &str) {
    let folder = Path::new(env!("CARGO_BIN_EXE_attnviz")).parent().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(made.workplace.path());
    shell
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env("HOME", made.workplace.path().join("home"));
    let done = shell.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        matches!(done.status.code(), Some(0 | 3)),
        "{command}: {said}"
    );
}

#[test]
fn the_command_makes_the_same_scores_and_draws_an_input() {
    let made = scored();
    let Some(page) = open(&made.page(), "#view=inputs&quantity=prev&layer=1&heads=2") else {
        return;
    };
    let command = page.text("document.getElementById('command').textContent");
    assert_eq!(
        command,
        "attnviz scores 'in put.jsonl' --model './small model' --layers 0-2 --heads 0-3"
    );
    run(&made, &command);
    assert_eq!(
        tree(&made.workplace.path().join("attnviz-scores")),
        tree(&made.folder())
    );
    // Every example has a command, whatever its text.
    let commands: Vec<String> = serde_json::from_value(page.value("(async () => { const all = []; const write = navigator.clipboard ? navigator.clipboard.writeText : null; Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async text => { all.push(text); } } }); for (const button of document.querySelectorAll('.end button')) button.click(); await new Promise(done => setTimeout(done, 50)); void write; return all; })()")).unwrap();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let command = command.replacen("attnviz encode", "attnviz encode --output drawn", 1);
        run(&made, &command);
        let files = tree(&made.workplace.path().join("drawn"));
        assert!(
            files.keys().any(|name| name.ends_with("index.html")),
            "{command}"
        );
        fs::remove_dir_all(made.workplace.path().join("drawn")).unwrap();
    }
}

#[test]
fn the_address_keeps_what_is_shown_of_scores() {
    let made = scored();
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for hash in [
        "#view=heads&layer=2&heads=1,3&quantity=prev&field=p95&only=1&sort=count&order=ascending",
        "#view=head&heads=0.1,2.3&quantity=distance&scale=shared&color=logarithmic",
        "#view=layers&layer=1&heads=0&map=greys&theme=dark&invert=yes",
        "#view=relations&layer=0&heads=0&quantity=relation%3Ansubj&field=gain",
        "#view=heads&layer=0&heads=2&sort=unlike&order=ascending",
    ] {
        page.visit(&made.page(), hash);
        // Changed and changed back, all of it is written anew.
        page.value("document.getElementById('tab-inputs').click()");
        let view = hash.split('&').next().unwrap().trim_start_matches("#view=");
        page.value(&format!("document.getElementById('tab-{view}').click()"));
        page.settle();
        assert_eq!(page.text("location.hash"), hash);
    }
    // Heads without a layer are of the first.
    page.visit(&made.page(), "#heads=2");
    let chosen =
        "document.querySelector('#overview [aria-selected=true]').getAttribute('aria-label')";
    assert!(page.text(chosen).starts_with("layer 0, head 2"));
    // What makes no sense is what it would be without.
    page.visit(
        &made.page(),
        "#view=map&layer=99&heads=x&quantity=pink&field=1&only=77&sort=no",
    );
    page.value("document.getElementById('tab-heads').click()");
    page.settle();
    assert_eq!(page.text("location.hash"), "#view=heads&layer=0&heads=0");
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}
