//! Headers of any name and kind, and those that Quire reads.

use arbitrary::Arbitrary;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_schemas::names::header;

/// A header; most names mean nothing, so that the known ones are listed.
#[derive(Debug, Arbitrary)]
pub(crate) struct Header {
    name: Name,
    value: Value,
}

#[derive(Debug, Arbitrary)]
enum Name {
    Known(u8),
    Other(String),
}

#[derive(Debug, Arbitrary)]
enum Value {
    Text(String),
    Number(i64),
    Small(i16),
    Flag(bool),
    Time(u64),
    Nothing,
}

const KNOWN: [&str; 14] = [
    header::ATTEMPT,
    header::BURIED,
    header::DELIVERY_COUNT,
    header::ERROR_CODE,
    header::ERROR_PAGE,
    header::FIRST_SEEN,
    header::FORCE,
    header::GENERATION,
    header::LANE,
    header::NOT_BEFORE,
    header::ROUTING_KEY,
    header::SPENT_MS,
    header::STARTED,
    header::TENANT,
];

/// Makes the properties of a message.
pub(crate) fn properties(message_id: Option<String>, headers: Vec<Header>) -> BasicProperties {
    let mut table = FieldTable::default();
    for Header { name, value } in headers {
        let name = match name {
            Name::Known(index) => KNOWN[usize::from(index) % KNOWN.len()].to_owned(),
            Name::Other(name) => short(name),
        };
        let value = match value {
            Value::Text(text) => AMQPValue::LongString(text.into()),
            Value::Number(number) => AMQPValue::LongLongInt(number),
            Value::Small(number) => AMQPValue::ShortInt(number),
            Value::Flag(flag) => AMQPValue::Boolean(flag),
            Value::Time(seconds) => AMQPValue::Timestamp(seconds),
            Value::Nothing => AMQPValue::Void,
        };
        table.insert(name.into(), value);
    }
    let properties = BasicProperties::default().with_headers(table);
    match message_id {
        Some(id) => properties.with_message_id(short(id).into()),
        None => properties,
    }
}

/// A short text of the protocol has at most 255 bytes.
fn short(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(255));
    text
}
