//! AMQP headers read as text, number or time, in whichever of the wire's types a client wrote them.

use chrono::{DateTime, Utc};
use lapin::types::{AMQPValue, FieldTable};

/// Returns a header that is a text.
#[must_use]
pub fn text(headers: &FieldTable, name: &str) -> Option<String> {
    as_text(headers.inner().get(name)?)
}

/// Returns a header that is a whole number, or a text that is one.
#[must_use]
pub fn number(headers: &FieldTable, name: &str) -> Option<i64> {
    match headers.inner().get(name)? {
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        AMQPValue::LongString(text) => text.to_string().parse().ok(),
        _ => None,
    }
}

/// Returns a header that is a time as a text (RFC 3339).
#[must_use]
pub fn time(headers: &FieldTable, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text(headers, name)?).ok().map(|time| time.with_timezone(&Utc))
}

/// Makes the value of a header that is a text.
#[must_use]
pub fn long_string(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// Returns the text of a value that is one.
#[must_use]
pub fn as_text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

/// Reads AMQP's own type for times: whole seconds since 1970.
#[must_use]
pub fn of_seconds(seconds: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: AMQPValue) -> FieldTable {
        let mut headers = FieldTable::default();
        headers.insert("n".into(), value);
        headers
    }

    #[test]
    fn a_number_is_read_from_every_type_that_holds_one() {
        for value in [AMQPValue::LongLongInt(4), AMQPValue::ShortShortUInt(4), long_string("4")] {
            assert_eq!(number(&with(value), "n"), Some(4));
        }
        for value in [AMQPValue::Boolean(true), long_string("four")] {
            assert_eq!(number(&with(value), "n"), None);
        }
    }

    #[test]
    fn a_time_is_read_in_utc() {
        let headers = with(long_string("1970-01-01T01:00:01+01:00"));
        assert_eq!(time(&headers, "n"), of_seconds(1));
        assert_eq!(time(&with(long_string("today")), "n"), None);
        assert_eq!(time(&headers, "other"), None);
    }
}
