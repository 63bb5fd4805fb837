//! Which CPUs a thread of this process may be pinned to, and who says so.

use crate::{
    cpu_set::CpuSet,
    topology::Limit,
    tree::{ReadError, Tree},
};

/// Holds the two masks that bind this process, as far as the kernel tells them.
pub(super) struct Masks {
    /// What the process inherited.
    pub(super) affinity: Option<CpuSet>,
    /// What its cgroup may use at all.
    pub(super) cpuset: Option<CpuSet>,
}

impl Masks {
    pub(super) fn read(tree: &Tree<'_>) -> Result<Self, ReadError> {
        Ok(Self { affinity: affinity(tree)?, cpuset: cpuset(tree)? })
    }

    /// Returns the CPUs a thread may be pinned to, and who keeps it off the others.
    ///
    /// The cpuset is a wall. The inherited mask is the operator's wish, with one exception: the kernel takes
    /// isolated CPUs out of every process's mask at boot, exactly so that only those who name them get
    /// them. A mask without any of them therefore says nothing about them, and they count as allowed.
    pub(super) fn allowed(&self, online: &CpuSet, isolated: &CpuSet) -> (CpuSet, Limit) {
        let within =
            |mask: &Option<CpuSet>| mask.as_ref().map_or(online.clone(), |mask| online.intersection(mask));
        let wall = within(&self.cpuset);
        let mut wish = within(&self.affinity);
        if wish.intersection(isolated).is_empty() {
            wish = wish.union(isolated);
        }
        let allowed = wall.intersection(&wish).intersection(online);
        let limit = match allowed == *online {
            true => Limit::Nobody,
            false if allowed == wall => Limit::Cpuset,
            false => Limit::Affinity,
        };
        (allowed, limit)
    }
}

fn affinity(tree: &Tree<'_>) -> Result<Option<CpuSet>, ReadError> {
    let path = "proc/self/status";
    let Some(status) = tree.text(path) else { return Ok(None) };
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.map(|list| tree.list(path, list.parse())).transpose()
}

/// Finds the effective cpuset of our cgroup: the first that is told on the way from our group up to the root.
/// Inside a container the path may lie outside what is mounted, so the root of the mount is the last resort,
/// not an error.
fn cpuset(tree: &Tree<'_>) -> Result<Option<CpuSet>, ReadError> {
    let groups = tree.text("proc/self/cgroup").unwrap_or_default();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (mount, file) = match controllers {
            "" => ("sys/fs/cgroup", "cpuset.cpus.effective"),
            _ if controllers.split(',').any(|name| name == "cpuset") => {
                ("sys/fs/cgroup/cpuset", "cpuset.effective_cpus")
            }
            _ => continue,
        };
        let mut group = group.trim_end_matches('/');
        loop {
            if let Some(cpus) = tree.cpus(&format!("{mount}{group}/{file}"))? {
                return Ok(Some(cpus));
            }
            let Some((parent, _)) = group.rsplit_once('/') else { break };
            group = parent;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> CpuSet {
        text.parse().unwrap()
    }

    fn allowed(affinity: &str, cpuset: Option<&str>, isolated: &str) -> (String, Limit) {
        let masks = Masks { affinity: Some(set(affinity)), cpuset: cpuset.map(set) };
        let (allowed, limit) = masks.allowed(&set("0-7"), &set(isolated));
        (allowed.to_string(), limit)
    }

    #[test]
    fn nobody_limits_a_process_that_may_run_everywhere() {
        assert_eq!(allowed("0-7", Some("0-7"), ""), ("0-7".to_owned(), Limit::Nobody));
        assert_eq!(allowed("0-63", None, ""), ("0-7".to_owned(), Limit::Nobody));
    }

    #[test]
    fn the_narrower_of_the_two_masks_is_named() {
        assert_eq!(allowed("2-3", Some("0-7"), ""), ("2-3".to_owned(), Limit::Affinity));
        assert_eq!(allowed("4-7", Some("4-7"), ""), ("4-7".to_owned(), Limit::Cpuset));
        assert_eq!(allowed("5", Some("4-7"), ""), ("5".to_owned(), Limit::Affinity));
    }

    #[test]
    fn isolated_cpus_are_allowed_though_no_mask_inherits_them() {
        assert_eq!(allowed("0-3", Some("0-7"), "4-7"), ("0-7".to_owned(), Limit::Nobody));
    }

    #[test]
    fn a_mask_that_names_an_isolated_cpu_is_taken_at_its_word() {
        assert_eq!(allowed("2,5", Some("0-7"), "4-7"), ("2,5".to_owned(), Limit::Affinity));
    }

    #[test]
    fn isolated_cpus_behind_the_wall_of_the_cpuset_are_not_allowed() {
        assert_eq!(allowed("0-3", Some("0-5"), "4-7"), ("0-5".to_owned(), Limit::Cpuset));
    }
}
