//! A result as one HTML page for people: page images with the boxes of the elements over them, text and tables beside.
//!
//! The page needs nothing but itself and the page images. Everything in it that comes from a document is JSON in an element
//! that browsers do not run; its script makes text of it, and never markup. A Content-Security-Policy allows that script and
//! that style by their digests, page images, and nothing else.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quire_schemas::sha256::Sha256;
use serde_json::{Map, Value, json};

const SKELETON: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// One module; its files share one scope.
const SCRIPT: &str = concat!(
    include_str!("script/head.js"),
    "\n",
    include_str!("script/limits.js"),
    "\n",
    include_str!("script/reading_data.js"),
    "\n",
    include_str!("script/model.js"),
    "\n",
    include_str!("script/chosen.js"),
    "\n",
    include_str!("script/nodes.js"),
    "\n",
    include_str!("script/element_nodes.js"),
    "\n",
    include_str!("script/pages.js"),
    "\n",
    include_str!("script/text.js"),
    "\n",
    include_str!("script/chunks.js"),
    "\n",
    include_str!("script/selection.js"),
    "\n",
    include_str!("script/in_view.js"),
    "\n",
    include_str!("script/details.js"),
    "\n",
    include_str!("script/search.js"),
    "\n",
    include_str!("script/sidebar.js"),
    "\n",
    include_str!("script/summary.js"),
    "\n",
    include_str!("script/controls.js")
);

/// What a report does not show: the text of pages, which the elements have; what the job asked for; and its own data.
const NOT_SHOWN: [&str; 3] = ["markdown", "requested", "metadata"];

/// Makes the report of a result. `title` is the name of the document. Page images are looked for in `pages/` beside the
/// report, under the names that they have in storage.
///
/// # Errors
/// If `result` is no JSON object.
pub fn html(result: &str, title: &str) -> serde_json::Result<String> {
    let mut result: Map<String, Value> = serde_json::from_str(result)?;
    let elements = result.remove("elements").unwrap_or_else(|| json!([]));
    for name in NOT_SHOWN {
        result.remove(name);
    }
    for page in result.get_mut("pages").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(page) = page.as_object_mut() {
            page.remove("text");
            page.remove("markdown");
        }
    }
    let images: Map<String, Value> = result
        .get("page_images")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(number, image)| Some((number.clone(), placed(image)?)))
        .collect();
    let data = json!({ "title": title, "result": result, "elements": elements, "chunks": null, "images": images });
    Ok(filled(&in_script(&data.to_string())))
}

/// Returns where an image is beside the report, and its size.
fn placed(image: &Value) -> Option<Value> {
    let key = image.get("object")?.get("key")?.as_str()?;
    let (_, name) = key.rsplit_once('/')?;
    let is_plain =
        name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_'));
    is_plain
        .then(|| json!({ "src": format!("pages/{name}"), "width": image["width_px"], "height": image["height_px"] }))
}

/// Writes JSON so that nothing in it ends the element that holds it.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Fills the skeleton in one pass: the data may hold the name of a place too.
fn filled(data: &str) -> String {
    let policy = policy();
    let mut page = String::with_capacity(SKELETON.len() + STYLE.len() + SCRIPT.len() + data.len() + policy.len());
    let mut rest = SKELETON;
    while let Some((before, behind)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = behind.split_once("}}").expect("the skeleton closes its places");
        page.push_str(match name {
            "csp" => &policy,
            "style" => STYLE,
            "data" => data,
            "script" => SCRIPT,
            _ => unreachable!("the skeleton has no other places"),
        });
        rest = after;
    }
    page.push_str(rest);
    page
}

fn policy() -> String {
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::of(text.as_bytes()).bytes()));
    // Chromium takes 'self' for the folder of a local file as well; other browsers want to be told of files.
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src 'self' file:; connect-src 'none'; frame-src 'none'; \
         object-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_document_leaves_the_element_that_holds_it() {
        let hostile = r#"</script><script>alert(1)</script><!-- {{script}} "#;
        let result = json!({ "elements": [{ "text": hostile }], "pages": [{ "text": "x", "page_number": 1 }], "metadata": { "secret": 1 } });
        let page = html(&result.to_string(), hostile).expect("an object");
        let plain = html("{}", "").expect("an object");
        assert_eq!(page.matches("<script").count(), plain.matches("<script").count());
        assert_eq!(page.matches("</script>").count(), plain.matches("</script>").count());
        assert!(page.contains(r"\u003c/script>\u003cscript>alert(1)") && page.contains("{{script}}"));
        assert!(!page.contains("secret") && html("[]", "").is_err());
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_that_are_there() {
        let page = html("{}", "a").expect("an object");
        let between = |start: &str, end: &str| {
            let (_, rest) = page.split_once(start).expect("it begins");
            rest.split_once(end).expect("it ends").0
        };
        for (start, end) in [("<script type=\"module\">", "</script>"), ("<style>", "</style>")] {
            let digest = STANDARD.encode(Sha256::of(between(start, end).as_bytes()).bytes());
            assert!(page.contains(&format!("'sha256-{digest}'")), "{start}");
        }
    }

    #[test]
    fn images_are_those_in_the_folder_beside_the_report() {
        let image = |key: &str| json!({ "object": { "key": key }, "width_px": 10, "height_px": 20 });
        let expected = json!({ "src": "pages/0001.png", "width": 10, "height": 20 });
        assert_eq!(placed(&image("job/pages/0001.png")), Some(expected));
        assert_eq!(placed(&image("job/pages/../\"x")), None);
    }
}
