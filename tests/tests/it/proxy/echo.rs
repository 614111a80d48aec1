//! A server that returns every byte and remembers it.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use quire_tests::eventually;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A server that says everything back, and remembers it.
pub(super) struct Echo {
    pub(super) address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Memory {
    heard: Vec<u8>,
    /// How connections ended, as seen from here.
    ends: Vec<Result<(), ErrorKind>>,
}

impl Echo {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let memory = Arc::<Mutex<Memory>>::default();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&memory)));
        Self { address, memory, _server: server }
    }

    pub(super) fn heard(&self) -> Vec<u8> {
        self.remember(|memory| memory.heard.clone())
    }

    pub(super) async fn await_heard(&self, bytes: &[u8]) {
        eventually("the server hears it", || async { (self.heard().len() >= bytes.len()).then_some(()) }).await;
        assert!(self.heard() == bytes, "{:?}", String::from_utf8_lossy(&self.heard()));
    }

    pub(super) async fn await_ends(&self, count: usize) -> Vec<Result<(), ErrorKind>> {
        eventually("connections end at the server", || async {
            Some(self.remember(|memory| memory.ends.clone())).filter(|ends| ends.len() >= count)
        })
        .await
    }

    fn remember<T>(&self, what: impl FnOnce(&Memory) -> T) -> T {
        what(&self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(listener: TcpListener, memory: Arc<Mutex<Memory>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(say_back(stream, Arc::clone(&memory)));
    }
}

async fn say_back(mut stream: TcpStream, memory: Arc<Mutex<Memory>>) {
    let (mut buffer, mut broken) = (vec![0; 64 * 1024], None);
    let end = loop {
        match stream.read(&mut buffer).await {
            // The system tells of a reset once, and perhaps to the writer.
            Ok(0) => break broken.map_or(Ok(()), Err),
            // A worker of another test that looks for a proxy which is gone, and whose port this is now.
            Ok(length) if buffer[..length].starts_with(b"AMQP") => return,
            Ok(length) => {
                let heard = &buffer[..length];
                memory.lock().unwrap_or_else(PoisonError::into_inner).heard.extend_from_slice(heard);
                // What came before the reset is still to be read.
                broken = broken.or(stream.write_all(heard).await.err().map(|error| error.kind()));
            }
            Err(error) => break Err(broken.unwrap_or(error.kind())),
        }
    };
    memory.lock().unwrap_or_else(PoisonError::into_inner).ends.push(end);
}
