//! Values of AMQP headers, in whatever type a client wrote them.

use chrono::{DateTime, Utc};
use lapin::types::{AMQPValue, FieldTable};

pub(super) fn text(headers: &FieldTable, name: &str) -> Option<String> {
    as_text(headers.inner().get(name)?)
}

pub(super) fn as_text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

/// Returns a number that fits the type asked for.
pub(super) fn number<N: TryFrom<i64>>(headers: &FieldTable, name: &str) -> Option<N> {
    let number: i64 = match headers.inner().get(name)? {
        AMQPValue::LongLongInt(number) => *number,
        AMQPValue::LongInt(number) => (*number).into(),
        AMQPValue::LongUInt(number) => (*number).into(),
        AMQPValue::ShortInt(number) => (*number).into(),
        AMQPValue::ShortUInt(number) => (*number).into(),
        AMQPValue::ShortShortInt(number) => (*number).into(),
        AMQPValue::ShortShortUInt(number) => (*number).into(),
        AMQPValue::LongString(text) => text.to_string().parse().ok()?,
        _ => return None,
    };
    N::try_from(number).ok()
}

pub(super) fn time(headers: &FieldTable, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text(headers, name)?).ok().map(|time| time.with_timezone(&Utc))
}

/// Reads seconds since 1970, as AMQP's own type for times has them.
pub(super) fn of_seconds(seconds: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_whatever_type_it_has_and_only_if_it_fits() {
        let read = |value: AMQPValue| {
            let mut headers = FieldTable::default();
            headers.insert("n".into(), value);
            number::<u32>(&headers, "n")
        };
        for value in [AMQPValue::LongLongInt(4), AMQPValue::ShortShortUInt(4), AMQPValue::LongString("4".into())] {
            assert_eq!(read(value), Some(4));
        }
        for value in [AMQPValue::LongLongInt(-1), AMQPValue::LongLongInt(i64::MAX), AMQPValue::Boolean(true)] {
            assert_eq!(read(value), None);
        }
    }
}
