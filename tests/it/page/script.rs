//! The page's script as a type checker reads it.

use std::path::Path;
use std::process::Command;

use crate::binary::skipped;

#[test]
fn the_script_passes_a_type_checker() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/page");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .collect();
    files.sort();
    assert!(files.len() > 8);
    for file in &files {
        let lines = std::fs::read_to_string(file).unwrap().lines().count();
        assert!(lines <= 500, "{}: {lines} lines", file.display());
    }
    let checker = std::env::var("TSC").unwrap_or_else(|_| "tsc".to_owned());
    let options = "--allowJs --checkJs --strict --noEmit --noUnusedLocals --target es2023 --lib es2023,dom,dom.iterable";
    let checked = Command::new(&checker)
        .args(options.split(' '))
        .args(&files)
        .output();
    let Ok(checked) = checked else {
        skipped("no tsc in PATH, so that no types of the page's script were checked");
        return;
    };
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");
}
