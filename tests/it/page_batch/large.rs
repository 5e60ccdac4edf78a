//! One page of so much that browsers have trouble with it is told of, or refused
//! with what to do.

use std::fs;
use std::path::Path;

use crate::binary::Workplace;

/// Attention `[layer, head, query, key]` that no compression makes smaller, of 18
/// MB in a page.
fn write_run(path: &Path) {
    const SHAPE: [usize; 4] = [12, 12, 256, 256];
    let count: usize = SHAPE.iter().product();
    let mut state = 1_u32;
    let mut numbers = Vec::with_capacity(count * 4);
    for _ in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (state >> 8) as f32 / 2_f32.powi(31);
        numbers.extend(number.to_le_bytes());
    }
    let header = format!(
        r#"{{"attention":{{"dtype":"F32","shape":{SHAPE:?},"data_offsets":[0,{}]}}}}"#,
        numbers.len()
    );
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(numbers);
    fs::write(path, file).unwrap();
}

#[test]
fn one_page_that_is_too_large_is_told_with_what_to_do() {
    let workplace = Workplace::new();
    let run = |number: usize| workplace.path().join(format!("runs/{number}"));
    for number in 0..6 {
        fs::create_dir_all(run(number)).unwrap();
        let file = run(number).join("attention.safetensors");
        match number {
            0 => write_run(&file),
            _ => fs::hard_link(run(0).join("attention.safetensors"), file).unwrap(),
        }
    }
    let render = |more: &[&str]| {
        let arguments = ["render", "runs", "-f", "html", "-o", "out", "--overwrite"];
        workplace.succeed(&[&arguments, more].concat())
    };
    let outcome = render(&["--single-file"]);
    let size = fs::metadata(workplace.path().join("out/index.html"))
        .unwrap()
        .len();
    assert!(size > 100_000_000, "{size}");
    let warning = format!(
        "warning: index.html has {} MB, which browsers open slowly or not at all; without --single-file each input has a page of its own; --layers and --heads leave maps out",
        (size + 500_000) / 1_000_000
    );
    assert!(outcome.stderr.contains(&warning), "{}", outcome.stderr);
    // What it says helps.
    for more in [
        &["--layers", "0,1", "--single-file"][..],
        &["--layers", "0,1"],
    ] {
        let outcome = render(more);
        assert!(
            !outcome.stderr.contains("browsers"),
            "{more:?}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn more_runs_than_one_page_has_room_for_are_refused_with_what_to_do() {
    let workplace = Workplace::new();
    for number in 0..201 {
        let folder = workplace.path().join(format!("runs/{number}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("attention.json"), "{}").unwrap();
    }
    let outcome = workplace.run(&["render", "runs", "-f", "html", "--single-file"]);
    assert_ne!(outcome.code, Some(0));
    for part in [
        "expected at most 200 runs for one page, found 201",
        "hint: leave --single-file out, so that each input has a page of its own; or give fewer inputs",
    ] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
}
