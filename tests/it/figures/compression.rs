//! The zlib streams of pictures: whatever the rows, they come back.

use std::io::Read;

use attnviz::render::deflate::RowCompressor;
use proptest::prelude::*;

/// Rows with how often each stands under another.
type Rows = Vec<(Vec<u8>, usize)>;

fn compress(rows: &Rows, mut compressor: RowCompressor) -> Vec<u8> {
    let width = rows.first().map_or(0, |(row, _)| row.len());
    // Whatever it did before must not matter.
    compressor.start(5);
    compressor.push(&[7; 5], None, 3);
    compressor.start(width);
    let mut above: Option<&[u8]> = None;
    for (row, count) in rows {
        compressor.push(row, above, *count);
        above = Some(row);
    }
    compressor.finish().to_vec()
}

fn all_bytes(rows: &Rows) -> Vec<u8> {
    rows.iter()
        .flat_map(|(row, count)| row.repeat(*count))
        .collect()
}

/// What any decoder makes of it, filters undone; the checksum must be right.
fn decompress(stream: &[u8], stride: usize) -> Vec<u8> {
    let mut filtered = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(stream);
    decoder.read_to_end(&mut filtered).unwrap();
    assert_eq!(decoder.total_in(), stream.len() as u64);
    let mut pixels: Vec<u8> = Vec::new();
    for line in filtered.chunks(stride + 1) {
        let above = pixels.len().checked_sub(stride);
        for (index, &byte) in line[1..].iter().enumerate() {
            let above = above.map_or(0, |start| pixels[start + index]);
            pixels.push(match line[0] {
                0 => byte,
                2 => byte.wrapping_add(above),
                filter => panic!("filter {filter}"),
            });
        }
    }
    pixels
}

/// The same through a whole file and the decoder of the `png` crate.
fn decode_file(stream: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, stream).unwrap();
    writer.finish().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    reader.finish().unwrap();
    pixels
}

fn check(rows: &Rows) -> usize {
    let stream = compress(rows, RowCompressor::new());
    let portable = compress(rows, RowCompressor::portable());
    assert!(stream == portable, "another CPU, other bytes");
    let expected = all_bytes(rows);
    let stride = rows[0].0.len();
    assert!(decompress(&stream, stride) == expected, "through flate2");
    let height = expected.len() / stride;
    let decoded = decode_file(&stream, stride, height);
    assert!(decoded == expected, "through png");
    stream.len()
}

/// Bytes that nothing can be said of.
fn noise(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn rows_of_every_width_come_back() {
    let widths = (1..=200).chain([255, 256, 257, 258, 259, 260, 261, 516, 517, 518, 775]);
    for width in widths.chain([1_365, 4_096, 8_191, 8_192, 24_576]) {
        let flat = vec![9; width];
        let striped: Vec<u8> = (0..width).map(|at| (at / 40) as u8).collect();
        let mut touched = striped.clone();
        touched[width / 2] ^= 255;
        touched[width - 1] ^= 1;
        let rows = [flat, noise(width, 1), striped, touched, vec![0; width]];
        check(&rows.into_iter().zip([3, 1, 2, 1, 7]).collect());
    }
}

#[test]
fn a_single_pixel_comes_back() {
    check(&vec![(vec![0], 1)]);
    check(&vec![(vec![255], 1)]);
    check(&vec![(vec![1], 9_000)]);
}

#[test]
fn what_cannot_be_compressed_hardly_grows() {
    for (width, height) in [(1, 1), (40, 40), (9_000, 300)] {
        let row = |index| (noise(width, index), 1);
        let rows: Rows = (0..height).map(row).collect();
        let raw = (width + 1) * height as usize;
        let compressed = check(&rows);
        assert!(
            compressed <= raw + raw / 200 + 64,
            "{raw} bytes became {compressed}"
        );
    }
}

#[test]
fn a_plain_picture_takes_next_to_nothing() {
    let rows = vec![(vec![255; 8_192], 8_192)];
    assert!(check(&rows) < 86_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_rows_come_back(
        width in 1_usize..1_800,
        colors in 1_u8..=255,
        seeds in prop::collection::vec((any::<u64>(), 1_usize..40, any::<bool>()), 1..12),
    ) {
        // Stretches of few colours, some rows nearly those above.
        let mut rows: Rows = Vec::new();
        for (seed, count, is_like_above) in seeds {
            let mut random = noise(width * 2 + 32, seed).into_iter();
            let mut row = Vec::new();
            match rows.last() {
                Some((above, _)) if is_like_above => {
                    row.clone_from(above);
                    for _ in 0..seed % 9 {
                        let at = usize::from(random.next().unwrap()) * width / 256;
                        row[at] = random.next().unwrap();
                    }
                }
                _ => while row.len() < width {
                    let color = random.next().unwrap_or(0) % colors;
                    let run = 1 + usize::from(random.next().unwrap_or(0) % 50);
                    row.extend(std::iter::repeat_n(color, run));
                },
            }
            row.truncate(width);
            rows.push((row, count));
        }
        check(&rows);
    }
}
