//! The machine: libpdfium, the folder for temporary files, memory, open files.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};

use super::finding::Finding;
use crate::{
    config::{Config, Loaded, MemoryLimits, Render, ShownSize, parent_share},
    job,
    render::{self, Cell, CellLevel, LibraryInfo, SandboxMode},
};

/// The build whose interface the worker is compiled against (`pdfium_latest` of pdfium-render).
const PDFIUM_BUILD: u32 = 8125;
/// Connections and logs.
const FILES_OF_THE_WORKER: u64 = 256;
const FILES_PER_JOB: u64 = 16;
/// Pipes.
const FILES_PER_RENDERER: u64 = 8;

pub(super) async fn examine(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let permits = config.service.as_ref().map_or(1, |service| service.amqp.permits());
    let probed = render::probe(&config.render.child).await.map_err(|fault| job::chain(&fault));
    let cell = probed.as_ref().map(|probe| probe.cell.clone()).ok();
    let mode = config.render.child.sandbox;
    let space = free_space(config.process.temp_dir.clone()).await;
    vec![
        pdfium(probed.map(|probe| probe.library)),
        sandbox(mode, cell.as_ref()),
        temp_dir(&config.process.temp_dir, space, config.sources.max_bytes, permits),
        memory(&config.render, loaded.machine.memory, permits),
        open_files(config, permits, getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| soft).ok()),
    ]
}

fn pdfium(probed: Result<LibraryInfo, String>) -> Finding {
    let check = "pdfium";
    let library = match probed {
        Ok(library) => library,
        Err(reason) => {
            let remedy = "install libpdfium, or set QUIRE_PDFIUM_LIBRARY to its path";
            return Finding::failed(check, reason, "no page can be rendered or read", remedy);
        }
    };
    let path = library.path.display();
    match library.build {
        Some(build) if build >= PDFIUM_BUILD => Finding::ok(check, format!("build {build} at {path}")),
        Some(build) => Finding::failed(
            check,
            format!("build {build} at {path} is older than {PDFIUM_BUILD}"),
            "functions that the worker calls are missing in it, or differ",
            "install a newer libpdfium",
        ),
        None => Finding::warning(
            check,
            format!("the build number of {path} is not known"),
            "a build that is older than the worker needs can fail in any way, and page images are used again only under the \
             same build",
            "put the version.json of the build next to the library",
        ),
    }
}

fn sandbox(mode: SandboxMode, cell: Option<&Cell>) -> Finding {
    let check = "sandbox";
    let Some(Cell { level, missing }) = cell else {
        let remedy = "mend what the check `pdfium` says";
        return Finding::warning(check, "no renderer starts", "the level of the sandbox is not known", remedy);
    };
    let what = format!("level {level} of full: {}", missing.join("; "));
    let remedy = "use a kernel with Landlock (CONFIG_SECURITY_LANDLOCK, and landlock in its list lsm=) and seccomp, and allow \
                  both to the container";
    match (*level, mode) {
        (CellLevel::Full, _) => Finding::ok(check, "level full: every attempt to leave the sandbox was refused"),
        (_, SandboxMode::Required) => {
            Finding::failed(check, what, "QUIRE_SANDBOX=required: the worker does not start", remedy)
        }
        (CellLevel::Partial, _) => {
            let why =
                "only the filter of system calls keeps a document that takes over its renderer from files and networks";
            Finding::warning(check, what, why, remedy)
        }
        (CellLevel::None, _) => {
            let why = "a document that takes over its renderer reaches files and networks as the worker does";
            Finding::warning(check, what, why, remedy)
        }
    }
}

