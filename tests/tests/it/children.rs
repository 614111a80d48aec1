//! A document, or a signal, can at worst kill one child process.

use std::{
    fs::File,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quire_producer::schemas::{
    failure::ErrorCode,
    job::{ImageFormat, ImageOptions, Job, JobId},
    names::Lane,
    result::{JobStatus, Page, ParseResult},
};
use quire_tests::{
    World,
    documents::{FAULTS_OF_A_CHILD, bomb, pdf},
    eventually, is_running, samples,
};
use quire_worker::{
    render::{ChildSettings, ImageSpec, PageWork, Pool, PoolSettings, SandboxMode, TextDetail},
    telemetry::Metrics,
};
use serde_json::json;

/// Returns the CPU time that a process has used, in ticks.
fn cpu_ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Submits a document that keeps two renderers busy for seconds, and waits for its first page.
async fn start_long_job(world: &World) -> JobId {
    let source = world.upload(samples::large(20)).await;
    let images = Some(ImageOptions { format: ImageFormat::Webp, dpi: 200, ..ImageOptions::default() });
    let job_id = world.submit(Job { images, ..Job::new(source) }).await;
    let pages = world.keys(&job_id).pages();
    eventually("a page is stored", || async {
        let stored = world.store.list(&pages).await.expect("the store answers");
        (!stored.is_empty()).then_some(())
    })
    .await;
    job_id
}

/// Asserts that at most one page bears the loss of one child.
fn assert_one_page_at_most(result: &ParseResult, pages: usize) {
    let mut hurt: Vec<_> = result.errors.iter().map(|error| error.page_number).collect();
    hurt.dedup();
    assert!(hurt.len() <= 1, "{:?}", result.errors);
    assert!(result.errors.iter().all(|error| FAULTS_OF_A_CHILD.contains(&error.code.as_str())), "{:?}", result.errors);
    let expected = if hurt.is_empty() { JobStatus::Succeeded } else { JobStatus::PartialSuccess };
    assert_eq!(result.status, expected);
    assert!(result.page_images.len() + hurt.len() >= pages, "{} images", result.page_images.len());
}

async fn a_child_is_lost_to(signal: Signal) {
    let world = World::new().await;
    // Far beyond what a page takes even on a machine that runs other tests too.
    let mut worker = world.worker().with("QUIRE_PAGE_TIMEOUT", "15s").start().await;
    let job_id = start_long_job(&world).await;
    let busiest = worker.renderers().into_iter().max_by_key(|pid| cpu_ticks(*pid)).expect("renderers are at work");
    eventually("the child is gone", || async {
        // Again and again: the first SIGSEGV from outside only disarms the runtime's own handler.
        let _ = kill(Pid::from_raw(busiest), signal);
        (!is_running(busiest)).then_some(())
    })
    .await;
    let result = world.await_result(&job_id).await;
    assert_one_page_at_most(&result, 20);
    assert_eq!(worker.ask("/livez").await.0, 200);
    let left = worker.renderers();
    worker.signal(Signal::SIGTERM);
    assert!(worker.exit().await.success(), "{}", worker.log());
    eventually("no child is left", || async { (!left.iter().any(|pid| is_running(*pid))).then_some(()) }).await;
}

#[tokio::test]
async fn a_child_that_is_killed_costs_no_more_than_its_page() {
    a_child_is_lost_to(Signal::SIGKILL).await;
}

#[tokio::test]
async fn a_child_that_crashes_costs_no_more_than_its_page() {
    a_child_is_lost_to(Signal::SIGSEGV).await;
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_and_costs_no_more_than_its_page() {
    a_child_is_lost_to(Signal::SIGSTOP).await;
}

#[tokio::test]
async fn a_page_that_bloats_without_end_spoils_only_itself() {
    let world = World::new().await;
    let worker =
        world.worker().with("QUIRE_RENDERER_MEMORY", "268435456").with("QUIRE_PAGE_TIMEOUT", "5s").start().await;
    let job_id = world.submit_document(bomb()).await;
    let result = world.await_result(&job_id).await;
    assert!(result.page_images.contains_key(&2), "{:?}", result.errors);
    for error in &result.errors {
        assert_eq!(error.page_number, Some(1));
        assert!(FAULTS_OF_A_CHILD.contains(&error.code.as_str()), "{error:?}");
    }
    assert_eq!(result.status, JobStatus::PartialSuccess);
    assert_eq!(worker.ask("/livez").await.0, 200);
    let next = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&next).await.status, JobStatus::Succeeded);
}

