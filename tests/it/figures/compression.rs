//! The files of pictures: whole, and small whatever is in them.

use attnviz::render::TextShaper;

use super::{Decoded, encode, grid, map, run, words};

#[test]
fn a_file_takes_less_than_a_sixth_of_a_byte_a_pixel() {
    let mut shaper = TextShaper::new();
    for count in [1, 8, 30, 128, 512] {
        let run = run(&words(count), 1, 6, 12);
        for figure in [map(&run), grid(&run)] {
            let picture = encode(&figure, &mut shaper).unwrap();
            Decoded::new(&picture);
            let pixel_count = picture.width as usize * picture.height as usize;
            let size = picture.bytes.len();
            assert!(
                size * 6 < pixel_count,
                "{size} bytes for {pixel_count} pixels of {count} tokens"
            );
        }
    }
}
