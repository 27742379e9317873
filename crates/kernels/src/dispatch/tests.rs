use super::*;

#[test]
fn names_round_trip_and_others_are_refused() {
    for level in Level::ALL {
        assert_eq!(level.name().parse(), Ok(level));
        assert_eq!(Level::from_index(level as u8), level);
    }
    assert_eq!(
        "sse9".parse::<Level>(),
        Err(UnknownLevel("sse9".to_owned()))
    );
    assert!(level() <= supported());
}

#[inline(always)]
fn scale_body<A: Arithmetic, T: Factor, const N: usize>(values: &mut [f32; N]) -> f32 {
    for value in values.iter_mut() {
        *value = A::mul_add(*value, T::FACTOR, 1.0);
    }
    values.iter().sum()
}
trait Factor {
    const FACTOR: f32;
}
struct Two;
impl Factor for Two {
    const FACTOR: f32 = 2.0;
}
simd! { fn scale<T: Factor; const N: usize>(values: &mut [f32; N]) -> f32 = scale_body; }

#[test]
fn generic_bodies_are_dispatched() {
    assert_eq!(scale::<Two, 3>(&mut [1.0, 2.0, 3.0]), 15.0);
}
