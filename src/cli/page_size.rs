//! What is said of one page of many inputs that is too large to be opened well.

use std::fs;
use std::path::Path;

use crate::render::page::many::LARGE_PAGE;

/// What makes it smaller.
const WHAT_TO_DO: &str = "without --single-file each input has a page of its own; --layers and \
                          --heads leave maps out";

/// Of a page that is written; `None` where browsers open it well.
pub(super) fn written(page: &Path) -> Option<String> {
    let bytes = fs::metadata(page).ok()?.len();
    let name = page.file_name()?.to_string_lossy();
    (bytes > LARGE_PAGE).then(|| {
        format!(
            "{name} has {}, which browsers open slowly or not at all; {WHAT_TO_DO}",
            megabytes(bytes)
        )
    })
}

/// Of a page that has so many bytes after a share of the inputs.
pub(super) fn growing(bytes: u64, fraction: Option<f64>) -> String {
    let ahead = fraction.filter(|&fraction| fraction > 0.0).map(|fraction| {
        let all = (bytes as f64 / fraction.min(1.0)) as u64;
        format!("some {} in the end", megabytes(all))
    });
    let ahead = ahead.unwrap_or_else(|| format!("more than {}", megabytes(LARGE_PAGE)));
    format!(
        "the one page of all inputs will have {ahead}, which browsers open slowly or not at all; {WHAT_TO_DO}"
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", (bytes + 500_000) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_page_is_told_with_its_size_in_the_end() {
        let half = growing(110_000_000, Some(0.5));
        assert!(half.contains("some 220 MB in the end"), "{half}");
        let unknown = growing(110_000_000, None);
        assert!(unknown.contains("more than 100 MB"), "{unknown}");
    }
}
