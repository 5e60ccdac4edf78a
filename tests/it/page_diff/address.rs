//! A link to a comparison shows the same.

use serde_json::Value;

use super::{SENTENCE, check_quiet, compared, of_sides};
use crate::page::browser::{Page, open};

/// What is shown, as those who listen have it.
fn shown(page: &Page) -> Value {
    page.value(
        "({
            readout: document.getElementById('readout').textContent,
            sides: [...document.querySelectorAll('[data-side]')].map(button => button.getAttribute('aria-pressed')),
            heads: [...document.querySelectorAll('#overview [role=gridcell]')].map(cell => [cell.getAttribute('aria-label'), cell.getAttribute('aria-selected')]),
            view: document.querySelector('[role=tab][aria-selected=true]').id,
            captions: [...document.querySelectorAll('.view:not([hidden]) figcaption, .view:not([hidden]) caption')].map(caption => caption.textContent),
            colors: document.getElementById('color-text').textContent,
            cells: [...document.querySelectorAll('#map [role=gridcell]')].map(cell => cell.textContent),
            command: document.getElementById('command').textContent,
        })",
    )
}

#[test]
fn an_address_shows_the_same_comparison() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for hash in [
        "#view=map&layer=1&heads=3&cell=2,5&side=left&grid=maps",
        "#view=map&layer=1&heads=3,4&combine=max&side=right&grid=total_variation&theme=dark",
        "#view=lines&heads=0.1,1.4&unit=5,6&direction=both",
        "#view=text&layer=1&heads=2&unit=3&direction=to&special=renormalize&tokens=word",
        "#view=links&layer=1&heads=0&min=0.05&mass=0.8&sink=hide",
        "#view=heads&layer=1&heads=1&score=entropy_difference",
        "#view=map&layer=1&heads=1&window=2-7&zoom=1-4,0-5&scale=run&vmax=0.5",
    ] {
        page.visit(&made.page(), hash);
        // Changed and changed back, all of it is written anew.
        page.value("document.getElementById('tab-heads').click()");
        let view = hash.split('&').next().unwrap().trim_start_matches("#view=");
        page.value(&format!("document.getElementById('tab-{view}').click()"));
        page.settle();
        let written = page.text("location.hash");
        let mut fields: Vec<&str> = hash.trim_start_matches('#').split('&').collect();
        let mut found: Vec<&str> = written.trim_start_matches('#').split('&').collect();
        fields.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, fields);
        let before = shown(&page);
        page.visit(&made.page(), &written);
        page.settle();
        assert_eq!(shown(&page), before, "{hash}");
    }
    check_quiet(&page);
}

#[test]
fn hostile_texts_on_either_side_stay_texts() {
    let hostile = [
        "</script><script>document.title='owned'</script>",
        "<img src=x onerror=\"document.title='owned'\"> <!-- <script>",
        "مرحبا \u{202e}abc\u{202c} שלום 🏳️‍🌈 e\u{301} \u{2028} ' \" & \\",
    ];
    for (place, text) in hostile.iter().enumerate() {
        let other = hostile[(place + 1) % hostile.len()];
        let made = of_sides(&[&super::model()], &["--text", text, "--against", other]);
        let Some(page) = open(&made.page(), "") else {
            return;
        };
        for side in ["left", "right", "difference"] {
            for view in ["map", "lines", "text", "links", "heads"] {
                page.go(&format!("#view={view}&side={side}&layer=1&heads=2,3"));
                let is_hidden = format!("document.getElementById('view-{view}').hidden");
                assert_eq!(page.value(&is_hidden), false);
            }
            let (_, _, svg) = page_svg(&page, side);
            let svg = String::from_utf8(svg).unwrap();
            assert!(
                resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default()).is_ok(),
                "{svg}"
            );
        }
        let texts: Vec<String> =
            serde_json::from_value(page.value(
                "[...document.querySelectorAll('.side .text')].map(text => text.textContent)",
            ))
            .unwrap();
        assert_eq!(texts.len(), 2);
        assert_eq!(page.value("document.images.length"), 0);
        check_quiet(&page);
    }
}

fn page_svg(page: &Page, side: &str) -> (String, String, Vec<u8>) {
    page.go(&format!("#view=map&side={side}&layer=1&heads=2"));
    page.saved("svg")
}
