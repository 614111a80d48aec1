//! One connection through the proxy, from its acceptance to its end.

use tokio::net::TcpStream;

use super::{
    ProxyState,
    faults::{Direction, ForcedEnd},
    pump::Pump,
};

pub(super) async fn carry(mut client: TcpStream, shared: &ProxyState) {
    let _open = shared.count();
    let mut faults = shared.faults.subscribe();
    let accepted_at = faults.borrow().clock;
    // A black hole takes connections, too; what they say goes on when it is healed.
    let decided = faults.wait_for(|faults| faults.resets(accepted_at) || !faults.black_hole);
    let may_pass = decided.await.is_ok_and(|faults| !faults.resets(accepted_at));
    if !may_pass {
        return reset(client);
    }
    let Ok(mut server) = TcpStream::connect(&shared.upstream).await else { return reset(client) };
    // Chunks are passed on as they come. Without it they pass all the same, only later.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = {
        // Not owned halves: one of those that is dropped says goodbye before the reset.
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = Pump::new(Direction::ToServer, accepted_at, from_client, to_server, shared);
        let back = Pump::new(Direction::ToClient, accepted_at, from_server, to_client, shared);
        tokio::try_join!(there.run(), back.run())
    };
    match end {
        Ok(((), ())) => {}
        Err(ForcedEnd::Reset) => {
            reset(client);
            reset(server);
        }
        Err(ForcedEnd::Struck) => {
            reset(client);
            reset(server);
            shared.faults.send_modify(|faults| faults.struck = true);
        }
        Err(ForcedEnd::Severed) => {
            reset(server);
            drop(faults.wait_for(|faults| faults.resets(accepted_at)).await);
            reset(client);
        }
    }
}

/// Ends a connection without a goodbye. What was written before and fits the peer's buffers can
/// still be read there.
fn reset(stream: TcpStream) {
    // Fails only for a connection that has ended already.
    let _ = stream.set_zero_linger();
}
