//! The faults that a proxy applies to its connections.

use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// What is done to connections, and what has been done.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    /// Counts what divides connections, or what passes on them, into before and after.
    pub(super) clock: u64,
    /// Connections accepted before this time are reset.
    pub(super) reset_before: u64,
    /// Connections accepted before this time have no server any more.
    pub(super) severed_before: u64,
    pub(super) refusing: bool,
    pub(super) black_hole: bool,
    pub(super) stalled_to_server: bool,
    pub(super) stalled_to_client: bool,
    pub(super) latency: Duration,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) allowance: Option<Allowance>,
    pub(super) trap: Option<Trap>,
    /// Whether the last allowance was used up, or the last trap has sprung.
    pub(super) struck: bool,
}

/// How much of each connection passes before it is reset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub(super) since: u64,
    pub(super) direction: Direction,
    pub(super) bytes: u64,
}

/// Bytes that something is done about when they come.
#[derive(Debug, Clone)]
pub(super) struct Trap {
    pub(super) since: u64,
    pub(super) direction: Direction,
    pub(super) pattern: Vec<u8>,
    pub(super) strike: Strike,
}

/// What is done about the chunk that completes a trap's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    /// It passes, and the connection is reset behind it.
    CutAfter,
    /// The connection is reset instead.
    CutBefore,
    /// It waits, and so does everything else that goes the same way.
    StallBefore,
}

/// How a connection ends that does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForcedEnd {
    /// Both ends see a reset.
    Reset,
    /// The same, because a trap or an allowance said so.
    Struck,
    /// The server sees a reset, the client nothing.
    Severed,
}

impl Faults {
    pub(super) const fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(super) fn heal(&mut self) {
        *self = Self {
            clock: self.clock,
            reset_before: self.reset_before.max(self.severed_before),
            struck: self.struck,
            ..Self::default()
        };
    }

    pub(super) const fn resets(&self, accepted_at: u64) -> bool {
        self.refusing || accepted_at < self.reset_before
    }

    pub(super) const fn end_of(&self, accepted_at: u64) -> Option<ForcedEnd> {
        if self.resets(accepted_at) {
            Some(ForcedEnd::Reset)
        } else if accepted_at < self.severed_before {
            Some(ForcedEnd::Severed)
        } else {
            None
        }
    }

    pub(super) const fn stall(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.stalled_to_server = true,
            Direction::ToClient => self.stalled_to_client = true,
        }
    }

    pub(super) const fn stalls(&self, direction: Direction) -> bool {
        let one_way = match direction {
            Direction::ToServer => self.stalled_to_server,
            Direction::ToClient => self.stalled_to_client,
        };
        self.black_hole || one_way
    }

    pub(super) fn allowance(&self, direction: Direction) -> Option<Allowance> {
        self.allowance.filter(|allowance| allowance.direction == direction)
    }

    pub(super) fn trap(&self, direction: Direction) -> Option<Trap> {
        self.trap.as_ref().filter(|trap| trap.direction == direction).cloned()
    }
}
