//! Three RabbitMQ nodes that form a cluster and belong to one test, as the script
//! `deploy/dev/cluster.sh` starts them.

use std::{collections::BTreeMap, time::Duration};

use quire_producer::amqp::management::vhost_of;
use reqwest::Client;
use serde_json::Value;
use url::Url;

use crate::{World, eventually, servers::Server};

/// How many nodes there are; they are called 1, 2 and 3.
pub const NODES: usize = 3;
/// A node that is down refuses at once; one that is frozen does not answer at all.
const ANSWER: Duration = Duration::from_secs(5);

/// A cluster of a test's own; its nodes' ports and data outlive a stop. Stopped when dropped.
#[derive(Debug)]
pub struct PrivateCluster {
    /// Where its nodes listen, separated by commas, with the default virtual host.
    pub amqp_url: String,
    /// The management API of node 1. Gone while that node is.
    pub management_url: String,
    variables: BTreeMap<String, String>,
    client: Client,
    server: Server,
}

impl PrivateCluster {
    /// Starts three nodes without data and waits until each takes connections.
    pub async fn start() -> Self {
        let server = Server::new("cluster.sh");
        let variables = server.run("start", &[]).await;
        let told = |name: &str| variables.get(name).expect("the script tells where the nodes are").clone();
        let (amqp_url, management_url) = (told("QUIRE_AMQP_URL"), told("QUIRE_MANAGEMENT_URL"));
        let client = Client::builder().no_proxy().timeout(ANSWER).build().expect("nothing unusual is asked for");
        Self { amqp_url, management_url, variables, client, server }
    }

    /// Stops a node as an operator does.
    pub async fn stop_node(&self, node: usize) {
        self.server.run(&format!("stop-node {node}"), &[]).await;
    }

    /// Kills a node as a machine that loses power does.
    pub async fn kill_node(&self, node: usize) {
        self.server.run(&format!("kill-node {node}"), &[]).await;
    }

    /// Freezes a node: connections stay open, new ones are accepted, and nothing is answered.
    pub async fn pause_node(&self, node: usize) {
        self.server.run(&format!("pause-node {node}"), &[]).await;
    }

    /// Lets a frozen node go on.
    pub async fn resume_node(&self, node: usize) {
        self.server.run(&format!("resume-node {node}"), &[]).await;
    }

    /// Starts a node on the same ports with the same data and waits until it takes connections.
    pub async fn start_node(&self, node: usize) {
        self.server.run(&format!("start-node {node}"), &[]).await;
    }

    /// Runs `rabbitmqctl` on a node; returns what that prints.
    pub async fn rabbitmqctl(&self, node: usize, arguments: &[&str]) -> String {
        self.server.said(&format!("ctl {node}"), &[&["--"][..], arguments].concat()).await
    }

    /// Kills the node that leads a queue of a world; returns which one that was.
    pub async fn kill_leader_of(&self, world: &World, queue: &str) -> usize {
        let node = self.leader_of(world, queue).await;
        self.kill_node(node).await;
        node
    }

    /// Waits until a queue of a world has a leader; returns the node.
    pub async fn leader_of(&self, world: &World, queue: &str) -> usize {
        let vhost = vhost_of(&world.amqp_url);
        eventually("the queue has a leader", || async {
            let found = self.ask(&["queues", &vhost, queue]).await?;
            let leader = found["leader"].as_str()?.to_owned();
            (1..=NODES).find(|node| self.told(*node, "NAME") == leader)
        })
        .await
    }

    /// Waits until every node has its copy of every replicated queue of a world at work, without
    /// which the next node could not be spared.
    pub async fn await_replicas(&self, world: &World) {
        let vhost = vhost_of(&world.amqp_url);
        eventually("every queue is on every node", || async {
            let found = self.ask(&["queues", &vhost]).await?;
            let mut replicated = found.as_array()?.iter().filter(|queue| queue["members"].is_array()).peekable();
            replicated.peek()?;
            replicated.all(|queue| queue["online"].as_array().is_some_and(|at| at.len() == NODES)).then_some(())
        })
        .await;
    }

    /// Asks the management API of the first node that answers.
    async fn ask(&self, path: &[&str]) -> Option<Value> {
        for node in 1..=NODES {
            let mut address: Url = self.told(node, "MANAGEMENT_URL").parse().expect("a URL");
            address.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
            if let Ok(response) = self.client.get(address).send().await
                && response.status().is_success()
            {
                return response.json().await.ok();
            }
        }
        None
    }

    fn told(&self, node: usize, what: &str) -> &str {
        self.variables.get(&format!("NODE_{node}_{what}")).expect("the script tells where the nodes are")
    }
}
