//! One renderer process, from the parent's side: start it, ask it, and find out how it died.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::File,
    io::{self, IoSlice},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::{net::UnixStream as BlockingStream, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::{BufMut, Bytes};
use nix::{
    sys::{
        signal::{Signal, killpg},
        socket::{ControlMessage, MsgFlags, sendmsg},
    },
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Interest},
    net::UnixStream,
    process::{ChildStderr, ChildStdout, Command},
    time::{Instant, error::Elapsed, timeout, timeout_at},
};

use super::{
    cell::{Cell, CellLevel, SandboxMode},
    launcher,
    protocol::{
        self, FrameSizes, LARGE_JSON_BYTES, MAX_HEADER_BYTES, PREFIX_BYTES, ProtocolError, Ready, Request, Response,
    },
    verify::Violation,
};
use crate::lock::lock;

/// Loading pdfium takes milliseconds; a machine that swaps may need seconds.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// A child that has closed its pipes ends at once; one that still lives after this time is killed.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);
/// Small: larger reads bypass the buffer and go straight to their destination.
const FRAME_BUFFER: usize = 16 * 1024;
/// Memory that is allocated for a body before its first byte. Most images are smaller.
const FIRST_ALLOCATION: usize = 1 << 20;
/// Lines of a child's standard error that are kept to say why it died.
const KEPT_LINES: usize = 8;
/// Characters that are kept of each.
const KEPT_CHARACTERS: usize = 300;
/// Standard error that is read of one child: it may write a line without end.
const MAX_STDERR_BYTES: u64 = 1 << 20;

/// How renderers are started.
#[derive(Debug, Clone)]
pub struct ChildSettings {
    /// The program; its hidden subcommand `renderer` is run.
    pub program: PathBuf,
    /// Where libpdfium is, if configured.
    pub library: Option<PathBuf>,
    /// Address space of a renderer, in bytes.
    pub memory_bytes: u64,
    /// Wall time of a page; its CPU time is bounded by the same number.
    pub page_timeout: Duration,
    /// How much of the cell must close.
    pub sandbox: SandboxMode,
}

impl ChildSettings {
    /// Makes settings of renderers that no test starts.
    #[cfg(test)]
    pub(crate) fn of_none() -> Self {
        Self {
            program: Self::this_program(),
            library: None,
            memory_bytes: 1 << 30,
            page_timeout: Duration::from_secs(30),
            sandbox: SandboxMode::BestEffort,
        }
    }

    /// Returns the running program: parent and child are never of two versions.
    #[must_use]
    pub fn this_program() -> PathBuf {
        // Not current_exe(): after an upgrade in place that path is another version, or gone.
        PathBuf::from("/proc/self/exe")
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            "renderer".into(),
            "--memory-bytes".into(),
            self.memory_bytes.to_string().into(),
            "--page-cpu-seconds".into(),
            self.page_timeout.as_secs().max(1).to_string().into(),
            "--sandbox".into(),
            self.sandbox.as_str().into(),
            "--parent".into(),
            std::process::id().to_string().into(),
        ];
        if let Some(library) = &self.library {
            arguments.extend(["--library".into(), library.clone().into_os_string()]);
        }
        arguments
    }
}

