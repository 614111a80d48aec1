//! One renderer process, from the parent's side.

use std::{
    collections::VecDeque,
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::protocol::{self, PREFIX_BYTES, ProtocolError, Ready, Request, Response};

/// Loading pdfium takes milliseconds; a machine that swaps may need seconds.
const START: Duration = Duration::from_secs(20);
/// Small: what is larger than this is read past it, straight to where it goes.
const FRAME_BUFFER: usize = 16 * 1024;
/// Most images are smaller, so that their buffer need not grow.
const LIKELY_FRAME: usize = 1 << 20;
/// Lines of a child's standard error that are kept for whoever asks why it died.
const LAST_WORDS: usize = 8;

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
}

impl ChildSettings {
    /// Makes settings to find out whether a renderer starts at all.
    #[must_use]
    pub fn for_probe(library: Option<&Path>) -> Self {
        Self {
            program: Self::this_program(),
            library: library.map(Path::to_owned),
            memory_bytes: 1 << 30,
            page_timeout: Duration::from_secs(30),
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
        ];
        if let Some(library) = &self.library {
            arguments.extend(["--library".into(), library.clone().into_os_string()]);
        }
        arguments
    }
}

/// How a renderer failed its parent. Whatever it was, the process is gone.
#[derive(Debug, thiserror::Error)]
pub enum ChildFault {
    /// It could not be started.
    #[error("a renderer could not be started: {detail}")]
    NotStarted {
        /// What happened.
        detail: String,
    },
    /// It did not answer in time.
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
    /// It died.
    #[error("the renderer died: {how}")]
    Died {
        /// Signal or exit code, and its last words.
        how: String,
    },
    /// It wrote what no renderer writes.
    #[error("the renderer does not speak the protocol")]
    Babbled(#[source] ProtocolError),
    /// It wrote something else than was asked for.
    #[error("the renderer answered another question")]
    OutOfTurn,
}

/// A renderer that has started. Dropped, its whole process group is killed.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    group: Pid,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_words: Arc<Mutex<VecDeque<String>>>,
    ready: Ready,
}

impl Child {
    /// Starts a renderer and waits until it has loaded pdfium.
    ///
    /// # Errors
    /// [`ChildFault::NotStarted`]
    pub async fn spawn(settings: &ChildSettings) -> Result<Self, ChildFault> {
        let refused = |detail: String| ChildFault::NotStarted { detail };
        let mut process = Command::new(&settings.program)
            .args(settings.arguments())
            // No secret of the parent reaches a process that reads hostile documents.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| refused(error.to_string()))?;
        let id =
            process.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| refused("no process id".to_owned()))?;
        let missing = || refused("a pipe is missing".to_owned());
        let input = process.stdin.take().ok_or_else(missing)?;
        let output = BufReader::with_capacity(FRAME_BUFFER, process.stdout.take().ok_or_else(missing)?);
        let last_words = Arc::default();
        listen_to_last_words(process.stderr.take().ok_or_else(missing)?, &last_words);
        let ready = Ready { library: String::new() };
        let mut child = Self { process, group: Pid::from_raw(id), input, output, last_words, ready };
        match child.receive(START).await {
            Ok((Response::Ready(ready), _)) => {
                child.ready = ready;
                Ok(child)
            }
            Ok(_) => Err(ChildFault::OutOfTurn),
            Err(fault) => Err(refused(fault.to_string())),
        }
    }

    /// Returns what it said when it had started.
    pub fn into_ready(self) -> Ready {
        self.ready.clone()
    }

    /// Says whether the process is still there.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks for something.
    ///
    /// # Errors
    /// [`ChildFault`]; the child is not to be used again.
    pub async fn send(&mut self, request: &Request) -> Result<(), ChildFault> {
        match self.input.write_all(&protocol::encode_head(request, 0)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.autopsy().await),
        }
    }

    /// Waits for an answer and its body.
    ///
    /// # Errors
    /// [`ChildFault`]; the child is not to be used again.
    pub async fn receive(&mut self, within: Duration) -> Result<(Response, Bytes), ChildFault> {
        match timeout(within, self.read_frame()).await {
            Err(_) => Err(ChildFault::TimedOut { within }),
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(ReadError::Protocol(error))) => Err(ChildFault::Babbled(error)),
            Ok(Err(ReadError::Closed)) => Err(self.autopsy().await),
        }
    }

    async fn read_frame(&mut self) -> Result<(Response, Bytes), ReadError> {
        let mut prefix = [0; PREFIX_BYTES];
        self.output.read_exact(&mut prefix).await.map_err(|_| ReadError::Closed)?;
        let sizes = protocol::decode_prefix(&prefix)?;
        // Grown as bytes arrive: a child that announces a large frame and sends nothing gets no
        // memory for it.
        let header = self.read_exactly(sizes.header).await?;
        let body = self.read_exactly(sizes.body).await?;
        Ok((protocol::decode_header(&header)?, body.into()))
    }

    async fn read_exactly(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::with_capacity(length.min(LIKELY_FRAME));
        let read = (&mut self.output).take(length as u64).read_to_end(&mut bytes).await;
        if read.is_ok_and(|count| count == length) { Ok(bytes) } else { Err(ReadError::Closed) }
    }

    /// Finds out how a child died that has closed its pipes.
    async fn autopsy(&mut self) -> ChildFault {
        // It may have closed its pipes and live on.
        let waited = timeout(Duration::from_millis(500), self.process.wait()).await;
        self.kill_group();
        let Ok(Ok(status)) = waited else {
            return ChildFault::Died { how: "closed its pipes".to_owned() };
        };
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).make_contiguous().join("; ");
        cause_of_death(status, &words)
    }

    fn kill_group(&self) {
        // ESRCH: it is gone already, and everything it may have started with it.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill_group();
    }
}

fn cause_of_death(status: ExitStatus, words: &str) -> ChildFault {
    let out_of_memory = ["memory allocation of", "Out of memory", "OOM", "bad_alloc", "Cannot allocate"];
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU)) => ChildFault::LimitReached { limit: "CPU" },
        // Our own parent kills only after a deadline and does not come here: this was the kernel.
        Some(Ok(Signal::SIGKILL)) => ChildFault::LimitReached { limit: "memory" },
        _ if out_of_memory.iter().any(|sign| words.contains(sign)) => ChildFault::LimitReached { limit: "memory" },
        // pdfium's allocator ends the process with a trap when it gets no memory.
        Some(Ok(Signal::SIGTRAP | Signal::SIGILL)) => ChildFault::LimitReached { limit: "memory" },
        Some(Ok(signal)) => ChildFault::Died { how: format!("{} {words}", signal.as_str()).trim_end().to_owned() },
        Some(Err(_)) | None => ChildFault::Died { how: format!("{status} {words}").trim_end().to_owned() },
    }
}

fn listen_to_last_words(stderr: tokio::process::ChildStderr, words: &Arc<Mutex<VecDeque<String>>>) {
    let words = Arc::clone(words);
    // Ends with the child: its end of the pipe closes.
    crate::lifecycle::spawn(async move {
        // Bounded: a child may write a line without end.
        let mut lines = BufReader::new(stderr.take(1 << 20)).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.len() == LAST_WORDS {
                words.pop_front();
            }
            words.push_back(line.chars().take(300).collect());
        }
    });
}

enum ReadError {
    Closed,
    Protocol(ProtocolError),
}

impl From<ProtocolError> for ReadError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}
