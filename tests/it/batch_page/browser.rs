//! The page in a real browser, from a file address.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::devtools::{Browser, browser};
use super::{HOSTILE, done, failed, finish_batch, write_batch};

/// Scrolls through the page, so that all of its lazy pictures load.
const SCROLL: &str = "(async () => {
    for (const img of document.images) {
        img.scrollIntoView();
        if (!img.complete) await new Promise(done => { img.onload = img.onerror = done; });
    }
    scrollTo(0, 0);
    return [...document.images].map(img => [img.naturalWidth, img.naturalHeight, img.width > 0]);
})()";

#[test]
fn a_real_browser_shows_the_page_from_the_folder_alone() {
    let Some(mut browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    // A name that an address must encode.
    let root = folder.path().join("out é #1");
    fs::create_dir(&root).unwrap();
    let records = write_batch(&root);
    let address = root.join("index.html").display().to_string();
    let address = address.replace('#', "%23").replace(' ', "%20");
    browser.open(Path::new(&address));

    let pictures = browser.value(SCROLL);
    let count = records
        .iter()
        .filter(|record| record.thumbnail.is_some())
        .count();
    assert_eq!(pictures, json!(vec![(310, 154, true); count]));
    let weight = browser.value("getComputedStyle(document.querySelector('.tile dd')).fontWeight");
    assert_eq!(weight, "600", "the style's hash does not let it in");

    // Hostile text is text: as many elements as any sentence makes, and the
    // words as they were written.
    assert_eq!(browser.value("document.scripts.length"), 0);
    assert_ne!(browser.value("document.title"), "owned");
    let shown =
        browser.value("[...document.querySelectorAll('.inputs .text')].map(p => p.textContent)");
    assert!(shown.as_array().unwrap().contains(&json!(HOSTILE)));

    let is_local = |address: &String| address.starts_with("\"file:");
    let addresses = browser.addresses();
    assert!(addresses.iter().all(is_local), "{addresses:?}");
    assert!(addresses.len() > count, "{addresses:?}");
    let logged: Vec<_> = browser
        .events
        .iter()
        .filter(|event| event["method"] == "Log.entryAdded")
        .collect();
    assert!(logged.is_empty(), "{logged:?}");

    // Every link leads somewhere in the folder.
    let links = browser.value("[...document.links].map(a => a.href)");
    for link in links.as_array().unwrap() {
        let link = link.as_str().unwrap();
        let path = link.strip_prefix("file://").unwrap();
        let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
        let path = path
            .replace("%20", " ")
            .replace("%23", "#")
            .replace("%C3%A9", "é");
        assert!(Path::new(&path).exists(), "{link}");
        if !fragment.is_empty() {
            let find = format!("!!document.getElementById(decodeURIComponent('{fragment}'))");
            assert_eq!(browser.value(&find), true, "{link}");
        }
    }
    take_pictures(&mut browser);

    let page = fs::read_to_string(root.join("index.html")).unwrap();
    assert!(!page.contains("google.com") && !page.contains("googleapis.com"));
    let addresses = browser.network_addresses();
    assert!(addresses.is_empty(), "the network was asked: {addresses:?}");
}

#[test]
fn a_script_that_the_policy_did_not_expect_does_not_run() {
    let Some(mut browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let records = [done("000001", 1, "one")];
    finish_batch(folder.path(), &records, None);
    let path = folder.path().join("index.html");
    let page = fs::read_to_string(&path).unwrap();
    let attack = "<script>document.title='owned'</script>\
        <img src='data:image/png;base64,' onerror=\"document.title='owned'\">\
        <iframe srcdoc='x'></iframe></body>";
    fs::write(&path, page.replace("</body>", attack)).unwrap();
    browser.open(&path);
    assert_eq!(
        browser.value("document.scripts.length"),
        1,
        "the attack is there"
    );
    assert_ne!(browser.value("document.title"), "owned");
}

#[test]
fn ten_thousand_rows_open() {
    let Some(mut browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let text = "The animal didn't cross the street because it was too tired.";
    let tokens = [
        "[CLS]", "the", "animal", "didn", "'", "t", "cross", "the", "street",
    ];
    let mut records: Vec<_> = (1..=10_000)
        .map(|line| {
            let mut record = done(&format!("{line:06}"), line, text);
            record.tokens = tokens.map(str::to_owned).into();
            record
        })
        .collect();
    for record in records.iter_mut().step_by(97) {
        *record = failed(
            &record.id,
            record.line,
            Some(text),
            "the input has 600 tokens",
        );
    }
    finish_batch(folder.path(), &records, None);
    let size = fs::metadata(folder.path().join("index.html"))
        .unwrap()
        .len();
    let start = std::time::Instant::now();
    browser.open(&folder.path().join("index.html"));
    let rows = browser.value("document.querySelectorAll('.inputs li').length");
    assert_eq!(rows, 10_000);
    browser.value("document.querySelector('.inputs li:last-child').scrollIntoView()");
    assert!(browser.screenshot().len() > 1_000);
    eprintln!(
        "10,000 rows: {size} bytes, opened and drawn in {:?}",
        start.elapsed()
    );
}

/// Screenshots for eyes, where a folder for them is named.
fn take_pictures(browser: &mut Browser) {
    let Ok(folder) = std::env::var("ATTNVIZ_SCREENSHOTS") else {
        return;
    };
    for (width, height, scheme) in [
        (1_280, 2_400, "light"),
        (1_280, 2_400, "dark"),
        (390, 2_600, "light"),
        (390, 2_600, "dark"),
    ] {
        browser.resize([width, height]);
        browser.prefer("screen", &[("prefers-color-scheme", scheme)]);
        browser.value("document.querySelectorAll('.facts').forEach(it => it.open = true)");
        browser.value("new Promise(done => setTimeout(done, 500))");
        let picture = browser.screenshot();
        fs::write(format!("{folder}/{width}-{scheme}.base64"), picture).unwrap();
    }
}
