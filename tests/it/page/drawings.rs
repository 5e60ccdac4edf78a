//! Drawings that are taken along: they say what they are of, and what was done.

use super::browser::{Page, open};
use super::{SENTENCE, encoded};

/// A text of a drawing.
#[derive(Debug)]
struct Written {
    x: f64,
    y: f64,
    size: f64,
    anchor: String,
    text: String,
}

fn svg(page: &Page) -> String {
    let (_, _, bytes) = page.saved("svg");
    String::from_utf8(bytes).unwrap()
}

/// The texts of a drawing that are not turned.
fn texts(svg: &str) -> Vec<Written> {
    let elements = svg.split("<text ").skip(1);
    let level = elements.filter(|element| !element.contains("transform="));
    level
        .map(|element| {
            let value = |name: &str| {
                let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap();
                rest.split('"').next().unwrap()
            };
            let number = |name: &str| value(name).parse().unwrap();
            Written {
                x: number("x"),
                y: number("y"),
                size: number("font-size"),
                anchor: value("text-anchor").to_owned(),
                text: element.split(['>', '<']).nth(1).unwrap().to_owned(),
            }
        })
        .collect()
}

/// The sentences below a drawing, in one.
fn notes(svg: &str) -> String {
    let small = texts(svg)
        .into_iter()
        .filter(|it| it.size == 11.0 && it.x == 16.0);
    small.map(|it| it.text).collect::<Vec<_>>().join(" ")
}

#[test]
fn drawings_say_all_that_was_done() {
    let made = encoded("The tokenizers sat down.", &["--pair", "Why did it?"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let all = "special=renormalize&sink=hide&tokens=word&min=0.1&mass=0.5&pair=AB&window=1-9";
    for view in ["map", "lines", "text"] {
        page.go(&format!("#view={view}&layer=1&heads=3"));
        let plain = notes(&svg(&page));
        assert!(
            !plain.contains("left out") && !plain.contains("merged"),
            "{plain}"
        );
        page.go(&format!("#view={view}&layer=1&heads=3&{all}"));
        let said = notes(&svg(&page));
        for part in [
            "merged",
            "scaled back to 1",
            "first token is hidden",
            "below 0.1 are left out",
            "50 %",
            "from text A to text B",
            "Tokens 1 to 9 of",
        ] {
            assert!(said.contains(part), "{view}: {said}");
        }
    }
    page.go("#layer=1&heads=3&special=hide&pair=BB&zoom=1-3,0-4&color=logarithmic");
    let said = notes(&svg(&page));
    for part in [
        "rows may sum to less",
        "within text B",
        "Zoomed to rows 2 to 3 and columns 1 to 4",
        ", logarithmic",
    ] {
        assert!(said.contains(part), "{said}");
    }
    // Many heads are all named.
    page.go("#heads=0.0,0.1,0.2,0.3,1.0,1.1,1.2,1.3,2.0,2.1,2.2,2.3,5.11");
    assert!(svg(&page).contains("layer 5, head 11"));
}

#[test]
fn drawings_have_the_marks_and_the_shares_of_what_is_held() {
    let made = encoded(SENTENCE, &["--layers", "1"]);
    let map = &made.array("attention")[0][3];
    let Some(page) = open(&made.page(), "#layer=1&heads=3&scale=head") else {
        return;
    };
    let frames = |svg: &str| svg.matches("fill=\"none\" stroke=").count();
    let plain = frames(&svg(&page));
    page.go("#layer=1&heads=3&scale=head&unit=2&direction=from");
    assert_eq!(frames(&svg(&page)), plain + 1);
    page.go("#layer=1&heads=3&scale=head&cell=2,1,5,6");
    let held = svg(&page);
    // Of each cell a ring on paper and its column, of the last one its row.
    assert_eq!(frames(&held), plain + 2 * 3 + 1);
    let said = notes(&held);
    assert!(
        said.contains("token → the: ") && said.contains("sat → on: "),
        "{said}"
    );

    page.go("#view=lines&layer=1&heads=3,4&unit=2&direction=from");
    let svg = svg(&page);
    for name in ["layer 1, head 3", "layer 1, head 4"] {
        assert!(texts(&svg).iter().any(|it| it.text == name), "{name}");
    }
    let shares: Vec<Written> = texts(&svg)
        .into_iter()
        .filter(|it| it.size == 10.0)
        .collect();
    assert_eq!(shares.len(), map.len());
    assert!(notes(&svg).contains("mean of the heads"), "{}", notes(&svg));
}

#[test]
fn no_letters_of_a_drawing_lie_over_others_or_outside() {
    let text = "a . b , c Donaudampfschifffahrtsgesellschaftskapitän WWWWWWWWWWWWWWWW";
    let made = encoded(text, &["--layers", "1"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let width = |it: &Written| {
        page.value(&format!(
            "(() => {{ const context = document.createElement('canvas').getContext('2d'); context.font = '{}px system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif'; return context.measureText({:?}).width; }})()",
            it.size, it.text
        ))
        .as_f64()
        .unwrap()
    };
    for view in ["map", "lines", "text"] {
        page.go(&format!(
            "#view={view}&layer=1&heads=3&tokens=word&unit=1&direction=from"
        ));
        let mut spans: Vec<(f64, f64, f64, String)> = Vec::new();
        for it in texts(&svg(&page)) {
            let wide = width(&it);
            let left = match it.anchor.as_str() {
                "start" => it.x,
                "middle" => it.x - wide / 2.0,
                _ => it.x - wide,
            };
            assert!(left >= 0.0 && left + wide <= 860.0, "{view}: {it:?}");
            spans.push((it.y, left, left + wide, it.text));
        }
        for (index, first) in spans.iter().enumerate() {
            for second in &spans[index + 1..] {
                let apart = first.0 != second.0 || first.2 <= second.1 || second.2 <= first.1;
                assert!(apart, "{view}: {first:?} {second:?}");
            }
        }
    }
}

#[test]
fn labels_from_right_to_left_leave_numbers_where_they_are() {
    let made = encoded("שלום עולם", &["--layers", "1"]);
    let Some(page) = open(
        &made.page(),
        "#view=lines&layer=1&heads=3&unit=1&direction=from",
    ) else {
        return;
    };
    let readout = page.text("document.getElementById('readout').textContent");
    let rtl = |text: &str| text.chars().any(|it| ('\u{590}'..'\u{600}').contains(&it));
    let named: Vec<&str> = readout
        .split('“')
        .skip(1)
        .filter(|rest| rtl(rest.split('”').next().unwrap()))
        .collect();
    assert!(!named.is_empty(), "{readout}");
    for rest in named {
        assert!(
            rest.starts_with('\u{2068}') && rest.contains("\u{2069}”"),
            "{readout:?}"
        );
    }
}
