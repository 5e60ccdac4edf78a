//! What the headers of an answer say.

use ureq::http::HeaderMap;

/// Whether a partial answer begins where the part ends.
pub(super) fn continues_at(headers: &HeaderMap, start: u64) -> bool {
    text(headers, "content-range")
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next())
        .and_then(|first| first.trim().parse().ok())
        == Some(start)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// An etag without the mark of a weak one and without quotes.
pub(super) fn bare_etag(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}
