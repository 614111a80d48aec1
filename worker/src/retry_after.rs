//! Reads how long a server asks us to wait.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

/// Longer than any queue tier; keeps a mistaken header from overflowing a clock.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `retry-after-ms`, else `retry-after` in seconds or as an HTTP date. A time that is
/// past counts as not given: the caller's own backoff applies.
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(|value| positive(value.parse::<f64>().ok()? / 1000.0));
    let delay = milliseconds.or_else(|| {
        let value = text("retry-after")?;
        match value.parse::<f64>() {
            Ok(seconds) => positive(seconds),
            Err(_) => until(value, now),
        }
    })?;
    Some(delay.min(LONGEST))
}

fn positive(seconds: f64) -> Option<Duration> {
    // Infinite and oversized values mean "very long", not "not at all"; NaN means nothing, and
    // `min` would make it very long too.
    let bounded = (!seconds.is_nan()).then(|| seconds.min(LONGEST.as_secs_f64()))?;
    Duration::try_from_secs_f64(bounded).ok().filter(|delay| !delay.is_zero())
}

/// An HTTP date is an RFC 2822 date in GMT.
fn until(date: &str, now: DateTime<Utc>) -> Option<Duration> {
    let then = DateTime::parse_from_rfc2822(date).ok()?;
    then.to_utc().signed_duration_since(now).to_std().ok().filter(|delay| !delay.is_zero())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn delay(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let now = DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").expect("a valid date").to_utc();
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a valid header")))
            .collect();
        retry_after(&headers, now)
    }

    #[test]
    fn a_delay_is_read_in_every_form_and_milliseconds_come_first() {
        assert_eq!(delay(&[("retry-after", "3")]), Some(Duration::from_secs(3)));
        assert_eq!(delay(&[("retry-after", "0.25")]), Some(Duration::from_millis(250)));
        assert_eq!(delay(&[("retry-after-ms", "1500"), ("retry-after", "9")]), Some(Duration::from_millis(1500)));
        assert_eq!(delay(&[("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT")]), Some(Duration::from_secs(30)));
    }

    #[test]
    fn nonsense_and_the_past_count_as_not_given() {
        for value in ["", "soon", "-1", "0", "NaN", "Fri, 20 Nov 2026 11:59:00 GMT"] {
            assert_eq!(delay(&[("retry-after", value)]), None, "{value:?}");
        }
        assert_eq!(delay(&[]), None);
    }

    #[test]
    fn an_endless_delay_is_cut_to_a_day() {
        for value in ["1e300", "inf", "99999999999", "Fri, 20 Nov 2099 12:00:00 GMT"] {
            assert_eq!(delay(&[("retry-after", value)]), Some(LONGEST), "{value:?}");
        }
    }
}
