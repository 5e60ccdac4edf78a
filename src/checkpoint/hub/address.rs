//! Addresses: which are the same place, which may be shown, and where a
//! redirect leads.

use ureq::http::Uri;

use super::HubError;

pub(super) fn parse_address(address: &str) -> Result<Uri, HubError> {
    address.parse().map_err(|_| HubError::InvalidEndpoint {
        reason: "no address can be made with it",
    })
}

/// The port that counts, also where the address leaves it out.
fn port(address: &Uri) -> Option<u16> {
    address.port_u16().or(match address.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    })
}

pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    one.scheme() == other.scheme()
        && one.host().map(str::to_ascii_lowercase) == other.host().map(str::to_ascii_lowercase)
        && port(one) == port(other)
}

pub(super) fn is_loopback(address: &Uri) -> bool {
    address.host().is_some_and(|host| {
        host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "[::1]"
    })
}

/// Host and port, without user names, paths and signatures.
pub(super) fn shown_host(address: &Uri) -> String {
    let host = address.host().unwrap_or("the hub");
    match address.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The address that a `Location` header names, seen from where it was given.
pub(super) fn join(from: &Uri, location: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let absolute = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = from
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let address: Uri = absolute.parse().ok()?;
    (matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some())
        .then_some(address)
}
