//! Small pictures of all maps.

use attnviz::figure::{Colormap, FigureOptions, Palette};
use attnviz::render::colormap::ColorTable;
use attnviz::render::{self, Picture, thumbnail::size};
use attnviz::run::Run;

use super::run;
use crate::runs::{own, raw};

fn thumbnail(run: &Run, options: &FigureOptions) -> Picture {
    render::thumbnail(run, &raw(run), options).unwrap()
}

/// Width, height and RGBA bytes.
fn decode(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

#[test]
fn the_size_does_not_depend_on_the_number_of_tokens() {
    for (name, words) in [
        ("2", ""),
        ("8", "x"),
        ("60", "tired "),
        ("512", "attention is all "),
    ] {
        let count = words.len().max(1) * if name == "8" { 6 } else { 40 };
        let run = run(&format!("a {}", words.repeat(count)), None);
        let picture = thumbnail(&run, &FigureOptions::default());
        assert_eq!((picture.width, picture.height), size(6, 12));
        assert!(
            picture.bytes.len() < 24_000,
            "{} bytes at {name}",
            picture.bytes.len()
        );
        let (width, height, pixels) = decode(&picture.bytes);
        assert_eq!((width, height), size(6, 12));
        assert_eq!(pixels.len(), width as usize * height as usize * 4);
        if let Ok(folder) = std::env::var("ATTNVIZ_SCREENSHOTS") {
            let tokens = run.streams[0].units.len();
            std::fs::write(format!("{folder}/thumbnail-{tokens}.png"), &picture.bytes).unwrap();
        }
        assert_eq!(thumbnail(&run, &FigureOptions::default()), picture);
    }
}

/// A run of one layer and `heads` heads, in which every query attends to
/// itself alone.
fn diagonal(tokens: usize, heads: usize) -> Run {
    let mut run = run("a", None);
    let unit = run.streams[0].units[0].clone();
    run.streams[0].units = vec![unit; tokens];
    let value = |index: usize| f32::from(u8::from(index / tokens % tokens == index % tokens));
    let values = (0..heads * tokens * tokens).map(value).collect();
    run.attention = own(values, [1, heads, tokens, tokens]);
    run
}

#[test]
fn colours_are_those_of_an_overview_of_that_size_and_the_diagonal_is_seen() {
    for tokens in [1, 2, 7, 24, 25, 160, 161, 512] {
        for colormap in [Colormap::Viridis, Colormap::Greys] {
            let palette = Palette {
                colormap,
                ..Palette::default()
            };
            let options = FigureOptions {
                palette,
                ..FigureOptions::default()
            };
            let (width, height, pixels) = decode(&thumbnail(&diagonal(tokens, 1), &options).bytes);
            let colors = ColorTable::new(palette);
            assert_eq!(width, height);
            for index in 0..width {
                let start = ((index * width + index) * 4) as usize;
                // Means are less than the peaks, but none is lost.
                assert_ne!(
                    pixels[start..start + 3],
                    colors.color(0.0),
                    "{tokens} tokens at {index}"
                );
                assert_eq!(pixels[start + 3], 255);
            }
            if tokens > 1 {
                let corner = ((width - 1) * 4) as usize;
                assert_eq!(pixels[corner..corner + 3], colors.color(0.0));
            }
        }
    }
}

#[test]
fn nothing_is_painted_between_maps() {
    let picture = thumbnail(&diagonal(4, 2), &FigureOptions::default());
    let (width, _, pixels) = decode(&picture.bytes);
    let clear: Vec<u32> = (0..width)
        .filter(|&x| pixels[(x * 4 + 3) as usize] == 0)
        .collect();
    assert_eq!(clear, [width / 2 - 1, width / 2]);
}

#[test]
fn any_number_of_heads_fits() {
    for heads in [1, 3, 12, 24, 25, 64, 65, 320, 400] {
        let picture = thumbnail(&diagonal(3, heads), &FigureOptions::default());
        assert_eq!((picture.width, picture.height), size(1, heads));
    }
    let run = diagonal(1, 9_000);
    assert!(render::thumbnail(&run, &raw(&run), &FigureOptions::default()).is_err());
}
