//! The page of several inputs in a real browser.

use serde_json::{Value, json};

use super::{HOSTILE, batch, page, results, write_inputs};
use crate::binary::Workplace;
use crate::page::browser::{Page, open};

const AXE: &str = include_str!("../../fixtures/axe/axe.min.js");

const VIOLATIONS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(each => each.id + ': ' + each.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary).slice(0, 3).join(' | ')))";

fn joined<'a>(inputs: impl IntoIterator<Item = (&'a str, &'a str)>, code: i32) -> Workplace {
    let workplace = Workplace::new();
    write_inputs(&workplace, inputs);
    batch(
        &workplace,
        code,
        "out",
        &["-f", "html,json", "--single-file"],
    );
    workplace
}

fn ready(page: &Page) {
    page.until("document.documentElement.dataset.ready === 'yes'");
    page.settle();
}

/// The texts of the tokens that the map has in front of its rows.
fn opened(page: &Page) -> String {
    page.text("document.getElementById('opened').textContent")
}

#[test]
fn every_input_opens_in_place_whatever_it_is_called() {
    let workplace = joined(HOSTILE, 3);
    let Some(page) = open(&page(&workplace, "out"), "") else {
        return;
    };
    page.value(&format!("{AXE}; true"));
    let done = HOSTILE.iter().filter(|(_, text)| !text.is_empty());
    for (place, (id, text)) in done.enumerate() {
        page.value(&format!(
            "document.querySelectorAll('#list a')[{place}].focus()"
        ));
        page.press("Enter", 0);
        ready(&page);
        assert_eq!(opened(&page), format!("input {} of 6: {id}", place + 1));
        let current = "[...document.querySelectorAll('#list a')].map(link => link.getAttribute('aria-current'))";
        let mut expected = vec![Value::Null; 6];
        expected[place] = json!("true");
        assert_eq!(page.value(current), Value::from(expected));
        for view in ["map", "lines", "text", "links", "heads"] {
            page.value(&format!("document.getElementById('tab-{view}').click()"));
            page.settle();
            assert_eq!(
                page.value(&format!("document.getElementById('view-{view}').hidden")),
                false
            );
        }
        // One page stands there, not those before it too.
        let counts = "[document.querySelectorAll('#overview').length, document.querySelectorAll('footer').length, document.querySelectorAll('#said').length, document.getElementById('inputs').hidden]";
        assert_eq!(page.value(counts), json!([1, 1, 1, true]), "{id}");
        assert_ne!(page.value("document.title"), "owned");
        let title = page.text("document.title");
        let beginning: String = text.chars().take(5).collect();
        assert!(title.starts_with(&beginning), "{title}");
        if place < 2 {
            assert_eq!(page.value(VIOLATIONS), json!([]), "{id}");
        }
    }
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
    let requests = page.requests.lock().unwrap().clone();
    let is_itself = |address: &String| {
        address == "about:blank"
            || address.starts_with("file:") && address.contains("index.html")
            || address.starts_with("data:")
    };
    assert!(requests.iter().all(is_itself), "{requests:?}");
    for (scheme, width) in [("dark", 1400), ("light", 390)] {
        page.resize([width, 900]);
        page.prefer("screen", &[("prefers-color-scheme", scheme)]);
        assert_eq!(page.value(VIOLATIONS), json!([]), "{scheme} {width}");
        let overflow =
            "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(page.value(overflow), 0, "{width}");
    }
}

