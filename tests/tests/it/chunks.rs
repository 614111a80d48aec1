//! Chunks as their readers see them: `chunks.jsonl` of a sample, and the loaders that docs/chunks.md shows.

use std::{fs, process::Command};

use quire_producer::schemas::{chunk::Chunk, result::JobStatus};
use quire_tests::{
    processed::Processed,
    readme::{checkout, fenced},
    samples,
};

/// The loaders, each behind its heading in the manual.
const LOADERS: [(&str, &str); 2] =
    [("## LangChain", "docs/examples/langchain_chunks.py"), ("## LlamaIndex", "docs/examples/llama_index_chunks.py")];

/// Processes the sample report in chunks of at most 64 tokens.
fn processed() -> Processed {
    let sample = samples::path("report.pdf").display().to_string();
    let processed = Processed::run(&[sample.as_str(), "--no-images", "--parse-option", r#"chunks={"max_tokens":64}"#]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    processed
}

fn chunks(processed: &Processed) -> Vec<Chunk> {
    let lines = String::from_utf8(processed.read("report/chunks.jsonl")).expect("JSON is text");
    lines.lines().map(|line| serde_json::from_str(line).expect("each line is a chunk")).collect()
}

#[test]
fn a_result_names_its_chunks_and_these_name_its_elements() {
    let processed = processed();
    let (result, chunks) = (processed.result("report"), chunks(&processed));
    assert_eq!(result.status, JobStatus::Succeeded);
    let named: Vec<&str> = result.artifacts.iter().map(|artifact| artifact.kind.as_str()).collect();
    assert!(named.contains(&"chunks"), "{named:?}");
    assert!(chunks.len() > 4, "{} chunks", chunks.len());
    for chunk in &chunks {
        assert!(chunk.token_count <= 64 && !chunk.regions.is_empty(), "{chunk:?}");
        for id in &chunk.element_ids {
            let element = result.elements.iter().find(|element| element.id == *id).expect("the result has it");
            assert!(chunk.page_numbers.contains(&element.page_number), "{chunk:?}");
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "who runs tests has to see which were left out")]
fn the_loaders_work_as_they_are_printed() {
    let manual = fs::read_to_string(checkout().join("docs/chunks.md")).expect("the repository has a manual");
    for (heading, path) in LOADERS {
        let loader = fs::read_to_string(checkout().join(path)).expect("the repository has the loaders");
        assert_eq!(fenced(&manual, heading, "python"), loader, "{path}");
    }
    let mut venv = Command::new("deploy/dev/venv.sh");
    venv.args(["loaders", "tests/loaders-requirements.txt"]).current_dir(checkout());
    let venv = venv.output().expect("there is bash");
    if !venv.status.success() {
        return eprintln!("left out: pip cannot install tests/loaders-requirements.txt");
    }
    let python = String::from_utf8(venv.stdout).expect("a path of ours");
    let processed = processed();
    let expected: Vec<String> = chunks(&processed).iter().map(|chunk| format!("job/{}", chunk.id)).collect();
    for (_, path) in LOADERS {
        let mut loader = Command::new(python.trim());
        loader.arg(path).arg(processed.path("report/chunks.jsonl")).current_dir(checkout());
        let output = loader.output().expect("the environment has python");
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("it prints text");
        let ids: Vec<&str> = printed.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(ids, expected, "{path}");
    }
}
