//! `quire dead show`: everything that the letters of one job say.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use lapin::{BasicProperties, types::FieldTable};
use quire_schemas::job::JobId;
use serde_json::{Value, json};

use super::{
    headers,
    letter::{Kind, Letter},
    pile::{Pile, Reach, Taken},
    redact,
    text::{age, one_line},
};
use crate::{
    cli::{DeadShowArgs, Endpoints, FAILED, UNFINISHED},
    commands::{Storage, note, or_unknown, say, table},
};

/// Headers of the caller's whose values are no secrets; of the others only the names are told.
const OPEN_HEADERS: [&str; 2] = ["traceparent", "tracestate"];

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadShowArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let storage = if endpoints.knows_storage() { Some(endpoints.storage().await?) } else { None };
    let mut pile = Pile::open(&publisher, Reach::SEARCH).await?;
    let letters = collect(&mut pile, arguments.job).await;
    let is_cut_short = pile.is_cut_short();
    pile.put_back().await;
    publisher.close().await;
    let letters = letters?;
    for (index, taken) in letters.iter().enumerate() {
        let result = match &storage {
            Some(storage) => stored_result(storage, &taken.letter).await,
            None => StoredResult::Unknown,
        };
        if arguments.json {
            say(&to_json(taken, &result).to_string())?;
        } else {
            let gap = if index == 0 { "" } else { "\n" };
            say(&format!("{gap}{}", to_text(taken, &result, Utc::now())))?;
        }
    }
    if is_cut_short {
        return Ok(ExitCode::from(UNFINISHED));
    }
    if letters.is_empty() {
        note(&format!("job {} has no dead letter", arguments.job));
        return Ok(ExitCode::from(FAILED));
    }
    Ok(ExitCode::SUCCESS)
}

async fn collect(pile: &mut Pile, job: JobId) -> anyhow::Result<Vec<Taken>> {
    let mut letters = Vec::new();
    while let Some(taken) = pile.take().await? {
        if taken.letter.job == Some(job) {
            letters.push(taken);
        }
    }
    Ok(letters)
}

/// What storage holds for the job.
enum StoredResult {
    /// Storage is not configured, or does not tell.
    Unknown,
    Missing,
    There {
        status: String,
        generation: u32,
        uri: String,
    },
}

async fn stored_result(storage: &Storage, letter: &Letter) -> StoredResult {
    let Some(job) = letter.job else { return StoredResult::Unknown };
    match storage.result(&letter.tenant_or_default(), &job).await {
        Ok(Some(stored)) => StoredResult::There {
            status: stored.result.status.to_string(),
            generation: stored.result.generation,
            uri: stored.uri,
        },
        Ok(None) => StoredResult::Missing,
        Err(error) => {
            note(&format!("what storage holds is not known: {error:#}"));
            StoredResult::Unknown
        }
    }
}

impl StoredResult {
    fn to_json(&self) -> Value {
        match self {
            Self::Unknown => json!({ "status": "unknown" }),
            Self::Missing => Value::Null,
            Self::There { status, generation, uri } => {
                json!({ "status": status, "generation": generation, "uri": uri })
            }
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Unknown => or_unknown::<String>(None),
            Self::Missing => "none".to_owned(),
            Self::There { status, generation, uri } => format!("{status}, generation {generation}, {uri}"),
        }
    }
}

fn to_json(taken: &Taken, result: &StoredResult) -> Value {
    let Taken { letter, properties, body, .. } = taken;
    let mut line = json!(letter);
    line["published_at"] = json!(letter.published);
    line["properties"] = named(&texts_of(properties));
    line["headers"] = named(&headers_of(properties));
    line["log"] = json!(letter.log.as_deref().map(|log| log.lines().collect::<Vec<_>>()).unwrap_or_default());
    line["body_bytes"] = json!(body.len());
    line["body"] = json!(redact::body(body));
    line["result"] = result.to_json();
    line
}

fn named(entries: &[(String, String)]) -> Value {
    entries.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}

fn to_text(taken: &Taken, result: &StoredResult, now: DateTime<Utc>) -> String {
    let mut text = table(["job", &or_unknown(taken.letter.job)], &rows(taken, result, now));
    if let Some(log) = &taken.letter.log {
        text.push_str("\n\nlog");
        log.lines().for_each(|line| text.push_str(&format!("\n  {}", one_line(line))));
    }
    text.push_str("\n\nbody\n");
    match redact::body(&taken.body) {
        Some(body) => text.push_str(&format!("{body:#}")),
        None => text.push_str(&format!("  ({} bytes that are not JSON)", taken.body.len())),
    }
    text
}

fn rows(taken: &Taken, result: &StoredResult, now: DateTime<Utc>) -> Vec<[String; 2]> {
    let letter = &taken.letter;
    let time =
        |time: DateTime<Utc>| format!("{} ({} ago)", time.to_rfc3339_opts(SecondsFormat::Secs, true), age(time, now));
    let memory = letter.memory_peak_bytes.map(|bytes| format!("{} MiB", bytes / (1024 * 1024)));
    let row = |name: &str, value: String| [name.to_owned(), one_line(&value)];
    let mut rows = vec![
        row("letter", letter.routing_key.clone()),
        row("tenant", or_unknown(letter.tenant.as_ref())),
        row("lane", or_unknown(letter.lane)),
        row("kind", or_unknown(letter.kind.map(Kind::as_str))),
        row("code", or_unknown(letter.code.as_deref())),
        row("message", or_unknown(letter.message.as_deref())),
        row("phase", or_unknown(letter.phase.as_deref())),
        row("page", or_unknown(letter.page)),
        row("attempt", or_unknown(letter.attempt)),
        row("generation", letter.generation.to_string()),
        row("first seen", or_unknown(letter.first_seen.map(time))),
        row("published", or_unknown(letter.published.map(time))),
        row("worker", or_unknown(letter.worker.as_deref())),
        row("version", or_unknown(letter.version.as_deref())),
        row("memory peak", or_unknown(memory)),
        row("taken out", or_unknown(letter.redacted.as_deref())),
        row("result", result.describe()),
    ];
    let others = texts_of(&taken.properties).into_iter().chain(headers_of(&taken.properties));
    rows.extend(others.map(|(name, value)| row(&one_line(&name), value)));
    rows
}

