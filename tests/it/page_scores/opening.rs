//! What happens when the page is opened, and what is in it without a script.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{HOSTILE, scored, scored_inputs};
use crate::page::browser::open;

#[test]
fn the_page_of_scores_opens_without_a_request_or_a_complaint() {
    let made = scored();
    let none = scored_inputs(&[json!({"txt": "nothing"})], 3);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for view in ["heads", "head", "layers", "inputs", "relations"] {
        for quantity in ["prev", "relation%3Ansubj", "relation%3Aall"] {
            page.go(&format!(
                "#view={view}&layer=1&heads=2,3&quantity={quantity}"
            ));
            let hidden = format!("document.getElementById('view-{view}').hidden");
            assert_eq!(page.value(&hidden), false, "{view}");
        }
    }
    // Hostile names are text.
    page.go("#view=relations");
    let names = page
        .value("[...document.querySelectorAll('#relations bdi')].map(name => name.textContent)");
    assert!(
        names.as_array().unwrap().contains(&json!(HOSTILE)),
        "{names}"
    );
    page.go("#view=inputs&quantity=prev");
    let shown = page.text("document.getElementById('ends').textContent");
    assert!(shown.contains(HOSTILE), "{shown}");
    assert_eq!(
        page.value("document.querySelectorAll('#main img').length"),
        0
    );
    let check = || {
        assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
        let requests = page.requests.lock().unwrap().clone();
        let is_itself = |address: &String| {
            address.starts_with("data:")
                || address == "about:blank"
                || (address.starts_with("file:") && address.contains("index.html"))
        };
        assert!(requests.iter().all(is_itself), "{requests:?}");
        assert_ne!(page.value("document.title"), "owned");
    };
    check();
    // Where nothing could be scored, what failed is said all the same.
    page.visit(&none.page(), "");
    let said = page.text("document.body.innerText");
    assert!(
        said.contains("Failed") && said.contains("No input could be scored"),
        "{said}"
    );
    assert!(!said.contains("There was no input"), "{said}");
    check();
}

#[test]
fn without_a_script_the_page_of_scores_has_tables_and_a_picture() {
    let made = scored();
    let text = fs::read_to_string(made.page()).unwrap();
    let failures = text.find("class=\"failures\"").expect("there are failures");
    let scores = text
        .find("id=\"attnviz-scores\"")
        .expect("there are scores");
    assert!(failures < scores);
    for part in [
        "<img src=\"data:image/png;base64,",
        "<article id=\"prev\">",
        "<article id=\"relations\">",
        "Inputs at both ends of layer ",
        "default-src 'none'",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(text.matches("<img").count(), 1, "hostile text is text");
    // The policy lets in this script and this style alone.
    for tag in ["script", "style"] {
        let (_, rest) = text.rsplit_once(&format!("<{tag}>")).unwrap();
        let (own, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = STANDARD.encode(Sha256::digest(own));
        assert!(
            text.contains(&format!("{tag}-src 'sha256-{hash}'")),
            "{tag}"
        );
    }
    // The means are there, to three digits.
    let first = made.rows("heads.csv").remove(0);
    let mean: f64 = first[3].parse().unwrap();
    assert!(text.contains(&format!("<td class=\"value\">{mean:.3}</td>")));
}
