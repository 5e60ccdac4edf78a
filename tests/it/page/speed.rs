//! How long the page takes, and how large it is.

use std::path::Path;

use super::browser::{Page, open};
use super::encoded;

/// Counts what each frame's script takes.
const COUNT_FRAMES: &str = "(() => { window.taken = []; const next = window.requestAnimationFrame; window.requestAnimationFrame = draw => next.call(window, time => { const start = performance.now(); draw(time); window.taken.push(performance.now() - start); }); return true; })()";

/// Milliseconds of script a hover, of many over one view: the median.
fn hover_time(page: &Page, hash: &str, selector: &str) -> f64 {
    page.go(hash);
    page.value("window.taken.length = 0; true");
    for step in 0..20 {
        let along = (f64::from(step) + 0.5) / 20.0;
        page.hover(page.place(selector, [along, 1.0 - along]));
    }
    let mut taken: Vec<f64> = serde_json::from_value(page.value("window.taken")).unwrap();
    // `hover` itself waits for two empty frames.
    taken.retain(|time| *time > 0.2);
    taken.sort_by(f64::total_cmp);
    taken.get(taken.len() / 2).copied().unwrap_or(0.0)
}

/// When the page can be used, in milliseconds from its opening.
fn ready_time(page: &Page) -> f64 {
    page.value("performance.getEntriesByName('ready')[0].startTime")
        .as_f64()
        .unwrap()
}

fn times(page: &Page) -> [f64; 4] {
    page.value(COUNT_FRAMES);
    [
        ready_time(page),
        hover_time(page, "#view=map&layer=1&heads=1", "#map"),
        hover_time(page, "#view=lines&layer=1&heads=1", "#line-units-0"),
        hover_time(page, "#view=text&layer=1&heads=1", "#text-units-1"),
    ]
}

#[test]
fn a_hover_takes_less_script_than_a_frame() {
    let words = ["the", "cat", "sat", "on", "a", "mat", "and", "slept"];
    let text: Vec<&str> = words.iter().copied().cycle().take(126).collect();
    let made = encoded(&text.join(" "), &["--layers", "0,1"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let [ready, hovers @ ..] = times(&page);
    eprintln!("ready after {ready:.0} ms; hovers {hovers:.1?} ms");
    // Room for a machine that does other things, too.
    assert!(hovers.iter().all(|&time| time < 16.0), "{hovers:.1?}");
    assert!(ready < 5000.0, "{ready}");
}

/// For any page: `PAGE=/path/index.html`.
#[test]
#[ignore = "measures a page that is named"]
fn times_of_a_page() {
    let path = std::env::var("PAGE").unwrap();
    let page = open(Path::new(&path), "").unwrap();
    let [ready, hovers @ ..] = times(&page);
    eprintln!("ready after {ready:.0} ms; hovers {hovers:.1?} ms");
}
