//! Reads an upload, as strictly as the service does.

use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::stream;
use multer::Multipart;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) configuration: Value,
    pub(super) filename: String,
    pub(super) file: Bytes,
}

#[derive(Debug)]
struct Part {
    name: Option<String>,
    filename: Option<String>,
    content_type: Option<String>,
    content: Bytes,
}

/// Reads the two parts, or says what is wrong with them.
pub(super) async fn read(content_type: &str, body: Bytes) -> Result<Upload, String> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| error.to_string())?;
    let parts = split(body, boundary).await.map_err(|error| error.to_string())?;
    let [configuration, file] = parts.as_slice() else {
        return Err(format!("{} parts instead of two", parts.len()));
    };
    if configuration.name.as_deref() != Some("configuration") || configuration.content_type.is_some() {
        return Err("the first part is not a bare `configuration`".to_owned());
    }
    let is_pdf = file.content_type.as_deref() == Some("application/pdf") && !file.content.is_empty();
    if file.name.as_deref() != Some("file") || !is_pdf {
        return Err("the second part is not a PDF called `file`".to_owned());
    }
    let filename = file.filename.clone().filter(|name| !name.is_empty()).ok_or("the file has no name")?;
    let configuration = read_configuration(&configuration.content)?;
    Ok(Upload { configuration, filename, file: file.content.clone() })
}

async fn split(body: Bytes, boundary: String) -> multer::Result<Vec<Part>> {
    let mut multipart = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await? {
        parts.push(Part {
            name: field.name().map(str::to_owned),
            filename: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await?,
        });
    }
    Ok(parts)
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

    #[tokio::test]
    async fn an_upload_is_taken_apart() {
        let upload = read(TYPE, body("", r#"{"tier":"fast","version":"latest"}"#)).await.expect("a valid upload");
        assert_eq!((upload.filename.as_str(), &upload.configuration["tier"]), ("a.pdf", &Value::from("fast")));
        assert_eq!(upload.file, Bytes::from_static(b"%PDF-1.7\r\n--not the boundary"));
    }

    #[tokio::test]
    async fn an_upload_that_the_service_would_refuse_is_refused() {
        assert!(read("application/json", body("", "{}")).await.is_err());
        assert!(read(TYPE, body("", r#"{"tier":"fast"}"#)).await.is_err());
        let typed = body("\r\nContent-Type: application/json", r#"{"tier":"fast","version":"latest"}"#);
        assert!(read(TYPE, typed).await.is_err());
        let metadata = r#"{"tier":"fast","version":"latest","user_metadata":{"a":1}}"#;
        assert!(read(TYPE, body("", metadata)).await.is_err());
    }
}
