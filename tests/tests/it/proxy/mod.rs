//! The fault proxy itself: every fault does what its name says.

mod echo;

use std::{io::ErrorKind, time::Duration};

use quire_tests::{
    eventually,
    proxy::{Direction, Proxy},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use self::echo::Echo;

const PATIENCE: Duration = Duration::from_secs(30);
/// Long enough for bytes that pass to arrive, on loopback.
const SILENCE: Duration = Duration::from_millis(300);
const RESET: Result<(), ErrorKind> = Err(ErrorKind::ConnectionReset);

#[tokio::test]
async fn bytes_pass_both_ways_and_so_does_the_end() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    assert_eq!(proxy.connections(), 1);
    client.shutdown().await.expect("it is connected");
    assert_eq!((end(&mut client).await, echo.await_ends(1).await), (Ok(()), vec![Ok(())]));
    eventually("the connection is forgotten", || async { (proxy.connections() == 0).then_some(()) }).await;
}

#[tokio::test]
async fn a_cut_resets_open_connections_at_both_ends_and_lets_new_ones_pass() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let (mut one, mut another) = (talking(&proxy).await, talking(&proxy).await);
    proxy.cut();
    assert_eq!((end(&mut one).await, end(&mut another).await), (RESET, RESET));
    assert_eq!(echo.await_ends(2).await, vec![RESET, RESET]);
    talking(&proxy).await;
}

#[tokio::test]
async fn a_connection_that_is_stuck_is_cut_as_well() {
    let (_echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    proxy.stall(Direction::ToServer);
    let chunk = vec![b'x'; 1 << 20];
    while timeout(SILENCE, client.write(&chunk)).await.is_ok_and(|written| written.is_ok()) {}
    proxy.cut();
    assert_eq!(end(&mut client).await, RESET);
}

#[tokio::test]
async fn a_proxy_that_refuses_resets_open_and_new_connections_until_it_is_healed() {
    let (_echo, proxy) = echo_behind_a_proxy().await;
    let mut early = talking(&proxy).await;
    proxy.refuse();
    assert_eq!(end(&mut early).await, RESET);
    let late = match TcpStream::connect(proxy.address()).await {
        Ok(mut late) => end(&mut late).await,
        Err(error) => Err(error.kind()),
    };
    assert_eq!(late, RESET);
    proxy.heal();
    talking(&proxy).await;
}

#[tokio::test]
async fn a_black_hole_takes_connections_and_is_silent_until_it_is_healed() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut early = talking(&proxy).await;
    proxy.black_hole();
    let mut late = connect(&proxy).await;
    say(&mut early, b"one").await;
    say(&mut late, b"two").await;
    assert!(is_silent(&mut early).await && is_silent(&mut late).await);
    assert_eq!(echo.heard(), b"ping");
    proxy.heal();
    assert_eq!((hear(&mut early, 3).await, hear(&mut late, 3).await), (b"one".to_vec(), b"two".to_vec()));
}

#[tokio::test]
async fn of_a_half_open_connection_only_the_server_sees_the_end() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut early = talking(&proxy).await;
    proxy.half_open();
    let mut late = connect(&proxy).await;
    say(&mut late, b"two").await;
    assert_eq!(echo.await_ends(1).await, vec![RESET]);
    assert!(is_silent(&mut early).await && is_silent(&mut late).await);
    proxy.heal();
    assert_eq!((end(&mut early).await, hear(&mut late, 3).await), (RESET, b"two".to_vec()));
}

#[tokio::test]
async fn of_a_stalled_direction_nothing_arrives_until_it_is_healed() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    proxy.stall(Direction::ToClient);
    say(&mut client, b"one").await;
    echo.await_heard(b"pingone").await;
    assert!(is_silent(&mut client).await);
    proxy.heal();
    assert_eq!(hear(&mut client, 3).await, b"one");

    proxy.stall(Direction::ToServer);
    say(&mut client, b"two").await;
    assert!(is_silent(&mut client).await);
    assert_eq!(echo.heard(), b"pingone");
    proxy.heal();
    assert_eq!(hear(&mut client, 3).await, b"two");
}