#[test]
fn the_address_names_the_input_and_keeps_the_view() {
    let workplace = joined(HOSTILE, 3);
    let file = page(&workplace, "out");
    let third = HOSTILE[2].0;
    let Some(page) = open(
        &file,
        "#input=a%26b%3Dc%2Bd%2520e%23f%27%22&view=lines&heads=1",
    ) else {
        return;
    };
    assert_eq!(opened(&page), format!("input 3 of 6: {third}"));
    assert_eq!(
        page.value("document.getElementById('view-lines').hidden"),
        false
    );
    assert_eq!(page.value("window.scrollY"), 0);
    // What is chosen goes into the address with the input, and comes back.
    page.value("document.getElementById('tab-text').click()");
    page.settle();
    let hash = page.text("location.hash");
    assert!(hash.starts_with("#input=a%26b%3Dc%2Bd%2520e%23f"), "{hash}");
    page.visit(&file, &hash);
    assert_eq!(opened(&page), format!("input 3 of 6: {third}"));
    assert_eq!(
        page.value("document.getElementById('view-text').hidden"),
        false
    );
    // The view stays where another input is opened, and going back comes back.
    page.value("document.getElementById('next-input').click()");
    page.until("document.getElementById('opened').textContent.startsWith('input 4')");
    ready(&page);
    assert_eq!(
        page.value("document.getElementById('view-text').hidden"),
        false
    );
    page.value("history.back()");
    page.until("document.getElementById('opened').textContent.startsWith('input 3')");
    ready(&page);
    // Keys and hashes reach the input that is open alone.
    page.go("#input=plain&view=map&unit=1");
    ready(&page);
    page.press("Escape", 0);
    assert_eq!(opened(&page), "input 1 of 6: plain");
    assert!(
        page.text("location.hash")
            .starts_with("#input=plain&view=map")
    );
    assert!(!page.text("location.hash").contains("unit="));
    // In the place of one that is not there the first is open, and that is said.
    let note = || page.text("document.getElementById('no-such-input').textContent");
    assert_eq!(note(), "");
    page.visit(&file, "#input=nobody&view=lines");
    assert_eq!(opened(&page), "input 1 of 6: plain");
    assert_eq!(note(), "There is no input nobody. plain is open instead.");
    assert_eq!(page.text("location.hash"), "#input=plain&view=lines");
    assert_eq!(
        page.value("document.getElementById('view-lines').hidden"),
        false
    );
    // What is open stays open.
    page.go("#input=a%26b%3Dc%2Bd%2520e%23f%27%22");
    ready(&page);
    assert_eq!(note(), "");
    page.go("#input=empty%20%3Cb%3E");
    ready(&page);
    assert_eq!(opened(&page), format!("input 3 of 6: {third}"));
    assert!(
        note().starts_with("The input empty <b> failed, as the list says. "),
        "{}",
        note()
    );
    page.go("#input=plain");
    ready(&page);
    assert_eq!(note(), "");
    assert_eq!(
        page.value("document.getElementById('previous-input').disabled"),
        true
    );
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn the_list_is_searched_and_every_input_has_its_own_values() {
    let ids: Vec<String> = (0..200).map(|index| format!("n{index:03}")).collect();
    let texts: Vec<String> = (0..200)
        .map(|index| format!("hello world {}", "hello ".repeat(index % 7)))
        .collect();
    let inputs = ids.iter().zip(&texts);
    let workplace = joined(inputs.map(|(id, text)| (id.as_str(), text.as_str())), 0);
    let records = results(&workplace, "out");
    let Some(page) = open(&page(&workplace, "out"), "") else {
        return;
    };
    for place in [0, 57, 199] {
        page.value(&format!(
            "(() => {{ const search = document.getElementById('search-inputs'); search.focus(); search.value = 'N{place:03} hello'; search.dispatchEvent(new Event('input')); }})()"
        ));
        assert_eq!(
            page.text("document.getElementById('inputs-found').textContent"),
            "1 of 200 found"
        );
        assert_eq!(
            page.value(
                "[...document.querySelectorAll('#list li')].filter(line => !line.hidden).length"
            ),
            1
        );
        page.press("Enter", 0);
        page.until(&format!(
            "document.getElementById('opened').textContent === 'input {} of 200: n{place:03}'",
            place + 1
        ));
        ready(&page);
        page.go(&format!(
            "#input=n{place:03}&view=map&layer=0&heads=0&cell=1,2"
        ));
        let shown = page.text("document.querySelector('#readout .value').textContent");
        let shown: f64 = shown.trim().parse().unwrap();
        let folder = records[place]["folder"].as_str().unwrap();
        let numbers = workplace
            .path()
            .join("out")
            .join(folder)
            .join("attention.json");
        let numbers: Value = serde_json::from_str(&super::read(&numbers)).unwrap();
        let exact = numbers["attention"][0][0][1][2].as_f64().unwrap();
        assert!(
            (shown - exact).abs() <= 0.006 * exact,
            "{place}: {shown}, {exact}"
        );
    }
    page.value("(() => { const search = document.getElementById('search-inputs'); search.value = 'nothing such'; search.dispatchEvent(new Event('input')); })()");
    assert_eq!(
        page.text("document.getElementById('inputs-found').textContent"),
        "0 of 200 found"
    );
    // Esc forgets the words, and nothing that is chosen in the input.
    let hash = page.text("location.hash");
    page.value("document.getElementById('search-inputs').focus()");
    page.press("Escape", 0);
    let left = "[document.getElementById('search-inputs').value, document.getElementById('inputs-found').textContent, [...document.querySelectorAll('#list li')].filter(line => line.hidden).length, location.hash]";
    assert_eq!(page.value(left), json!(["", "", 0, hash]));
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn failures_are_counted_and_never_scrolled_out_of_sight() {
    let done: Vec<String> = (0..30).map(|index| format!("n{index:02}")).collect();
    let done = done.iter().map(|id| (id.as_str(), "hello world"));
    let workplace = joined(done.chain([("nothing", ""), ("less", " ")]), 3);
    let file = page(&workplace, "out");
    let Some(page) = open(&file, "#input=n29") else {
        return;
    };
    let header = "[...document.querySelectorAll('header h1, header .outcome')].map(line => line.textContent)";
    let words = ["Attention of 32 inputs", "30 done, 2 failed"];
    assert_eq!(page.value(header), json!(words));
    let title = super::read(&file);
    assert!(title.contains("<title>Attention of 32 inputs, 30 done, 2 failed · attnviz</title>"));
    assert_eq!(opened(&page), "input 30 of 30: n29");
    let seen = "(() => { const [frame, failed] = [document.querySelector('#list .failed-list'), document.querySelector('#list .failed')].map(element => element.getBoundingClientRect()); return failed.top >= frame.top && failed.bottom <= frame.bottom && frame.height > 40; })()";
    assert_eq!(page.value(seen), true);
}

#[test]
fn a_page_of_failures_alone_says_them() {
    let workplace = joined([("nothing", ""), ("less <i>", " ")], 3);
    let Some(page) = open(&page(&workplace, "out"), "") else {
        return;
    };
    assert_eq!(
        page.value("document.querySelectorAll('#list li.failed').length"),
        2
    );
    assert_eq!(page.value("document.querySelectorAll('#list i').length"), 0);
    assert_eq!(
        page.text("document.querySelector('h1').textContent"),
        "All 2 inputs failed"
    );
    assert_eq!(page.text("document.title"), "All 2 inputs failed · attnviz");
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}
