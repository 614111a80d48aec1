//! How a document is named on the command line, or in a line of standard input.

use std::{io, path::PathBuf, vec};

use anyhow::bail;
use futures_util::{Stream, stream};
use quire_schemas::job::Source;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

/// A document to submit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DocumentArgument {
    /// To be uploaded first.
    Local(PathBuf),
    /// Where a worker can read it.
    Remote(Source),
}

impl DocumentArgument {
    /// Reads one argument.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(Self::Local(PathBuf::from(text))) };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Ok(Self::Remote(Source::Url { url: text.to_owned() })),
            "s3" => match rest.split_once('/') {
                Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                    Ok(Self::Remote(Source::S3 { bucket: bucket.to_owned(), key: key.to_owned() }))
                }
                _ => bail!("expected s3://bucket/key"),
            },
            other => bail!("{other}:// is not a kind of source: give a file, s3://, http:// or https://"),
        }
    }

    /// Returns the name without what may be secret: an address may carry a signature in its query.
    pub(crate) fn display(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::Remote(source) => source.display_uri(),
        }
    }
}

/// Yields the sources in the order they were given; `-` stands for the lines of standard input,
/// which are read as they come.
pub(crate) fn feed(arguments: Vec<String>) -> impl Stream<Item = io::Result<String>> {
    let feed = Feed { arguments: arguments.into_iter(), lines: None };
    stream::try_unfold(feed, |mut feed| async move {
        let source = feed.next().await?;
        Ok::<_, io::Error>(source.map(|source| (source, feed)))
    })
}

struct Feed {
    arguments: vec::IntoIter<String>,
    lines: Option<Lines<BufReader<Stdin>>>,
}

impl Feed {
    async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(line) = self.next_line().await? {
                return Ok(Some(line));
            }
            match self.arguments.next() {
                Some(argument) if argument == "-" => self.lines = Some(BufReader::new(stdin()).lines()),
                other => return Ok(other),
            }
        }
    }

    async fn next_line(&mut self) -> io::Result<Option<String>> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        while let Some(line) = lines.next_line().await? {
            let line = line.trim();
            if !line.is_empty() {
                return Ok(Some(line.to_owned()));
            }
        }
        self.lines = None;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_a_scheme_is_a_file() {
        let s3 = Source::S3 { bucket: "inbox".to_owned(), key: "a/b c.pdf".to_owned() };
        assert_eq!(DocumentArgument::parse("s3://inbox/a/b c.pdf").expect("valid"), DocumentArgument::Remote(s3));
        let url = Source::Url { url: "HTTPS://host/a.pdf?sig=1".to_owned() };
        assert_eq!(DocumentArgument::parse("HTTPS://host/a.pdf?sig=1").expect("valid"), DocumentArgument::Remote(url));
        for file in ["a.pdf", "./s3:/x", "/tmp/a:b.pdf"] {
            assert_eq!(DocumentArgument::parse(file).expect("valid"), DocumentArgument::Local(PathBuf::from(file)));
        }
    }

    #[test]
    fn an_argument_that_is_no_source_is_refused_without_showing_it() {
        for bad in ["s3://bucket", "s3:///key", "s3://bucket/", "ftp://user:canary@host/a.pdf"] {
            let error = DocumentArgument::parse(bad).expect_err("not a source").to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_signature_is_not_shown() {
        let document = DocumentArgument::parse("https://me:canary@host/a.pdf?sig=canary").expect("valid");
        assert_eq!(document.display(), "https://host/a.pdf");
    }
}
