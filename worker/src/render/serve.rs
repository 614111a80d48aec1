//! The renderer's side: start, take a document, close the cell, do pages until the parent closes the socket.

use std::{
    fs::File,
    io::{self, IoSliceMut, Write, stdout},
    os::fd::{FromRawFd, OwnedFd, RawFd},
    path::PathBuf,
};

use nix::{
    cmsg_space, libc,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg},
    unistd::Pid,
};
use serde::Serialize;

use super::{
    bounds::{MAX_MESSAGE_BYTES, cut},
    cell::{self, CellLevel, ChildLimits, SandboxMode},
    protocol::{self, MAX_REQUEST_BYTES, PREFIX_BYTES, PageWork, ProtocolError, Ready, Request, Response},
    renderer::{self, Canvas, Document, EncodedImage, ImageError, NoPdfium},
};
use crate::parse::{
    MAX_PAGE_BYTES,
    local::{PageText, lay_out, lay_out_without_tables, to_parsed_page},
};

/// Why a renderer ended although its parent had not closed the socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    NoPdfium(#[from] NoPdfium),
    /// The system refuses a limit.
    #[error("a limit could not be set: {0}")]
    Limit(#[from] nix::Error),
    /// The system does not close the cell, and nothing is to be read outside one.
    #[error("the cell is not closed: {0}")]
    Open(String),
    /// An answer could not be written.
    #[error("the parent does not read: {0}")]
    Pipe(#[from] io::Error),
}

/// How a renderer works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServeSettings {
    pub(crate) limits: ChildLimits,
    pub(crate) sandbox: SandboxMode,
    /// The process with which this one ends.
    pub(crate) parent: Pid,
}

/// Runs a renderer on standard input, a socket, and standard output until the parent closes them.
pub(crate) fn serve(candidates: &[PathBuf], settings: ServeSettings) -> Result<(), ServeError> {
    cell::end_with(settings.parent)?;
    cell::close_other_descriptors();
    cell::widen_pipe(stdout());
    let (library, path) = renderer::load_library(candidates)?;
    let fonts_bytes = renderer::map_fonts(library);
    cell::settle_in(settings.limits, fonts_bytes)?;
    send(&Response::Ready(Ready { library: path.display().to_string() }))?;
    let mut enclosure = Enclosure { mode: settings.sandbox, closed: false };
    let mut document = None;
    let mut canvas = Canvas::default();
    while let Some((request, descriptor)) = read_request() {
        cell::grant_page_cpu(settings.limits)?;
        match (request, &mut document, descriptor) {
            (Request::Open { size_bytes, password, facts_cpu_seconds }, document, Some(descriptor)) => {
                enclosure.close()?;
                let password = password.as_ref().map(|password| password.reveal());
                let map = renderer::map_document(&File::from(descriptor), size_bytes);
                let opened = map.and_then(|map| Document::open(library, map, password, facts_cpu_seconds));
                match opened {
                    Ok(opened) => {
                        send(&Response::Opened { page_count: opened.page_count() })?;
                        *document = Some(opened);
                    }
                    Err(reason) => send(&Response::Refused { reason })?,
                }
            }
            (Request::Describe, Some(document), None) => {
                send(&Response::Described(Box::new(document.describe())))?;
            }
            (Request::Page(work), Some(document), None) => do_page(document, &mut canvas, &work)?,
            (Request::Attachment(work), Some(document), None) => match document.attachment(work) {
                Ok(bytes) => send_with_body(&Response::Attachment, &bytes)?,
                Err(refusal) => send(&Response::AttachmentRefused(refusal))?,
            },
            (Request::Probe, None, Some(descriptor)) => {
                let cell = cell::close(settings.sandbox);
                return Ok(send(&Response::Probed { cell, attempts: cell::attempt_all(settings.parent, descriptor) })?);
            }
            _ => break,
        }
    }
    Ok(())
}

/// The cell, which closes around the first document.
struct Enclosure {
    mode: SandboxMode,
    closed: bool,
}

impl Enclosure {
    fn close(&mut self) -> Result<(), ServeError> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        let cell = cell::close(self.mode);
        match (self.mode, cell.level) {
            (SandboxMode::Required, CellLevel::None | CellLevel::Partial) => {
                Err(ServeError::Open(cell.missing.join("; ")))
            }
            _ => Ok(()),
        }
    }
}

/// Waits for a request, and the descriptor that comes beside it. `None` at the end, and after what is none.
fn read_request() -> Option<(Request, Option<OwnedFd>)> {
    let mut descriptor = None;
    let mut prefix = [0; PREFIX_BYTES];
    read_exactly(&mut prefix, &mut descriptor).ok()?;
    let mut header = vec![0; protocol::decode_prefix(&prefix, MAX_REQUEST_BYTES).ok()?.header];
    read_exactly(&mut header, &mut descriptor).ok()?;
    let request: Result<Request, ProtocolError> = protocol::decode_header(&header);
    Some((request.ok()?, descriptor))
}

/// Reads from standard input until the buffer is full, and takes the descriptor that comes with the bytes.
fn read_exactly(buffer: &mut [u8], descriptor: &mut Option<OwnedFd>) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let mut control = cmsg_space!(RawFd);
        let mut into = [IoSliceMut::new(&mut buffer[filled..])];
        let received = recvmsg::<()>(libc::STDIN_FILENO, &mut into, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC)?;
        for message in received.cmsgs()? {
            let ControlMessageOwned::ScmRights(passed) = message else { continue };
            // SAFETY: the kernel has just opened them for this process, and nobody else knows them.
            let mut passed = passed.into_iter().map(|raw| unsafe { OwnedFd::from_raw_fd(raw) });
            *descriptor = passed.next();
        }
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += received.bytes;
    }
    Ok(())
}

fn send(response: &impl Serialize) -> io::Result<()> {
    send_with_body(response, &[])
}

fn send_with_body(response: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let mut output = stdout().lock();
    output.write_all(&protocol::encode_head(response, body.len()))?;
    output.write_all(body)?;
    output.flush()
}

fn do_page(document: &Document, canvas: &mut Canvas, work: &PageWork) -> io::Result<()> {
    let started = cell::cpu_micros();
    let page = document.page(work.page);
    if work.text {
        let content =
            page.as_ref().map_err(Clone::clone).and_then(|page| renderer::read_content(page, work.read_facts));
        let text = content.map(if work.detail.tables { lay_out } else { lay_out_without_tables });
        send_text(text, work.detail.words)?;
    }
    let read = cell::cpu_micros();
    if let Some(spec) = &work.image {
        send_image(match &page {
            Ok(page) => canvas.image(page, spec, work.draw_forms),
            Err(message) => Err(ImageError::Failed(message.clone())),
        })?;
    }
    let drawn = cell::cpu_micros();
    send(&Response::PageDone { text_micros: read - started, image_micros: drawn - read })
}

/// Sends a page's text as the spool stores it: the parent passes the bytes on.
fn send_text(text: Result<PageText, String>, with_words: bool) -> io::Result<()> {
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

fn send_text_failed(too_large: bool, message: String) -> io::Result<()> {
    send(&Response::TextFailed { too_large, message: cut(message, MAX_MESSAGE_BYTES) })
}

fn send_image(image: Result<EncodedImage, ImageError>) -> io::Result<()> {
    match image {
        Ok(image) => send_with_body(&Response::Image(image.head), &image.bytes),
        Err(error) => {
            let too_large = matches!(error, ImageError::TooLarge { .. });
            send(&Response::ImageFailed { too_large, message: cut(error.to_string(), MAX_MESSAGE_BYTES) })
        }
    }
}