/// Lists the properties that a replay keeps.
fn texts_of(properties: &BasicProperties) -> Vec<(String, String)> {
    let texts = [
        ("message_id", properties.message_id()),
        ("correlation_id", properties.correlation_id()),
        ("reply_to", properties.reply_to()),
        ("type", properties.kind()),
        ("app_id", properties.app_id()),
    ];
    let given = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?.as_str())));
    given.map(|(name, text)| (name.to_owned(), redact::addresses(text))).collect()
}

/// Lists the headers that neither Quire nor the broker wrote.
fn headers_of(properties: &BasicProperties) -> Vec<(String, String)> {
    let none = FieldTable::default();
    let table = properties.headers().as_ref().unwrap_or(&none);
    let names = table.inner().keys().map(|name| name.as_str());
    let own = names.filter(|name| !name.starts_with("quire-") && !name.starts_with("x-"));
    let value = |name: &str| match OPEN_HEADERS.contains(&name) {
        true => headers::text(table, name).unwrap_or_default(),
        false => "(not shown)".to_owned(),
    };
    own.map(|name| (name.to_owned(), value(name))).collect()
}

#[cfg(test)]
mod tests {
    use lapin::message::Delivery;

    use super::*;
    use crate::commands::dead::letter::tests::{ID, properties};

    fn taken() -> Taken {
        let body = format!(
            r#"{{"job_id":"{ID}","password":"canary","source":{{"kind":"url","url":"https://host/a.pdf?sig=canary"}}}}"#
        );
        let headers = [
            ("quire-error-code", "page_failed"),
            ("quire-error-message", "https://me:canary@host/a.pdf?sig=canary"),
            ("quire-error-phase", "render"),
            ("quire-error-page", "3"),
            ("quire-attempt", "2"),
            ("quire-tenant", "acme"),
            ("quire-first-seen", "2026-11-20T12:00:00Z"),
            ("quire-worker", "w1"),
            ("quire-version", "0.1.0"),
            ("quire-memory-peak", "3145728"),
            ("quire-log", "page 3\nfailed"),
            ("traceparent", "00-4bf9-00f0-01"),
            ("x-api-key", "canary"),
            ("api-key", "canary"),
        ];
        let properties = properties(&headers).with_correlation_id("order-17".into());
        let mut delivery = Delivery::mock(1, "quire.dead".into(), "failed.high".into(), false, body.into_bytes());
        delivery.properties = properties.with_type("quire.job.v1".into());
        delivery.into()
    }

    #[test]
    fn everything_is_shown_but_what_opens_anything() {
        let there = StoredResult::There { status: "failed".to_owned(), generation: 0, uri: "s3://b/k".to_owned() };
        let shown = to_json(&taken(), &there);
        let body = json!({
            "job_id": ID, "password": "(not shown)", "source": { "kind": "url", "url": "https://host/a.pdf" },
        });
        let expected = json!({
            "job_id": ID, "tenant": "acme", "lane": "high", "kind": "failed", "routing_key": "failed.high",
            "code": "page_failed", "message": "https://host/a.pdf", "phase": "render", "page": 3, "attempt": 2,
            "generation": 0, "first_seen": "2026-11-20T12:00:00Z", "published_at": null, "worker": "w1",
            "version": "0.1.0", "memory_peak_bytes": 3_145_728, "redacted": null, "log": ["page 3", "failed"],
            "properties": { "correlation_id": "order-17", "type": "quire.job.v1" },
            "headers": { "traceparent": "00-4bf9-00f0-01", "api-key": "(not shown)" },
            "body_bytes": taken().body.len(), "body": body,
            "result": { "status": "failed", "generation": 0, "uri": "s3://b/k" },
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_person_reads_the_same_in_lines() {
        let now = "2026-11-20T14:00:00Z".parse().expect("a time");
        let text = to_text(&taken(), &StoredResult::Missing, now);
        assert!(!text.contains("canary"), "{text}");
        let first_lines: Vec<&str> = text.lines().take(18).collect();
        let expected = [
            format!("job             {ID}"),
            "letter          failed.high".to_owned(),
            "tenant          acme".to_owned(),
            "lane            high".to_owned(),
            "kind            failed".to_owned(),
            "code            page_failed".to_owned(),
            "message         https://host/a.pdf".to_owned(),
            "phase           render".to_owned(),
            "page            3".to_owned(),
            "attempt         2".to_owned(),
            "generation      0".to_owned(),
            "first seen      2026-11-20T12:00:00Z (2h ago)".to_owned(),
            "published       -".to_owned(),
            "worker          w1".to_owned(),
            "version         0.1.0".to_owned(),
            "memory peak     3 MiB".to_owned(),
            "taken out       -".to_owned(),
            "result          none".to_owned(),
        ];
        assert_eq!(first_lines, expected);
        assert!(text.contains("\n\nlog\n  page 3\n  failed\n\nbody\n{\n"), "{text}");
    }
}
