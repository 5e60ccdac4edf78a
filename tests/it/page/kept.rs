//! What the page holds on to: in its address, under the keyboard, in its table of links.

use serde_json::{Value, json};

use super::browser::{Page, open};
use super::{SENTENCE, encoded, rendered};

fn shown(page: &Page, id: &str) -> String {
    page.text(&format!("document.getElementById({id:?}).textContent"))
}

fn hash(page: &Page) -> String {
    page.text("location.hash")
}

fn csv(page: &Page) -> Vec<Vec<String>> {
    let (_, _, bytes) = page.saved("csv");
    let text = String::from_utf8(bytes).unwrap();
    let lines = text.lines();
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn type_in(page: &Page, text: &str) {
    page.value(
        "document.getElementById('search').value = ''; document.getElementById('search').focus(); true",
    );
    for letter in text.chars() {
        page.press(&letter.to_string(), 0);
    }
}

#[test]
fn the_keyboard_stays_where_it_was_and_is_told_what_it_did() {
    let made = encoded(SENTENCE, &["--neurons"]);
    let Some(page) = open(&made.page(), "#view=links&layer=1&heads=3") else {
        return;
    };
    let focus = || {
        page.text("document.activeElement.tagName + ' ' + (document.activeElement.closest('[data-key]')?.dataset.key ?? '')")
    };
    // What has the focus, the key that is pressed, and what is said.
    for (hash, selector, said) in [
        (
            "#view=links&layer=1&heads=3",
            "#links tr:nth-child(3) button",
            " held",
        ),
        (
            "#view=heads&layer=1&heads=3",
            "#heads tr:nth-child(4) button",
            " chosen",
        ),
        (
            "#view=heads&alike=1.3",
            "#heads tr:nth-child(4) button",
            " chosen",
        ),
        (
            "#view=neurons&layer=1&heads=3&unit=2",
            "#neurons tr:nth-child(5) button",
            "dimension by dimension",
        ),
    ] {
        page.go(hash);
        page.until(&format!("document.querySelector({selector:?}) !== null"));
        if hash.contains("alike") {
            page.until("document.getElementById('heads-caption').textContent.includes('most like layer 1, head 3')");
        }
        page.value(&format!("document.querySelector({selector:?}).focus()"));
        let before = focus();
        assert!(before.starts_with("BUTTON "), "{hash}: {before}");
        page.press("Enter", 0);
        assert_eq!(focus(), before, "{hash}");
        let heard = shown(&page, "said");
        assert!(heard.ends_with(said), "{hash}: {heard}");
    }
    // The chip of another layer's head goes with it, and the next one has the focus.
    page.go("#heads=0.2,1.3");
    page.value("document.querySelector('[data-chip=\"2\"]').focus()");
    page.press("Enter", 0);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=3");
    assert!(focus().starts_with("BUTTON "), "{}", focus());

    // A slash is part of what is typed in a field.
    page.value("document.getElementById('window-0').focus()");
    page.press("/", 0);
    assert_eq!(page.text("document.activeElement.id"), "window-0");
}

#[test]
fn tables_are_kept_in_the_address_and_taken_along_as_they_are_sorted() {
    let made = encoded(SENTENCE, &["--neurons", "--layers", "0-2"]);
    let Some(page) = open(&made.page(), "#view=links&layer=1&heads=3") else {
        return;
    };
    page.click(page.place("#every-link", [0.5, 0.5]), 0);
    page.click(page.place("[data-by=distance] button", [0.5, 0.5]), 0);
    let kept = "#view=links&layer=1&heads=3&links=all&by=distance&order=up";
    assert_eq!(hash(&page), kept);
    let column = "[...document.querySelectorAll('#links tr')].map(row => row.querySelector('th small').textContent.slice(2) + ' ' + row.children[1].querySelector('small').textContent.slice(2))";
    let sorted = page.value(column);
    let of_file: Vec<String> = csv(&page)[1..]
        .iter()
        .map(|fields| format!("{} {}", fields[0], fields[2]))
        .collect();
    assert_eq!(sorted, json!(of_file));
    page.visit(&made.page(), kept);
    assert_eq!(page.value(column), sorted);
    assert_eq!(
        page.value("document.getElementById('every-link').checked"),
        true
    );

    // Heads, by their likeness and turned around.
    page.go("#view=heads&layer=1&heads=3");
    let names = "[...document.querySelectorAll('#heads button')].map(button => button.textContent)";
    page.click(page.place("#alike", [0.5, 0.5]), 0);
    page.until("document.getElementById('heads-caption').textContent.includes('most like')");
    let mut nearest: Vec<String> = serde_json::from_value(page.value(names)).unwrap();
    assert_eq!(nearest[0], "layer 1, head 3");
    page.click(page.place("#turn", [0.5, 0.5]), 0);
    nearest.reverse();
    assert_eq!(page.value(names), json!(nearest));
    assert_eq!(
        hash(&page),
        "#view=heads&layer=1&heads=3&turned=yes&alike=1.3"
    );
    page.visit(&made.page(), &hash(&page));
    page.until("document.getElementById('heads-caption').textContent.includes('least like')");
    assert_eq!(page.value(names), json!(nearest));
    let rows = csv(&page);
    assert_eq!(rows[0].last().unwrap(), "unlike_1.3");
    let of_file: Vec<String> = rows[1..]
        .iter()
        .map(|row| format!("layer {}, head {}", row[0], row[1]))
        .collect();
    assert_eq!(of_file, nearest);
    // A score that is chosen then begins with its greatest.
    page.value("(() => { const list = document.querySelector('#view-heads select'); list.value = 'prev'; list.dispatchEvent(new Event('change')); return true; })()");
    page.settle();
    assert_eq!(hash(&page), "#view=heads&layer=1&heads=3&score=prev");
    assert_eq!(page.value(names)[0], "layer 0, head 2");

    // The key whose dimensions are listed.
    page.go("#view=neurons&layer=1&heads=3&unit=2&key=5");
    page.until("document.querySelector('#neurons tr.chosen')?.dataset.key === '5'");
    page.click(page.place("#neurons tr:nth-child(4) button", [0.5, 0.5]), 0);
    assert!(hash(&page).ends_with("&key=3"), "{}", hash(&page));
    let rows = csv(&page);
    assert_eq!(
        rows[0][5..9],
        ["attention", "value_norm", "weighted", "product_0"]
    );
    for row in &rows[1..] {
        let numbers: Vec<f64> = row[2..]
            .iter()
            .map(|field| field.parse().unwrap())
            .collect();
        let products: f64 = numbers[6..].iter().sum();
        assert!((products - numbers[0]).abs() < 0.02, "{row:?}");
        let weighted = numbers[3] * numbers[4];
        // Both have the digits that are sure, three of them at least.
        assert!((weighted - numbers[5]).abs() <= weighted * 6e-3, "{row:?}");
    }
}

#[test]
fn several_cells_are_held_and_a_piece_is_let_go_as_its_word() {
    let made = encoded(SENTENCE, &["--layers", "1"]);
    let count = made.array("attention")[0][0].len();
    let Some(page) = open(&made.page(), "#layer=1&heads=3") else {
        return;
    };
    let cell = |row: usize, column: usize| {
        let at = |index: usize| (index as f64 + 0.5) / count as f64;
        page.place("#map", [at(column), at(row)])
    };
    page.click(cell(2, 1), 0);
    page.click(cell(5, 6), 8);
    page.hover([5.0, 5.0]);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=3&cell=2,1,5,6");
    let told = shown(&page, "readout");
    assert!(
        told.contains("token → the") && told.contains("sat → on"),
        "{told}"
    );
    page.click(page.place("#tab-links", [0.5, 0.5]), 0);
    page.click(page.place("#tab-map", [0.5, 0.5]), 0);
    page.click(cell(5, 6), 8);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=3&cell=2,1");
    page.click(cell(3, 3), 0);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=3&cell=3,3");
    page.press("Escape", 0);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=3");

    page.go("#view=lines&layer=1&heads=3&unit=4&tokens=word");
    page.hover([5.0, 5.0]);
    let word = "document.querySelector('#line-units-0 .chosen').id";
    let word = page.text(word);
    page.click(page.place(&format!("#{word}"), [0.8, 0.5]), 0);
    assert!(!hash(&page).contains("unit="), "{}", hash(&page));
}

#[test]
fn addresses_that_make_no_sense_change_nothing() {
    let made = encoded(SENTENCE, &["--layers", "1"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for odd in [
        "vmax=-1",
        "vmin=.9&vmax=.1",
        "vmin=0.5&vmax=0.5",
        "min=1e400",
        "min=-3",
        "alike=9.9",
        "alike=x",
        "key=99",
        "by=nothing&order=sideways&links=some&turned=maybe",
    ] {
        page.visit(&made.page(), &format!("#view=map&layer=1&heads=3&{odd}"));
        page.value("document.getElementById('tab-lines').click(); document.getElementById('tab-map').click()");
        page.settle();
        assert_eq!(hash(&page), "#view=map&layer=1&heads=3", "{odd}");
        assert!(shown(&page, "color-text").starts_with("0 to "), "{odd}");
    }
    page.go("#view=text&layer=1&heads=3&unit=5,5,5");
    let caption = shown(&page, "text-caption");
    assert_eq!(caption.matches("“sat”").count(), 1, "{caption}");
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn what_was_asked_for_at_first_can_be_taken_back() {
    let made = encoded(
        "one two three",
        &["--layers", "1", "--crop", "1-2", "--vmax", "0.3"],
    );
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let rows = "+document.getElementById('map').getAttribute('aria-rowcount') - 1";
    assert_eq!(page.value(rows), 2);
    page.value("for (const [id, value] of [['window-0', 0], ['window-1', 4]]) { const input = document.getElementById(id); input.value = value; input.dispatchEvent(new Event('change')); } true");
    page.settle();
    assert_eq!(page.value(rows), 5);
    assert!(hash(&page).contains("window=all"), "{}", hash(&page));

    let list = "document.querySelector('select[data-field=scale]')";
    let chosen = format!("{list}.selectedOptions[0].textContent");
    assert_eq!(page.text(&chosen), "to 0.3 as asked for");
    assert!(shown(&page, "color-text").starts_with("0 to 0.300"));
    page.value(&format!(
        "{list}.value = 'unit'; {list}.dispatchEvent(new Event('change')); true"
    ));
    page.settle();
    assert!(
        shown(&page, "color-text").starts_with("0 to 1.00 (1)"),
        "{}",
        shown(&page, "color-text")
    );
    assert_eq!(
        page.value(&format!("[...{list}.options].at(-1).hidden")),
        true
    );
    assert_eq!(page.text(&chosen), "1");
}

#[test]
fn a_unit_is_found_where_it_is_and_brought_into_sight() {
    let row = |most: usize| -> Vec<f64> {
        (0..20)
            .map(|key| if key == most { 0.81 } else { 0.01 })
            .collect()
    };
    let maps: Vec<Vec<f64>> = (0..3).map(row).collect();
    let keys: Vec<String> = (0..20)
        .map(|key| {
            if key == 17 {
                "mat".to_owned()
            } else {
                format!("key{key}")
            }
        })
        .collect();
    let foreign =
        json!({ "attention": [[maps]], "tokens": ["le", "chat", "dort"], "key_tokens": keys });
    let made = rendered(&foreign, &[]);
    let Some(page) = open(&made.page(), "#zoom=0-3,0-5") else {
        return;
    };
    type_in(&page, "mat");
    assert_eq!(shown(&page, "found"), "1 found");
    let found = hash(&page);
    assert!(
        found.contains("unit=17&direction=to") && found.contains("zoom=0-3,13-18"),
        "{found}"
    );
    type_in(&page, "chat");
    assert!(
        hash(&page).contains("unit=1&direction=from"),
        "{}",
        hash(&page)
    );

    let made = encoded(SENTENCE, &["--layers", "1"]);
    page.visit(&made.page(), "#zoom=0-4,0-4");
    type_in(&page, "tired");
    let found = hash(&page);
    assert!(
        found.contains("unit=12") && found.contains("zoom=9-13,0-4"),
        "{found}"
    );
    page.go("#window=0-5");
    type_in(&page, "tired");
    assert_eq!(shown(&page, "found"), "not among the tokens that are shown");
    let nothing: Value = page.value("document.getElementById('search').value");
    assert_eq!(nothing, "tired");
}
