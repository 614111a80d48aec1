//! Everything that the documents quote is in the sources as they quote it: log lines, metrics, headers, codes, paths.

use std::{collections::BTreeSet, fs};

use quire_schemas::failure::ErrorCode;
use syn::{
    LitStr,
    buffer::Cursor,
    parse::{ParseStream, Parser},
};

use super::sources::{read, root, sources, texts};

const MANUAL: &str = "docs/operating.md";
/// Sections of the manual in which headings and first cells of tables quote what the worker prints.
const SECTIONS_OF_LINES: [&str; 2] = ["Probes", "Log lines"];
/// First words of the commands that the manual quotes. Options begin with `--`. Every other text of several words
/// is a printed line.
const COMMANDS: [&str; 7] =
    ["quire", "quire-worker", "rabbitmqctl", "rabbitmq-queues", "rabbitmq-streams", "rabbitmq-diagnostics", "kubectl"];
/// Stands for a part of a line that varies.
const GAP: char = '…';

/// A line of a document outside of code blocks, and the section that it lies in.
struct Line<'a> {
    section: &'a str,
    text: &'a str,
    is_head_of_table: bool,
}

impl<'a> Line<'a> {
    /// Returns the text of a heading, or the first cell of a row.
    fn label(&self) -> Option<&'a str> {
        let cell = || self.text.strip_prefix("| ")?.split(" | ").next();
        self.text.strip_prefix("### ").or_else(|| if self.is_head_of_table { None } else { cell() })
    }
}

fn prose(document: &str) -> Vec<Line<'_>> {
    let (mut section, mut is_fenced) = ("", false);
    let mut lines = Vec::new();
    let mut all = document.lines().peekable();
    while let Some(text) = all.next() {
        if text.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced && !text.starts_with("    ") {
            section = text.strip_prefix("## ").unwrap_or(section);
            let is_head_of_table = all.peek().is_some_and(|next| next.starts_with("|---"));
            lines.push(Line { section, text, is_head_of_table });
        }
    }
    lines
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Lists the documents of the repository by their paths from the root, with their text.
fn documents() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("docs")).expect("a readable folder").flatten();
    let pages = entries.map(|entry| format!("docs/{}", entry.file_name().to_string_lossy()));
    let pages = pages.filter(|name| name.ends_with(".md"));
    let names = ["README.md", "ARCHITECTURE.md"].map(str::to_owned).into_iter().chain(pages);
    names.map(|name| (name.clone(), read(&name))).collect()
}

/// Lists what the documents quote that begins with one of these texts, with the document's name.
fn quoted_in_documents(beginnings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, text) in documents() {
        let quoted = prose(&text).into_iter().flat_map(|line| quoted(line.text));
        let wanted = quoted.filter(|text| beginnings.iter().any(|beginning| text.starts_with(beginning)));
        found.extend(wanted.map(|text| (name.clone(), text.to_owned())));
    }
    found
}

/// Lists what the manual quotes of the output of Quire.
fn printed_lines(manual: &str) -> BTreeSet<&str> {
    let is_command =
        |text: &str| text.split(' ').next().is_some_and(|first| first.starts_with("--") || COMMANDS.contains(&first));
    let is_metric = |text: &str| text.contains("quire_");
    let mut lines = BTreeSet::new();
    for line in prose(manual) {
        if SECTIONS_OF_LINES.contains(&line.section) {
            lines.extend(line.label().into_iter().flat_map(quoted).filter(|text| !text.starts_with('/')));
        }
        let of_words = quoted(line.text).filter(|text| text.contains(' '));
        lines.extend(of_words.filter(|text| !is_command(text) && !is_metric(text)));
    }
    lines
}