/// Writes a file to the folder and returns how many bytes are free there.
async fn free_space(folder: PathBuf) -> io::Result<u64> {
    let look = move || -> io::Result<u64> {
        tempfile::tempfile_in(&folder)?.write_all(b"quire-worker doctor")?;
        let file_system = statvfs(&folder).map_err(io::Error::from)?;
        Ok(file_system.blocks_available().saturating_mul(file_system.fragment_size()))
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn temp_dir(folder: &Path, space: io::Result<u64>, max_source_bytes: u64, permits: u32) -> Finding {
    let check = "temp_dir";
    let folder = folder.display();
    let remedy = "make room, set QUIRE_TEMP_DIR to a larger folder, or lower QUIRE_MAX_SOURCE_BYTES";
    let free = match space {
        Ok(free) => free,
        Err(error) => {
            let remedy = "create the folder and let the worker write to it, or set QUIRE_TEMP_DIR";
            return Finding::failed(check, format!("{folder}: {error}"), "no document can be fetched", remedy);
        }
    };
    let all_jobs = max_source_bytes.saturating_mul(u64::from(permits));
    if free < max_source_bytes.saturating_mul(2) {
        let what = format!("{folder} has {free} bytes free, less than two documents may take");
        return Finding::failed(check, what, "a large document fails while another one is in flight", remedy);
    }
    if free < all_jobs {
        let what = format!("{folder} has {free} bytes free, {permits} jobs in flight may take {all_jobs}");
        return Finding::warning(
            check,
            what,
            "the folder can fill up when many large documents are in flight together",
            remedy,
        );
    }
    Finding::ok(check, format!("{folder} is writable, {free} bytes are free"))
}

fn memory(render: &Render, memory: MemoryLimits, permits: u32) -> Finding {
    let check = "memory";
    let (renderers, memory_bytes) = (render.renderers, render.child.memory_bytes);
    let needed = memory_bytes.saturating_mul(u64::from(renderers)).saturating_add(parent_share(permits));
    let needs = format!("{renderers} × {} and the worker itself need {needed} bytes", ShownSize(memory_bytes));
    let remedy = "lower QUIRE_RENDERERS or QUIRE_RENDERER_MEMORY, or give it more memory";
    match memory {
        MemoryLimits { cgroup: Some(limit), .. } if needed > limit => {
            let why = "the kernel kills the worker with all its jobs when renderers reach their limits together";
            Finding::failed(check, format!("{needs}, the limit is {limit}"), why, remedy)
        }
        MemoryLimits { machine: Some(total), .. } if needed > total => {
            let why = "the machine runs out of memory when renderers reach their limits together";
            Finding::warning(check, format!("{needs}, the machine has {total}"), why, remedy)
        }
        MemoryLimits { cgroup: None, machine: None } => {
            let why = "renderers may take more memory than the machine has";
            Finding::warning(
                check,
                format!("{needs}, the memory of the machine is not known"),
                why,
                "set a memory limit",
            )
        }
        _ => Finding::ok(check, needs),
    }
}

fn open_files(config: &Config, permits: u32, limit: Option<u64>) -> Finding {
    let check = "open_files";
    let needed = FILES_OF_THE_WORKER
        + FILES_PER_JOB * u64::from(permits)
        + FILES_PER_RENDERER * u64::from(config.render.renderers);
    match limit {
        Some(limit) if limit < needed => Finding::warning(
            check,
            format!("at most {limit} files may be open, about {needed} are needed"),
            "jobs fail at random when many are in flight",
            "raise the limit (ulimit -n, LimitNOFILE)",
        ),
        Some(limit) => Finding::ok(check, format!("up to {limit} files may be open")),
        None => Finding::ok(check, "the limit cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::CheckStatus, *};
    use crate::{config::RendererIsolation, render::ChildSettings};

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_library_has_to_be_as_new_as_the_worker() {
        let found = |build| pdfium(Ok(LibraryInfo { path: "/lib/libpdfium.so".into(), build })).status;
        assert_eq!(found(Some(PDFIUM_BUILD)), CheckStatus::Ok);
        assert_eq!(found(Some(PDFIUM_BUILD - 1)), CheckStatus::Failed);
        assert_eq!(found(None), CheckStatus::Warning);
        assert_eq!(pdfium(Err("not found".to_owned())).status, CheckStatus::Failed);
    }

    #[test]
    fn the_folder_holds_two_documents_and_better_one_for_each_job() {
        let with = |free: u64| temp_dir(Path::new("/tmp"), Ok(free * MIB), 100 * MIB, 16).status;
        let statuses = [with(199), with(200), with(1599), with(1600)];
        assert_eq!(statuses, [CheckStatus::Failed, CheckStatus::Warning, CheckStatus::Warning, CheckStatus::Ok]);
        let gone = temp_dir(Path::new("/gone"), Err(io::ErrorKind::NotFound.into()), MIB, 1);
        assert_eq!(gone.status, CheckStatus::Failed);
    }

    #[test]
    fn renderers_at_their_limits_have_to_fit() {
        let child = ChildSettings { memory_bytes: 1024 * MIB, ..ChildSettings::of_none() };
        let render =
            Render { renderers: 2, child, isolation: RendererIsolation::Document, max_pages: 1, max_page_pixels: 1 };
        let with =
            |cgroup: Option<u64>, machine: Option<u64>| memory(&render, MemoryLimits { cgroup, machine }, 16).status;
        assert_eq!(with(Some(3072 * MIB), None), CheckStatus::Ok);
        assert_eq!(with(Some(2048 * MIB), Some(u64::MAX)), CheckStatus::Failed);
        assert_eq!(with(None, Some(2048 * MIB)), CheckStatus::Warning);
        assert_eq!(with(None, None), CheckStatus::Warning);
    }

    #[tokio::test]
    async fn a_folder_is_written_to_and_measured() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(free_space(folder.path().to_owned()).await.is_ok());
        assert!(free_space(folder.path().join("none")).await.is_err());
    }
}
