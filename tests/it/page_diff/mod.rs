//! The page of `attnviz diff`, in a real Chromium.

mod address;
mod in_firefox;
mod keyboard;
mod long;
mod looks;
mod many;
mod one;
mod take_along;
mod values;

use std::path::PathBuf;

use crate::binary::Workplace;
use crate::diff_many::{model, workplace};
use crate::page::browser::Page;

/// A text in which the two models differ in the last layer alone.
const SENTENCE: &str = "The animal was tired, so it slept.";

/// What a comparison left.
struct Compared {
    workplace: Workplace,
}

impl Compared {
    fn page(&self) -> PathBuf {
        self.workplace.path().join("out/index.html")
    }
}

/// Compares the small model with the changed one, whatever comes of it.
fn compared(more: &[&str]) -> Compared {
    of_sides(&[&model(), "changed"], more)
}

/// Compares these sides, whatever comes of it.
fn of_sides(sides: &[&str], more: &[&str]) -> Compared {
    let workplace = workplace();
    let arguments = [&["diff"], sides, &["-o", "out"], more].concat();
    let outcome = workplace.run(&arguments);
    assert!(
        matches!(outcome.code, Some(0 | 3 | 4)),
        "{}",
        outcome.stderr
    );
    Compared { workplace }
}

/// That nothing was asked for but the page, and nothing complained of.
fn check_quiet(page: &Page) {
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
    let requests = page.requests.lock().unwrap().clone();
    let is_itself = |address: &String| {
        address.starts_with("data:")
            || address == "about:blank"
            || (address.starts_with("file:") && address.contains("index.html"))
    };
    assert!(requests.iter().all(is_itself), "{requests:?}");
    assert_ne!(page.value("document.title"), "owned");
}
