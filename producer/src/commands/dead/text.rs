//! Texts and times as they stand in a row.

use chrono::{DateTime, Utc};

/// Shows how long ago something was, in the unit that says it best.
pub(super) fn age(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // Clocks differ: what is yet to come has just been.
    let seconds = (now - then).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A header holds anything, and a terminal obeys control characters.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Cuts a text to so many letters, and shows that it did.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_says_it_best() {
        let then = DateTime::UNIX_EPOCH;
        let after = |seconds: i64| age(then, then + chrono::TimeDelta::seconds(seconds));
        let told = [-5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(after);
        assert_eq!(told, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
    }
}
