//! Whatever an input holds, page and reports stay what they are.

use attnviz::batch::report::{write_junit, write_summary};
use attnviz::store::batch_records::ResultRecord;
use proptest::prelude::*;
use quick_xml::events::Event;
use tempfile::TempDir;

use super::{HOSTILE, done, failed, manifest, page_of, write_results};

/// Words that mean something to a parser, and any letters between them.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        any::<String>(),
        Just(HOSTILE.to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("--><!--]]>\"'&lt;|`\\\r\n\t\0\u{202e}\u{fffe}".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn any_records() -> impl Strategy<Value = Vec<ResultRecord>> {
    let record = (any_text(), any_text(), any_text(), 1..99_u64, any::<bool>());
    let record = record.prop_map(|(id, text, other, line, is_done)| {
        let mut record = match is_done {
            true => done(&id, line, &text),
            false => failed(&id, line, Some(&text), &other),
        };
        record.file = other.clone();
        record.pair = Some(other.clone());
        if is_done {
            record.tokens = vec![text, other.clone(), id];
            record.folder = Some(other.clone());
            record.picture = Some(other.clone());
            record.thumbnail = Some(other);
        }
        record
    });
    prop::collection::vec(record, 0..4)
}

fn report(
    write: fn(
        &attnviz::store::batch_records::BatchManifest,
        &std::path::Path,
        &mut dyn std::io::Write,
    ) -> std::io::Result<()>,
    records: &[ResultRecord],
) -> String {
    let folder = TempDir::new().unwrap();
    let results = write_results(folder.path(), records);
    let mut report = Vec::new();
    write(&manifest(records), &results, &mut report).unwrap();
    String::from_utf8(report).unwrap()
}

/// The page's tags with their attributes' values taken out.
fn tags(page: &str) -> Vec<String> {
    let after_style = page.split("</style>").nth(1).unwrap();
    let mut tags = Vec::new();
    for part in after_style.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("every tag ends");
        assert!(!text.contains('>'), "a raw > in {part:?}");
        let outside: String = tag.split('"').step_by(2).collect();
        tags.push(outside);
    }
    tags
}

/// The JUnit report as a parser sees it: `(classname, name, message)`.
fn cases(xml: &str) -> Vec<(String, String, Option<String>)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut cases: Vec<(String, String, Option<String>)> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Eof => return cases,
            Event::Start(element) | Event::Empty(element) => {
                let get = |name: &str| {
                    let attribute = element.try_get_attribute(name).unwrap()?;
                    Some(
                        quick_xml::escape::unescape(&attribute.value)
                            .unwrap()
                            .into_owned(),
                    )
                };
                match element.name().as_ref() {
                    "testcase" => {
                        cases.push((get("classname").unwrap(), get("name").unwrap(), None));
                    }
                    "failure" => cases.last_mut().unwrap().2 = get("message"),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_input_adds_an_element_or_an_attribute_to_the_page(records in any_records()) {
        let known = [
            "a", "bdi", "body", "br", "code", "dd", "details", "div", "dl", "dt", "footer", "h1",
            "h2", "head", "header", "html", "i", "img", "li", "main", "ol", "p", "rect",
            "section", "span", "strong", "summary", "svg",
        ];
        let attributes = [
            "id=", "class=", "dir=", "href=", "src=", "alt=", "width=", "height=", "loading=",
            "decoding=", "title=", "role=", "aria-labelledby=", "aria-hidden=", "tabindex=",
            "viewBox=", "x=", "y=", "rx=", "fill=",
        ];
        for tag in tags(&page_of(&manifest(&records), &records)) {
            let mut words = tag.trim_start_matches('/').split_whitespace();
            let name = words.next().unwrap();
            prop_assert!(known.contains(&name), "{tag:?}");
            for word in words {
                prop_assert!(attributes.contains(&word), "{tag:?}");
            }
        }
    }

    #[test]
    fn no_input_breaks_the_junit_report(records in any_records()) {
        let xml = report(write_junit, &records);
        let is_allowed = |letter: char| {
            matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        };
        prop_assert!(xml.chars().all(is_allowed));
        let cases = cases(&xml);
        prop_assert_eq!(cases.len(), records.len());
        for ((file, name, message), record) in cases.iter().zip(&records) {
            let is_plain = |text: &str| text.chars().count() < 900 && text.chars().all(|letter| {
                is_allowed(letter) && !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}')
            });
            if is_plain(&record.id) {
                prop_assert_eq!(name, &record.id);
            }
            if is_plain(&record.file) {
                prop_assert_eq!(file, &record.file);
            }
            prop_assert_eq!(message.is_some(), record.error.is_some());
        }
    }

    #[test]
    fn no_input_leaves_its_cell_of_the_summary(records in any_records()) {
        let summary = report(write_summary, &records);
        let empty: Vec<_> = records.iter().map(|record| {
            let plain = done("id", 1, "text");
            let status = record.status;
            ResultRecord { status, error: record.error.as_ref().map(|_| "reason".to_owned()), ..plain }
        }).collect();
        let shape = |summary: &str| -> Vec<usize> {
            summary.split('\n').map(|line| line.matches('|').count()).collect()
        };
        prop_assert_eq!(shape(&summary), shape(&report(write_summary, &empty)));
        prop_assert!(!summary.contains('<') && !summary.contains('\r'));
    }
}

#[test]
fn a_hostile_sentence_stays_text_everywhere() {
    let records = [
        done("<b>", 1, HOSTILE),
        failed("javascript:alert(1)", 2, Some(HOSTILE), HOSTILE),
    ];
    let page = page_of(&manifest(&records), &records);
    assert!(page.contains("&lt;script&gt;document.title"));
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    let summary = report(write_summary, &records);
    let ticks = summary.matches('`').count();
    assert!(
        !summary.contains('<') && ticks == 2,
        "only the page's name is code"
    );
    assert!(summary.contains("&#60;script&#62;"));
    let message = &cases(&report(write_junit, &records))[1].2;
    assert_eq!(message.as_deref(), Some(HOSTILE));
}

#[test]
fn no_path_of_a_result_becomes_another_address() {
    let hostile = [
        "javascript:alert(1)",
        "//host/x.png",
        "https://host/x",
        "../../x",
        "data:x",
    ];
    for path in hostile {
        let mut record = done("1", 1, "text");
        record.picture = Some(path.to_owned());
        record.folder = Some(path.to_owned());
        record.thumbnail = Some(path.to_owned());
        let page = page_of(&manifest(&[record.clone()]), &[record]);
        for attribute in ["href=\"", "src=\""] {
            for value in page.split(attribute).skip(1) {
                let value = value.split('"').next().unwrap();
                let is_safe =
                    !value.contains(':') && !value.starts_with('/') && !value.contains("..");
                assert!(is_safe, "{path} became {value}");
            }
        }
    }
}

#[test]
fn failures_come_first_and_everything_is_said() {
    let records = [
        done("first", 1, "one"),
        failed("second", 2, None, "not valid UTF-8"),
        done("third", 3, "three"),
    ];
    let mut manifest = manifest(&records);
    manifest.shard = Some("3/16".parse().unwrap());
    manifest.complete = false;
    let page = page_of(&manifest, &records);
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("{text} is missing"))
    };
    assert!(at("not valid UTF-8") < at("id=\"first\""));
    assert!(at("id=\"first\"") < at("id=\"third\""));
    for text in [
        "google-bert/bert-base-uncased",
        "86b5e0934494",
        "3/16",
        "--resume",
        "sentences.txt:2",
        "viridis",
        "inputs/000001/overview.png",
        "inputs/000001/manifest.json",
        "Content-Security-Policy",
        env!("CARGO_PKG_VERSION"),
        "<i>[CLS]</i>",
        "<bdi>hello</bdi>",
    ] {
        at(text);
    }
    let summary = report(write_summary, &records);
    for text in [
        "google&#45;bert",
        "| 3 |",
        "not valid UTF&#45;8",
        "| first | one |",
    ] {
        assert!(summary.contains(text), "{text} is missing in {summary}");
    }
}

#[test]
fn the_summary_of_a_huge_batch_fits_what_github_takes() {
    let long = "<|`*".repeat(50_000);
    let records: Vec<_> = (0..200)
        .map(|line| failed(&long, line, Some(&long), &long))
        .collect();
    let summary = report(write_summary, &records);
    assert!(summary.len() < 1 << 19, "{} bytes", summary.len());
    assert!(summary.contains("… and 150 more."));
}
