//! Starts children on one thread that lives as long as the process. The kernel ends a child when the thread that has
//! started it ends, and threads of the runtime may end while the worker works.

use std::{
    io,
    sync::{
        OnceLock,
        mpsc::{Sender, channel},
    },
    thread,
};

use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

type Start = Box<dyn FnOnce() + Send>;

/// Starts a process. The future may be dropped: the process is then killed, if the command says so.
pub(super) async fn launch(mut command: Command) -> io::Result<Child> {
    let (sender, receiver) = oneshot::channel();
    let runtime = Handle::current();
    let start: Start = Box::new(move || {
        // The runtime notices the end of the process.
        let _runtime = runtime.enter();
        let _ = sender.send(command.spawn());
    });
    launcher()?.send(start).map_err(|_| ended())?;
    receiver.await.map_err(|_| ended())?
}

fn ended() -> io::Error {
    io::Error::other("the thread that starts renderers has ended")
}

fn launcher() -> io::Result<&'static Sender<Start>> {
    static LAUNCHER: OnceLock<io::Result<Sender<Start>>> = OnceLock::new();
    let launcher = LAUNCHER.get_or_init(|| {
        let (sender, receiver) = channel::<Start>();
        thread::Builder::new().name("launcher".to_owned()).spawn(move || receiver.iter().for_each(|start| start()))?;
        Ok(sender)
    });
    launcher.as_ref().map_err(|error| io::Error::from(error.kind()))
}
