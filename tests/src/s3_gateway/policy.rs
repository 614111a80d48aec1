//! As much of IAM's policy language as the policies of `deploy/permissions` use, and no more: what
//! is not understood is refused when it is read, because a condition that was skipped would allow
//! more than S3 does.

use serde_json::Value;

use super::call::Call;

/// What a role may do at the store.
#[derive(Debug, Clone)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
enum Condition {
    /// `StringLike`: there is a prefix, and it is like one of these.
    PrefixLike(Vec<String>),
    /// `Null`: there is no prefix.
    NoPrefix,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Panics
    /// If it holds anything that is not understood.
    #[must_use]
    pub fn parse(document: &str) -> Self {
        assert!(!document.contains("${"), "policy variables are not understood");
        let document: Value = serde_json::from_str(document).expect("a policy is JSON");
        only(&document, &["Version", "Statement"]);
        assert_eq!(document["Version"], "2012-10-17", "another version has other rules");
        let statements = document["Statement"].as_array().expect("a list of statements");
        Self { statements: statements.iter().map(Statement::read).collect() }
    }

    pub(super) fn allows(&self, call: &Call) -> bool {
        self.statements.iter().any(|statement| statement.allows(call))
    }
}

impl Statement {
    fn read(statement: &Value) -> Self {
        only(statement, &["Sid", "Effect", "Action", "Resource", "Condition"]);
        assert_eq!(statement["Effect"], "Allow", "what is not allowed is denied already");
        let conditions = statement.get("Condition").map(|conditions| conditions.as_object().expect("an object"));
        Self {
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            conditions: conditions.into_iter().flatten().map(|(name, keys)| Condition::read(name, keys)).collect(),
        }
    }

    fn allows(&self, call: &Call) -> bool {
        call.action.is_some_and(|action| self.actions.iter().any(|allowed| allowed == action))
            && self.resources.iter().any(|pattern| is_like(&call.resource, pattern))
            && self.conditions.iter().all(|condition| condition.holds(call.prefix.as_deref()))
    }
}

impl Condition {
    fn read(name: &str, keys: &Value) -> Self {
        only(keys, &["s3:prefix"]);
        let values = texts(&keys["s3:prefix"]);
        match name {
            "StringLike" => Self::PrefixLike(values),
            "Null" if values == ["true"] => Self::NoPrefix,
            other => panic!("condition {other} {values:?} is not understood"),
        }
    }

    fn holds(&self, prefix: Option<&str>) -> bool {
        match self {
            Self::PrefixLike(patterns) => {
                prefix.is_some_and(|prefix| patterns.iter().any(|pattern| is_like(prefix, pattern)))
            }
            Self::NoPrefix => prefix.is_none(),
        }
    }
}

fn only(object: &Value, known: &[&str]) {
    for name in object.as_object().expect("an object").keys() {
        assert!(known.contains(&name.as_str()), "{name} is not understood");
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|text| text.as_str().expect("a list of texts").to_owned()).collect()
}

/// `*` stands for anything, slashes included.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(&text[at..], rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::*;

    const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [
        { "Sid": "A", "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::b/p/*/uploads/*"] },
        { "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::b"],
          "Condition": { "StringLike": { "s3:prefix": ["p/*"] } } }
    ] }"#;

    fn allowed(policy: &str, method: &Method, uri: &str) -> bool {
        Policy::parse(policy).allows(&Call::of(method, &uri.parse().expect("a path"), &HeaderMap::new()))
    }

    #[test]
    fn what_no_statement_allows_is_denied() {
        assert!(allowed(POLICY, &Method::PUT, "/b/p/acme/uploads/1.pdf"));
        for uri in ["/b/p/acme/1.pdf", "/b/q/acme/uploads/1.pdf", "/c/p/acme/uploads/1.pdf", "/b/p/acme/uploads?acl"] {
            assert!(!allowed(POLICY, &Method::PUT, uri), "{uri}");
        }
        assert!(!allowed(POLICY, &Method::GET, "/b/p/acme/uploads/1.pdf"));
    }

    #[test]
    fn a_condition_on_the_prefix_needs_a_prefix() {
        assert!(allowed(POLICY, &Method::GET, "/b/?prefix=p%2Fx"));
        for uri in ["/b/?prefix=q%2Fx", "/b/?prefix=", "/b/"] {
            assert!(!allowed(POLICY, &Method::GET, uri), "{uri}");
        }
        let negated =
            POLICY.replace(r#""StringLike": { "s3:prefix": ["p/*"] }"#, r#""Null": { "s3:prefix": ["true"] }"#);
        assert!(allowed(&negated, &Method::HEAD, "/b/"));
        assert!(!allowed(&negated, &Method::GET, "/b/?prefix=p%2Fx"));
    }

    #[test]
    #[should_panic(expected = "StringLikeIfExists")]
    fn a_condition_that_is_not_understood_is_not_skipped() {
        let _ = Policy::parse(&POLICY.replace("StringLike", "StringLikeIfExists"));
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (text, pattern, is) in [
            ("a/b/c", "a/*", true),
            ("a/", "a/*", true),
            ("a", "a/*", false),
            ("p/x/uploads/y", "p/*/uploads/*", true),
            ("p/x/cancel", "p/*/cancel", true),
            ("p/x/cancel.json", "p/*/cancel", false),
            ("ä", "*", true),
            ("", "*", true),
        ] {
            assert_eq!(is_like(text, pattern), is, "{text} {pattern}");
        }
    }
}
