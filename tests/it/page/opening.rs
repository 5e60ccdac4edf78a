//! What happens when the page is opened, and what is in it without a script.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::browser::open;
use super::{SENTENCE, encoded};

/// Texts that have broken pages.
const HOSTILE: [&str; 5] = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\"> <!-- <script>",
    "مرحبا بالعالم \u{202e}abc\u{202c} שלום",
    "🏳️‍🌈 e\u{301} 日本 \u{2028} ' \" & \\ `${1}`",
    "]]> {{7*7}} -- \u{7f}",
];

#[test]
fn the_page_opens_without_a_request_or_a_complaint() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for text in HOSTILE.iter().chain([&SENTENCE]) {
        let made = encoded(text, &["--layers", "0,1"]);
        page.visit(&made.page(), "");
        for view in ["map", "lines", "text", "links", "heads"] {
            page.go(&format!("#view={view}&layer=1&heads=2,3"));
            assert_eq!(
                page.value(&format!("document.getElementById('view-{view}').hidden")),
                false
            );
        }
        assert_eq!(
            *page.complaints.lock().unwrap(),
            Vec::<String>::new(),
            "{text}"
        );
        let requests = page.requests.lock().unwrap().clone();
        let is_itself = |address: &String| {
            address.starts_with("data:")
                || address == "about:blank"
                || (address.starts_with("file:") && address.contains("index.html"))
        };
        assert!(requests.iter().all(is_itself), "{text}: {requests:?}");
        assert_ne!(page.value("document.title"), "owned", "{text}");
        assert_eq!(page.value("document.images.length"), 0, "{text}");
        let heading = page.text("document.querySelector('h1').textContent");
        assert_eq!(heading, **text);
    }
}

#[test]
fn the_page_lets_in_its_own_script_and_style_alone() {
    let made = encoded(SENTENCE, &[]);
    let text = fs::read_to_string(made.page()).unwrap();
    let between = |start: &str, end: &str| {
        let from = text.rfind(start).unwrap() + start.len();
        text[from..].split(end).next().unwrap().to_owned()
    };
    let hash = |content: String| STANDARD.encode(Sha256::digest(content));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(between("<script>", "</script>")),
        hash(between("<style>", "</style>")),
    );
    let policy = policy.replace('\'', "&#39;");
    let written = between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert_eq!(written.replace('\'', "&#39;"), policy);
    assert!(
        !text.contains(" style=\""),
        "the policy forbids styles in place"
    );
    let manifest = crate::binary::manifest(&made.folder);
    let files = manifest["files"].as_array().unwrap();
    let listed = files
        .iter()
        .find(|file| file["name"] == "index.html")
        .unwrap();
    assert_eq!(listed["sha256"], crate::binary::sha256(text.as_bytes()));
}

#[test]
fn the_page_is_useful_without_its_script() {
    let made = encoded(SENTENCE, &[]);
    let text = fs::read_to_string(made.page()).unwrap();
    let picture = text.split("data:image/png;base64,").nth(1).unwrap();
    let bytes = STANDARD.decode(picture.split('"').next().unwrap()).unwrap();
    assert_eq!(&bytes[1..4], b"PNG");
    let table = text
        .split("<table>")
        .nth(1)
        .unwrap()
        .split("</table>")
        .next()
        .unwrap();
    assert!(table.matches("<tr>").count() > 5, "{table}");
}
