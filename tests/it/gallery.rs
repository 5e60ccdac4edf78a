//! The gallery in `assets/gallery`: every view, theme and script, made by this
//! very file.
//!
//! ```sh
//! ATTNVIZ_ACCEPT=1 cargo test --release gallery
//! ```
//!
//! writes it; without the variable its commands are run and its pictures
//! compared.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::binary::Workplace;
use crate::readme::assert_alike;

struct Entry {
    /// Of the picture in the gallery.
    file: &'static str,
    title: &'static str,
    text: &'static str,
    options: &'static [&'static str],
    /// In the run's folder.
    picture: &'static str,
}

const ANIMAL: &str = "The animal didn't cross the street because it was too tired.";

const ENTRIES: [Entry; 19] = [
    Entry {
        file: "head.png",
        title: "One head",
        text: ANIMAL,
        options: &["--layers", "3", "--heads", "1", "--views", "heads"],
        picture: "heads/layer-03-head-01.png",
    },
    Entry {
        file: "overview.png",
        title: "All layers and heads",
        text: ANIMAL,
        options: &["--views", "overview"],
        picture: "overview.png",
    },
    Entry {
        file: "from.png",
        title: "What does “it” look at?",
        text: ANIMAL,
        options: &["--layers", "3", "--heads", "1", "--views", "from:it"],
        picture: "from/it.png",
    },
    Entry {
        file: "lines.png",
        title: "One head as lines, as in papers",
        text: ANIMAL,
        options: &["--layers", "3", "--heads", "1", "--views", "lines"],
        picture: "lines/layer-03-head-01.png",
    },
    Entry {
        file: "text.png",
        title: "The text, shaded by what “it” attends to",
        text: ANIMAL,
        options: &[
            "--layers",
            "3",
            "--heads",
            "1",
            "--views",
            "text:it",
            "--special-tokens",
            "hide",
        ],
        picture: "text/it.png",
    },
    Entry {
        file: "to.png",
        title: "What looks at “animal”?",
        text: ANIMAL,
        options: &["--views", "to:animal", "--special-tokens", "hide"],
        picture: "to/animal.png",
    },
    Entry {
        file: "mean.png",
        title: "The mean of a layer's heads",
        text: ANIMAL,
        options: &["--layers", "2", "--views", "mean"],
        picture: "mean/layer-02.png",
    },
    Entry {
        file: "max.png",
        title: "The maximum of all heads, without special tokens",
        text: ANIMAL,
        options: &[
            "--views",
            "max",
            "--special-tokens",
            "hide",
            "--colormap",
            "mako",
        ],
        picture: "max/all.png",
    },
    Entry {
        file: "scores.png",
        title: "What each head does",
        text: ANIMAL,
        options: &["--views", "scores"],
        picture: "scores.png",
    },
    Entry {
        file: "links.png",
        title: "The strongest links beside the map",
        text: ANIMAL,
        options: &[
            "--layers",
            "2",
            "--heads",
            "1",
            "--views",
            "heads",
            "--top-k",
            "12",
            "--special-tokens",
            "renormalize",
        ],
        picture: "heads/layer-02-head-01.png",
    },
    Entry {
        file: "words.png",
        title: "Words instead of pieces",
        text: "Unbelievably, transformers visualize tokenization.",
        options: &[
            "--layers", "1", "--heads", "8", "--views", "heads", "--tokens", "word",
        ],
        picture: "heads/layer-01-head-08.png",
    },
    Entry {
        file: "pair.png",
        title: "A pair of sentences",
        text: "It was late.",
        options: &[
            "--pair",
            "She went home.",
            "--layers",
            "4",
            "--heads",
            "9",
            "--views",
            "heads",
        ],
        picture: "heads/layer-04-head-09.png",
    },
    Entry {
        file: "scripts.png",
        title: "Many scripts",
        text: "東京 и 서울, สวัสดี, नमस्ते, مرحبا, שלום, ελληνικά",
        options: &["--layers", "0", "--heads", "5", "--views", "heads"],
        picture: "heads/layer-00-head-05.png",
    },
    Entry {
        file: "dark.png",
        title: "Dark theme",
        text: ANIMAL,
        options: &[
            "--views",
            "overview",
            "--theme",
            "dark",
            "--colormap",
            "magma",
        ],
        picture: "overview.png",
    },
    Entry {
        file: "print.png",
        title: "For print",
        text: ANIMAL,
        options: &[
            "--layers",
            "3",
            "--heads",
            "1",
            "--views",
            "heads",
            "--colormap",
            "greys",
        ],
        picture: "heads/layer-03-head-01.png",
    },
    Entry {
        file: "logarithmic.png",
        title: "A logarithmic scale",
        text: ANIMAL,
        options: &[
            "--views",
            "overview",
            "--color-scale",
            "logarithmic",
            "--vmin",
            "0.001",
            "--colormap",
            "inferno",
        ],
        picture: "overview.png",
    },
    Entry {
        file: "clipped.png",
        title: "A range that says what it clips",
        text: ANIMAL,
        options: &[
            "--views",
            "overview",
            "--vmax",
            "0.3",
            "--colormap",
            "cividis",
        ],
        picture: "overview.png",
    },
    Entry {
        file: "difference.png",
        title: "What another word changes in a head",
        text: ANIMAL,
        options: &[
            "--against",
            "The animal didn't cross the street because it was too wide.",
            "--layers",
            "3",
            "--heads",
            "1",
        ],
        picture: "heads/layer-03-head-01.png",
    },
    Entry {
        file: "differences.png",
        title: "Which heads another word changes",
        text: ANIMAL,
        options: &[
            "--against",
            "The animal didn't cross the street because it was too wide.",
            "--measure",
            "total_variation",
            "--top-k",
            "0",
        ],
        picture: "differences.png",
    },
];

