//! One direction of one connection.

use std::{collections::VecDeque, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{ReadHalf, WriteHalf},
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    ProxyState,
    faults::{Allowance, Direction, Faults, ForcedEnd, Strike, Trap},
};

const CHUNK_BYTES: usize = 64 * 1024;
/// Bounds what is on its way: more than that would hide from a sender that the other end does not read.
const MOST_QUEUED_BYTES: usize = 1024 * 1024;
/// A limited connection passes this many pieces a second.
const PIECES_PER_SECOND: u64 = 20;

/// Reads from one end and writes to the other, as the faults of the moment allow.
pub(super) struct Pump<'a> {
    direction: Direction,
    accepted_at: u64,
    reader: ReadHalf<'a>,
    writer: WriteHalf<'a>,
    faults: watch::Receiver<Faults>,
    shared: &'a ProxyState,
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
    /// Whether nothing more is read.
    at_end: bool,
    /// Before this, a limited connection writes nothing more.
    free_at: Instant,
    /// How many bytes have come since the allowance of that time.
    counted: (u64, u64),
    /// The last bytes that have come since the trap of that time: its pattern may span chunks.
    tail: (u64, Vec<u8>),
}

struct Chunk {
    bytes: Vec<u8>,
    passed: usize,
    came_at: Instant,
    /// Whether the connection ends behind it.
    last: bool,
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        direction: Direction,
        accepted_at: u64,
        reader: ReadHalf<'a>,
        writer: WriteHalf<'a>,
        shared: &'a ProxyState,
    ) -> Self {
        Self {
            direction,
            accepted_at,
            reader,
            writer,
            faults: shared.faults.subscribe(),
            shared,
            queue: VecDeque::new(),
            queued_bytes: 0,
            at_end: false,
            free_at: Instant::now(),
            counted: (0, 0),
            tail: (0, Vec::new()),
        }
    }

    /// Passes everything on until the sender has ended and all of it is through.
    pub(super) async fn run(mut self) -> Result<(), ForcedEnd> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let now = self.faults.borrow_and_update().clone();
            if let Some(end) = now.end_of(self.accepted_at) {
                return Err(end);
            }
            self.drop_what_is_through()?;
            if self.at_end && self.queue.is_empty() {
                // The other half of the connection may go on.
                return self.writer.shutdown().await.map_err(|_| ForcedEnd::Reset);
            }
            let flows = !now.stalls(self.direction);
            let (due, piece) = next_piece(self.queue.front(), &now, self.free_at);
            // Cancel safe: all three are. Biased, so that nothing is done as faults that have
            // changed would have it.
            tokio::select! {
                biased;
                changed = self.faults.changed() => changed.map_err(|_| ForcedEnd::Reset)?,
                written = write_when_due(due, &mut self.writer, piece), if flows && !piece.is_empty() => {
                    self.note_written(written.map_err(|_| ForcedEnd::Reset)?, now.bytes_per_second);
                }
                read = self.reader.read(&mut buffer),
                    if flows && !self.at_end && self.queued_bytes < MOST_QUEUED_BYTES =>
                {
                    let length = read.map_err(|_| ForcedEnd::Reset)?;
                    self.take_in(&buffer[..length]);
                }
            }
        }
    }

    fn drop_what_is_through(&mut self) -> Result<(), ForcedEnd> {
        while let Some(chunk) = self.queue.pop_front_if(|chunk| chunk.passed == chunk.bytes.len()) {
            if chunk.last {
                return Err(ForcedEnd::Struck);
            }
        }
        Ok(())
    }

    fn note_written(&mut self, length: usize, bytes_per_second: Option<u64>) {
        if let Some(chunk) = self.queue.front_mut() {
            chunk.passed += length;
        }
        self.queued_bytes -= length;
        if let Some(rate) = bytes_per_second {
            let takes = Duration::from_secs_f64(length as f64 / rate as f64);
            self.free_at = self.free_at.max(Instant::now()) + takes;
        }
    }

    /// Queues what has come. No bytes: the sender has ended.
    fn take_in(&mut self, bytes: &[u8]) {
        // As of now: what is done with these bytes was perhaps decided while they came.
        let (allowance, trap) = {
            let faults = self.faults.borrow();
            (faults.allowance(self.direction), faults.trap(self.direction))
        };
        let (mut passes, mut last) = (bytes.len(), false);
        if let Some(trap) = trap
            && self.completes(&trap, bytes)
            && self.spring(&trap)
        {
            last = trap.strike != Strike::StallBefore;
            if trap.strike == Strike::CutBefore {
                passes = 0;
            }
        }
        if let Some(left) = allowance.and_then(|allowance| self.uses_up(allowance, bytes.len())) {
            last = true;
            passes = passes.min(left);
        }
        self.at_end = last || bytes.is_empty();
        if last || passes > 0 {
            self.queued_bytes += passes;
            self.queue.push_back(Chunk { bytes: bytes[..passes].to_vec(), passed: 0, came_at: Instant::now(), last });
        }
    }

    /// Counts bytes; returns how many of them may still pass if that is the end of the allowance.
    fn uses_up(&mut self, allowance: Allowance, length: usize) -> Option<usize> {
        if self.counted.0 != allowance.since {
            self.counted = (allowance.since, 0);
        }
        let left = allowance.bytes.saturating_sub(self.counted.1);
        self.counted.1 += length as u64;
        usize::try_from(left).ok().filter(|left| *left <= length)
    }

    /// Says whether a pattern ends in these bytes.
    fn completes(&mut self, trap: &Trap, bytes: &[u8]) -> bool {
        if self.tail.0 != trap.since {
            self.tail = (trap.since, Vec::new());
        }
        let seen = &mut self.tail.1;
        seen.extend_from_slice(bytes);
        let found = seen.windows(trap.pattern.len()).any(|window| window == trap.pattern);
        let kept = (trap.pattern.len() - 1).min(seen.len());
        seen.drain(..seen.len() - kept);
        found
    }

    /// Takes the trap away; `false` if another connection was first.
    fn spring(&self, trap: &Trap) -> bool {
        self.shared.faults.send_if_modified(|faults| {
            let springs = faults.trap.take_if(|set| set.since == trap.since).is_some();
            if springs && trap.strike == Strike::StallBefore {
                faults.stall(trap.direction);
                faults.struck = true;
            }
            springs
        })
    }
}

/// What is written next, and not before when.
fn next_piece<'a>(chunk: Option<&'a Chunk>, faults: &Faults, free_at: Instant) -> (Instant, &'a [u8]) {
    let Some(chunk) = chunk else { return (free_at, &[]) };
    let rest = &chunk.bytes[chunk.passed..];
    let due = chunk.came_at + faults.latency;
    match faults.bytes_per_second {
        None => (due, rest),
        Some(rate) => {
            let most = usize::try_from((rate / PIECES_PER_SECOND).max(1)).unwrap_or(usize::MAX);
            (due.max(free_at), &rest[..rest.len().min(most)])
        }
    }
}

/// Cancel safe: waited for again, nothing is lost, and a write that is cut has written nothing.
async fn write_when_due(due: Instant, writer: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<usize> {
    if due > Instant::now() {
        sleep_until(due).await;
    }
    writer.write(bytes).await
}
