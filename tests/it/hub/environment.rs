//! What names and variables are taken for.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use attnviz::checkpoint::hub::{HubEnvironment, HubError, Repository};
use tempfile::TempDir;

use super::{FILE, MODEL, environment, fetch, files_below, full_text, model};
use crate::loopback_hub::LoopbackHub;

type Variables<'a> = &'a [(&'a str, &'a str)];

fn read(variables: Variables<'_>) -> Result<HubEnvironment, HubError> {
    let variables: HashMap<&str, OsString> = variables
        .iter()
        .map(|(name, value)| (*name, value.into()))
        .collect();
    HubEnvironment::from_variables(|name| variables.get(name).cloned())
}

#[test]
fn names_that_lead_elsewhere_are_refused_before_any_path_is_made() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let environment = environment(&hub.endpoint(), cache.path(), &[]);
    for id in [
        "", "..", "../x", "/x", "a/b/c", "a//b", "a--b", "a/..", ".a", "a-", "x.git", "a b", "ä",
    ] {
        let error = Repository::open(environment.clone(), id, "main").unwrap_err();
        assert!(matches!(error, HubError::InvalidId { .. }), "{id}");
    }
    for revision in [
        "", "..", "a/../b", "/a", "a/", "-a", "a b", "a\\b", ".hidden", "a:b", "a\n",
    ] {
        let error = Repository::open(environment.clone(), MODEL, revision).unwrap_err();
        assert!(
            matches!(error, HubError::InvalidRevision { .. }),
            "{revision:?}"
        );
    }
    let mut repository = Repository::open(environment, MODEL, "main").unwrap();
    for file in [
        "",
        "..",
        "../x",
        "/etc/passwd",
        "a//b",
        "a\\b",
        "c:x",
        "a/./b",
    ] {
        let error = fetch(&mut repository, file).unwrap_err();
        assert!(
            matches!(error, HubError::InvalidFileName { .. }),
            "{file:?}"
        );
    }
    assert!(hub.requests().is_empty());
    assert!(files_below(cache.path()).is_empty());
}

#[test]
#[cfg(unix)]
fn the_cache_is_where_huggingface_hub_has_it() {
    let home = ("HOME", "/h");
    let cases: [(Variables<'_>, &str); 8] = [
        (&[home], "/h/.cache/huggingface/hub"),
        (&[home, ("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub"),
        (
            &[home, ("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/f")],
            "/f/hub",
        ),
        (
            &[home, ("HF_HOME", "/f"), ("HUGGINGFACE_HUB_CACHE", "/old")],
            "/old",
        ),
        (
            &[
                home,
                ("HF_HUB_CACHE", "/new"),
                ("HUGGINGFACE_HUB_CACHE", "/old"),
            ],
            "/new",
        ),
        (&[home, ("HF_HOME", "~/models")], "/h/models/hub"),
        (
            &[
                home,
                ("DISK", "/d"),
                ("HF_HUB_CACHE", "${DISK}/$DISK/$NONE/c"),
            ],
            "/d//d/$NONE/c",
        ),
        (&[home, ("HF_HOME", "")], "/h/.cache/huggingface/hub"),
    ];
    for (variables, expected) in cases {
        let environment = read(variables).unwrap();
        assert_eq!(environment.cache, Path::new(expected), "{variables:?}");
    }
}

#[test]
fn offline_and_endpoint_are_read_as_huggingface_hub_reads_them() {
    let home = ("HF_HOME", "/h");
    for (value, expected) in [
        ("1", true),
        ("on", true),
        ("Yes", true),
        ("TRUE", true),
        ("0", false),
        ("2", false),
        ("", false),
    ] {
        let environment = read(&[home, ("HF_HUB_OFFLINE", value)]).unwrap();
        assert_eq!(environment.offline, expected, "{value}");
    }
    let both = [home, ("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")];
    assert!(!read(&both).unwrap().offline);
    assert_eq!(read(&[home]).unwrap().endpoint, "https://huggingface.co");
    let mirror = [home, ("HF_ENDPOINT", "http://mirror/hf//")];
    assert_eq!(read(&mirror).unwrap().endpoint, "http://mirror/hf");
    for wrong in [
        "mirror",
        "ftp://mirror",
        "https://",
        "not an address",
        "http://h/?q=1",
    ] {
        let error = read(&[home, ("HF_ENDPOINT", wrong)]).unwrap_err();
        assert!(matches!(error, HubError::InvalidEndpoint { .. }), "{wrong}");
    }
}

#[test]
fn the_token_comes_from_the_first_place_that_has_one() {
    let directory = TempDir::new().unwrap();
    let home = directory.path().to_str().unwrap();
    let other = directory.path().join("other-token");
    fs::write(directory.path().join("token"), "hf_home\r\n").unwrap();
    fs::write(&other, "  hf_path\n").unwrap();
    let other = other.to_str().unwrap();
    let cases: [(Variables<'_>, Option<&str>); 7] = [
        (&[], Some("hf_home")),
        (&[("HF_TOKEN_PATH", other)], Some("hf_path")),
        (&[("HF_TOKEN_PATH", "/none/token")], None),
        (&[("HUGGING_FACE_HUB_TOKEN", "hf_old")], Some("hf_old")),
        (
            &[
                ("HUGGING_FACE_HUB_TOKEN", "hf_old"),
                ("HF_TOKEN", " hf_new\n"),
            ],
            Some("hf_new"),
        ),
        (&[("HF_TOKEN", " ")], Some("hf_home")),
        (&[("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")], None),
    ];
    for (variables, expected) in cases {
        let hub = LoopbackHub::serve([model()]);
        let cache = TempDir::new().unwrap();
        let mut variables = variables.to_vec();
        variables.push(("HF_HOME", home));
        let environment = environment(&hub.endpoint(), cache.path(), &variables);
        assert!(
            !format!("{environment:?}").contains("hf_"),
            "{environment:?}"
        );
        let mut repository = Repository::open(environment, MODEL, "main").unwrap();
        fetch(&mut repository, FILE).unwrap();
        let sent = hub.requests()[0].headers.get("authorization").cloned();
        assert_eq!(
            sent,
            expected.map(|token| format!("Bearer {token}")),
            "{variables:?}"
        );
    }
    let error = read(&[("HF_HOME", home), ("HF_TOKEN", "hf_se cret")]).unwrap_err();
    assert!(matches!(
        error,
        HubError::InvalidToken { origin: "HF_TOKEN" }
    ));
    assert!(!full_text(&error).contains("cret"));
}
