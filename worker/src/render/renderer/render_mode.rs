//! The rendering mode of a text object: whether its glyphs are filled, stroked, and clip what follows.

use std::os::raw::c_int;

use crate::parse::local::Effect;

/// A text rendering mode, as the format numbers it.
pub(super) struct RenderMode(pub(super) c_int);

impl RenderMode {
    pub(super) const fn is_painted(&self) -> bool {
        !matches!(self.0, 3 | 7)
    }

    pub(super) const fn is_stroked_only(&self) -> bool {
        matches!(self.0, 1 | 5)
    }

    pub(super) const fn is_stroked(&self) -> bool {
        matches!(self.0, 1 | 2 | 5 | 6)
    }

    /// Says whether later objects are clipped by the glyphs.
    pub(super) const fn clips(&self) -> bool {
        matches!(self.0, 4..=7)
    }

    pub(super) const fn effect(&self, masked: bool) -> Effect {
        match self.0 {
            7 => Effect::Clip,
            _ if masked => Effect::Mask,
            2 | 6 => Effect::Outline,
            _ => Effect::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_says_what_it_does() {
        let modes = (0..=7).map(RenderMode);
        let told: Vec<_> = modes.map(|mode| (mode.is_painted(), mode.clips(), mode.effect(false))).collect();
        let expected = [
            (true, false, Effect::None),
            (true, false, Effect::None),
            (true, false, Effect::Outline),
            (false, false, Effect::None),
            (true, true, Effect::None),
            (true, true, Effect::None),
            (true, true, Effect::Outline),
            (false, true, Effect::Clip),
        ];
        assert_eq!(told, expected);
        assert_eq!(RenderMode(2).effect(true), Effect::Mask);
        assert!(RenderMode(1).is_stroked_only() && !RenderMode(2).is_stroked_only());
    }
}
