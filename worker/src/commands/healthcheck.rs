//! `healthcheck`: asks the worker of this machine whether it is alive, for images without a shell.
#![expect(clippy::print_stdout, reason = "container engines show what a health check prints")]

use std::{
    iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Asks `/livez` at the address that the worker serves it on.
pub(crate) async fn run(http_addr: Option<SocketAddr>) -> anyhow::Result<()> {
    let address = http_addr.context("QUIRE_HTTP_ADDR is off: the worker serves no health; give it an address")?;
    if address.port() == 0 {
        bail!("QUIRE_HTTP_ADDR has port 0: the worker's real port is only in its log; give it a fixed port");
    }
    ask(reachable(address)).await?;
    println!("alive");
    Ok(())
}

async fn ask(address: SocketAddr) -> anyhow::Result<()> {
    let client = reqwest::Client::builder()
        .timeout(ANSWER_TIMEOUT)
        // A proxy of the environment cannot reach this machine's loopback.
        .no_proxy()
        // Without TLS no certificate is needed, and looking for them fails where there are none.
        .tls_certs_only(iter::empty())
        .build()
        .context("the HTTP client cannot be made")?;
    let url = format!("http://{address}/livez");
    let answer = client.get(&url).send().await.with_context(|| format!("no answer from {url}"))?;
    let status = answer.status();
    if !status.is_success() {
        bail!("the worker is not alive: {status} {}", answer.text().await.unwrap_or_default());
    }
    Ok(())
}

/// Replaces the address that stands for every address of this machine by loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::telemetry::{Health, Metrics, health::Server};

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        for (served, asked) in
            [("0.0.0.0:9464", "127.0.0.1:9464"), ("[::]:9464", "[::1]:9464"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            let served = served.parse().expect("an address");
            assert_eq!(reachable(served).to_string(), asked);
        }
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_asked_is_refused_with_what_to_do() {
        for (address, expected) in
            [(None, "QUIRE_HTTP_ADDR is off"), (Some("127.0.0.1:0"), "QUIRE_HTTP_ADDR has port 0")]
        {
            let address = address.map(|address| address.parse().expect("an address"));
            let error = run(address).await.expect_err("no fixed address").to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn a_worker_is_alive_until_it_says_otherwise() {
        let server = Server::bind("0.0.0.0:0".parse().expect("an address")).await.expect("a port");
        let (address, shutdown) = (reachable(server.address()), CancellationToken::new());
        let health = Health::new([]);
        let asking = async {
            ask(address).await.expect("it lives");
            health.beyond_repair("stuck");
            let error = ask(address).await.expect_err("it does not live");
            assert!(error.to_string().contains("stuck"), "{error}");
            shutdown.cancel();
        };
        tokio::join!(server.serve(health.clone(), Metrics::new(), shutdown.clone()), asking);
        let error = ask(address).await.expect_err("the server has ended");
        assert!(error.to_string().starts_with("no answer from http://127.0.0.1:"), "{error}");
    }
}
