use serde::Serialize;
use serde_json::json;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The check's name.
    pub(super) check: &'static str,
    /// How it went.
    pub(super) outcome: Outcome,
    /// What was found.
    pub(super) what: String,
    /// Why it matters; for what is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What to do; for what is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// How a check went, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// As it should be.
    Ok,
    /// It works, but not under every circumstance.
    Warning,
    /// Jobs will fail, be lost to view, or never run.
    Failed,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Ok, what: what.into(), why: None, remedy: None }
    }

    pub(super) fn warning(check: &'static str, what: impl Into<String>, why: &str, remedy: &str) -> Self {
        Self::bad(Outcome::Warning, check, what.into(), why, remedy)
    }

    pub(super) fn failed(check: &'static str, what: impl Into<String>, why: &str, remedy: &str) -> Self {
        Self::bad(Outcome::Failed, check, what.into(), why, remedy)
    }

    fn bad(outcome: Outcome, check: &'static str, what: String, why: &str, remedy: &str) -> Self {
        Self { check, outcome, what, why: Some(why.to_owned()), remedy: Some(remedy.to_owned()) }
    }
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// Returns the worst outcome there is.
pub(super) fn worst(findings: &[Finding]) -> Outcome {
    findings.iter().map(|finding| finding.outcome).max().unwrap_or(Outcome::Ok)
}

/// Writes findings for a person: one line each, what is not ok with a reason and a remedy.
pub(super) fn report(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let indent = " ".repeat("warning".len() + width + 4);
    let mut text = String::new();
    for Finding { check, outcome, what, why, remedy } in findings {
        text += &format!("{:7}  {check:width$}  {what}\n", outcome.as_str());
        for (label, line) in [("why", why), ("do", remedy)] {
            if let Some(line) = line {
                text += &format!("{indent}{label}: {line}\n");
            }
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.outcome == wanted).count();
    let (warnings, failures) = (count(Outcome::Warning), count(Outcome::Failed));
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