/// A renderer that starts and opens documents like ours, and then does this with its first page.
const IMPOSTOR: &str = r#"
import json, os, signal, struct, sys, time
source, sink = sys.stdin.buffer, sys.stdout.buffer

def say(answer, body=b""):
    header = json.dumps(answer).encode()
    sink.write(b"QRF1" + struct.pack("<II", len(header), len(body)) + header + body)
    sink.flush()

def babble(data):
    sink.write(data)
    sink.flush()
    time.sleep(60)

def announce(answer, body_bytes):
    header = json.dumps(answer).encode()
    babble(b"QRF1" + struct.pack("<II", len(header), body_bytes) + header)

say({"Ready": {"library": ""}})
while True:
    prefix = source.read(12)
    if len(prefix) < 12:
        sys.exit(0)
    header, body = struct.unpack("<II", prefix[4:])
    request = json.loads(source.read(header))
    source.read(body)
    if request == "Describe":
        say({"Described": {"page_count": 1, "page_sizes": [[612.0, 792.0]], "title": None, "author": None,
                           "metadata": [], "pdf_version": None, "tagged": False, "encrypted": False,
                           "form_type": None, "language": None, "outline": [], "attachments": [],
                           "attachment_count": 0, "portfolio": False, "cuts": []}})
    elif "Open" in request:
        say({"Opened": {"page_count": 1}})
    else:
        MISBEHAVE
"#;

fn impostor(folder: &Path, misbehave: &str) -> PathBuf {
    program(folder, &IMPOSTOR.replace("MISBEHAVE", misbehave))
}

fn program(folder: &Path, script: &str) -> PathBuf {
    // Renderers have no environment, so that the interpreter is named by its whole path.
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(asked.expect("python3 is there").stdout).expect("a path");
    let program = folder.join("impostor");
    let script = format!("#!{}\n{script}", python.trim());
    std::fs::write(&program, script).expect("a fresh folder");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("our own file");
    program
}

fn pool_of(program: PathBuf) -> Pool {
    let page_timeout = Duration::from_secs(1);
    let sandbox = SandboxMode::Off;
    let child = ChildSettings { program, library: None, memory_bytes: 1 << 30, page_timeout, sandbox };
    Pool::start(PoolSettings { renderers: 1, child, documents_per_child: 1, max_pages: 10, metrics: Metrics::new() })
}

/// Opens a file that no impostor reads.
fn any_document() -> Arc<File> {
    Arc::new(File::open("/dev/null").expect("every Linux has it"))
}

fn text_and_image(page: u32) -> PageWork {
    let max_pixels = 50_000_000;
    let image = ImageSpec { format: ImageFormat::Png, dpi: 72, quality: 85, max_side_px: None, max_pixels };
    let detail = TextDetail::default();
    PageWork { page, text: true, detail, image: Some(image), draw_forms: true, read_facts: true }
}

