//! `healthcheck`: asks the worker of this machine whether it lives, for images without a shell.
#![expect(clippy::print_stdout, reason = "the answer is shown by whoever inspects the container")]

use std::{
    iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks `/livez` at the address that the worker serves it on.
///
/// # Errors
/// If there is no such address, nobody answers within three seconds, or the worker does not live.
pub async fn run(http_addr: Option<SocketAddr>) -> anyhow::Result<()> {
    let address = http_addr.context("QUIRE_HTTP_ADDR is off: there is nobody to ask")?;
    ask(reachable(address)).await?;
    println!("alive");
    Ok(())
}

async fn ask(address: SocketAddr) -> anyhow::Result<()> {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        // A proxy of the environment does not see this machine's loopback.
        .no_proxy()
        // Without TLS no certificate is needed, and looking for them fails where there are none.
        .tls_certs_only(iter::empty())
        .build()
        .context("the HTTP client cannot be made")?;
    let url = format!("http://{address}/livez");
    let answer = client.get(&url).send().await.with_context(|| format!("no answer from {url}"))?;
    let status = answer.status();
    if !status.is_success() {
        bail!("the worker does not live: {status} {}", answer.text().await.unwrap_or_default());
    }
    Ok(())
}

/// Turns "every address of this machine" into one that can be asked.
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
            [("0.0.0.0:9090", "127.0.0.1:9090"), ("[::]:9090", "[::1]:9090"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            let served = served.parse().expect("an address");
            assert_eq!(reachable(served).to_string(), asked);
        }
    }

    #[tokio::test]
    async fn a_worker_is_healthy_while_it_says_so() {
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
        let error = ask(address).await.expect_err("nobody is there");
        assert!(error.to_string().starts_with("no answer from http://127.0.0.1:"), "{error}");
    }
}
