//! What is shown against its definition, over random runs.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn words_equal_their_definition_and_keep_their_rows(
        kinds in prop::collection::vec(0_usize..3, 1..14),
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds: Vec<&str> = kinds.iter().map(|&kind| ["word", "##piece", "[SEP]"][kind]).collect();
        let run = run(&kinds, [2, 3], &numbers);
        let shown = reshaped(&run, &options(Granularity::Word, SpecialTokens::Keep, None)).unwrap();
        let pieces: usize = shown.columns.units.iter().map(|unit| unit.count).sum();
        prop_assert_eq!(pieces, kinds.len());
        for sum in row_sums(&shown) {
            prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
        let count = shown.columns.len();
        for id in head_maps(&run).selection().head_ids() {
            let map = shown.map(MapId::Head(id)).unwrap();
            for (index, &value) in map.iter().enumerate() {
                let expected = by_definition(&run, &shown, id, index / count, index % count);
                prop_assert!((f64::from(value) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn without_special_tokens_the_others_keep_their_proportions(
        kinds in prop::collection::vec(0_usize..2, 1..14),
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds: Vec<&str> = kinds.iter().map(|&kind| ["word", "[SEP]"][kind]).collect();
        prop_assume!(kinds.contains(&"word"));
        let run = run(&kinds, [1, 2], &numbers);
        let hidden = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Hide, None)).unwrap();
        let scaled = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Renormalize, None)).unwrap();
        for sum in row_sums(&scaled) {
            prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
        let count = hidden.columns.len();
        for id in head_maps(&run).selection().head_ids() {
            let (hidden_map, scaled_map) = (hidden.map(MapId::Head(id)).unwrap(), scaled.map(MapId::Head(id)).unwrap());
            for index in 0..count * count {
                let (query, key) = (index / count, index % count);
                let expected = by_definition(&run, &hidden, id, query, key);
                prop_assert_eq!(f64::from(hidden_map[index]), expected);
                let sum: f64 = (0..count).map(|key| by_definition(&run, &hidden, id, query, key)).sum();
                prop_assert!((f64::from(scaled_map[index]) - expected / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_stretch_is_a_window_of_the_whole(
        count in 1_usize..12, first in 0_usize..12, length in 1_usize..12,
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds = vec!["word"; count];
        let run = run(&kinds, [1, 2], &numbers);
        let crop = Crop { first, last: first + length - 1 };
        let shown = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Keep, Some(crop)));
        if crop.last >= count {
            prop_assert_eq!(shown, Err(ReshapeError::CropOutside { crop, count }));
            return Ok(());
        }
        let shown = shown.unwrap();
        for id in head_maps(&run).selection().head_ids() {
            for (index, &value) in shown.map(MapId::Head(id)).unwrap().iter().enumerate() {
                let held = row(&run, id, first + index / length);
                prop_assert_eq!(value, held[first + index % length]);
            }
        }
    }

    #[test]
    fn means_and_maxima_equal_their_definition(
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40), layers in 1_usize..4, heads in 1_usize..4,
    ) {
        let run = run(&SENTENCE, [layers, heads], &numbers);
        let shown = reshaped(&run, &ReshapeOptions::default()).unwrap();
        let values = |layer: usize, index: usize| -> Vec<f64> {
            (0..heads).map(|head| f64::from(shown.map(MapId::Head(HeadId { layer, head })).unwrap()[index])).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let maximum = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let (means, maxima) = (reduce(&shown, Reduction::Mean), reduce(&shown, Reduction::Max));
        let all_mean = means.map(MapId::All).unwrap();
        let all_max = maxima.map(MapId::All).unwrap();
        for index in 0..64 {
            let mut all = Vec::new();
            for layer in 0..layers {
                let values = values(layer, index);
                let layer_mean = means.map(MapId::Layer(layer)).unwrap()[index];
                let layer_max = maxima.map(MapId::Layer(layer)).unwrap()[index];
                prop_assert!((f64::from(layer_mean) - mean(&values)).abs() < 1e-6);
                prop_assert_eq!(f64::from(layer_max), maximum(&values));
                all.extend(values);
            }
            prop_assert!((f64::from(all_mean[index]) - mean(&all)).abs() < 1e-6);
            prop_assert_eq!(f64::from(all_max[index]), maximum(&all));
        }
        prop_assert!(means.map(MapId::Layer(layers)).is_none());
        for position in 0..8 {
            let from = profile(&shown, Direction::From, position).unwrap();
            let to = profile(&shown, Direction::To, position).unwrap();
            for other in 0..8 {
                prop_assert_eq!(from.mean[other], all_mean[position * 8 + other]);
                prop_assert_eq!(to.mean[other], all_mean[other * 8 + position]);
            }
            prop_assert_eq!((from.by_layer.len(), to.by_layer.len()), (layers, layers));
        }
        prop_assert!(profile(&shown, Direction::To, 8).is_none());
    }

    #[test]
    fn the_strongest_links_are_the_front_of_all_in_order(
        cells in prop::collection::vec(0.0_f32..1.0, 1..80), key_count in 1_usize..9, count in 0_usize..90,
    ) {
        let query_count = cells.len() / key_count;
        let values = &cells[..query_count * key_count];
        let axis = |length: usize| {
            let units: Vec<Unit> = (0..length).map(|index| unit("x", index == 0)).collect();
            Axis::new(StreamRole::Source, &units)
        };
        let (rows, columns) = (axis(query_count), axis(key_count));
        let links = |choice| strongest_links(values, [&rows, &columns], choice, count);
        let mut all: Vec<usize> = (0..values.len()).filter(|&cell| values[cell] > 0.0).collect();
        all.sort_by(|&left, &right| values[right].total_cmp(&values[left]));
        let found: Vec<usize> = links(LinkChoice::All)
            .iter()
            .map(|link| link.query * key_count + link.key)
            .collect();
        let front: Vec<usize> = all.iter().copied().take(count).collect();
        prop_assert_eq!(found, front);
        // Of each query the best, no special token unless there is nothing else.
        let is_text = |index: usize, length: usize| index > 0 || length == 1;
        let mut queries = BTreeSet::new();
        let best: Vec<usize> = all
            .into_iter()
            .filter(|cell| {
                let (query, key) = (cell / key_count, cell % key_count);
                is_text(query, query_count) && is_text(key, key_count) && queries.insert(query)
            })
            .take(count)
            .collect();
        let found: Vec<usize> = links(LinkChoice::Best)
            .iter()
            .map(|link| link.query * key_count + link.key)
            .collect();
        prop_assert_eq!(found, best);
    }
}
