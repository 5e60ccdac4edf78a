//! As a person would who ships a model: one file, a green check, a bad export,
//! a red one.

use std::fs;

use super::Repository;

#[test]
fn a_model_that_is_exported_badly_breaks_the_rule_that_is_meant_for_it() {
    let repository = Repository::new();
    repository.write(
        "attention.toml",
        "model = './model'\ninputs = ['sentences.txt']\nbaseline = 'attention.baseline'\n\
         [tokens]\nunchanged = true\n[difference]\nmax_abs = 1e-4\n\
         [[layer]]\nscore = 'entropy_normalized'\nabove = 0.001\n",
    );
    // From another folder, paths stay relative to the file.
    let work = &repository.work;
    work.succeed(&["check", "attention.toml", "--accept"]);
    let path = repository.path("attention.toml").display().to_string();
    fs::create_dir(repository.path("elsewhere")).unwrap();
    let mut command = work.command(&["check", &path, "-o", "out"]);
    let output = command
        .current_dir(repository.path("elsewhere"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(repository.path("elsewhere/out/index.html").exists());

    repository.scale_head(0, 5, 1.01);
    let outcome = work.run(&["check", "attention.toml"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let broken: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|line| line.starts_with("BROKEN"))
        .collect();
    assert_eq!(broken.len(), 1, "{}", outcome.stdout);
    assert!(broken[0].contains("difference max_abs"), "{}", broken[0]);
    assert!(
        repository
            .path("attnviz-out/check-attention/rules/001.png")
            .exists()
    );
}
