//! How the page of scores looks, to those who see it and those who do not.

use super::scored;
use crate::page::browser::open;
use crate::page::looks::{AXE, VIOLATIONS};

#[test]
fn an_accessibility_audit_of_scores_finds_nothing_at_any_width() {
    let made = scored();
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    // Past the policy, as only the debugger may.
    page.value(&format!("{AXE}; true"));
    // What failed stands apart from the grid, and what is missing of it looks so.
    let apart = "document.getElementById('main').getBoundingClientRect().top - document.querySelector('.failures').getBoundingClientRect().bottom >= 16 && getComputedStyle(document.querySelector('.failures .text.none')).fontStyle";
    assert_eq!(page.value(apart), "italic");
    for (scheme, width) in [
        ("light", 1400),
        ("dark", 1400),
        ("light", 800),
        ("light", 390),
    ] {
        page.resize([width, 900]);
        page.prefer(
            "screen",
            &[
                ("prefers-color-scheme", scheme),
                ("prefers-reduced-motion", "reduce"),
            ],
        );
        for view in ["heads", "head", "layers", "inputs", "relations"] {
            for quantity in ["prev", "relation%3Ansubj&field=gain"] {
                page.go(&format!(
                    "#view={view}&layer=1&heads=2,3&quantity={quantity}"
                ));
                let found = page.value(VIOLATIONS);
                assert_eq!(found, serde_json::json!([]), "{view}, {scheme}, {width}");
                let broken = "[...document.querySelectorAll('.view:not([hidden]) .numbers tbody button')].filter(name => name.offsetWidth < 200 && name.offsetHeight > 28).map(name => name.textContent)";
                assert_eq!(page.value(broken), serde_json::json!([]), "{view}, {width}");
                if width < 760 {
                    let covers = "getComputedStyle(document.getElementById('readout')).position";
                    assert_eq!(page.value(covers), "static");
                }
                let overflow = "document.documentElement.scrollWidth <= window.innerWidth";
                assert_eq!(page.value(overflow), true, "{view}, {width}");
            }
        }
    }
}

#[test]
fn colours_of_heads_follow_numbers_scales_and_the_reader() {
    let made = scored();
    let Some(page) = open(&made.page(), "#quantity=prev&map=greys") else {
        return;
    };
    let means: Vec<f64> = {
        let rows = made.rows("heads.csv");
        rows.iter()
            .filter(|row| row[2] == "prev")
            .map(|row| row[3].parse().unwrap())
            .collect()
    };
    let lightness = |head: usize| -> f64 {
        let color = page.text(&format!(
            "getComputedStyle(document.querySelector('[data-head=\"{head}\"]')).backgroundColor"
        ));
        let channels = color
            .trim_start_matches("rgb(")
            .trim_end_matches(')')
            .split(',');
        channels
            .map(|channel| channel.trim().parse::<f64>().unwrap())
            .sum()
    };
    let mut heads: Vec<usize> = (0..12).collect();
    heads.sort_by(|&one, &other| means[one].total_cmp(&means[other]));
    let monotone = || {
        let all: Vec<f64> = heads.iter().map(|&head| lightness(head)).collect();
        all.is_sorted() || all.is_sorted_by(|first, second| first >= second)
    };
    assert!(monotone());
    let own = lightness(heads[0]);
    page.go("#quantity=prev&map=greys&scale=shared");
    assert!(monotone());
    assert_ne!(lightness(heads[0]), own, "0 is the end of a shared scale");
    page.go("#quantity=prev&map=greys&color=logarithmic");
    assert!(monotone());
    // A gain has colours of its own.
    let idle =
        "['color', 'scale'].map(field => document.querySelector(`[data-field=${field}]`).disabled)";
    assert_eq!(page.value(idle), serde_json::json!([false, false]));
    page.go("#quantity=relation%3Ansubj&field=gain");
    assert_eq!(page.value(idle), serde_json::json!([true, false]));
    page.go("#quantity=prev&map=greys&invert=yes");
    assert_ne!(lightness(heads[0]), own);

    let paper = || page.text("getComputedStyle(document.documentElement).backgroundColor");
    let light = paper();
    page.prefer("screen", &[("prefers-color-scheme", "dark")]);
    page.until("document.documentElement.dataset.theme === 'dark'");
    assert_ne!(light, paper());
    page.go("#theme=light");
    assert_eq!(paper(), light);
    page.prefer("print", &[]);
    assert_eq!(
        page.value("getComputedStyle(document.querySelector('.settings')).display"),
        "none"
    );
    // No row is left on the screen.
    page.resize([900, 200]);
    page.prefer("print", &[]);
    for (view, table) in [
        ("heads", "heads"),
        ("head", "head-scores"),
        ("layers", "layers"),
    ] {
        page.go(&format!("#view={view}"));
        let cut = format!(
            "(() => {{ const frame = document.querySelector('#{table}').closest('.scroll'); return getComputedStyle(frame).overflow !== 'visible' || frame.scrollHeight - frame.clientHeight > 1; }})()"
        );
        assert_eq!(page.value(&cut), false, "{view}");
    }
}
