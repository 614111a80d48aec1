//! Measures what the worker holds of a document's text, with an allocator that counts: the document-level pass stays
//! below 64 MiB whatever the document, and the check of a renderer's page below twice the largest page.
#![expect(clippy::print_stderr, reason = "the figures are what this measures")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fmt::Write,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use quire_worker::internals::{MAX_PAGE_BYTES, PassedDocument, SpooledDocument, check_page};

/// What the pass may hold.
const PASS_BYTES: usize = 64 << 20;
/// The default of `QUIRE_MAX_RESULT_BYTES`.
const RESULT_BYTES: u64 = 32 << 20;

/// Counts the bytes that are allocated. A block that grows counts twice for as long as it is copied.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The heap is that of the whole process: one test at a time.
static TURN: Mutex<()> = Mutex::new(());

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does everything; this one counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller promises what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the block is one that the system's allocator has returned for this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does some work, and returns the most bytes that it has held in addition to those before.
fn peak_of<T>(name: &str, work: impl FnOnce() -> T) -> (usize, T) {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let done = work();
    let peak = PEAK.load(Ordering::Relaxed) - before;
    eprintln!("{name}: {:.1} MiB", peak as f64 / f64::from(1 << 20));
    (peak, done)
}

/// Runs the pass over pages, and asserts what it holds.
fn pass(name: &str, pages: impl Iterator<Item = String>) -> PassedDocument {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut document = SpooledDocument::create(folder.path()).expect("a temporary folder");
    for (number, json) in (1..).zip(pages) {
        document.push(number, &json).expect("no page is larger than a page may be");
    }
    let (peak, passed) = peak_of(name, || document.pass(RESULT_BYTES));
    assert!(peak < PASS_BYTES, "{name}: {peak} bytes");
    passed.expect("readable pages")
}

/// What an element has beside its text and whatever else is given as JSON fields.
fn element(page: u32, index: usize, text: &str, more: &str) -> String {
    format!(
        r#"{{"id":"p{page}-e{index:04}","type":"text","page_number":{page},"reading_order":{index},"text":"{text}","regions":[],"native":{{"engine":"test","type":"a"}}{more}}}"#
    )
}

/// A page with elements, and with more JSON fields of its own.
fn page(number: u32, more: &str, elements: &str) -> String {
    format!(r#"{{"page":{{"page_number":{number},"unit":"pt","status":"succeeded"{more}}},"elements":[{elements}]}}"#)
}

/// A page of elements, as many as fit.
fn full_of(element: impl Fn(usize) -> String) -> (String, usize) {
    let mut elements = String::with_capacity(MAX_PAGE_BYTES);
    for index in 0.. {
        let next = element(index);
        if elements.len() + next.len() + 1 + 200 > MAX_PAGE_BYTES {
            return (page(1, "", &elements), index);
        }
        if index > 0 {
            elements.push(',');
        }
        elements.push_str(&next);
    }
    unreachable!("a page is full at some time")
}

/// Free JSON that takes many times its bytes as values.
fn free_json(bytes: usize) -> String {
    format!(r#"{{"a":[{}0]}}"#, "[],".repeat(bytes / 3))
}

#[test]
fn many_pages() {
    let _turn = turn();
    let pages = (1..=2_000).map(|number| {
        let mut elements = String::new();
        for index in 0..25 {
            let comma = if index > 0 { "," } else { "" };
            let text = "a line of text as it stands on a page ".repeat(5);
            write!(elements, "{comma}{}", element(number, index, &text, "")).expect("a string takes everything");
        }
        page(number, "", &elements)
    });
    let passed = pass("many pages", pages);
    assert_eq!((passed.elements, passed.warnings.len()), (50_000, 0));
}

#[test]
fn one_page_of_tiny_elements_as_large_as_a_page_may_be() {
    let _turn = turn();
    let (page, count) = full_of(|index| element(1, index, "", ""));
    let passed = pass("one page of tiny elements", std::iter::once(page));
    assert_eq!((passed.elements, passed.warnings.len()), (count, 0));
}

#[test]
fn one_page_of_escapes() {
    let _turn = turn();
    // The text of one element; as a value it would be copied while it grows.
    let text = "\\n\\u00e9 ".repeat((MAX_PAGE_BYTES - 1_000) / 9);
    let elements = element(1, 0, &text, "");
    assert_eq!(pass("one page of escapes", std::iter::once(page(1, "", &elements))).elements, 1);
}

#[test]
fn elements_and_rows_of_free_json() {
    let _turn = turn();
    let extra = format!(r#","extra":{}"#, free_json(MAX_PAGE_BYTES - 1_000));
    let in_element = page(1, "", &element(1, 0, "text", &extra));
    let in_row = page(2, &extra, &element(2, 0, "text", ""));
    let passed = pass("free JSON", [in_element, in_row].into_iter());
    assert_eq!((passed.elements, passed.warnings.len()), (2, 0));
}

#[test]
fn markdown_beyond_its_limit() {
    let _turn = turn();
    let markdown = format!(r##","markdown":"{}""##, "# A heading\\n\\n".repeat((MAX_PAGE_BYTES - 1_000) / 15));
    let pages = (1..=6).map(|number| page(number, &markdown, &element(number, 0, "text", "")));
    let passed = pass("Markdown beyond its limit", pages);
    // Of the rows, and of `document.md`.
    assert_eq!((passed.elements, passed.warnings), (6, vec!["limit_reached".to_owned(); 2]));
}

#[test]
fn as_many_pictures_as_are_named() {
    let _turn = turn();
    let object = r#"{"key":"quire/default/0192f0c1-7c1b-7d4e-9a53-3f1c7e0d5b11/pictures/p0001-0001.png","uri":"s3://bucket/quire/default/0192f0c1-7c1b-7d4e-9a53-3f1c7e0d5b11/pictures/p0001-0001.png","media_type":"image/png","size_bytes":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
    let image = format!(r#","image":{{"object":{object}}}"#);
    let (page, count) = full_of(|index| element(1, index, "", &image));
    assert!(count > 20_000, "{count}");
    let passed = pass("as many pictures as are named", std::iter::once(page));
    assert_eq!((passed.elements, passed.warnings), (count, vec!["limit_reached".to_owned()]));
}

/// A page that the check would have to build to be misled.
fn check(name: &str, json: &str, is_page: bool) {
    let (peak, checked) = peak_of(name, || check_page(json));
    assert_eq!(checked.is_ok(), is_page, "{name}: {checked:?}");
    assert!(peak < 2 * MAX_PAGE_BYTES, "{name}: {peak} bytes");
}

#[test]
fn the_check_of_a_page_builds_nothing() {
    let _turn = turn();
    let (tiny, _) = full_of(|index| element(1, index, "", ""));
    check("check of tiny elements", &tiny, true);
    let region = r#"{"page_number":1},"#.repeat((MAX_PAGE_BYTES - 1_000) / 18);
    let regions = format!("{}{}", region, r#"{"page_number":1}"#);
    let many_regions = element(1, 0, "", "").replace("[]", &format!("[{regions}]"));
    check("check of many regions", &page(1, "", &many_regions), true);
    let escaped = "\\n\\u00e9 ".repeat((MAX_PAGE_BYTES - 1_000) / 9);
    check("check of one long text", &page(1, "", &element(1, 0, &escaped, "")), true);
    let extra = format!(r#","extra":{}"#, free_json(MAX_PAGE_BYTES - 1_000));
    check("check of free JSON", &page(1, "", &element(1, 0, "", &extra)), false);
}
