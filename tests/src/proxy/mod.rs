//! A TCP proxy in front of one server, for faults that happen on the way. It knows nothing of what
//! passes, and a change takes effect at once, on idle connections and on busy ones.

mod connection;
mod faults;
mod pump;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};
use url::Url;

pub use self::faults::Direction;
use self::faults::{Allowance, Faults, Strike, Trap};
use crate::World;

const AMQP_PORT: u16 = 5672;
/// A fault that has not struck by then never will.
const PATIENCE: Duration = Duration::from_secs(90);

/// A TCP proxy on loopback. Dropped, it closes everything.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<ProxyState>,
    _accepting: JoinSet<()>,
}

/// What the proxy and its connections share.
#[derive(Debug)]
struct ProxyState {
    upstream: String,
    faults: watch::Sender<Faults>,
    open: AtomicUsize,
}

/// A connection that counts as open.
struct Open<'a>(&'a AtomicUsize);

impl Proxy {
    /// Starts a proxy in front of `host:port`, which need not listen yet.
    pub async fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (faults, open) = (watch::Sender::new(Faults::default()), AtomicUsize::new(0));
        let shared = Arc::new(ProxyState { upstream: upstream.to_owned(), faults, open });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, _accepting: accepting }
    }

    /// Starts a proxy in front of the server that a URL names.
    ///
    /// # Panics
    /// If it names none.
    pub async fn before(url: &str) -> Self {
        let url: Url = url.parse().expect("a URL");
        let port = url.port_or_known_default().unwrap_or(AMQP_PORT);
        Self::to(&format!("{}:{port}", url.host_str().expect("a URL with a host"))).await
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the same URL with this proxy's host and port.
    ///
    /// # Panics
    /// If it is not a URL with a host.
    #[must_use]
    pub fn in_place_of(&self, url: &str) -> String {
        let mut proxied: Url = url.parse().expect("a URL");
        proxied.set_ip_host(self.address.ip()).expect("a URL with a host");
        proxied.set_port(Some(self.address.port())).expect("a URL with a host");
        let proxied = String::from(proxied);
        // Of http URLs the parser completes the path, which some settings do not want.
        if url.ends_with('/') { proxied } else { proxied.trim_end_matches('/').to_owned() }
    }

    /// Takes every fault back. What was stalled flows on; clients whose servers were told that
    /// they are gone learn now that it is so.
    pub fn heal(&self) {
        self.change(Faults::heal);
    }

    /// Resets every open connection, at both ends. New ones pass.
    pub fn cut(&self) {
        self.change(|faults| faults.reset_before = faults.tick());
    }

    /// Resets every open connection and every new one.
    pub fn refuse(&self) {
        self.change(|faults| faults.refusing = true);
    }

    /// Lets nothing pass either way. Connections stay open; new ones are taken, and are silent.
    pub fn black_hole(&self) {
        self.change(|faults| faults.black_hole = true);
    }

    /// Does the same, but the server sees every open connection reset: to it the clients are gone,
    /// while they believe that they are still connected.
    pub fn half_open(&self) {
        self.change(|faults| {
            faults.black_hole = true;
            faults.severed_before = faults.tick();
        });
    }

    /// Lets nothing pass in one direction.
    pub fn stall(&self, direction: Direction) {
        self.change(|faults| faults.stall(direction));
    }

    /// Lets everything arrive later by so much, in each direction.
    pub fn delay(&self, latency: Duration) {
        self.change(|faults| faults.latency = latency);
    }

    /// Bounds the bandwidth of each connection in each direction.
    pub fn limit(&self, bytes_per_second: u64) {
        self.change(|faults| faults.bytes_per_second = Some(bytes_per_second.max(1)));
    }

    /// Resets every connection, new ones too, once so many bytes of it have passed from now on.
    pub fn reset_after(&self, direction: Direction, bytes: u64) {
        self.change(|faults| {
            faults.struck = false;
            faults.allowance = Some(Allowance { since: faults.tick(), direction, bytes });
        });
    }

    /// Resets the connection on which these bytes pass next, behind the chunk that completes them.
    ///
    /// # Panics
    /// If there are no bytes to wait for.
    pub fn cut_after(&self, direction: Direction, pattern: &[u8]) {
        self.set_trap(direction, pattern, Strike::CutAfter);
    }

    /// Does the same without letting that chunk pass.
    ///
    /// # Panics
    /// If there are no bytes to wait for.
    pub fn cut_before(&self, direction: Direction, pattern: &[u8]) {
        self.set_trap(direction, pattern, Strike::CutBefore);
    }

    /// Lets nothing pass in one direction from the chunk on that completes these bytes.
    ///
    /// # Panics
    /// If there are no bytes to wait for.
    pub fn stall_before(&self, direction: Direction, pattern: &[u8]) {
        self.set_trap(direction, pattern, Strike::StallBefore);
    }

    /// Counts the connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Waits until the last [`Self::cut_after`], [`Self::cut_before`], [`Self::stall_before`] or
    /// [`Self::reset_after`] has struck.
    ///
    /// # Panics
    /// If it does not in a minute and a half.
    pub async fn await_cut(&self) {
        let mut faults = self.shared.faults.subscribe();
        let struck = timeout(PATIENCE, faults.wait_for(|faults| faults.struck)).await;
        drop(struck.expect("the fault strikes").expect("the proxy keeps the sender"));
    }

    fn set_trap(&self, direction: Direction, pattern: &[u8], strike: Strike) {
        assert!(!pattern.is_empty(), "nothing to wait for");
        self.change(|faults| {
            faults.struck = false;
            faults.trap = Some(Trap { since: faults.tick(), direction, pattern: pattern.to_owned(), strike });
        });
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        self.shared.faults.send_modify(change);
    }
}

impl ProxyState {
    fn count(&self) -> Open<'_> {
        self.open.fetch_add(1, Ordering::SeqCst);
        Open(&self.open)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, shared: Arc<ProxyState>) {
    let mut connections = JoinSet::new();
    loop {
        // Cancel safe: accepting and joining both are.
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    let shared = Arc::clone(&shared);
                    connections.spawn(async move { connection::carry(client, &shared).await });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl World {
    /// Returns what this world's workers are told under a name.
    ///
    /// # Panics
    /// If they are told nothing.
    #[must_use]
    pub fn setting(&self, name: &str) -> String {
        let found = self.settings().into_iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1
    }

    /// Lets this world's workers reach the server of a setting through a proxy only. The test
    /// itself goes on reaching it directly.
    pub async fn through_proxy(self, setting: &str) -> (Self, Proxy) {
        let direct = self.setting(setting);
        let proxy = Proxy::before(&direct).await;
        let proxied = proxy.in_place_of(&direct);
        (self.with_setting(setting, &proxied), proxy)
    }
}
