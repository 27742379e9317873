//! Counter-based random numbers: Philox4x32-10.
//!
//! Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A number is a pure function of
//! (seed, purpose, step, index), so nothing has to be stored or fast-forwarded, and threads need no order.

use crate::dispatch::Arithmetic;

/// What a random number is for. Numbers of different purposes are independent; the ids are stable and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// Initial weights; the step is the [`name_key`] of the tensor.
    Initialisation = 1,
    /// Order of the training sequences.
    Order = 2,
    /// Which positions are masked.
    MaskSelection = 3,
    /// What replaces a masked token.
    MaskReplacement = 4,
    /// Dropout.
    Dropout = 5,
    /// The generated corpus.
    Corpus = 6,
    /// Probe inputs of checks and benchmarks.
    Probe = 7,
    /// Sign-flip test.
    SignFlip = 8,
    /// Split into training and validation.
    Split = 9,
    /// Bootstrap of paired differences; the step is the draw.
    Bootstrap = 18,
}

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
/// Blocks that are generated together, one per vector lane.
const LANES: usize = 16;
/// Pieces of 16 bits that are generated together.
pub(crate) const GROUP: usize = 64;
/// Blocks of a group: eight pieces each.
const GROUP_BLOCKS: usize = 8;

/// A stream of random numbers, keyed by (seed, purpose, step). It has no state: numbers are asked for by index.
///
/// [`bits`](Self::bits), [`piece`](Self::piece), [`uniform`](Self::uniform), [`below`](Self::below) and
/// [`normal`](Self::normal) read the same underlying words, so one stream should be asked for one kind of number only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    step: [u32; 2],
}

impl Stream {
    /// The stream of a step for one purpose. Equal arguments give equal numbers, on every machine.
    pub const fn new(seed: u64, purpose: Purpose, step: u64) -> Self {
        let key = mix(seed ^ mix(purpose as u64));
        Self {
            key: [key as u32, (key >> 32) as u32],
            step: [step as u32, (step >> 32) as u32],
        }
    }

    /// An independent stream of the same seed, purpose and step for one place, such as a dropout in the model. Place 0
    /// is another stream than `self`.
    #[must_use]
    pub const fn at(self, place: u64) -> Self {
        let key = self.key[0] as u64 | (self.key[1] as u64) << 32;
        let key = mix(key ^ mix(!place));
        Self {
            key: [key as u32, (key >> 32) as u32],
            step: self.step,
        }
    }

    /// The 128 bits at counter (step, index).
    #[inline]
    pub fn block(&self, index: u64) -> [u32; 4] {
        philox(
            [
                index as u32,
                (index >> 32) as u32,
                self.step[0],
                self.step[1],
            ],
            self.key,
        )
    }

