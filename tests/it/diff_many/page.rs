//! The page of a comparison, of many inputs and of one, in a real browser.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{arguments, diff, model, workplace, write};
use crate::batch_page::devtools::{Browser, browser};
use crate::binary::Workplace;

/// A sentence that would do harm, were it taken for anything but text.
const HOSTILE: &str = "</p></li><script>document.title='owned'</script>\
    <img src=x onerror=\\\"document.title='owned'\\\"> &amp; '";

fn page(workplace: &Workplace, output: &str) -> String {
    fs::read_to_string(workplace.path().join(output).join("index.html")).expect("there is a page")
}

/// Where words come in the page.
fn places(page: &str, words: &[&str]) -> Vec<usize> {
    let place = |word: &&str| page.find(*word).unwrap_or_else(|| panic!("no {word:?}"));
    words.iter().map(place).collect()
}

/// Opens the page: nothing is loaded but itself, every picture can be seen, every
/// link leads somewhere.
fn check_in_browser(browser: &mut Browser, folder: &Path) {
    browser.open(&folder.join("index.html"));
    browser.value(
        "(async () => { while (document.documentElement.dataset.ready !== 'yes') \
         await new Promise(done => setTimeout(done, 20)); return true; })()",
    );
    let pictures = browser.value(
        "(async () => { const shown = [...document.images].filter(img => img.offsetParent); \
         for (const img of shown) { img.scrollIntoView(); \
         if (!img.complete) await new Promise(done => { img.onload = img.onerror = done; }); } \
         return shown.map(img => img.naturalWidth > 0 && img.width > 0); })()",
    );
    let pictures = pictures.as_array().expect("a list").clone();
    assert!(pictures.iter().all(|seen| *seen == json!(true)));
    let edge =
        browser.value("getComputedStyle(document.querySelector('.verdict')).borderLeftWidth");
    assert_eq!(edge, "4px", "the style's hash does not let it in");
    let scripts = browser.value("document.querySelectorAll('script:not([type])').length");
    assert_eq!(scripts, 1);
    assert_ne!(browser.value("document.title"), "owned");
    let addresses = browser.addresses();
    assert!(
        addresses
            .iter()
            .all(|address| address.starts_with("\"file:") || address.starts_with("\"data:")),
        "{addresses:?}"
    );
    let links = browser.value("[...document.links].map(a => a.href)");
    for link in links.as_array().expect("a list") {
        let link = link.as_str().expect("a text");
        let path = link.strip_prefix("file://").expect("a file");
        let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
        assert!(Path::new(path).exists(), "{link}");
        if !fragment.is_empty() {
            // The script opens an input by its address, and takes its id away.
            let find = match fragment.strip_prefix("input=") {
                Some(id) => format!("!!document.querySelector('[data-id=\"{id}\"]')"),
                None => format!("!!document.getElementById('{fragment}')"),
            };
            assert_eq!(browser.value(&find), true, "{link}");
        }
    }
}

#[test]
fn the_page_says_first_how_it_ended_and_last_which_inputs_differ_most() {
    let workplace = workplace();
    let line = |id: &str, text: &str| format!("{{\"id\": \"{id}\", \"text\": \"{text}\"}}\n");
    let lines = [
        line("first", "Hello, how are you?"),
        line("bad", HOSTILE),
        line("pair", "The cat sat on the mat."),
        "nonsense\n".to_owned(),
    ];
    write(&workplace, "some.jsonl", lines.concat());
    let more = [
        "--inputs",
        "some.jsonl",
        "--max-js-bits",
        "0.01",
        "--max-abs",
        "0.9999999",
        "--top-k",
        "2",
    ];
    let all = arguments([&model(), "changed"], "out", &more);
    assert_eq!(workplace.run(&all).code, Some(4));
    let text = page(&workplace, "out");
    let order = [
        "1 threshold exceeded",
        "js_bits 0.",
        "max_abs",
        "relu-uncased-vocabulary",
        "changed",
        "Not compared",
        "some.jsonl:4",
        "The inputs that differ most",
        "inputs/0000-",
        "The most changed heads",
        "differences.png",
        "heads/layer-01-head-0",
        "diff.parquet",
    ];
    let found = places(&text, &order[5..]);
    assert!(found.is_sorted(), "{found:?}");
    let found = places(&text, &order[..2]);
    assert!(found.is_sorted(), "{found:?}");
    assert!(!text.contains("<script>document"), "hostile text is text");
    let place = workplace.path().display().to_string();
    assert!(!text.contains(&place), "a path of this machine");
    let Some(mut browser) = browser() else { return };
    check_in_browser(&mut browser, &workplace.path().join("out"));
    let shown =
        browser.value("[...document.querySelectorAll('.input .text')].map(p => p.textContent)");
    let hostile = HOSTILE.replace("\\\"", "\"");
    assert!(
        shown.as_array().expect("a list").contains(&json!(hostile)),
        "{shown}"
    );
    let addresses = browser.network_addresses();
    assert!(addresses.is_empty(), "the network was asked: {addresses:?}");
}

#[test]
fn one_input_has_a_page_too() {
    let workplace = workplace();
    let more = [
        "--text",
        "The cat sat on the mat.",
        "--max-js-bits",
        "0.01",
        "--top-k",
        "1",
    ];
    diff(&workplace, 4, [&model(), "changed"], "out", &more);
    let text = page(&workplace, "out");
    let order = [
        "1 threshold exceeded",
        "The cat sat on the mat.",
        "differences.png",
        "heads/layer-01-head-0",
        "The most changed heads",
        "diff.csv",
    ];
    let found = places(&text, &order);
    assert!(found.is_sorted(), "{found:?}");

    // Two texts: each stands under its side, and what replaces what is shown.
    let against = [
        "diff",
        &model(),
        "--text",
        "The cat was tired.",
        "--against",
        "The cat was lot.",
        "-o",
        "texts",
        "--top-k",
        "1",
    ];
    workplace.succeed(&against);
    let text = page(&workplace, "texts");
    let order = [
        "The cat was tired.",
        "The cat was lot.",
        "Units that are not the same",
    ];
    assert!(places(&text, &order).is_sorted());

    let Some(mut browser) = browser() else { return };
    check_in_browser(&mut browser, &workplace.path().join("out"));
    check_in_browser(&mut browser, &workplace.path().join("texts"));
}
