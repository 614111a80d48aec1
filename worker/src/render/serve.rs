//! The renderer's side: start, open a document, do pages until the parent closes the pipe.

use std::{
    io::{Read, Write, stdin, stdout},
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use serde::Serialize;

use super::{
    bounds::{MAX_MESSAGE_BYTES, cut},
    protocol::{self, MAX_REQUEST_BYTES, PREFIX_BYTES, PageWork, ProtocolError, Ready, Request, Response},
    renderer::{self, Canvas, Document, EncodedImage, ImageError, NoPdfium},
    sandbox::{self, ChildLimits},
};
use crate::parse::{
    MAX_PAGE_BYTES,
    local::{PageText, lay_out, lay_out_without_tables, to_parsed_page},
};

/// Why a renderer ended although its parent had not closed the pipe.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    NoPdfium(#[from] NoPdfium),
    /// The system refuses a limit.
    #[error("a limit could not be set: {0}")]
    Limit(#[from] nix::Error),
    /// An answer could not be written.
    #[error("the parent does not read: {0}")]
    Pipe(#[from] std::io::Error),
}

/// Runs a renderer on standard input and output until the parent closes them.
pub(crate) fn serve(candidates: &[PathBuf], limits: ChildLimits) -> Result<(), ServeError> {
    let requests = listen();
    sandbox::widen_pipe(stdout());
    sandbox::limit(limits)?;
    let (library, path) = renderer::load_library(candidates)?;
    send(&Response::Ready(Ready { library: path.display().to_string() }))?;
    let mut document = None;
    let mut canvas = Canvas::default();
    while let Ok(request) = requests.recv() {
        match (request, &mut document) {
            (Request::Open { path, password, facts_cpu_seconds }, document) => {
                sandbox::grant_page_cpu(limits)?;
                let password = password.as_ref().map(|password| password.reveal());
                match Document::open(library, &path, password, facts_cpu_seconds) {
                    Ok(opened) => {
                        sandbox::lock()?;
                        send(&Response::Opened { page_count: opened.page_count() })?;
                        *document = Some(opened);
                    }
                    Err(reason) => send(&Response::Refused { reason })?,
                }
            }
            (Request::Describe, Some(document)) => {
                sandbox::grant_page_cpu(limits)?;
                send(&Response::Described(Box::new(document.describe())))?;
            }
            (Request::Page(work), Some(document)) => {
                sandbox::grant_page_cpu(limits)?;
                do_page(document, &mut canvas, &work)?;
            }
            (Request::Attachment(work), Some(document)) => {
                sandbox::grant_page_cpu(limits)?;
                match document.attachment(work) {
                    Ok(bytes) => send_with_body(&Response::Attachment, &bytes)?,
                    Err(refusal) => send(&Response::AttachmentRefused(refusal))?,
                }
            }
            (Request::Describe | Request::Page(_) | Request::Attachment(_), None) => break,
        }
    }
    Ok(())
}

/// Reads requests on a thread of its own, so that this process ends with its parent even while a
/// page keeps it busy.
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
    let mut header = vec![0; protocol::decode_prefix(&prefix, MAX_REQUEST_BYTES)?.header];
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

fn do_page(document: &Document, canvas: &mut Canvas, work: &PageWork) -> std::io::Result<()> {
    let started = sandbox::cpu_micros();
    let page = document.page(work.page);
    if work.text {
        let content =
            page.as_ref().map_err(Clone::clone).and_then(|page| renderer::read_content(page, work.read_facts));
        let text = content.map(if work.detail.tables { lay_out } else { lay_out_without_tables });
        send_text(text, work.detail.words)?;
    }
    let read = sandbox::cpu_micros();
    if let Some(spec) = &work.image {
        send_image(match &page {
            Ok(page) => canvas.image(page, spec, work.draw_forms),
            Err(message) => Err(ImageError::Failed(message.clone())),
        })?;
    }
    let drawn = sandbox::cpu_micros();
    send(&Response::PageDone { text_micros: read - started, image_micros: drawn - read })
}

/// Sends a page's text as the spool stores it: the parent passes the bytes on.
fn send_text(text: Result<PageText, String>, with_words: bool) -> std::io::Result<()> {
    let text = match text {
        Ok(text) => text,
        Err(message) => return send_text_failed(false, message),
    };
    let findings = text.findings.clone();
    let json = serde_json::to_vec(&to_parsed_page(text, with_words)).expect("a parsed page is plain data");
    if json.len() > MAX_PAGE_BYTES {
        let message = format!("the page's elements have {} bytes, more than {MAX_PAGE_BYTES}", json.len());
        return send_text_failed(true, message);
    }
    send_with_body(&Response::Text(findings), &json)
}

fn send_text_failed(too_large: bool, message: String) -> std::io::Result<()> {
    send(&Response::TextFailed { too_large, message: cut(message, MAX_MESSAGE_BYTES) })
}

fn send_image(image: Result<EncodedImage, ImageError>) -> std::io::Result<()> {
    match image {
        Ok(image) => send_with_body(&Response::Image(image.head), &image.bytes),
        Err(error) => {
            let too_large = matches!(error, ImageError::TooLarge { .. });
            send(&Response::ImageFailed { too_large, message: cut(error.to_string(), MAX_MESSAGE_BYTES) })
        }
    }
}
