//! The renderer's side: start, take one document, do pages until the parent hangs up.

use std::{
    io::{Read, Write, stdin, stdout},
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use serde::Serialize;

pub use super::sandbox::Limits;
use super::{
    protocol::{self, PREFIX_BYTES, PageWork, ProtocolError, Ready, RenderedImage, Request, Response},
    renderer::{self, ImageError, NoPdfium, OpenDocument},
    sandbox,
};

/// Why a renderer ended other than by its parent hanging up.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot render.
    #[error(transparent)]
    NoPdfium(#[from] NoPdfium),
    /// The system refuses a limit.
    #[error("a limit could not be set: {0}")]
    Limit(#[from] nix::Error),
    /// The parent could not be told.
    #[error("the parent does not listen: {0}")]
    Pipe(#[from] std::io::Error),
}

/// Runs a renderer on standard input and output until the parent closes them.
///
/// # Errors
/// [`ServeError`]
pub fn serve(candidates: &[PathBuf], limits: Limits) -> Result<(), ServeError> {
    let requests = listen();
    sandbox::widen_pipe(stdout());
    sandbox::limit(limits)?;
    let (pdfium, library) = renderer::load_library(candidates)?;
    send(&Response::Ready(Ready { library: library.display().to_string() }))?;
    let mut document = None;
    while let Ok(request) = requests.recv() {
        match (request, &mut document) {
            (Request::Open { path, password }, slot) => {
                match OpenDocument::open(pdfium, &path, password.as_ref().map(|password| password.reveal())) {
                    Ok(opened) => {
                        sandbox::lock()?;
                        send(&Response::Opened { page_count: opened.page_count() })?;
                        *slot = Some(opened);
                    }
                    Err(reason) => send(&Response::Refused { reason })?,
                }
            }
            (Request::Describe, Some(document)) => send(&Response::Described(Box::new(document.describe())))?,
            (Request::Page(work), Some(document)) => {
                sandbox::grant_page_cpu(limits)?;
                do_page(document, &work)?;
            }
            (Request::Describe | Request::Page(_), None) => break,
        }
    }
    Ok(())
}

/// Reads requests on a thread of its own, so that a parent that is gone ends this process at once
/// even while a page keeps it busy.
fn listen() -> Receiver<Request> {
    let (sender, receiver) = sync_channel(4);
    thread::spawn(move || {
        while let Ok(Some(request)) = read_request() {
            if sender.send(request).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    receiver
}

fn read_request() -> Result<Option<Request>, ProtocolError> {
    let mut input = stdin().lock();
    let mut prefix = [0; PREFIX_BYTES];
    if input.read_exact(&mut prefix).is_err() {
        return Ok(None);
    }
    let mut header = vec![0; protocol::decode_prefix(&prefix)?.header];
    if input.read_exact(&mut header).is_err() {
        return Ok(None);
    }
    protocol::decode_header(&header).map(Some)
}

fn send(response: &impl Serialize) -> std::io::Result<()> {
    send_with_body(response, &[])
}

fn send_with_body(response: &impl Serialize, body: &[u8]) -> std::io::Result<()> {
    let mut output = stdout().lock();
    output.write_all(&protocol::encode_head(response, body.len()))?;
    output.write_all(body)?;
    output.flush()
}

fn do_page(document: &mut OpenDocument, work: &PageWork) -> std::io::Result<()> {
    let started = sandbox::cpu_micros();
    let page = document.page(work.page);
    if work.text {
        let text = page.as_ref().map_err(Clone::clone).and_then(|page| renderer::read_text(work.page, page));
        send(&match text {
            Ok(text) => Response::Text(Box::new(text)),
            Err(message) => Response::TextFailed { message },
        })?;
    }
    let read = sandbox::cpu_micros();
    if let Some(spec) = &work.image {
        let image = match &page {
            Ok(page) => document.render(page, spec, work.draw_forms),
            Err(message) => Err(ImageError::Failed(message.clone())),
        };
        send_image(image)?;
    }
    let drawn = sandbox::cpu_micros();
    send(&Response::PageDone { text_micros: read - started, image_micros: drawn - read })
}

fn send_image(image: Result<RenderedImage, ImageError>) -> std::io::Result<()> {
    match image {
        Ok(image) => send_with_body(&Response::Image(image.head), &image.bytes),
        Err(error) => {
            let too_large = matches!(error, ImageError::TooLarge { .. });
            send(&Response::ImageFailed { too_large, message: error.to_string() })
        }
    }
}
