//! What a check found, and how findings are written.

use serde::Serialize;
use serde_json::json;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The check's name.
    pub(super) check: &'static str,
    #[serde(rename = "outcome")]
    pub(super) status: CheckStatus,
    pub(super) what: String,
    /// Why it matters; `None` if the check is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What to do; `None` if the check is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// How a check ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckStatus {
    Ok,
    /// Works, but not under every circumstance.
    Warning,
    /// Jobs fail, never run, or vanish from view.
    Failed,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, status: CheckStatus::Ok, what: what.into(), why: None, remedy: None }
    }

    pub(super) fn warning(check: &'static str, what: impl Into<String>, why: &str, remedy: &str) -> Self {
        Self::bad(CheckStatus::Warning, check, what.into(), why, remedy)
    }

    pub(super) fn failed(check: &'static str, what: impl Into<String>, why: &str, remedy: &str) -> Self {
        Self::bad(CheckStatus::Failed, check, what.into(), why, remedy)
    }

    fn bad(status: CheckStatus, check: &'static str, what: String, why: &str, remedy: &str) -> Self {
        Self { check, status, what, why: Some(why.to_owned()), remedy: Some(remedy.to_owned()) }
    }
}

impl CheckStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

pub(super) fn worst(findings: &[Finding]) -> CheckStatus {
    findings.iter().map(|finding| finding.status).max().unwrap_or(CheckStatus::Ok)
}

/// Writes findings for a person: one line each; a warning and a failure with why and what to do.
pub(super) fn report(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let indent = " ".repeat("warning".len() + width + 4);
    let mut text = String::new();
    for Finding { check, status, what, why, remedy } in findings {
        text += &format!("{:7}  {check:width$}  {what}\n", status.as_str());
        for (label, line) in [("why", why), ("do", remedy)] {
            if let Some(line) = line {
                text += &format!("{indent}{label}: {line}\n");
            }
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.status == wanted).count();
    let (warnings, failures) = (count(CheckStatus::Warning), count(CheckStatus::Failed));
    text + &format!("\n{} checks: {failures} failed, {warnings} with a warning\n", findings.len())
}

/// Writes findings for a program.
pub(super) fn report_json(findings: &[Finding]) -> String {
    json!({ "outcome": worst(findings), "findings": findings }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        vec![Finding::ok("broker", "logged in"), Finding::warning("temp_dir", "/tmp is small", "it fills", "use /var")]
    }

    #[test]
    fn a_person_reads_what_why_and_what_to_do() {
        let expected = "\
ok       broker    logged in
warning  temp_dir  /tmp is small
                   why: it fills
                   do: use /var

2 checks: 0 failed, 1 with a warning
";
        assert_eq!(report(&findings()), expected);
    }

    #[test]
    fn a_program_reads_the_worst_outcome_first() {
        let json: serde_json::Value = serde_json::from_str(&report_json(&findings())).expect("JSON");
        assert_eq!(json["outcome"], "warning");
        assert_eq!(json["findings"][0], json!({ "check": "broker", "outcome": "ok", "what": "logged in" }));
        assert_eq!(json["findings"][1]["remedy"], "use /var");
    }
}
