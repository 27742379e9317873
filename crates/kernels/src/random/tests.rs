#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

/// Known answers distributed with Random123.
#[test]
fn philox_gives_the_known_answers() {
    assert_eq!(
        philox([0; 4], [0; 2]),
        [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
    );
    assert_eq!(
        philox([u32::MAX; 4], [u32::MAX; 2]),
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    );
    assert_eq!(
        philox(
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0]
        ),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn filling_equals_asking_one_by_one() {
    let stream = Stream::new(7, Purpose::Dropout, 3);
    for first in [0, 1, 2, 3, 4, 63, (1 << 34) - 30] {
        for length in [0, 1, 2, 3, 5, 63, 64, 65, 200] {
            let mut words = vec![0; length];
            stream.fill_bits(first, &mut words);
            for (offset, word) in words.iter().enumerate() {
                assert_eq!(*word, stream.bits(first + offset as u64));
            }
        }
    }
}

#[test]
fn pieces_are_the_halves_of_the_words() {
    let stream = Stream::new(7, Purpose::Dropout, 3);
    for group in [0_u64, 5, (1 << 32) - 1, 1 << 33] {
        let mut pieces = [0; GROUP];
        stream.fill_pieces_body(group, &mut pieces);
        for (at, piece) in (0_u64..).zip(pieces) {
            assert_eq!(piece, u32::from(stream.piece(64 * group + at)));
        }
        // Each half of each word once.
        let mut halves: Vec<u32> = (8 * group..8 * group + 8)
            .flat_map(|index| stream.block(index))
            .flat_map(|word| [word & 0xFFFF, word >> 16])
            .collect();
        let mut sorted = pieces.to_vec();
        halves.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(sorted, halves);
    }
}

#[test]
fn streams_differ_by_seed_purpose_step_and_place() {
    let streams = [
        Stream::new(1, Purpose::Order, 1),
        Stream::new(2, Purpose::Order, 1),
        Stream::new(1, Purpose::Dropout, 1),
        Stream::new(1, Purpose::Order, 2),
        Stream::new(1, Purpose::Order, 1).at(0),
        Stream::new(1, Purpose::Order, 1).at(1),
        Stream::new(1, Purpose::Order, 1).at(1).at(0),
    ];
    let mut blocks: Vec<_> = streams.iter().map(|stream| stream.block(5)).collect();
    blocks.sort_unstable();
    blocks.dedup();
    assert_eq!(blocks.len(), streams.len());
}

#[test]
fn uniform_and_below_have_the_right_moments_and_bounds() {
    let stream = Stream::new(11, Purpose::Probe, 0);
    let count = 100_000;
    let mut sum = 0.0;
    let mut squares = 0.0;
    let mut histogram = [0_u32; 7];
    for index in 0..count {
        let value = stream.uniform(index);
        assert!((0.0..1.0).contains(&value));
        sum += value;
        squares += value * value;
        histogram[stream.below(index, 7) as usize] += 1;
    }
    // Five standard errors.
    assert!((sum / count as f64 - 0.5).abs() < 5.0 * (1.0 / 12.0_f64 / count as f64).sqrt());
    assert!((squares / count as f64 - 1.0 / 3.0).abs() < 5.0 * 0.3 / (count as f64).sqrt());
    for bin in histogram {
        let expected = count as f64 / 7.0;
        assert!((f64::from(bin) - expected).abs() < 5.0 * expected.sqrt());
    }
    assert_eq!(stream.below(0, 0), 0);
    assert_eq!(stream.below(0, 1), 0);
}

#[test]
fn normal_has_the_right_moments() {
    let stream = Stream::new(12, Purpose::Initialisation, name_key("weight"));
    let count = 100_000;
    let values: Vec<f64> = (0..count).map(|index| stream.normal(index)).collect();
    let moment =
        |power: i32| values.iter().map(|value| value.powi(power)).sum::<f64>() / count as f64;
    let tolerance = 5.0 / (count as f64).sqrt();
    assert!(moment(1).abs() < tolerance);
    assert!((moment(2) - 1.0).abs() < 1.5 * tolerance);
    assert!(moment(3).abs() < 4.0 * tolerance);
    assert!((moment(4) - 3.0).abs() < 10.0 * tolerance);
    let pairs: f64 = values.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum();
    assert!((pairs / (count / 2) as f64).abs() < 2.0 * tolerance);
}

/// Initial weights of existing runs depend on these values.
#[test]
fn keys_and_streams_are_stable() {
    assert_ne!(name_key("a"), name_key("b"));
    assert_eq!(name_key(""), mix(0xCBF2_9CE4_8422_2325));
    assert_eq!(Stream::new(0, Purpose::Initialisation, 0).key, {
        let key = mix(mix(1));
        [key as u32, (key >> 32) as u32]
    });
}
