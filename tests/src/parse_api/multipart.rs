//! Reads an upload, as strictly as the service does.

use axum::body::Bytes;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) configuration: Value,
    pub(super) filename: String,
    pub(super) file: Bytes,
}

#[derive(Debug)]
struct Part {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    content: Bytes,
}

/// Reads the two parts, or says what is wrong with them.
pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Upload, String> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").ok_or("not multipart/form-data")?;
    let parts = split(body, boundary.trim_matches('"')).ok_or("a part is broken")?;
    let [configuration, file] = parts.as_slice() else {
        return Err(format!("{} parts instead of two", parts.len()));
    };
    if configuration.name != "configuration" || configuration.content_type.is_some() {
        return Err("the first part is not a bare `configuration`".to_owned());
    }
    if file.name != "file" || file.content_type.as_deref() != Some("application/pdf") || file.content.is_empty() {
        return Err("the second part is not a PDF called `file`".to_owned());
    }
    let filename = file.filename.clone().filter(|name| !name.is_empty()).ok_or("the file has no name")?;
    let configuration = read_configuration(&configuration.content)?;
    Ok(Upload { configuration, filename, file: file.content.clone() })
}

fn read_configuration(content: &Bytes) -> Result<Value, String> {
    let configuration: Value = serde_json::from_slice(content).map_err(|error| error.to_string())?;
    for required in ["tier", "version"] {
        if configuration[required].as_str().is_none_or(str::is_empty) {
            return Err(format!("{required} is required"));
        }
    }
    let metadata = configuration["user_metadata"].as_object();
    if metadata.is_some_and(|metadata| !metadata.values().all(Value::is_string)) {
        return Err("user_metadata holds something else than strings".to_owned());
    }
    Ok(configuration)
}

fn split(body: &Bytes, boundary: &str) -> Option<Vec<Part>> {
    let first = format!("--{boundary}\r\n");
    let next = format!("\r\n--{boundary}");
    if !body.starts_with(first.as_bytes()) {
        return None;
    }
    let mut parts = Vec::new();
    let mut at = first.len();
    loop {
        let head_end = at + find(body.get(at..)?, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&body[at..head_end]).ok()?;
        let start = head_end + 4;
        let end = start + find(body.get(start..)?, next.as_bytes())?;
        parts.push(read_part(head, body.slice(start..end))?);
        at = end + next.len();
        if body[at..].starts_with(b"--") {
            return Some(parts);
        }
        // Past the line end behind the boundary.
        at += 2;
    }
}

fn read_part(head: &str, content: Bytes) -> Option<Part> {
    let value = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let disposition = value("content-disposition")?;
    let parameter = |name: &str| {
        let prefix = format!("{name}=\"");
        let quoted = disposition.split("; ").find_map(|part| part.strip_prefix(prefix.as_str())?.strip_suffix('"'));
        quoted.map(str::to_owned)
    };
    let content_type = value("content-type");
    Some(Part { name: parameter("name")?, filename: parameter("filename"), content_type, content })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(step) = haystack[from..].iter().position(|byte| *byte == needle[0]) {
        let at = from + step;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=xyz";

    fn body(configuration_headers: &str, configuration: &str) -> Bytes {
        Bytes::from(format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"configuration\"{configuration_headers}\r\n\r\n\
             {configuration}\r\n--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--not the boundary\r\n--xyz--\r\n"
        ))
    }

    #[test]
    fn an_upload_is_taken_apart() {
        let upload = read(TYPE, &body("", r#"{"tier":"fast","version":"latest"}"#)).expect("a valid upload");
        assert_eq!((upload.filename.as_str(), &upload.configuration["tier"]), ("a.pdf", &Value::from("fast")));
        assert_eq!(upload.file, Bytes::from_static(b"%PDF-1.7\r\n--not the boundary"));
    }

    #[test]
    fn an_upload_that_the_service_would_refuse_is_refused() {
        assert!(read("application/json", &body("", "{}")).is_err());
        assert!(read(TYPE, &body("", r#"{"tier":"fast"}"#)).is_err());
        let typed = body("\r\nContent-Type: application/json", r#"{"tier":"fast","version":"latest"}"#);
        assert!(read(TYPE, &typed).is_err());
        let metadata = r#"{"tier":"fast","version":"latest","user_metadata":{"a":1}}"#;
        assert!(read(TYPE, &body("", metadata)).is_err());
    }
}
