//! The sections of a result, page by page.

use serde_json::{Value, json};

use super::{ParseJob, Scenario};

const WIDTH: f64 = 612.0;
const HEIGHT: f64 = 792.0;

/// Makes one section of a finished parse.
pub(super) fn section(name: &str, job: &ParseJob) -> Value {
    let pages: Vec<Value> = pages(job).into_iter().map(|page| entry(name, page, job)).collect();
    match name {
        "metadata" => json!({ "pages": pages, "document": { "confidence": null } }),
        "job_metadata" => json!({ "pages": pages.len() }),
        _ => json!({ "pages": pages }),
    }
}

/// The pages that the service believes to have parsed.
fn pages(job: &ParseJob) -> Vec<u32> {
    let target = job.configuration["page_ranges"]["target_pages"].as_str();
    let is_wanted = |page: &u32| target.is_none_or(|target| target.split(',').any(|range| holds(range, *page)));
    let mut pages: Vec<u32> = (1..=job.plan.pages).filter(is_wanted).collect();
    match job.plan.scenario {
        Scenario::MorePages => pages.extend([job.plan.pages + 1, job.plan.pages + 2]),
        Scenario::FewerPages => {
            pages.pop();
        }
        _ => {}
    }
    pages
}

fn holds(range: &str, page: u32) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let bound = |text: &str| text.trim().parse::<u32>().ok();
    bound(first).is_some_and(|first| first <= page) && bound(last).is_some_and(|last| page <= last)
}

fn entry(section: &str, page: u32, job: &ParseJob) -> Value {
    let has_failed = matches!(&job.plan.scenario, Scenario::PagesFailed(failed) if failed.contains(&page));
    if has_failed && matches!(section, "items" | "markdown") {
        return json!({ "page_number": page, "success": false, "error": "the page could not be reconstructed" });
    }
    let is_null = job.plan.scenario == Scenario::NullFields;
    match section {
        "items" if is_null => null_items(page),
        "items" => json!({
            "page_number": page, "page_width": WIDTH, "page_height": HEIGHT, "success": true, "revisions": null,
            "items": items(page, job.plan.scenario == Scenario::ExtraItemTypes),
        }),
        "markdown" if is_null => json!({ "page_number": page, "markdown": null, "header": null, "footer": null }),
        "markdown" => json!({
            "page_number": page, "markdown": markdown(page), "header": "", "footer": footer(page), "success": true,
        }),
        "text" if is_null => json!({ "page_number": page, "text": null }),
        "text" => json!({ "page_number": page, "text": text(page) }),
        "metadata" => json!({
            "page_number": page,
            "confidence": (!is_null).then_some(0.98),
            "printed_page_number": (!is_null).then(|| page.to_string()),
            "original_orientation_angle": 0,
            "triggered_auto_mode": false,
            "cost_optimized": false,
            "speaker_notes": null,
            "slide_section_name": null,
            "watermark": null,
        }),
        _ => json!({ "page_number": page }),
    }
}

fn heading(page: u32) -> String {
    if page == 1 { "Quarterly report".to_owned() } else { format!("Section {page}") }
}

fn sentence(page: u32) -> String {
    format!("Page {page} says what it has to say.")
}

fn footer(page: u32) -> String {
    format!("Page {page}")
}

fn text(page: u32) -> String {
    format!("{}\n{}\nfirst\nsecond\n{}", heading(page), sentence(page), footer(page))
}

fn markdown(page: u32) -> String {
    format!("{}\n\n{}\n\n- first\n  - second", heading_markdown(page), sentence(page))
}

fn heading_markdown(page: u32) -> String {
    format!("{} {}", if page == 1 { "#" } else { "##" }, heading(page))
}

fn bbox(y: f64, height: f64, label: &str) -> Value {
    json!([{ "x": 72.0, "y": y, "w": 468.0, "h": height, "confidence": 0.9, "label": label,
        "start_index": 0, "end_index": 10, "r": null }])
}

fn items(page: u32, with_strangers: bool) -> Vec<Value> {
    let mut items = vec![
        json!({ "type": "heading", "level": if page == 1 { 1 } else { 2 }, "md": heading_markdown(page),
            "value": heading(page), "bbox": bbox(72.0, 24.0, "doc_title") }),
        json!({ "type": "text", "md": sentence(page), "value": sentence(page), "bbox": bbox(110.0, 14.0, "text") }),
        json!({ "type": "list", "ordered": false, "md": "- first\n  - second", "bbox": bbox(140.0, 40.0, "list"),
            "items": [
                { "type": "text", "md": "first", "value": "first" },
                { "type": "list", "ordered": false, "md": "- second",
                    "items": [{ "type": "text", "md": "second", "value": "second" }] },
            ] }),
    ];
    if page.is_multiple_of(2) {
        items.push(json!({ "type": "table", "csv": "\"Item\",\"Quantity\"\n\"Widget\",2\n",
            "html": "<table><tr><td>Item</td><td>Quantity</td></tr><tr><td>Widget</td><td>2</td></tr></table>",
            "md": "|Item|Quantity|\n|-|-|\n|Widget|2|", "rows": [["Item", "Quantity"], ["Widget", 2.0]],
            "merged_from_pages": null, "merged_into_page": null, "parse_concerns": [],
            "bbox": bbox(200.0, 60.0, "table") }));
    }
    if with_strangers {
        items.push(json!({ "type": "hologram", "md": "~shimmer~", "value": "shimmer", "glow": { "lumen": 3 } }));
        items.push(json!({ "type": "image", "caption": "A chart", "md": "![A chart](image_0.png)", "bbox": [],
            "url": "https://signed.example/image_0.png?X-Amz-Signature=canary" }));
        items.push(json!({ "md": "an item without a type" }));
    }
    items.push(json!({ "type": "footer", "md": footer(page), "bbox": bbox(750.0, 12.0, "page_footer"),
        "items": [{ "type": "text", "md": footer(page), "value": footer(page) }] }));
    items
}

fn null_items(page: u32) -> Value {
    let kinds = ["heading", "text", "list", "table", "image", "link", "code", "header", "footer"];
    let items: Vec<Value> = kinds
        .into_iter()
        .map(|kind| {
            json!({ "type": kind, "md": null, "value": null, "level": null, "items": null, "rows": null,
            "ordered": null, "bbox": [{ "x": null, "y": null, "w": null, "h": null, "confidence": null }] })
        })
        .collect();
    json!({ "page_number": page, "page_width": null, "page_height": null, "success": null, "items": items })
}
