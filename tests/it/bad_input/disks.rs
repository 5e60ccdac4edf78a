//! Places that nothing can be written to.

use std::fs;

use super::{check_error, check_refused};
use crate::binary::{Workplace, skipped, tree};

const TEXT: &str = "The cat sat on the mat.";

#[test]
fn an_output_path_that_is_no_folder_is_left_as_it_is() {
    let workplace = Workplace::new();
    fs::write(workplace.path().join("notes.txt"), "mine").expect("a file can be written");
    for output in ["notes.txt", "notes.txt/below", "notes.txt/far/below"] {
        let arguments = ["encode", TEXT, "-m", "builtin", "-o", output];
        check_refused(
            &workplace,
            &arguments,
            1,
            &[output, "hint: --output FOLDER"],
        );
    }
    assert_eq!(tree(workplace.path())["notes.txt"], b"mine");
}

#[test]
fn two_taken_folders_are_left_as_they_are() {
    let workplace = Workplace::new();
    let taken = workplace.path().join("out/the-cat-sat-on-the-mat");
    fs::create_dir_all(&taken).expect("a folder can be made");
    let arguments = [
        "encode", TEXT, "-m", "builtin", "--views", "overview", "-o", "out",
    ];
    workplace.succeed(&arguments);
    for name in tree(workplace.path()).keys() {
        if name.ends_with("manifest.json") {
            fs::remove_file(workplace.path().join(name)).expect("the manifest can be removed");
        }
    }
    let before = tree(workplace.path());
    assert_eq!(before.len(), 1);
    let words = ["is not a run of this input", "hint: --output FOLDER"];
    check_refused(&workplace, &arguments, 1, &words);
    assert!(before == tree(workplace.path()));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_left_as_it_is() {
    let workplace = Workplace::new();
    for (link, target) in [("lost", "nowhere/at/all"), ("round", "round")] {
        let path = workplace.path().join(link);
        std::os::unix::fs::symlink(target, &path).expect("a link can be made");
        let arguments = ["encode", TEXT, "-m", "builtin", "-o", link];
        check_refused(&workplace, &arguments, 1, &[link, "hint: --output FOLDER"]);
        assert!(
            fs::symlink_metadata(&path)
                .expect("the link is there")
                .is_symlink()
        );
    }
    assert!(!workplace.path().join("nowhere").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let workplace = Workplace::new();
    let locked = workplace.path().join("locked");
    fs::create_dir(&locked).expect("a folder can be made");
    fs::set_permissions(&locked, PermissionsExt::from_mode(0o555)).expect("it can be locked");
    if fs::write(locked.join("probe"), "").is_ok() {
        skipped("permissions do not bind whoever runs this test");
        return;
    }
    for output in ["locked", "locked/below/it"] {
        let arguments = ["encode", TEXT, "-m", "builtin", "-o", output];
        check_refused(
            &workplace,
            &arguments,
            1,
            &[output, "hint: --output FOLDER"],
        );
    }
    assert!(super::is_empty(&locked));
}

#[cfg(target_os = "linux")]
mod mounted {
    use std::process::Command;

    use super::*;
    use crate::binary::Outcome;

    /// Where the small disk is mounted, below the workplace.
    const DISK: &str = "disk";

    /// Runs shell commands where a small disk is mounted that nobody else
    /// sees; `None` (and loudly) where that is impossible. `$@` is the binary
    /// with its arguments.
    fn on_a_disk(
        workplace: &Workplace,
        mount_options: &str,
        commands: &str,
        arguments: &[&str],
    ) -> Option<Outcome> {
        fs::create_dir_all(workplace.path().join(DISK)).expect("a folder can be made");
        let mount = format!("mount -t tmpfs -o {mount_options} tmpfs {DISK}");
        let possible = Command::new("unshare")
            .args(["-rm", "sh", "-c", &mount])
            .current_dir(workplace.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !possible {
            skipped("this machine does not let a test mount a disk");
            return None;
        }
        let inner = workplace.command(arguments);
        let mut outer = Command::new("unshare");
        outer
            .args(["-rm", "sh", "-c", &format!("{mount} && {commands}"), "sh"])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(workplace.path());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        Some(Outcome::of(outer.output()))
    }

    #[test]
    fn a_disk_that_may_not_be_written_to_is_named() {
        for output in ["disk", "disk/below/it"] {
            let workplace = Workplace::new();
            let arguments = ["encode", TEXT, "-m", "builtin", "-o", output];
            let Some(outcome) = on_a_disk(&workplace, "ro", "\"$@\"", &arguments) else {
                return;
            };
            let words = [output, "Read-only file system", "hint: --output FOLDER"];
            check_error(&outcome, output, 1, &words);
        }
    }

    #[test]
    fn a_full_disk_keeps_no_half_of_a_run() {
        // Too small for the first picture, for all of them, and for numbers
        // that come when the pictures are there.
        for (size, arguments) in [
            ("4k", &["--views", "overview"][..]),
            ("256k", &[]),
            ("512k", &["--views", "overview", "-f", "png,json"]),
        ] {
            let workplace = Workplace::new();
            let text = "one two three four five six seven ".repeat(12);
            let mut all = vec!["encode", &text, "-m", "builtin", "-o", "disk/out"];
            all.extend(arguments);
            let commands = "{ \"$@\"; code=$?; find disk -mindepth 1 > left; exit $code; }";
            let options = format!("size={size}");
            let Some(outcome) = on_a_disk(&workplace, &options, commands, &all) else {
                return;
            };
            let words = ["No space left on device", "on another disk"];
            check_error(&outcome, size, 1, &words);
            let left = fs::read_to_string(workplace.path().join("left"));
            assert_eq!(left.expect("the list was written"), "", "{size}");
        }
    }

    #[test]
    fn a_full_disk_keeps_no_half_of_a_merge() {
        let workplace = Workplace::new();
        let lines = "one two three four five six seven eight\n".repeat(6);
        fs::write(workplace.path().join("in.txt"), lines).expect("inputs can be written");
        for (shard, output) in [("1/2", "shard-1"), ("2/2", "shard-2")] {
            let arguments = ["batch", "in.txt", "-m", "builtin", "--shard", shard];
            workplace.succeed(&[&arguments[..], &["--output", output]].concat());
        }
        let arguments = ["merge", "shard-1", "shard-2", "--output", "disk/out"];
        let commands = "{ \"$@\"; code=$?; find disk -mindepth 1 > left; exit $code; }";
        let Some(outcome) = on_a_disk(&workplace, "size=128k", commands, &arguments) else {
            return;
        };
        check_error(&outcome, "merge", 1, &["No space left on device"]);
        let left = fs::read_to_string(workplace.path().join("left"));
        assert_eq!(left.expect("the list was written"), "");
    }

    #[test]
    fn a_full_disk_keeps_the_earlier_run_whole() {
        let workplace = Workplace::new();
        let arguments = ["encode", TEXT, "-m", "builtin", "-o", "disk"];
        let commands = "{ \"$@\" --layers 0 --heads 0 --views heads >/dev/null && cp -r disk before; \
                        \"$@\" -f png,json; code=$?; cp -r disk after; exit $code; }";
        let Some(outcome) = on_a_disk(&workplace, "size=256k", commands, &arguments) else {
            return;
        };
        check_error(&outcome, "rerun", 1, &["on another disk"]);
        let before = tree(&workplace.path().join("before"));
        assert_eq!(before.len(), 2);
        assert!(before == tree(&workplace.path().join("after")));
    }
}

/// Reports go to whatever the user names: a device is written to, not replaced.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_named() {
    use std::os::unix::fs::FileTypeExt;
    let workplace = Workplace::new();
    fs::write(workplace.path().join("in.txt"), "one\ntwo\n").expect("inputs can be written");
    std::os::unix::fs::symlink("/dev/full", workplace.path().join("link"))
        .expect("a link can be made");
    for (option, file) in [
        ("--junit", "/dev/full"),
        ("--summary", "/dev/full"),
        ("--junit", "link"),
        ("--junit", "nowhere/at/all.xml"),
    ] {
        let arguments = [
            "batch", "in.txt", "-m", "builtin", "--layers", "0", "-o", "out", option, file,
        ];
        check_error(
            &workplace.run(&arguments),
            file,
            1,
            &[file, &format!("hint: {option} FILE")],
        );
        let device = fs::metadata("/dev/full").expect("there is such a device");
        assert!(device.file_type().is_char_device());
    }
    for entry in fs::read_dir(workplace.path()).expect("the workplace can be read") {
        let name = entry.expect("the entry can be read").file_name();
        assert!(!name.to_string_lossy().contains("unfinished"), "{name:?}");
    }
}
