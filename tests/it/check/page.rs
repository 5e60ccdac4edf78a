//! The page of a check in a real browser.

use serde_json::json;

use super::Repository;
use crate::batch_page::devtools::browser;
use crate::page::browser::open;
use crate::page::looks::{AXE, VIOLATIONS};

#[test]
fn a_real_browser_shows_broken_rules_first_with_their_pictures() {
    let Some(mut browser) = browser() else { return };
    let repository = Repository::new();
    repository.rules(
        "[[head]]\nid = '0.0'\nscore = 'entropy_normalized'\nabove = 0.001\nname = '<img src=x onerror=alert(1)>'\n\
         [[invariant]]\ntext = 'it was <b>tired</b>'\nreplace = { it = 'the' }\nmeasure = 'js_bits'\nbelow = 1e-9\n\
         [difference]\nmax_abs = 1e-4",
    );
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    assert_eq!(repository.check(&[]).code, Some(4));
    browser.open(&repository.path("attnviz-out/check-rules/index.html"));
    let shown = browser.value(
        "(async () => {
            while (document.documentElement.dataset.ready !== 'yes')
                await new Promise(done => setTimeout(done, 20));
            for (const img of document.images) {
                img.scrollIntoView();
                if (!img.complete) await new Promise(done => { img.onload = img.onerror = done; });
            }
            return [...document.images].map(img => img.naturalWidth > 100 && img.width > 100);
        })()",
    );
    assert_eq!(shown, json!([true, true]));
    let statuses =
        browser.value("[...document.querySelectorAll('.rule .status')].map(s => s.textContent)");
    assert_eq!(statuses, json!(["broken", "broken", "holds"]));
    let scripts = browser.value("document.querySelectorAll('script:not([type])').length");
    assert_eq!(scripts, 1);
    let edge = browser.value("getComputedStyle(document.querySelector('.rule')).borderLeftWidth");
    assert_eq!(edge, "4px", "the style's hash does not let it in");
    let name = browser.value("document.querySelectorAll('.rule h3')[2].textContent");
    assert_eq!(name, "holds <img src=x onerror=alert(1)>");
    let logged: Vec<_> = browser
        .events
        .iter()
        .filter(|event| event["method"] == "Log.entryAdded")
        .collect();
    assert!(logged.is_empty(), "{logged:?}");
}

#[test]
fn a_broken_rule_leads_to_its_head_beside_the_baseline() {
    let repository = Repository::new();
    repository.rules(
        "[[head]]\nid = '0.0'\nscore = 'entropy_normalized'\nbelow = 0.001\n\
         [[invariant]]\ntext = 'it was tired'\nreplace = { it = 'the' }\nmeasure = 'js_bits'\nbelow = 1e-9\n\
         [difference]\nmax_abs = 1e-4",
    );
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    let report = repository.json(4);
    let page = repository.path("attnviz-out/check-rules/index.html");
    let Some(page) = open(&page, "") else { return };
    let broken = report["rules"].as_array().unwrap().iter();
    let broken: Vec<_> = broken.filter(|rule| rule["status"] == "broken").collect();
    assert_eq!(broken.len(), 3);
    assert_eq!(page.value("document.querySelectorAll('a.look').length"), 3);
    for (place, rule) in broken.iter().enumerate() {
        page.value(&format!(
            "document.querySelectorAll('a.look')[{place}].click()"
        ));
        let name = format!("layer {}, head {}", rule["layer"], rule["head"]);
        let chosen = "document.querySelector('#overview [aria-selected=true]')?.getAttribute('aria-label') || ''";
        page.until(&format!(
            "document.documentElement.dataset.ready === 'yes' && ({chosen}).startsWith('{name}')"
        ));
        let sides = page.value("[...document.querySelectorAll('.side-button b')].length");
        // What the baseline has the same is shown alone.
        let expected = if rule["kind"] == "[[head]]" { 0 } else { 3 };
        assert_eq!(sides, expected, "{rule}");
        let open_now = page.text("document.querySelector('#list [aria-current] .id').textContent");
        assert!(open_now.starts_with(rule["input"].as_str().unwrap()));
    }
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
    page.value(&format!("{AXE}; true"));
    for (scheme, width) in [("light", 1400), ("dark", 390)] {
        page.resize([width, 900]);
        page.prefer("screen", &[("prefers-color-scheme", scheme)]);
        assert_eq!(page.value(VIOLATIONS), json!([]), "{scheme}, {width}");
    }
}