    /// Word `index % 4` of block `index / 4`.
    #[inline]
    pub fn bits(&self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// 64 bits: half `index % 2` of block `index / 2`.
    #[inline]
    pub fn bits64(&self, index: u64) -> u64 {
        let block = self.block(index / 2);
        let half = 2 * (index % 2) as usize;
        u64::from(block[half]) | u64::from(block[half + 1]) << 32
    }

    /// Uniform in `[0, 1)` with 53 bits.
    #[inline]
    pub fn uniform(&self, index: u64) -> f64 {
        unit(self.bits64(index))
    }

    /// Uniform integer in `[0, bound)`, by multiplication; the bias is below `bound / 2⁶⁴`. Zero when `bound` is zero.
    #[inline]
    pub fn below(&self, index: u64, bound: u64) -> u64 {
        ((u128::from(self.bits64(index)) * u128::from(bound)) >> 64) as u64
    }

    /// Standard normal by Box and Muller (1958); the numbers `2i` and `2i + 1` share a block.
    pub fn normal(&self, index: u64) -> f64 {
        let [a, b, c, d] = self.block(index / 2);
        // 1 - u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - unit(u64::from(a) | u64::from(b) << 32))).sqrt();
        let angle = std::f64::consts::TAU * unit(u64::from(c) | u64::from(d) << 32);
        radius
            * if index.is_multiple_of(2) {
                libm::cos(angle)
            } else {
                libm::sin(angle)
            }
    }

    /// `words[i] = bits(first + i)`, vectorised.
    pub fn fill_bits(&self, first: u64, words: &mut [u32]) {
        fill(self, first, words);
    }

    /// Body of [`fill_bits`](Self::fill_bits) for use inside other vectorised bodies.
    #[inline(always)]
    pub fn fill_bits_body(&self, first: u64, words: &mut [u32]) {
        let skipped = (first % 4) as usize;
        let head = if skipped == 0 {
            0
        } else {
            words.len().min(4 - skipped)
        };
        let (head_words, words) = words.split_at_mut(head);
        if head > 0 {
            let block = self.block(first / 4);
            head_words.copy_from_slice(&block[skipped..skipped + head]);
        }
        let mut index = first.div_ceil(4);
        let (whole, rest) = words.as_chunks_mut::<{ 4 * LANES }>();
        for chunk in whole {
            *chunk = self.lanes(index);
            index += LANES as u64;
        }
        if !rest.is_empty() {
            let last = self.lanes(index);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }

    /// 16 bits: half a word, eight to a block. Number `16 v + 2 l + w` of a group of 64 is half `v % 2` (0 the lower) of
    /// word `2 ⌊v / 2⌋ + w` of block `l` of the group's eight, an order in which vectors need no shuffling.
    #[inline]
    pub fn piece(&self, index: u64) -> u16 {
        let (group, at) = (index / GROUP as u64, (index % GROUP as u64) as usize);
        let (vector, lane) = (at / 16, at % 16);
        let block = self.block((group * GROUP_BLOCKS as u64).wrapping_add(lane as u64 / 2));
        (block[2 * (vector / 2) + lane % 2] >> (16 * (vector % 2))) as u16
    }

    /// `pieces[i] = piece(64 * group + i)`, for use inside vectorised bodies.
    #[inline(always)]
    pub(crate) fn fill_pieces_body(&self, group: u64, pieces: &mut [u32; GROUP]) {
        let [c0, c1, c2, c3] = self.rounds::<GROUP_BLOCKS>(group.wrapping_mul(GROUP_BLOCKS as u64));
        let (halves, _) = pieces.as_chunks_mut::<{ GROUP / 2 }>();
        for (half, (even, odd)) in halves.iter_mut().zip([(c0, c1), (c2, c3)]) {
            let mut words = [0; 2 * GROUP_BLOCKS];
            for lane in 0..GROUP_BLOCKS {
                words[2 * lane] = even[lane] as u32;
                words[2 * lane + 1] = odd[lane] as u32;
            }
            let (low, high) = half.split_at_mut(words.len());
            for lane in 0..words.len() {
                low[lane] = words[lane] & 0xFFFF;
                high[lane] = words[lane] >> 16;
            }
        }
    }

    /// The words of `LANES` blocks from `index` on.
    #[inline(always)]
    fn lanes(&self, index: u64) -> [u32; 4 * LANES] {
        let [c0, c1, c2, c3] = self.rounds::<LANES>(index);
        let mut words = [0; 4 * LANES];
        for lane in 0..LANES {
            words[4 * lane] = c0[lane] as u32;
            words[4 * lane + 1] = c1[lane] as u32;
            words[4 * lane + 2] = c2[lane] as u32;
            words[4 * lane + 3] = c3[lane] as u32;
        }
        words
    }

    /// The four words of the blocks from `index` on, each in the low half of 64 bits, where the widening product needs
    /// them; what the upper halves hold does not matter, so nothing has to be cut off between the rounds.
    #[inline(always)]
    fn rounds<const BLOCKS: usize>(&self, index: u64) -> [[u64; BLOCKS]; 4] {
        const LOW: u64 = u32::MAX as u64;
        let mut c0: [u64; BLOCKS] = std::array::from_fn(|lane| index.wrapping_add(lane as u64));
        let mut c1 = c0.map(|counter| counter >> 32);
        let mut c2 = [u64::from(self.step[0]); BLOCKS];
        let mut c3 = [u64::from(self.step[1]); BLOCKS];
        let mut key = self.key;
        for _ in 0..ROUNDS {
            for lane in 0..BLOCKS {
                let first = (c0[lane] & LOW) * u64::from(MULTIPLIER[0]);
                let second = (c2[lane] & LOW) * u64::from(MULTIPLIER[1]);
                c0[lane] = (second >> 32) ^ c1[lane] ^ u64::from(key[0]);
                c1[lane] = second;
                c2[lane] = (first >> 32) ^ c3[lane] ^ u64::from(key[1]);
                c3[lane] = first;
            }
            key = bump(key);
        }
        [c0, c1, c2, c3]
    }
}

#[inline(always)]
fn fill_body<A: Arithmetic>(stream: &Stream, first: u64, words: &mut [u32]) {
    stream.fill_bits_body(first, words);
}
crate::simd! { fn fill(stream: &Stream, first: u64, words: &mut [u32]) = fill_body; }

/// Stable 64-bit key of a tensor name (FNV-1a, then mixed), used as the `step` of initialisation streams.
pub fn name_key(name: &str) -> u64 {
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(hash)
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014), a bijection.
const fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[inline(always)]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[inline(always)]
const fn round(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let first = counter[0] as u64 * MULTIPLIER[0] as u64;
    let second = counter[2] as u64 * MULTIPLIER[1] as u64;
    [
        (second >> 32) as u32 ^ counter[1] ^ key[0],
        second as u32,
        (first >> 32) as u32 ^ counter[3] ^ key[1],
        first as u32,
    ]
}

#[inline(always)]
const fn bump(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])]
}

#[inline(always)]
const fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let mut done = 0;
    while done < ROUNDS {
        counter = round(counter, key);
        key = bump(key);
        done += 1;
    }
    counter
}

#[cfg(test)]
mod tests;
