//! `quire dead show`: prints everything that the letters of one job say.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use quire_schemas::{job::JobId, names::DeadKind};
use serde_json::{Value, json};

use super::letters::note_extent;
use crate::{
    chain::chain,
    commands::{
        endpoints::Endpoints,
        exit::{FAILED, UNFINISHED},
        text::{age, note, one_line, or_unknown, say, table},
    },
    dead::{Letter, ResultState, WholeLetter, show},
    storage::Storage,
};

#[derive(Debug, Args)]
pub(crate) struct DeadShowArgs {
    /// The job
    job: JobId,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadShowArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let storage = if endpoints.knows_storage() { Some(endpoints.storage().await?) } else { None };
    let found = show(&publisher, arguments.job).await;
    publisher.close().await;
    let found = found?;
    note_extent(found.extent);
    for (index, letter) in found.letters.iter().enumerate() {
        let result = result_state(storage.as_ref(), &letter.letter).await;
        if arguments.json {
            say(&to_json(letter, result.as_ref()).to_string())?;
        } else {
            let gap = if index == 0 { "" } else { "\n" };
            say(&format!("{gap}{}", to_text(letter, result.as_ref(), Utc::now())))?;
        }
    }
    if found.extent.is_cut_short {
        return Ok(ExitCode::from(UNFINISHED));
    }
    if found.letters.is_empty() {
        note(&format!("job {} has no dead letter", arguments.job));
        return Ok(ExitCode::from(FAILED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns `None` if storage is not configured or does not tell.
async fn result_state(storage: Option<&Storage>, letter: &Letter) -> Option<ResultState> {
    ResultState::of(storage?, letter).await.unwrap_or_else(|error| {
        note(&format!("cannot tell what storage holds: {}", chain(&error)));
        None
    })
}

fn to_json(letter: &WholeLetter, result: Option<&ResultState>) -> Value {
    let mut line = json!(letter);
    line["result"] = match result {
        None => json!({ "status": "unknown" }),
        Some(ResultState::Missing) => Value::Null,
        Some(ResultState::Stored { status, generation, uri }) => {
            json!({ "status": status, "generation": generation, "uri": uri })
        }
    };
    line
}

fn describe(result: Option<&ResultState>) -> String {
    or_unknown(result.map(|result| match result {
        ResultState::Missing => "none".to_owned(),
        ResultState::Stored { status, generation, uri } => format!("{status}, generation {generation}, {uri}"),
    }))
}

fn to_text(letter: &WholeLetter, result: Option<&ResultState>, now: DateTime<Utc>) -> String {
    let mut text = table(["job", &or_unknown(letter.letter.job)], &rows(letter, result, now));
    if !letter.log.is_empty() {
        text.push_str("\n\nlog");
        letter.log.iter().for_each(|line| text.push_str(&format!("\n  {}", one_line(line))));
    }
    text.push_str("\n\nbody\n");
    match &letter.body {
        Some(body) => text.push_str(&format!("{body:#}")),
        None => text.push_str(&format!("  ({} bytes that are not JSON)", letter.body_bytes)),
    }
    text
}

fn rows(whole: &WholeLetter, result: Option<&ResultState>, now: DateTime<Utc>) -> Vec<[String; 2]> {
    let letter = &whole.letter;
    let time =
        |time: DateTime<Utc>| format!("{} ({} ago)", time.to_rfc3339_opts(SecondsFormat::Secs, true), age(time, now));
    let memory = letter.memory_peak_bytes.map(|bytes| format!("{} MiB", bytes / (1024 * 1024)));
    let row = |name: &str, value: String| [name.to_owned(), one_line(&value)];
    let mut rows = vec![
        row("letter", letter.routing_key.clone()),
        row("tenant", or_unknown(letter.tenant.as_ref())),
        row("lane", or_unknown(letter.lane)),
        row("kind", or_unknown(letter.kind.map(DeadKind::as_str))),
        row("code", or_unknown(letter.code.as_deref())),
        row("message", or_unknown(letter.message.as_deref())),
        row("phase", or_unknown(letter.phase.as_deref())),
        row("page", or_unknown(letter.page)),
        row("attempt", or_unknown(letter.attempt)),
        row("generation", letter.generation.to_string()),
        row("first seen", or_unknown(letter.first_seen.map(time))),
        row("published", or_unknown(whole.published_at.map(time))),
        row("worker", or_unknown(letter.worker.as_deref())),
        row("version", or_unknown(letter.version.as_deref())),
        row("memory peak", or_unknown(memory)),
        row("taken out", or_unknown(letter.redacted.as_deref())),
        row("result", describe(result)),
    ];
    rows.extend(letter.unusable_key.iter().map(|key| row("published under", key.clone())));
    let others = whole.properties.iter().chain(&whole.headers);
    rows.extend(others.map(|(name, value)| row(&one_line(name), value.clone())));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::{samples::ID, whole_letter};

    #[test]
    fn json_has_the_letter_and_the_state_of_the_result() {
        let there = ResultState::Stored { status: "failed".into(), generation: 0, uri: "s3://b/k".to_owned() };
        let shown = to_json(&whole_letter(), Some(&there));
        assert_eq!(shown["result"], json!({ "status": "failed", "generation": 0, "uri": "s3://b/k" }));
        assert_eq!(shown["job_id"], ID);
        assert_eq!(to_json(&whole_letter(), Some(&ResultState::Missing))["result"], Value::Null);
        assert_eq!(to_json(&whole_letter(), None)["result"]["status"], "unknown");
    }

    #[test]
    fn a_letter_is_shown_in_lines_without_its_secrets() {
        let now = "2026-11-20T14:00:00Z".parse().expect("a time");
        let text = to_text(&whole_letter(), Some(&ResultState::Missing), now);
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