/// Lists the string literals of the shipped code, with a gap for each of their placeholders.
fn literals() -> Vec<String> {
    let files = sources(&["producer/src", "worker/src"]).into_iter().filter(|(name, _)| !name.ends_with("/tests.rs"));
    let literals = files.flat_map(|(name, code)| {
        let found = strings.parse_str(without_tests(&code));
        found.unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    literals.map(|literal| with_gaps(&literal)).collect()
}

fn without_tests(code: &str) -> &str {
    let mut marks = code.match_indices("#[cfg(test)]").map(|(at, _)| at);
    let tests = marks.find(|at| code[*at..].lines().nth(1).is_some_and(|line| line.contains("mod tests {")));
    tests.map_or(code, |at| &code[..at])
}

fn strings(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    input.step(|cursor| {
        let mut found = Vec::new();
        collect_strings(*cursor, &mut found);
        Ok((found, Cursor::empty()))
    })
}

/// Macros and attributes hold most of the texts, and are no expressions that `syn` could visit.
fn collect_strings(mut cursor: Cursor<'_>, found: &mut Vec<String>) {
    while let Some((_, rest)) = cursor.token_tree() {
        if let Some((inside, ..)) = cursor.any_group() {
            collect_strings(inside, found);
        } else if let Some((literal, _)) = cursor.literal() {
            found.extend(syn::parse_str::<LitStr>(&literal.to_string()).map(|text| text.value()));
        }
        cursor = rest;
    }
}

fn with_gaps(literal: &str) -> String {
    let mut text = String::new();
    let mut characters = literal.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' if characters.next_if_eq(&'{').is_none() => {
                characters.by_ref().find(|inside| *inside == '}');
                text.push(GAP);
            }
            '}' => {
                characters.next_if_eq(&'}');
                text.push('}');
            }
            other => text.push(other),
        }
    }
    text
}

/// Says whether a literal begins as the line does. The end of a long line may be missing where it is quoted.
fn is_printed(line: &str, literals: &[String]) -> bool {
    let fixed = line.trim_end_matches(GAP);
    !fixed.is_empty() && literals.iter().any(|literal| literal.starts_with(fixed))
}

#[test]
fn the_manual_quotes_lines_that_the_code_prints() {
    let (manual, literals) = (read(MANUAL), literals());
    let lines = printed_lines(&manual);
    let missing: Vec<_> = lines.iter().filter(|line| !is_printed(line, &literals)).collect();
    assert!(missing.is_empty(), "{MANUAL} quotes lines that nothing prints: {missing:#?}");
    assert!(lines.len() >= 60, "{} lines are quoted: this rule reads something else", lines.len());
}

#[test]
fn the_rule_about_quoted_lines_can_fail() {
    let literals = literals();
    let comment = "Stops all requests to a dependency that is down";
    for line in [comment, "a dependency is down; nobody knows why", "no queue takes … from queue …", "…"] {
        assert!(!is_printed(line, &literals), "{line}");
    }
    for line in ["a dependency is down", "no queue takes … from exchange …", "buried unread: …"] {
        assert!(is_printed(line, &literals), "{line}");
    }
    let manual =
        "## Log lines\n### error: `gone`\n| `line` | `x` |\n|---|---|\n| `up` | `a line` and `quire dead list` |\n";
    assert_eq!(printed_lines(manual), BTreeSet::from(["gone", "up", "a line"]));
}

#[test]
fn the_manual_names_metrics_that_exist() {
    let is_of_name = |character: char| character.is_ascii_lowercase() || character == '_';
    let manual = read(MANUAL);
    let after_prefix = manual.split("quire_").skip(1);
    let split = after_prefix.map(|text| text.split_at(text.find(|c: char| !is_of_name(c)).unwrap_or(text.len())));
    // `quire_worker::consume` is a module in a log filter, `quire_` alone the beginning of every name.
    let names = split.filter(|(name, rest)| !name.is_empty() && !rest.starts_with("::"));
    let names: BTreeSet<String> = names.map(|(name, _)| format!("quire_{name}")).collect();
    let telemetry: String = texts(&["worker/src/telemetry"]).into_iter().map(|(_, text)| text).collect();
    let exists = |name: &String| {
        let mut rests = telemetry.split(name.as_str()).skip(1);
        rests.any(|rest| rest.starts_with("_bucket") || !rest.starts_with(is_of_name))
    };
    let missing: Vec<_> = names.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "{MANUAL} names metrics that do not exist: {missing:?}");
    assert!(names.len() >= 10, "{names:?}: this rule reads something else");
}

