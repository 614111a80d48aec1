//! The unit of a page's user space. Pure.

use hayro_syntax::object::{Dict, Number, dict::keys::USER_UNIT};

/// The largest unit, in 1/72 inch, that is believed.
const MAX_USER_UNIT: f64 = 10_000.0;

/// Returns the unit that a page states, in points. `None` if it states none, or one that cannot be believed.
pub(super) fn user_unit(page: &Dict<'_>) -> Option<f64> {
    let stated = page.get::<Number>(USER_UNIT)?.as_f64();
    (stated.is_finite() && stated > 0.0 && stated <= MAX_USER_UNIT).then_some(stated)
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;

    use super::*;

    #[test]
    fn a_unit_is_told_if_it_can_be_believed() {
        let unit = |stated: &str| {
            let dict = format!("<</UserUnit {stated}>>");
            user_unit(&Dict::from_bytes(dict.as_bytes()).expect("a dictionary"))
        };
        assert_eq!(unit("2.5"), Some(2.5));
        for stated in ["0", "-1", "10001", "(a)", "999999999999999"] {
            assert_eq!(unit(stated), None, "{stated}");
        }
    }
}
