//! A model named by its address: what people copy out of a browser.

use percent_encoding::percent_decode_str;

use super::HubError;

/// What a model is called at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAddress {
    /// `organization/name`, or an old name without organization.
    pub id: String,
    /// The branch, tag or commit of the address, where it names one.
    pub revision: Option<String>,
}

/// The names of the hub itself.
const HUB_HOSTS: [&str; 3] = ["huggingface.co", "hf.co", "www.huggingface.co"];

/// What stands behind a model's name on its pages; where it is so, the revision
/// follows.
const PAGES: [(&str, bool); 9] = [
    ("tree", true),
    ("blob", true),
    ("resolve", true),
    ("raw", true),
    ("commit", true),
    ("commits", true),
    ("blame", true),
    ("discussions", false),
    ("edit", false),
];

/// First parts of a path that are no owner of a model.
const OTHER_PAGES: [&str; 10] = [
    "datasets",
    "spaces",
    "models",
    "collections",
    "papers",
    "docs",
    "blog",
    "settings",
    "join",
    "login",
];

/// The model at an address such as `https://huggingface.co/owner/name`,
/// `hf.co/owner/name/tree/main`, `hf://owner/name` or `owner/name@revision`, at
/// the hub or at `endpoint` (as `HF_ENDPOINT` gives it). `None` for what is no
/// address.
///
/// # Errors
/// When the address is another host's, or that of something else than a model.
pub fn model_address(text: &str, endpoint: &str) -> Result<Option<ModelAddress>, HubError> {
    let text = text.trim();
    let endpoint_place = without_scheme(endpoint).unwrap_or(endpoint);
    let endpoint_host = endpoint_place.split('/').next().unwrap_or_default();
    let hosts = || HUB_HOSTS.into_iter().chain([endpoint_host]);
    if let Some(path) = after(text, "hf://") {
        return of_path(text, path).map(Some);
    }
    for host in hosts() {
        if let Some(path) = after(text, &format!("git@{host}:")) {
            return of_path(text, path).map(Some);
        }
    }
    let place = match without_scheme(text) {
        Some(place) => place,
        None if hosts().any(|host| after(text, &format!("{host}/")).is_some()) => text,
        None => return Ok(with_revision(text)),
    };
    // Of a mirror that is a folder of its host.
    if let Some(path) = after(place, &format!("{endpoint_place}/")) {
        return of_path(text, path).map(Some);
    }
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    match hosts().any(|known| known.eq_ignore_ascii_case(host)) {
        true => of_path(text, path).map(Some),
        false => Err(HubError::ForeignHost {
            // Neither a user's name nor a password.
            host: host.rsplit('@').next().unwrap_or_default().to_owned(),
            hub: endpoint_host.to_owned(),
        }),
    }
}

/// What stands behind a beginning, in any case of letters.
fn after<'text>(text: &'text str, beginning: &str) -> Option<&'text str> {
    let start = text.get(..beginning.len())?;
    start
        .eq_ignore_ascii_case(beginning)
        .then(|| &text[beginning.len()..])
}

fn without_scheme(text: &str) -> Option<&str> {
    after(text, "https://").or_else(|| after(text, "http://"))
}

/// `owner/name@revision`.
fn with_revision(text: &str) -> Option<ModelAddress> {
    let (id, revision) = text.split_once('@')?;
    Some(ModelAddress {
        id: id.to_owned(),
        revision: Some(revision.to_owned()),
    })
}

fn of_path(text: &str, path: &str) -> Result<ModelAddress, HubError> {
    let refuse = |reason| {
        Err(HubError::NotAModelsAddress {
            address: text.split(['?', '#']).next().unwrap_or_default().to_owned(),
            reason,
        })
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
    if parts.starts_with(&["api", "models"]) {
        parts.drain(..2);
    } else if parts.first() == Some(&"models") && parts.len() > 1 {
        parts.remove(0);
    }
    let Some(first) = parts.first() else {
        return refuse("it names no model");
    };
    if OTHER_PAGES.contains(first) {
        return refuse("it is the page of something else");
    }
    let page = parts
        .iter()
        .enumerate()
        .skip(1)
        .find_map(|(at, part)| Some((at, PAGES.iter().find(|(name, _)| name == part)?.1)));
    let (name, revision) = match page {
        Some((at, true)) => (&parts[..at], revision_of(&parts[at + 1..])),
        Some((at, false)) => (&parts[..at], None),
        None => (&parts[..], None),
    };
    if name.len() > 2 {
        return refuse("the form is owner/name, and it goes on");
    }
    let name = name.join("/");
    let name = name.strip_suffix(".git").unwrap_or(&name);
    let named = with_revision(name).unwrap_or(ModelAddress {
        id: name.to_owned(),
        revision: None,
    });
    Ok(ModelAddress {
        revision: revision.or(named.revision),
        id: named.id,
    })
}

/// A branch, tag or commit; `refs/pr/1` is one in three parts.
fn revision_of(parts: &[&str]) -> Option<String> {
    match parts {
        ["refs", kind, name, ..] => Some(format!("refs/{kind}/{name}")),
        [revision, ..] => Some((*revision).to_owned()),
        [] => None,
    }
}