/// How a renderer failed its parent. The process is gone in every case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildFault {
    #[error("a renderer could not be started")]
    NotStarted(#[source] StartError),
    #[error("no answer within {} s", .within.as_secs_f32())]
    TimedOut {
        /// The time it had.
        within: Duration,
    },
    /// It ran into its memory or CPU limit.
    #[error("the renderer ran into its {limit} limit")]
    LimitReached {
        /// `memory` or `CPU`.
        limit: &'static str,
    },
    /// SIGKILL ended it. The kernel sends that when memory is short; an operator may send it, too.
    #[error("the renderer was killed, as by a kernel that is short of memory")]
    Killed,
    #[error("the renderer died: {how}")]
    Died {
        /// Signal or exit code, and the last lines of its standard error.
        how: String,
    },
    /// It wrote bytes that no renderer writes.
    #[error("the renderer does not speak the protocol")]
    Protocol(#[source] ProtocolError),
    /// It wrote an answer that cannot be true.
    #[error("the renderer's answer cannot be true")]
    Violation(#[from] Violation),
}

/// Why a renderer could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the program does not start")]
    Spawn(#[source] io::Error),
    #[error("the process has no id or no pipes")]
    NoPipes,
    /// It started, and ended or failed before it was ready.
    #[error(transparent)]
    NotReady(Box<ChildFault>),
}

/// The time at which a child must have answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    within: Duration,
}

impl Deadline {
    /// Makes the deadline that is this far from now.
    pub(super) fn after(within: Duration) -> Self {
        Self { at: Instant::now() + within, within }
    }

    const fn missed(self) -> ChildFault {
        ChildFault::TimedOut { within: self.within }
    }
}

/// A renderer that has started. Dropped, its whole process group is killed.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    group: Pid,
    input: UnixStream,
    output: BufReader<ChildStdout>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Child {
    /// Starts a renderer and waits until it has loaded pdfium. The fault is `NotStarted`.
    pub(super) async fn spawn(settings: &ChildSettings) -> Result<Self, ChildFault> {
        Self::start(settings).await.map(|(child, _)| child).map_err(ChildFault::NotStarted)
    }

    /// Starts a renderer to find out which library it loads, and how far its cell closes: it tries to leave it.
    pub(super) async fn probe(settings: &ChildSettings) -> Result<(Ready, Cell), ChildFault> {
        // Any level can be looked at, also one that no document may be opened at.
        let sandbox = if settings.sandbox == SandboxMode::Off { SandboxMode::Off } else { SandboxMode::BestEffort };
        let settings = ChildSettings { sandbox, ..settings.clone() };
        let (mut child, ready) = Self::start(&settings).await.map_err(ChildFault::NotStarted)?;
        let deadline = Deadline::after(START_TIMEOUT);
        let document = File::open("/dev/null").map_err(|error| ChildFault::NotStarted(StartError::Spawn(error)))?;
        child.send_document(&Request::Probe, &document, deadline).await?;
        let (Response::Probed { mut cell, attempts }, 0) = child.receive(MAX_HEADER_BYTES, deadline).await? else {
            return Err(Violation::OutOfTurn.into());
        };
        if cell.level > CellLevel::None {
            let allowed = attempts.iter().filter(|attempt| !attempt.denied);
            let allowed = allowed.map(|attempt| format!("could {}: {}", attempt.what, attempt.answer));
            let before = cell.missing.len();
            cell.missing.extend(allowed);
            if cell.missing.len() > before {
                cell.level = CellLevel::None;
            }
        }
        Ok((ready, cell))
    }

    async fn start(settings: &ChildSettings) -> Result<(Self, Ready), StartError> {
        // A socket: documents cross it as descriptors.
        let (input, childs_input) = socket_pair().map_err(StartError::Spawn)?;
        let mut command = Command::new(&settings.program);
        command
            .args(settings.arguments())
            // No secret of the parent reaches a process that reads hostile documents.
            .env_clear()
            .stdin(Stdio::from(childs_input))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut process = launcher::launch(command).await.map_err(StartError::Spawn)?;
        let id = process.id().and_then(|id| i32::try_from(id).ok()).ok_or(StartError::NoPipes)?;
        let output = process.stdout.take().ok_or(StartError::NoPipes)?;
        let stderr = keep_last_lines(process.stderr.take().ok_or(StartError::NoPipes)?);
        let output = BufReader::with_capacity(FRAME_BUFFER, output);
        let mut child = Self { process, group: Pid::from_raw(id), input, output, stderr };
        match child.receive(MAX_HEADER_BYTES, Deadline::after(START_TIMEOUT)).await {
            Ok((Response::Ready(ready), _)) => Ok((child, ready)),
            Ok(_) => Err(StartError::NotReady(Box::new(Violation::OutOfTurn.into()))),
            Err(fault) => Err(StartError::NotReady(Box::new(fault))),
        }
    }

    /// Returns its process id, which is also that of its group.
    pub(super) const fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// Says whether the process has not ended.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Sends a request without a document. After a fault the child is not to be used again.
    pub(super) async fn send(&mut self, request: &Request, deadline: Deadline) -> Result<(), ChildFault> {
        debug_assert!(!request.has_descriptor());
        let frame = protocol::encode_head(request, 0);
        // A child that does not read must not keep us.
        let written = timeout_at(deadline.at, self.input.write_all(&frame)).await;
        self.conclude(written.map(|written| written.map_err(|_| PipeError::Closed)), deadline).await
    }

    /// Sends a request that opens a document, and the document. After a fault the child is not to be used again.
    pub(super) async fn send_document(
        &mut self,
        request: &Request,
        document: &File,
        deadline: Deadline,
    ) -> Result<(), ChildFault> {
        debug_assert!(request.has_descriptor());
        let frame = protocol::encode_head(request, 0);
        let written = timeout_at(deadline.at, self.write_with_descriptor(&frame, document)).await;
        self.conclude(written.map(|written| written.map_err(|_| PipeError::Closed)), deadline).await
    }

    async fn write_with_descriptor(&mut self, frame: &[u8], descriptor: impl AsFd) -> io::Result<()> {
        let passed = [descriptor.as_fd().as_raw_fd()];
        let send = || {
            let message = [ControlMessage::ScmRights(&passed)];
            let (socket, flags) = (self.input.as_raw_fd(), MsgFlags::MSG_NOSIGNAL);
            sendmsg::<()>(socket, &[IoSlice::new(frame)], &message, flags, None).map_err(io::Error::from)
        };
        let sent = self.input.async_io(Interest::WRITABLE, send).await?;
        self.input.write_all(&frame[sent..]).await
    }

    /// Waits for the header of an answer, which may have this many bytes, and returns it with the size
    /// of its body. The body is read by [`Self::body`]; the caller first checks whether this answer may
    /// have one so large. After a fault the child is not to be used again.
    pub(super) async fn receive(
        &mut self,
        header_limit: usize,
        deadline: Deadline,
    ) -> Result<(Response, usize), ChildFault> {
        let read = timeout_at(deadline.at, self.read_header(header_limit)).await;
        let (response, body_bytes) = self.conclude(read, deadline).await?;
        if body_bytes > 0 && !response.has_body() {
            return Err(Violation::UnexpectedBody.into());
        }
        Ok((response, body_bytes))
    }

    /// Waits for the body of the answer that was received last. After a fault the child is not to be
    /// used again.
    pub(super) async fn body(&mut self, bytes: usize, deadline: Deadline) -> Result<Bytes, ChildFault> {
        let read = timeout_at(deadline.at, self.read_exactly(bytes)).await;
        self.conclude(read, deadline).await.map(Bytes::from)
    }

    async fn read_header(&mut self, limit: usize) -> Result<(Response, usize), PipeError> {
        let mut prefix = [0; PREFIX_BYTES];
        self.output.read_exact(&mut prefix).await.map_err(|_| PipeError::Closed)?;
        let FrameSizes { header, body } = protocol::decode_prefix(&prefix, limit)?;
        let header = self.read_exactly(header).await?;
        let response = if header.len() > LARGE_JSON_BYTES {
            let decoding = tokio::task::spawn_blocking(move || protocol::decode_header(&header));
            decoding.await.expect("decoding a header does not panic")?
        } else {
            protocol::decode_header(&header)?
        };
        Ok((response, body))
    }

    /// Reads this many bytes. The memory grows as they arrive, so that a child that announces much and
    /// sends nothing gets none, and never to more than was announced.
    async fn read_exactly(&mut self, length: usize) -> Result<Vec<u8>, PipeError> {
        let mut bytes = Vec::with_capacity(length.min(FIRST_ALLOCATION));
        while bytes.len() < length {
            let missing = length - bytes.len();
            if bytes.len() == bytes.capacity() {
                bytes.reserve_exact(bytes.len().min(missing));
            }
            let read = self.output.read_buf(&mut (&mut bytes).limit(missing)).await;
            if !read.is_ok_and(|count| count > 0) {
                return Err(PipeError::Closed);
            }
        }
        Ok(bytes)
    }

    async fn conclude<T>(
        &mut self,
        done: Result<Result<T, PipeError>, Elapsed>,
        deadline: Deadline,
    ) -> Result<T, ChildFault> {
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(PipeError::Protocol(error))) => Err(ChildFault::Protocol(error)),
            Ok(Err(PipeError::Closed)) => Err(self.why_it_ended().await),
            Err(Elapsed { .. }) => Err(deadline.missed()),
        }
    }

    /// Finds out why a child that has closed its pipes has ended.
    async fn why_it_ended(&mut self) -> ChildFault {
        let waited = timeout(EXIT_TIMEOUT, self.process.wait()).await;
        self.kill_group();
        let Ok(Ok(status)) = waited else {
            return ChildFault::Died { how: "it closed its pipes".to_owned() };
        };
        let lines = lock(&self.stderr).make_contiguous().join("; ");
        fault_of_exit(status, &lines)
    }

    fn kill_group(&self) {
        // ESRCH: the process and all that it may have started are gone already.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// Makes the two ends of the socket on which a child is asked: the parent's and the child's.
fn socket_pair() -> io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = BlockingStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs.into()))
}

