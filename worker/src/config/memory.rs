//! How much memory this process and its children may use, and how many renderers fit into it.

use std::{fs, path::Path};

/// Where Linux shows control groups.
const CGROUP_ROOT: &str = "/sys/fs/cgroup";
/// What the worker itself may need without any job.
const PARENT_BYTES: u64 = 100_000_000;
/// What the worker itself may need for each job in flight.
const PARENT_BYTES_PER_JOB: u64 = 2_000_000;
/// Version 1 writes "no limit" as the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 60;

/// Memory that this process and its children share, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MemoryLimits {
    /// What the control group allows, if it limits memory: past it the kernel kills.
    pub(crate) cgroup: Option<u64>,
    /// What the machine has, if that is known.
    pub(crate) machine: Option<u64>,
}

impl MemoryLimits {
    pub(crate) fn of_this_process() -> Self {
        let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self {
            cgroup: cgroup_limit(Path::new(CGROUP_ROOT), &membership),
            machine: fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text)),
        }
    }

    /// Returns the tighter of the two.
    pub(crate) fn tightest(self) -> Option<u64> {
        self.cgroup.into_iter().chain(self.machine).min()
    }
}

/// Returns what the worker itself may need, in bytes, with so many jobs in flight.
pub(crate) fn parent_share(permits: u32) -> u64 {
    PARENT_BYTES + PARENT_BYTES_PER_JOB * u64::from(permits)
}

/// Returns how many renderers a limit holds beside the worker itself.
pub(super) fn renderers_that_fit(limit_bytes: u64, permits: u32, renderer_bytes: u64) -> u32 {
    let room = limit_bytes.saturating_sub(parent_share(permits));
    u32::try_from(room / renderer_bytes.max(1)).unwrap_or(u32::MAX)
}

/// Returns how many renderers are started by default: one per core, as many as the memory holds,
/// and at least one.
pub(super) fn default_renderers(cores: u32, memory: MemoryLimits, permits: u32, renderer_bytes: u64) -> u32 {
    let fitting = memory.tightest().map_or(cores, |limit| renderers_that_fit(limit, permits, renderer_bytes));
    cores.min(fitting).max(1)
}

/// Returns the tightest memory limit of the groups that `membership` (the text of
/// `/proc/self/cgroup`) names: a limit on any of them, up to the root, holds for all below it.
fn cgroup_limit(root: &Path, membership: &str) -> Option<u64> {
    // The roots as well: in a container the named path is often the host's and not visible here.
    let lines = membership.lines().chain(["0::/", "1:memory:/"]);
    lines.flat_map(|line| group_limits(root, line)).min()
}

fn group_limits(root: &Path, line: &str) -> Vec<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (mount, file) = if controllers.is_empty() {
        (root.to_owned(), "memory.max")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        (root.join("memory"), "memory.limit_in_bytes")
    } else {
        return Vec::new();
    };
    let groups = Path::new(group.trim_start_matches('/')).ancestors();
    groups.filter_map(|group| read_limit(&mount.join(group).join(file))).collect()
}

fn read_limit(file: &Path) -> Option<u64> {
    let limit: u64 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(limit).filter(|limit| *limit < NO_LIMIT)
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn limits(cgroup: Option<u64>, machine: Option<u64>) -> MemoryLimits {
        MemoryLimits { cgroup, machine }
    }

    #[test]
    fn there_are_as_many_renderers_as_cores_and_memory_allow_and_never_none() {
        assert_eq!(default_renderers(4, limits(None, None), 16, GIB), 4);
        assert_eq!(default_renderers(4, limits(Some(3 * GIB), Some(64 * GIB)), 16, GIB), 2);
        assert_eq!(default_renderers(64, limits(None, Some(16 * GIB)), 16, GIB), 15);
        assert_eq!(default_renderers(4, limits(Some(GIB), None), 16, GIB), 1);
        assert_eq!(default_renderers(4, limits(Some(1), None), 16, GIB), 1);
    }

    #[test]
    fn the_worker_itself_is_counted_before_its_renderers() {
        let for_two = 2 * GIB + parent_share(16);
        assert_eq!(renderers_that_fit(for_two, 16, GIB), 2);
        assert_eq!(renderers_that_fit(for_two - 1, 16, GIB), 1);
    }

    #[test]
    fn the_tightest_group_on_the_way_to_the_root_decides() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().expect("below the root")).expect("a folder");
            fs::write(file, text).expect("a file");
        };
        write("a/b/memory.max", "max\n");
        write("a/memory.max", "2147483648\n");
        assert_eq!(cgroup_limit(root.path(), "0::/a/b\n"), Some(2 * GIB));
        assert_eq!(cgroup_limit(root.path(), "0::/elsewhere\n"), None);

        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(cgroup_limit(root.path(), ""), None);
        write("memory/docker/x/memory.limit_in_bytes", "1073741824\n");
        assert_eq!(cgroup_limit(root.path(), "5:cpu,memory:/docker/x\n0::/\n"), Some(GIB));
        write("memory.max", "1024\n");
        assert_eq!(cgroup_limit(root.path(), ""), Some(1024));
    }

    #[test]
    fn the_machine_says_how_much_memory_it_has() {
        assert_eq!(total_bytes("MemTotal:       16316412 kB\nMemFree: 1 kB\n"), Some(16_316_412 * 1024));
        assert_eq!(total_bytes("MemFree: 1 kB\n"), None);
    }
}
