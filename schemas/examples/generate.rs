//! Writes the published JSON Schemas to `schemas/json/`: `make schemas` runs it, and a test fails
//! while what is committed differs from the types.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("json");
    fs::create_dir_all(&folder)?;
    for (name, schema) in quire_schemas::json_schemas() {
        fs::write(folder.join(name), format!("{schema:#}\n"))?;
    }
    Ok(())
}
