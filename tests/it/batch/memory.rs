//! Memory does not grow with the number of inputs.

#[cfg(target_os = "linux")]
pub mod peak {
    use std::fs;
    use std::io::Write;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use crate::binary::Workplace;

    /// How much more ten thousand inputs may take than a hundred.
    const TOLERANCE: f64 = 1.10;
    /// How long a batch may take on a slow machine.
    const PATIENCE: Duration = Duration::from_secs(300);

    /// The most that a batch of so many inputs was resident with, in kB.
    fn peak(count: usize) -> u64 {
        let options = [
            "-m", "builtin", "--layers", "0", "--heads", "0", "-f", "json",
        ];
        let arguments: Vec<&str> = ["batch", "-", "-o", "out", "-q"]
            .into_iter()
            .chain(options)
            .collect();
        peak_of(&arguments, count)
    }

    /// The most that a command was resident with, in kB, which reads so many
    /// inputs from standard input and succeeds.
    pub fn peak_of(arguments: &[&str], count: usize) -> u64 {
        let workplace = Workplace::new();
        let mut child = workplace
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut pipe = child.stdin.take().expect("there is a pipe");
        // The same few words: each other one would make a few more pages of
        // the word embeddings resident.
        let texts = ["cat", "a cat", "the cat sat"];
        for number in 0..count {
            let text = texts[number % texts.len()];
            writeln!(pipe, "{text}").expect("the pipe takes it");
        }
        drop(pipe);
        // The mark of the highest water, until there is none to read.
        let status = format!("/proc/{}/status", child.id());
        let start = Instant::now();
        let mut peak = 0;
        while child.try_wait().expect("the child is ours").is_none() {
            assert!(start.elapsed() < PATIENCE, "{count} inputs never end");
            let status = fs::read_to_string(&status).unwrap_or_default();
            peak = peak.max(high_water(&status).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(child.wait().expect("it has ended").success());
        peak
    }

    fn high_water(status: &str) -> Option<u64> {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    #[test]
    fn ten_thousand_inputs_take_no_more_memory_than_a_hundred() {
        let few = peak(100);
        let many = peak(10_000);
        let ratio = many as f64 / few as f64;
        assert!(
            ratio <= TOLERANCE,
            "{few} kB for 100 inputs, {many} kB for 10,000"
        );
    }
}