#[tokio::test]
async fn what_is_delayed_arrives_later_each_way() {
    let (_echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    let latency = Duration::from_millis(150);
    proxy.delay(latency);
    let began = Instant::now();
    say(&mut client, b"one").await;
    assert_eq!(hear(&mut client, 3).await, b"one");
    assert!(began.elapsed() >= 2 * latency, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_limited_connection_passes_no_more_than_its_bandwidth() {
    let (_echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    proxy.limit(100_000);
    let began = Instant::now();
    say(&mut client, &[b'x'; 30_000]).await;
    assert_eq!(hear(&mut client, 30_000).await, vec![b'x'; 30_000]);
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_is_reset_when_so_many_bytes_have_passed_and_the_next_one_too() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut early = talking(&proxy).await;
    proxy.reset_after(Direction::ToServer, 10_000);
    assert_eq!(send_to_the_end(&mut early, &[b'x'; 50_000]).await, RESET);
    proxy.await_cut().await;
    echo.await_heard(&[b"ping".as_slice(), &[b'x'; 10_000]].concat()).await;
    let mut late = talking(&proxy).await;
    assert_eq!(send_to_the_end(&mut late, &[b'x'; 50_000]).await, RESET);
    proxy.heal();
    let mut last = talking(&proxy).await;
    say(&mut last, &[b'x'; 50_000]).await;
    assert_eq!(hear(&mut last, 50_000).await, vec![b'x'; 50_000]);
}

#[tokio::test]
async fn a_cut_after_a_pattern_lets_the_chunk_pass_that_completes_it_and_strikes_once() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    proxy.cut_after(Direction::ToServer, b"2345");
    say(&mut client, b"0123").await;
    assert_eq!(hear(&mut client, 4).await, b"0123");
    say(&mut client, b"4567").await;
    proxy.await_cut().await;
    assert_eq!(end(&mut client).await, RESET);
    echo.await_heard(b"ping01234567").await;

    let mut another = talking(&proxy).await;
    say(&mut another, b"2345").await;
    assert_eq!(hear(&mut another, 4).await, b"2345");
}

#[tokio::test]
async fn a_cut_before_a_pattern_drops_the_chunk_that_completes_it() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let (mut client, mut bystander) = (talking(&proxy).await, talking(&proxy).await);
    proxy.cut_before(Direction::ToServer, b"2345");
    say(&mut client, b"0123").await;
    assert_eq!(hear(&mut client, 4).await, b"0123");
    say(&mut client, b"4567").await;
    proxy.await_cut().await;
    assert_eq!((end(&mut client).await, echo.await_ends(1).await), (RESET, vec![RESET]));
    assert_eq!(echo.heard(), b"pingping0123");
    say(&mut bystander, b"2345").await;
    assert_eq!(hear(&mut bystander, 4).await, b"2345");
}

#[tokio::test]
async fn a_stall_before_a_pattern_holds_back_the_chunk_that_completes_it_and_all_that_goes_its_way() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let (mut client, mut bystander) = (talking(&proxy).await, talking(&proxy).await);
    proxy.stall_before(Direction::ToServer, b"2345");
    say(&mut client, b"0123").await;
    assert_eq!(hear(&mut client, 4).await, b"0123");
    say(&mut client, b"4567").await;
    proxy.await_cut().await;
    say(&mut bystander, b"89").await;
    assert!(is_silent(&mut client).await && is_silent(&mut bystander).await);
    assert_eq!(echo.heard(), b"pingping0123");
    proxy.heal();
    assert_eq!((hear(&mut client, 4).await, hear(&mut bystander, 2).await), (b"4567".to_vec(), b"89".to_vec()));
}

#[tokio::test]
async fn what_the_server_says_can_be_cut_as_well() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let mut client = talking(&proxy).await;
    proxy.cut_before(Direction::ToClient, b"one");
    say(&mut client, b"one").await;
    assert_eq!(end(&mut client).await, RESET);
    assert_eq!(echo.heard(), b"pingone");
}

#[tokio::test]
async fn a_server_that_is_away_is_a_reset() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let address = echo.address;
    drop(echo);
    eventually("the server is gone", || async { TcpStream::connect(address).await.is_err().then_some(()) }).await;
    let mut client = connect(&proxy).await;
    assert_eq!(end(&mut client).await, RESET);
}

#[tokio::test]
async fn a_proxy_that_is_dropped_leaves_nothing_open() {
    let (echo, proxy) = echo_behind_a_proxy().await;
    let _client = talking(&proxy).await;
    let address = proxy.address();
    drop(proxy);
    echo.await_ends(1).await;
    eventually("nothing listens", || async { TcpStream::connect(address).await.is_err().then_some(()) }).await;
}

#[tokio::test]
async fn a_url_keeps_everything_but_host_and_port() {
    let proxy = Proxy::to("127.0.0.1:1").await;
    let port = proxy.address().port();
    let amqp = proxy.in_place_of("amqp://user:secret@broker.example:5671/v%2f?heartbeat=2");
    assert_eq!(amqp, format!("amqp://user:secret@127.0.0.1:{port}/v%2f?heartbeat=2"));
    assert_eq!(proxy.in_place_of("http://localhost"), format!("http://127.0.0.1:{port}"));
}

async fn echo_behind_a_proxy() -> (Echo, Proxy) {
    let echo = Echo::start().await;
    let proxy = Proxy::to(&echo.address.to_string()).await;
    (echo, proxy)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.expect("the proxy takes it")
}

/// A connection that is known to reach the server.
async fn talking(proxy: &Proxy) -> TcpStream {
    let mut client = connect(proxy).await;
    say(&mut client, b"ping").await;
    assert_eq!(hear(&mut client, 4).await, b"ping");
    client
}

async fn say(client: &mut TcpStream, bytes: &[u8]) {
    timeout(PATIENCE, client.write_all(bytes)).await.expect("the proxy reads").expect("it is connected");
}

async fn hear(client: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut heard = vec![0; length];
    timeout(PATIENCE, client.read_exact(&mut heard)).await.expect("the server answers").expect("it is connected");
    heard
}

/// Sends what it can; says how the connection ends.
async fn send_to_the_end(client: &mut TcpStream, bytes: &[u8]) -> Result<(), ErrorKind> {
    match timeout(PATIENCE, client.write_all(bytes)).await.expect("the proxy reads or resets") {
        // The system tells of a reset once.
        Err(error) => Err(error.kind()),
        Ok(()) => end(client).await,
    }
}

async fn is_silent(client: &mut TcpStream) -> bool {
    let mut buffer = [0];
    timeout(SILENCE, client.peek(&mut buffer)).await.is_err()
}

/// How the connection ends, after whatever is still to be heard.
async fn end(client: &mut TcpStream) -> Result<(), ErrorKind> {
    let mut heard = Vec::new();
    let ended = timeout(PATIENCE, client.read_to_end(&mut heard)).await.expect("the connection ends");
    ended.map(drop).map_err(|error| error.kind())
}
