//! Texts from standard input, and arguments that are no text.

use serde_json::Value;

use super::typed::hint;
use crate::binary::Workplace;

#[test]
fn standard_input_is_one_text() {
    let workplace = Workplace::new();
    let encode = ["encode", "-", "-m", "builtin", "-f", "npz", "--json"];
    for (input, text) in [
        (&b"Hello, how are you?"[..], "Hello, how are you?"),
        (b"Hello, how are you?\n", "Hello, how are you?"),
        (b"one\r\ntwo\nthree\rfour\n\n", "one two three four"),
        (b"one\n\ntwo", "one  two"),
        (b"\xef\xbb\xbfone", "one"),
        // As PowerShell writes it.
        (b"\xff\xfeo\0n\0e\0\x3d\xd8\x00\xde\r\0\n\0", "one😀"),
        (b"\xfe\xff\0o\0n\0e", "one"),
        (b"  one", "  one"),
    ] {
        let outcome = workplace.run_with_input(&encode, input);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
        assert_eq!(report["input"]["text"], text, "{input:?}");
    }
    let pair = [&["encode", "one", "--pair"], &encode[1..]].concat();
    let report = workplace.run_with_input(&pair, b"two\n").stdout;
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    assert_eq!(report["input"]["pair"], "two");
}

#[test]
fn standard_input_that_is_no_text_is_refused() {
    let workplace = Workplace::new();
    let much = vec![b'a'; (16 << 20) + 1];
    for (input, code, says, typed) in [
        (
            &b""[..],
            1,
            "standard input holds no text",
            "attnviz encode -",
        ),
        (
            b"\n \r\n",
            1,
            "standard input holds no text",
            "attnviz encode -",
        ),
        (b"ab\xff\xfe", 1, "something else at byte 2", "iconv"),
        (&much, 1, "at most 16777216 bytes", "attnviz batch -"),
    ] {
        let outcome = workplace.run_with_input(&["encode", "-", "-m", "builtin"], input);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(hint(&outcome).contains(typed), "{}", outcome.stderr);
    }
    let twice = workplace.run_with_input(&["encode", "-", "--pair", "-"], b"Hi");
    assert_eq!(twice.code, Some(2), "{}", twice.stderr);
    assert_eq!(hint(&twice), "leave --pair out");
}

#[test]
#[cfg(unix)]
fn arguments_that_are_no_text_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let workplace = Workplace::new();
    let bytes = OsStr::from_bytes(b"a\xff");
    for typed in [
        &["encode".as_ref(), bytes][..],
        &["encode".as_ref(), "Hi".as_ref(), "--theme".as_ref(), bytes],
        &["encode".as_ref(), "Hi".as_ref(), "--views".as_ref(), bytes],
        &["encode".as_ref(), "Hi".as_ref(), "--model".as_ref(), bytes],
        &[bytes],
    ] {
        let outcome = workplace.run(typed);
        assert_eq!(outcome.code, Some(2), "{typed:?}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
        assert!(!hint(&outcome).is_empty());
    }
}
