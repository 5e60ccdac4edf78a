//! What is taken along: files, commands, addresses.

use serde_json::Value;

use super::browser::open;
use super::{SENTENCE, encoded};

#[test]
fn views_are_saved_as_svg_png_and_csv() {
    let made = encoded(SENTENCE, &["--layers", "1"]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "#layer=1&heads=3") else {
        return;
    };
    let caught = |kind: &str| {
        let (_, kind, bytes) = page.saved(kind);
        (kind, bytes)
    };
    let (kind, csv) = caught("csv");
    assert_eq!(kind, "text/csv");
    let csv = String::from_utf8(csv).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "query,query_label,key,key_label,attention,error"
    );
    let map = &raw[0][3];
    let mut count = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [query, key]: [usize; 2] = [fields[0].parse().unwrap(), fields[2].parse().unwrap()];
        let value: f64 = fields[4].parse().unwrap();
        assert!(
            (value - map[query][key]).abs() <= fields[5].parse().unwrap(),
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, map.len() * map.len());

    for view in ["map", "lines", "text"] {
        page.go(&format!("#view={view}&layer=1&heads=3&unit=2"));
        let (kind, svg) = caught("svg");
        assert_eq!(kind, "image/svg+xml");
        let svg = String::from_utf8(svg).unwrap();
        let tree = resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default());
        assert!(tree.is_ok(), "{view}: {svg}");
        assert!(svg.contains(">token<"), "{view}");
        let (kind, png) = caught("png");
        assert_eq!(kind, "image/png");
        assert_eq!(&png[1..4], b"PNG", "{view}");
    }
    page.go("#view=links&layer=1&heads=3");
    let (_, links) = caught("csv");
    assert!(String::from_utf8(links).unwrap().lines().count() > 3);
    page.go("#view=heads");
    let (_, heads) = caught("csv");
    assert!(
        String::from_utf8(heads)
            .unwrap()
            .starts_with("layer,head,entropy,")
    );
}

#[test]
fn the_command_draws_what_is_shown() {
    let text = "It's a \"cat\" & a $HOME `x`\\ -- no?";
    let made = encoded(text, &[]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (hash, expected) in [
        (
            "#layer=2&heads=3",
            &["--layers 2", "--heads 3", "--views heads"][..],
        ),
        (
            "#layer=2&heads=3,4&combine=max",
            &["--heads 3,4", "--views max"],
        ),
        (
            "#view=text&layer=2&heads=3&unit=4&direction=to&tokens=word&map=mako&color=logarithmic&special=hide&theme=dark",
            &[
                "--views to:@4",
                "--tokens word",
                "--colormap mako",
                "--color-scale logarithmic",
                "--special-tokens hide",
                "--theme dark",
            ],
        ),
        ("#view=heads&window=1-4", &["--views scores", "--crop 1-4"]),
    ] {
        page.go(hash);
        let command = page.text("document.getElementById('command').textContent");
        for part in expected {
            assert!(command.contains(part), "{command}");
        }
        let workplace = crate::binary::Workplace::new();
        let folder = std::path::Path::new(env!("CARGO_BIN_EXE_attnviz"))
            .parent()
            .unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &command]).current_dir(workplace.path());
        shell
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .env("HOME", workplace.path());
        let done = shell.output().unwrap();
        assert!(
            done.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        let manifest = crate::binary::tree(workplace.path())
            .into_iter()
            .find(|(name, _)| name.ends_with("manifest.json"));
        let manifest: Value = serde_json::from_slice(&manifest.unwrap().1).unwrap();
        assert_eq!(manifest["input"]["text"], text);
    }
}

#[test]
fn the_address_keeps_what_is_shown() {
    let made = encoded(
        "The cat sat on the tokenizers.",
        &["--pair", "It was tired."],
    );
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for hash in [
        "#view=map&layer=3&heads=1,4&cell=2,5&combine=max",
        "#view=lines&heads=0.1,3.4&unit=5,6&direction=both",
        "#view=text&layer=0&heads=7&unit=3&direction=to&special=renormalize&sink=hide&tokens=word",
        "#view=links&layer=2&heads=0&pair=AB&min=0.05&mass=0.8",
        "#view=map&layer=1&heads=1&window=2-7&zoom=1-4,0-5&scale=run&color=logarithmic&map=greys&theme=dark&vmin=0.01&vmax=0.5&invert=yes",
        "#view=heads&layer=1&heads=1&score=distance",
    ] {
        page.visit(&made.page(), hash);
        // Changed and changed back, all of it is written anew.
        page.value("document.getElementById('tab-map').click()");
        let view = hash.split('&').next().unwrap().trim_start_matches("#view=");
        page.value(&format!("document.getElementById('tab-{view}').click()"));
        page.settle();
        let written = page.text("location.hash");
        let mut fields: Vec<&str> = hash.trim_start_matches('#').split('&').collect();
        let mut found: Vec<&str> = written.trim_start_matches('#').split('&').collect();
        fields.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, fields);
    }
    // What makes no sense is what it would be without.
    page.visit(&made.page(), "#view=nothing&layer=99&heads=x,1.2.3&unit=-4,999&cell=1&zoom=9-2,1-1&min=abc&map=pink&window=5");
    page.value("document.getElementById('tab-map').click()");
    page.settle();
    assert_eq!(page.text("location.hash"), "#view=map&layer=0&heads=0");
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}
