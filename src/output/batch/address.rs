//! Relative addresses for the page.

/// A path of the batch's folder, `/` between its parts, as the address in a
/// link: every byte that could mean anything else is percent-encoded, and no
/// path can become another scheme, another host or a parent folder.
pub(super) fn address(path: &str) -> String {
    let parts = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    let encoded: Vec<String> = parts.map(encoded).collect();
    encoded.join("/")
}

/// The address of an element of the page by its identifier.
pub(super) fn fragment(identifier: &str) -> String {
    format!("#{}", encoded(identifier))
}

/// An identifier of an element: it must not hold white space.
pub(super) fn identifier(text: &str) -> String {
    let kept = |letter: char| match letter.is_whitespace() || letter.is_control() {
        true => '_',
        false => letter,
    };
    text.chars().map(kept).collect()
}

fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                address.push(char::from(byte));
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}
