//! A comparison while it runs: how much memory it takes, and what it leaves when
//! it is stopped.

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_inputs_take_no_more_memory_than_a_hundred() {
    use crate::batch::memory::peak::peak_of;
    let model = super::model();
    let arguments = [
        "diff", &model, &model, "--inputs", "-", "-o", "out", "-q", "--top-k", "0",
    ];
    let few = peak_of(&arguments, 100);
    let many = peak_of(&arguments, 1_000);
    let ratio = many as f64 / few as f64;
    // A model of some kilobytes: a row of the table that waits counts, too.
    assert!(
        ratio <= 1.25,
        "{few} kB for 100 inputs, {many} kB for 1,000"
    );
}

#[cfg(unix)]
#[test]
fn one_that_is_interrupted_leaves_nothing() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::workplace;
    use crate::binary::Outcome;

    let workplace = workplace();
    let sides = [&super::model(), "changed"];
    let arguments = super::arguments(sides, "deep/out", &["--inputs", "-"]);
    let mut child = workplace
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("there is a pipe");
    pipe.write_all(b"Hello.\n").expect("the pipe takes it");
    pipe.flush().expect("the pipe takes it");
    // It waits for more; its folder is being built out of sight.
    let start = Instant::now();
    let begun = || workplace.path().join("deep").is_dir();
    while !begun() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    let process = child.id().to_string();
    let stopped = Command::new("kill").args(["-INT", &process]).status();
    assert!(stopped.expect("there is kill").success());
    let outcome = Outcome::of(child.wait_with_output());
    assert_eq!(outcome.code, Some(130), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("nothing is written"),
        "{}",
        outcome.stderr
    );
    assert!(!workplace.path().join("deep").exists(), "something is left");
    drop(pipe);
}
