//! The password of encrypted documents, read from a file: a command line is visible to every user of the machine.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use quire_schemas::job::Password;

/// Bytes of a file that are looked at, far more than any password has.
const MAX_FIRST_LINE_BYTES: u64 = 64 * 1024;

/// Why a file gives no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// The file is missing, closed to this user, or not UTF-8.
    #[error("cannot read the password file {}", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The first line is empty.
    #[error("the first line of the password file {} is empty: write the password there", .path.display())]
    Empty { path: PathBuf },
}

/// Reads a password: the whole first line, spaces included, without its line break.
///
/// Blocks while the file is read, which may be a pipe.
pub fn read(path: &Path) -> Result<Password, PasswordFileError> {
    let line = first_line(path).map_err(|cause| PasswordFileError::Unreadable { path: path.to_owned(), cause })?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(PasswordFileError::Empty { path: path.to_owned() }),
        password => Ok(Password::new(password)),
    }
}

fn first_line(path: &Path) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(File::open(path)?.take(MAX_FIRST_LINE_BYTES)).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(name: &str, content: &[u8]) -> Result<Password, PasswordFileError> {
        let path = std::env::temp_dir().join(format!("quire-password-{}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("a writable folder");
        let password = read(&path);
        std::fs::remove_file(&path).expect("written above");
        password
    }

    #[test]
    fn a_password_is_the_whole_first_line() {
        for (name, content) in [("line", "a b \n"), ("crlf", "a b \r\nsecond"), ("bare", "a b ")] {
            assert_eq!(of_file(name, content.as_bytes()).expect("a password").reveal(), "a b ", "{name}");
        }
    }

    #[test]
    fn a_file_without_a_password_is_refused() {
        assert!(matches!(of_file("empty", b""), Err(PasswordFileError::Empty { .. })));
        assert!(matches!(of_file("second", b"\nsecond"), Err(PasswordFileError::Empty { .. })));
        assert!(matches!(of_file("binary", b"\xff\n"), Err(PasswordFileError::Unreadable { .. })));
        let missing = read(Path::new("/nonexistent/password"));
        assert!(matches!(missing, Err(PasswordFileError::Unreadable { .. })));
    }
}