#[tokio::test]
async fn a_child_that_does_not_speak_the_protocol_is_replaced() {
    let work = text_and_image(1);
    for (misbehave, code) in [
        (r#"babble(b"this is no frame at all")"#, ErrorCode::RendererCrashed),
        (r#"babble(b"QRF1" + b"\xff" * 8)"#, ErrorCode::RendererCrashed),
        (r#"babble(b"QRF1" + struct.pack("<II", 3, 0) + b"{]}")"#, ErrorCode::RendererCrashed),
        (r#"say({"Opened": {"page_count": 1}})"#, ErrorCode::RendererCrashed),
        // Answers that are well-formed and cannot be true.
        (r#"say({"PageDone": {"text_micros": 0, "image_micros": 0}})"#, ErrorCode::RendererCrashed),
        (
            r#"say({"Image": {"width_px": 612, "height_px": 792, "scale": 2.0, "scaled_down": False}})"#,
            ErrorCode::RendererCrashed,
        ),
        (r#"say({"Text": {"visible_characters": 4000000000}})"#, ErrorCode::RendererCrashed),
        (r#"say({"Text": {"visible_characters": 1}}, b'{"page": {"page_number": 2}}')"#, ErrorCode::RendererCrashed),
        (r#"say({"TextFailed": {"too_large": False, "message": ""}}, b"a body")"#, ErrorCode::RendererCrashed),
        (r#"say({"TextFailed": {"too_large": False, "message": "x" * 1025}})"#, ErrorCode::RendererCrashed),
        (r#"say({"ImageFailed": {"too_large": False, "message": "x" * 1025}})"#, ErrorCode::RendererCrashed),
        // Sizes that no frame of its kind has: the child is replaced before any of it is waited for.
        (r#"babble(b"QRF1" + struct.pack("<II", 65537, 0))"#, ErrorCode::RendererCrashed),
        (r#"announce({"TextFailed": {"too_large": False, "message": ""}}, 1)"#, ErrorCode::RendererCrashed),
        (r#"announce({"Text": {"visible_characters": 1}}, 0xFFFFFFFF)"#, ErrorCode::RendererCrashed),
        (
            r#"announce({"Image": {"width_px": 612, "height_px": 792, "scale": 1.0, "scaled_down": False}}, 3 << 20)"#,
            ErrorCode::RendererCrashed,
        ),
        ("sys.exit(3)", ErrorCode::RendererCrashed),
        ("os.kill(os.getpid(), signal.SIGABRT)", ErrorCode::RendererCrashed),
        (r#"babble(b"QRF1" + struct.pack("<II", 1000, 0))"#, ErrorCode::RendererTimeout),
        ("time.sleep(60)", ErrorCode::RendererTimeout),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pool = pool_of(impostor(folder.path(), misbehave));
        let opened = pool.open(any_document(), None, Lane::Normal).await;
        let document = opened.unwrap_or_else(|fault| panic!("{misbehave}: {}", fault.chain()));
        let outcome = document.page(work.clone()).await;
        let text = outcome.text.expect("asked for").expect_err("it says nothing").code;
        let image = outcome.image.expect("asked for").expect_err("it draws nothing").code;
        // Both at once, and then each alone in a child of its own.
        assert_eq!((text, image, pool.replaced()), (code, code, 3), "{misbehave}");
        pool.stop();
    }
}

#[tokio::test]
async fn a_document_that_ends_a_child_is_opened_without_what_libpdfium_does_not_tell() {
    let honest = r#"say({"Opened": {"page_count": 1}})"#;
    assert!(IMPOSTOR.contains(honest));
    let script = format!(r#"sys.exit(3) if request["Open"]["facts_cpu_seconds"] else {honest}"#);
    let script = IMPOSTOR.replace(honest, &script).replace("MISBEHAVE", "sys.exit(3)");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = pool_of(program(folder.path(), &script));
    let opened = pool.open(any_document(), None, Lane::Normal).await;
    let document = opened.unwrap_or_else(|fault| panic!("{}", fault.chain()));
    assert!(document.info().facts_left_out);
    // The first may have been killed from outside.
    assert_eq!(pool.replaced(), 2);
    pool.stop();
}

#[tokio::test]
async fn a_document_whose_child_is_killed_once_loses_nothing() {
    let honest = r#"say({"Opened": {"page_count": 1}})"#;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = folder.path().join("killed").display().to_string();
    let kill = "os.kill(os.getpid(), signal.SIGKILL)";
    let script = format!("{honest} if os.path.exists('{mark}') else (os.mkdir('{mark}'), {kill})");
    let pool = pool_of(program(folder.path(), &IMPOSTOR.replace(honest, &script)));
    let opened = pool.open(any_document(), None, Lane::Normal).await;
    let document = opened.unwrap_or_else(|fault| panic!("{}", fault.chain()));
    assert!(!document.info().facts_left_out);
    assert_eq!(pool.replaced(), 1);
    pool.stop();
}

#[tokio::test]
async fn a_page_that_ends_a_child_has_its_text_read_without_what_libpdfium_does_not_tell() {
    let page = json!({ "page": Page::new(1), "elements": [] });
    let answer = format!(r#"say({{"Text": {{"visible_characters": 1}}}}, b'{page}')"#);
    let done = r#"say({"PageDone": {"text_micros": 0, "image_micros": 0}})"#;
    let script = format!(r#"sys.exit(3) if request["Page"]["read_facts"] else ({answer}, {done})"#);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = pool_of(impostor(folder.path(), &script));
    let opened = pool.open(any_document(), None, Lane::Normal).await;
    let document = opened.unwrap_or_else(|fault| panic!("{}", fault.chain()));
    assert!(!document.info().facts_left_out);
    let outcome = document.page(PageWork { image: None, ..text_and_image(1) }).await;
    assert!(outcome.text.is_some_and(|text| text.is_ok()) && outcome.facts_left_out);
    pool.stop();
}

/// Builds a document that libpdfium opens at once, and a second reader only after a search without end.
fn slow_to_read() -> Vec<u8> {
    let text = "BT /F 12 Tf 10 100 Td (Readable all the same) Tj ET";
    let file = pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R \
         /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            .to_owned(),
        format!("<< /Length {} >> stream\n{text}\nendstream", text.len()),
    ]);
    let file = String::from_utf8(file).expect("plain text");
    let (objects, _) = file.split_once("startxref").expect("there is one");
    format!("{objects}{}", "9 0 obj ( ".repeat(300_000)).into_bytes()
}

#[tokio::test]
async fn a_document_that_is_slow_to_read_twice_is_read_once() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let started = tokio::time::Instant::now();
    let job_id = world.submit_document(slow_to_read()).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    assert!(result.warnings.iter().any(|warning| warning.code == "file_facts_left_out"), "{:?}", result.warnings);
    let hopeless = world.submit_document([b"%PDF-1.7\n".to_vec(), b"9 0 obj ( ".repeat(300_000)].concat()).await;
    assert_eq!(world.await_result(&hopeless).await.errors[0].code, ErrorCode::InvalidDocument.as_str());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    assert_eq!(worker.ask("/livez").await.0, 200);
}

#[tokio::test]
async fn a_child_that_describes_a_document_that_cannot_be_is_replaced() {
    let (sizes, opened) = ("[[612.0, 792.0]]", r#"{"Opened": {"page_count": 1}}"#);
    for (honest, lie) in [
        (sizes, "[]"),
        (sizes, "[[612.0, 792.0], [612.0, 792.0]]"),
        (sizes, "[[-1.0, 792.0]]"),
        (sizes, "[[612.0, 1e300]]"),
        (sizes, r#"[[612.0, float("nan")]]"#),
        (sizes, "[[612.0, None]]"),
        (opened, r#"{"Opened": {"page_count": 2}}"#),
        (opened, r#"{"Opened": {"page_count": 4000000000}}"#),
        (r#""title": None"#, r#""title": "x" * 20000"#),
        (r#""author": None"#, r#""author": "x" * 20000"#),
        (r#""language": None"#, r#""language": "x" * 20000"#),
        (r#""metadata": []"#, r#""metadata": [["subject", "x" * 20000]]"#),
        (r#""metadata": []"#, r#""metadata": [["subject", "x"]] * 9"#),
        (r#""outline": []"#, r#""outline": [{"title": "x" * 1025, "level": 1}]"#),
        (r#""outline": []"#, r#""outline": [{"title": "x" * 1024, "level": 1}] * 4097"#),
        (r#""outline": []"#, r#""outline": [{"title": "x", "level": 1}] * 20001"#),
        (r#""outline": []"#, r#""outline": [{"title": "x", "level": 1, "element_id": "p1-e1"}]"#),
        (r#""outline": []"#, r#""outline": [{"title": "x", "level": 65}]"#),
        (r#""cuts": []"#, r#""cuts": ["Everything"]"#),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(IMPOSTOR.contains(honest));
        let script = IMPOSTOR.replace(honest, lie).replace("MISBEHAVE", "sys.exit(3)");
        let pool = pool_of(program(folder.path(), &script));
        let opened = pool.open(any_document(), None, Lane::Normal).await;
        let fault = opened.err().unwrap_or_else(|| panic!("{lie} is believed"));
        // Described once more in a child of its own.
        assert_eq!((fault.code, pool.replaced()), (ErrorCode::RendererCrashed, 2), "{lie}");
        pool.stop();
    }
}

/// Builds a document of one page whose texts are longer than a child sends them.
fn wordy_document() -> Vec<u8> {
    let text = "x".repeat(20_000);
    let file = pdf(&[
        format!("<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R /Lang ({text}) >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_owned(),
        "<< /Type /Outlines /First 5 0 R /Last 5 0 R /Count 1 >>".to_owned(),
        format!("<< /Title ({text}) /Parent 4 0 R /Dest [3 0 R /Fit] >>"),
        format!("<< /Title ({text}) /Author ({text}) /Keywords ({text}) >>"),
    ]);
    let file = String::from_utf8(file).expect("plain text");
    file.replace("/Root 1 0 R", "/Root 1 0 R /Info 6 0 R").into_bytes()
}

#[tokio::test]
async fn a_document_with_long_texts_has_them_cut_and_costs_no_child() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = world.submit_document(wordy_document()).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    let document = result.document.expect("it opens");
    let bytes = |text: Option<String>| text.unwrap_or_default().len();
    assert_eq!((bytes(document.title), bytes(document.author)), (16_384, 16_384));
    assert_eq!(document.metadata["keywords"].as_str().map(str::len), Some(16_384));
    assert_eq!(document.languages.iter().map(String::len).collect::<Vec<_>>(), [256]);
    assert_eq!(document.outline.iter().map(|entry| entry.title.len()).collect::<Vec<_>>(), [1024]);
    let told: Vec<_> = result.warnings.iter().map(|warning| (warning.code.as_str(), warning.page_number)).collect();
    assert_eq!(told, [("limit_reached", None); 2], "titles of bookmarks and metadata: {:?}", result.warnings);
}

#[tokio::test]
async fn a_child_that_lies_about_a_file_that_a_document_carries_is_replaced() {
    for (misbehave, code) in [
        (r#"say("Ready")"#, ErrorCode::RendererCrashed),
        (r#"say({"PageDone": {"text_micros": 0, "image_micros": 0}})"#, ErrorCode::RendererCrashed),
        (r#"announce("Attachment", 6)"#, ErrorCode::RendererCrashed),
        (r#"announce({"AttachmentRefused": {"reason": "TooLarge", "read_bytes": 0}}, 1)"#, ErrorCode::RendererCrashed),
        ("sys.exit(3)", ErrorCode::RendererCrashed),
        (r#"announce("Attachment", 5)"#, ErrorCode::RendererTimeout),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pool = pool_of(impostor(folder.path(), misbehave));
        let opened = pool.open(any_document(), None, Lane::Normal).await;
        let document = opened.unwrap_or_else(|fault| panic!("{misbehave}: {}", fault.chain()));
        let fault = document.attachment(0, 5).await.expect_err("it is believed");
        // Asked for once more, of a child of its own.
        assert_eq!((fault.code, pool.replaced()), (code, 2), "{misbehave}");
        pool.stop();
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = pool_of(impostor(folder.path(), r#"say("Attachment", b"bytes")"#));
    let opened = pool.open(any_document(), None, Lane::Normal).await;
    let document = opened.unwrap_or_else(|fault| panic!("{}", fault.chain()));
    for _ in 0..5 {
        // More than may be in memory at once: each is dropped before the next one is asked for.
        let bytes = document.attachment(0, 5).await.expect("it answers").expect("it sends the file");
        assert_eq!(&bytes[..], b"bytes");
    }
    pool.stop();
}

#[tokio::test]
async fn a_page_beyond_what_a_child_has_opened_fails() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = pool_of(impostor(folder.path(), "time.sleep(60)"));
    let opened = pool.open(any_document(), None, Lane::Normal).await;
    let document = opened.unwrap_or_else(|fault| panic!("{}", fault.chain()));
    let outcome = document.page(text_and_image(2)).await;
    let text = outcome.text.expect("asked for").expect_err("there is no such page").code;
    let image = outcome.image.expect("asked for").expect_err("there is no such page").code;
    assert_eq!((text, image), (ErrorCode::RendererCrashed, ErrorCode::RendererCrashed));
    pool.stop();
}
