//! What operators tell live workers: cancel a job, drain a worker, change the log filter.

use std::sync::Arc;

use futures_util::StreamExt;
use lapin::{
    Connection,
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use quire_schemas::{
    event::Control,
    names::{CONTROL_EXCHANGE, control_queue},
};
use tokio_util::sync::CancellationToken;

use super::registry::Registry;
use crate::telemetry::LogFilter;

/// What control messages act on.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) registry: Arc<Registry>,
    pub(super) drain: CancellationToken,
    pub(super) log: LogFilter,
    pub(super) instance: String,
}

/// Declares this session's control queue. The future that it returns obeys its messages until the queue is gone.
pub(super) async fn listen(
    connection: &Connection,
    session: u64,
    commands: Commands,
) -> Result<impl Future<Output = ()> + use<>, lapin::Error> {
    let channel = connection.create_channel().await?;
    let queue = control_queue(&commands.instance, session);
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await?;
    let bound = channel.queue_bind(
        queue.as_str().into(),
        CONTROL_EXCHANGE.into(),
        "".into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    bound.await?;
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut consumer = channel.basic_consume(queue.into(), "control".into(), options, FieldTable::default()).await?;
    Ok(async move {
        // The broker deletes the queue with its channel.
        let _channel = channel;
        while let Some(Ok(delivery)) = consumer.next().await {
            match serde_json::from_slice(&delivery.data) {
                Ok(control) => commands.obey(&control),
                Err(error) => tracing::warn!(%error, "ignored: not a control message"),
            }
        }
    })
}

impl Commands {
    fn obey(&self, control: &Control) {
        match control {
            Control::Cancel { job_id, tenant } => self.registry.cancel(tenant, *job_id),
            Control::Drain { instance } if *instance == self.instance => {
                tracing::info!("a control message asks this worker to drain");
                self.drain.cancel();
            }
            Control::Drain { .. } => {}
            Control::Log { filter } => match self.log.set(filter) {
                Ok(()) => tracing::info!(filter, "the log filter was changed"),
                Err(error) => tracing::warn!(%error, "the log filter was not changed"),
            },
        }
    }
}
