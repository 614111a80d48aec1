//! Objects that are stored encoded: gzip is decoded while it streams, as web servers' answers are; anything else is
//! refused by its name.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use quire_schemas::failure::ErrorCode;

use super::{Sink, fault};
use crate::job::Fault;

/// Bytes that are decoded at once. Deflate makes at most a thousand times as many of them.
const STEP: usize = 1024;

/// Decodes what arrives.
#[derive(Debug)]
pub(super) enum Decoder {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Decoder {
    /// Makes the decoder of a `Content-Encoding`.
    ///
    /// # Errors
    /// `not_a_pdf` for one that is not decoded.
    pub(super) fn of(encoding: Option<&str>) -> Result<Self, Fault> {
        match encoding.map(str::to_ascii_lowercase).as_deref() {
            None => Ok(Self::Plain),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))),
            Some(other) => {
                let message =
                    format!("the object is stored with Content-Encoding {other}: store it as it is, or as gzip");
                Err(fault(ErrorCode::NotAPdf, message))
            }
        }
    }

    pub(super) async fn write(&mut self, chunk: &[u8], sink: &mut Sink) -> Result<(), Fault> {
        let Self::Gzip(decoder) = self else { return sink.write(chunk).await };
        for step in chunk.chunks(STEP) {
            decoder.write_all(step).map_err(not_gzip)?;
            let decoded = std::mem::take(decoder.get_mut());
            sink.write(&decoded).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(self, sink: &mut Sink) -> Result<(), Fault> {
        let Self::Gzip(decoder) = self else { return Ok(()) };
        sink.write(&decoder.finish().map_err(not_gzip)?).await
    }
}

fn not_gzip(error: std::io::Error) -> Fault {
    let message = "the object is stored with Content-Encoding gzip, and its bytes are none";
    fault(ErrorCode::SourceUnavailable, message).because(error)
}
