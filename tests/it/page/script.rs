//! The page's script as a type checker reads it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::skipped;

/// Those files of the page of a run that the page of scores has, too.
const SHARED: [&str; 9] = [
    "elements", "heads", "update", "theme", "painter", "numbers", "overview", "fields", "save",
];

#[test]
fn the_script_passes_a_type_checker() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/page");
    let scripts = |folder: &Path| -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
            .collect();
        files.sort();
        files
    };
    let of_runs = scripts(&folder);
    let mut of_scores = scripts(&folder.join("scores"));
    assert!(of_runs.len() > 8 && of_scores.len() > 8);
    of_scores.extend(SHARED.map(|name| folder.join(format!("{name}.js"))));
    let checker = std::env::var("TSC").unwrap_or_else(|_| "tsc".to_owned());
    let options = "--allowJs --checkJs --strict --noEmit --noUnusedLocals --target es2023 --lib es2023,dom,dom.iterable";
    for files in [of_runs, of_scores] {
        for file in &files {
            let lines = std::fs::read_to_string(file).unwrap().lines().count();
            assert!(lines <= 500, "{}: {lines} lines", file.display());
        }
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
}