fn fault_of_exit(status: ExitStatus, stderr: &str) -> ChildFault {
    let out_of_memory = ["memory allocation of", "Out of memory", "OOM", "bad_alloc", "Cannot allocate"];
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU)) => ChildFault::LimitReached { limit: "CPU" },
        // The parent does not ask why a child ended that it has killed itself.
        Some(Ok(Signal::SIGKILL)) => ChildFault::Killed,
        _ if out_of_memory.iter().any(|sign| stderr.contains(sign)) => ChildFault::LimitReached { limit: "memory" },
        // pdfium's allocator ends the process with a trap when it gets no memory.
        Some(Ok(Signal::SIGTRAP | Signal::SIGILL)) => ChildFault::LimitReached { limit: "memory" },
        Some(Ok(signal)) => ChildFault::Died { how: format!("{} {stderr}", signal.as_str()).trim_end().to_owned() },
        Some(Err(_)) | None => ChildFault::Died { how: format!("{status} {stderr}").trim_end().to_owned() },
    }
}

fn keep_last_lines(stderr: ChildStderr) -> Arc<Mutex<VecDeque<String>>> {
    let kept: Arc<Mutex<VecDeque<String>>> = Arc::default();
    let keeping = Arc::clone(&kept);
    // Ends with the child: its end of the pipe closes.
    crate::lifecycle::spawn(async move {
        let mut lines = BufReader::new(stderr.take(MAX_STDERR_BYTES)).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut kept = lock(&keeping);
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(line.chars().take(KEPT_CHARACTERS).collect());
        }
    });
    kept
}

/// Why nothing came through a pipe, or nothing usable.
enum PipeError {
    Closed,
    Protocol(ProtocolError),
}

impl From<ProtocolError> for PipeError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}
