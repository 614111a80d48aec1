//! The page for people says what the files say.

use serde_json::Value;

use super::{Role, given, read};

/// Asserts that the page shows a text, which may stand in a table.
fn assert_shown(page: &str, text: &str) {
    assert!(page.contains(text), "docs/permissions.md does not show:\n{text}");
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[test]
fn every_role_is_given_and_every_given_role_is_known() {
    let rights: Value = serde_json::from_str(&given("amqp.json")).expect("JSON");
    let mut given: Vec<&String> = rights.as_object().expect("an object").keys().collect();
    let mut known = Role::ALL.map(Role::name);
    given.sort_unstable();
    known.sort_unstable();
    assert_eq!(given, known);
}

#[test]
fn the_page_shows_what_each_role_is_given_at_the_broker() {
    let (page, rights) = (read("docs/permissions.md"), given("amqp.json"));
    let rights: Value = serde_json::from_str(&rights).expect("JSON");
    for (role, rights) in rights.as_object().expect("an object") {
        let [configure, write, read] = ["configure", "write", "read"].map(|field| text(rights, field));
        assert_shown(&page, &format!("set_permissions -p VHOST {role} '{configure}' '{write}' '{read}'"));
        // A table ends its cells at every bar that is not escaped.
        let cells = [configure, write, read].map(|regex| format!("`{}`", regex.replace('|', r"\|")));
        assert_shown(&page, &format!("| {role} | {} |", cells.join(" | ")));
        for tag in rights["tags"].as_array().expect("a list") {
            assert_shown(&page, &format!("set_user_tags {role} {}", tag.as_str().expect("a text")));
        }
        for topic in rights["topics"].as_array().expect("a list") {
            let [exchange, write, read] = ["exchange", "write", "read"].map(|field| text(topic, field));
            assert_shown(&page, &format!("set_topic_permissions -p VHOST {role} {exchange} '{write}' '{read}'"));
        }
    }
}

#[test]
fn the_page_shows_what_each_role_is_given_at_the_store() {
    let page = read("docs/permissions.md");
    for file in Role::ALL.into_iter().filter_map(Role::policy) {
        let document = given(file);
        assert_shown(&page, &document);
        let role = file.trim_start_matches("s3-").trim_end_matches(".json");
        let policy: Value = serde_json::from_str(&document).expect("JSON");
        for statement in policy["Statement"].as_array().expect("a list") {
            let actions = statement["Action"].as_array().expect("a list").iter();
            let actions = actions.map(|action| format!("`{}`", action.as_str().expect("a text")));
            let actions = actions.collect::<Vec<_>>().join(", ");
            for resource in statement["Resource"].as_array().expect("a list") {
                let resource = resource.as_str().expect("a text").trim_start_matches("arn:aws:s3:::");
                assert_shown(&page, &format!("| {role} | {actions} | `{resource}` |"));
            }
        }
    }
}
