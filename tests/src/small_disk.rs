//! A file system that is soon full.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A small file system in memory. Unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    bytes: u64,
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts an empty one that holds so much.
    ///
    /// # Panics
    /// If it cannot be mounted, which takes root.
    #[must_use]
    pub fn mount(bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let size = format!("size={bytes}");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        let Output { status, stderr, .. } = output.expect("mount is there");
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "a small file system cannot be mounted, which takes root: {said}");
        Self { bytes, folder }
    }

    /// Returns where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns what lies on it while it is full.
    #[must_use]
    pub fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves no more than this of an empty one.
    pub fn fill_up_to(&self, free_bytes: u64) {
        self.write_filler(self.bytes - free_bytes).expect("there is room for it");
    }

    /// Leaves nothing, whatever lies on it already.
    ///
    /// # Panics
    /// If it takes more than it can.
    pub fn fill(&self) {
        // What fits stays.
        let written = self.write_filler(self.bytes + 1);
        assert_eq!(written.map_err(|error| error.kind()), Err(ErrorKind::StorageFull));
    }

    /// Takes away what filled it.
    pub fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("filled before");
    }

    fn write_filler(&self, bytes: u64) -> std::io::Result<()> {
        std::fs::write(self.filler(), vec![0; usize::try_from(bytes).expect("a small disk fits into memory")])
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is killed with the test may still hold files on it. Best effort: a
        // panic in here would hide why the test failed.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
