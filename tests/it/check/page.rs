//! The page of a check in a real browser.

use serde_json::json;

use super::Repository;
use crate::batch_page::devtools::browser;

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
    assert_eq!(browser.value("document.scripts.length"), 0);
    let paper = browser.value("getComputedStyle(document.querySelector('.rule')).borderRadius");
    assert_eq!(paper, "12px", "the style's hash does not let it in");
    let name = browser.value("document.querySelectorAll('.rule h3')[2].textContent");
    assert_eq!(name, "holds <img src=x onerror=alert(1)>");
    let logged: Vec<_> = browser
        .events
        .iter()
        .filter(|event| event["method"] == "Log.entryAdded")
        .collect();
    assert!(logged.is_empty(), "{logged:?}");
}