#[test]
fn the_manual_has_every_error_code_and_no_other() {
    let manual = read(MANUAL);
    let (_, codes) = manual.split_once("### Codes\n").expect("the manual has a section of codes");
    let (codes, _) = codes.split_once("\n### ").expect("another section follows");
    let rows: Vec<&str> = prose(codes).iter().filter_map(Line::label).flat_map(quoted).collect();
    let unknown: Vec<_> =
        rows.iter().filter(|code| !code.contains('<') && code.parse::<ErrorCode>().is_err()).collect();
    assert!(unknown.is_empty(), "{MANUAL} names codes that do not exist: {unknown:?}");
    let named: BTreeSet<&str> = quoted(codes).collect();
    let missing: Vec<_> = ErrorCode::ALL.iter().filter(|code| !named.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "{MANUAL} lacks {missing:?}");
}

#[test]
fn the_documents_name_headers_that_exist() {
    let declared = read("schemas/src/names.rs");
    let is_header = |text: &str| {
        let is_crate = ["quire-producer", "quire-worker"].contains(&text);
        !is_crate && text.len() > "quire-".len() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let named: Vec<_> = quoted_in_documents(&["quire-"]).into_iter().filter(|(_, text)| is_header(text)).collect();
    let missing: Vec<_> = named.iter().filter(|(_, header)| !declared.contains(&format!("\"{header}\""))).collect();
    assert!(missing.is_empty(), "there are no such headers: {missing:?}");
    assert!(named.iter().any(|(name, _)| name == "docs/publishing.md"), "{named:?}");
    assert!(named.len() >= 20, "{} headers are named: this rule reads something else", named.len());
}

#[test]
fn the_documents_name_files_that_exist() {
    let folders = ["schemas/", "producer/", "worker/", "tests/", "deploy/", "docs/"];
    let named = quoted_in_documents(&folders);
    let exists = |text: &str| {
        let path = text.split(' ').next().unwrap_or_default();
        // `<engine>` and `*` stand for names: the folder above them is what must exist.
        let folder = |at: usize| path[..at].rfind('/').map_or(path, |slash| &path[..slash]);
        root().join(path.find(['<', '*']).map_or(path, folder)).exists()
    };
    let missing: Vec<_> = named.iter().filter(|(_, path)| !exists(path)).collect();
    assert!(missing.is_empty(), "there are no such files: {missing:#?}");
    assert!(named.len() >= 60, "{} files are named: this rule reads something else", named.len());
}

#[test]
fn the_map_of_the_architecture_names_modules_that_exist() {
    let architecture = read("ARCHITECTURE.md");
    let (mut member, mut modules) = ("", 0);
    for line in prose(&architecture).iter().filter(|line| line.section == "Map" && !line.is_head_of_table) {
        let Some((first, rest)) = line.text.strip_prefix("| ").and_then(|row| row.split_once("| ")) else { continue };
        member = if first.trim().is_empty() { member } else { first.trim() };
        for module in rest.split(" | ").next().into_iter().flat_map(quoted) {
            let place = module.trim_end_matches("/*");
            let below = |folder: &str| [format!("{folder}/{place}"), format!("{folder}/{place}.rs")];
            let places = [below(member), below(&format!("{member}/src"))].concat();
            let is_there = root().join(place).exists() || places.iter().any(|place| root().join(place).exists());
            assert!(is_there, "ARCHITECTURE.md has {module} in its map of {member}, and there is none");
            modules += 1;
        }
    }
    assert!(modules >= 100, "{modules} modules are named: this rule reads something else");
}