impl Entry {
    /// Whether it is of what is between two texts.
    fn is_difference(&self) -> bool {
        self.options.contains(&"--against")
    }

    /// As a person types it.
    fn command(&self) -> String {
        let mut command = match self.is_difference() {
            true => format!("attnviz diff builtin --text \"{}\"", self.text),
            false => format!("attnviz encode \"{}\" --model builtin", self.text),
        };
        for option in self.options {
            let plain = option
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-:.,".contains(letter));
            match plain {
                true => write!(command, " {option}").unwrap(),
                false => write!(command, " \"{option}\"").unwrap(),
            }
        }
        command
    }
}

/// The gallery's page.
fn page() -> String {
    let mut page = String::from(
        "# Gallery\n\nMade by `ATTNVIZ_ACCEPT=1 cargo test --release gallery`, with the built-in\n\
         checkpoint. Every picture stands below the command that draws it.\n",
    );
    for entry in &ENTRIES {
        let (title, file) = (entry.title, entry.file);
        let command = entry.command();
        write!(
            page,
            "\n## {title}\n\n```sh\n{command}\n```\n\n![{title}]({file})\n"
        )
        .unwrap();
    }
    page
}

#[test]
fn the_gallery_shows_what_its_commands_draw() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/gallery");
    let accept = std::env::var_os("ATTNVIZ_ACCEPT").is_some();
    if accept {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("README.md"), page()).unwrap();
    }
    let committed = fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(committed, page(), "the gallery's page is out of date");
    for entry in &ENTRIES {
        let workplace = Workplace::new();
        let mut arguments = match entry.is_difference() {
            true => vec!["diff", "builtin", "--text", entry.text, "-q"],
            false => vec!["encode", entry.text, "--model", "builtin", "-q"],
        };
        arguments.extend(entry.options);
        workplace.succeed(&arguments);
        let run = fs::read_dir(workplace.default_output()).unwrap().next();
        let drawn = run.unwrap().unwrap().path().join(entry.picture);
        let shown = folder.join(entry.file);
        if accept {
            fs::copy(&drawn, &shown).unwrap();
        }
        assert_alike(&shown, &drawn);
    }
}

#[test]
fn every_picture_of_the_gallery_is_one_of_its_entries() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/gallery");
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut expected: Vec<&str> = ENTRIES.iter().map(|entry| entry.file).collect();
    expected.push("README.md");
    expected.sort_unstable();
    assert_eq!(found, expected);
}
