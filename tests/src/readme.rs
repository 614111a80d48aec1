//! The examples of README.md, as they are printed there.
//!
//! The Rust example is compiled here; a test compares the two:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use quire_producer::{Quire, Submission, schemas::sha256::Sha256};
//!
//! let document = std::fs::read("tests/samples/report.pdf")?;
//! let key = format!("default/uploads/{}.pdf", Sha256::of(&document));
//!
//! let quire = Quire::new(&std::env::var("QUIRE_AMQP_URL")?, "billing-service")?;
//! let job_id = quire.submit(&Submission::of_s3(&std::env::var("QUIRE_S3_BUCKET")?, &key)).await?;
//! println!("{job_id} is safe with the broker"); // quire result JOB
//! # Ok(()) }
//! ```

use std::path::{Path, PathBuf};

/// Returns the root of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of the workspace").to_owned()
}

/// Returns the lines of a document's first fenced block of a language behind a mark.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn fenced(document: &str, mark: &str, language: &str) -> String {
    let (_, after) = document.split_once(mark).unwrap_or_else(|| panic!("nothing is marked {mark}"));
    let opening = format!("```{language}\n");
    let (_, block) = after.split_once(&opening).unwrap_or_else(|| panic!("no {language} block is behind {mark}"));
    let (block, _) = block.split_once("```").expect("a fence is closed");
    block.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rust_example_is_the_one_that_is_compiled() {
        let readme = std::fs::read_to_string(checkout().join("README.md")).expect("the repository has a README");
        let compiled = include_str!("readme.rs").lines().take_while(|line| line.starts_with("//!"));
        let compiled: String =
            compiled.map(|line| line.trim_start_matches("//!").trim_start_matches(' ').to_owned() + "\n").collect();
        let compiled: String = fenced(&compiled, "compiled here", "no_run")
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("# "))
            .collect();
        assert_eq!(fenced(&readme, "From Rust", "rust"), compiled);
    }
}
