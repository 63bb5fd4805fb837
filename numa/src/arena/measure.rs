//! Measures what memory lies on, after the fact.

use std::{collections::BTreeMap, fs, ops::Range};

use crate::{
    arena::{Backing, HUGE_PAGE_BYTES, PAGE_BYTES},
    errno::Errno,
    sys::{self, Region},
    topology::NodeId,
};

/// Reads from `/proc/self/smaps` what pages a region lies on; none where there is no such file.
pub(super) fn backing(region: Region) -> Option<Backing> {
    let start = region.start.addr().get();
    backing_in(&fs::read_to_string("/proc/self/smaps").ok()?, start..start + region.bytes)
}

/// Asks the kernel for the node of every page of a region.
pub(super) fn bytes_by_node(region: Region) -> Result<BTreeMap<NodeId, usize>, Errno> {
    let mut bytes = BTreeMap::new();
    for node in sys::nodes_of(region, PAGE_BYTES)? {
        *bytes.entry(node?).or_default() += PAGE_BYTES;
    }
    Ok(bytes)
}

/// Adds up the mappings that lie within the range. Their heads look like `7f00-7f20 rw-p 0 00:00 0 name`, and
/// the lines after each like `AnonHugePages:      4096 kB`.
fn backing_in(smaps: &str, range: Range<usize>) -> Option<Backing> {
    let mut inside = false;
    let mut known = false;
    let mut page_bytes = 0;
    let mut huge_bytes = 0;
    for line in smaps.lines() {
        if let Some(mapping) = head(line) {
            inside = range.start <= mapping.start && mapping.end <= range.end;
            known |= inside;
            continue;
        }
        let Some((name, value)) = line.split_once(':').filter(|_| inside) else { continue };
        let bytes = || Some(value.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10);
        match name {
            "KernelPageSize" => page_bytes = page_bytes.max(bytes()?),
            "AnonHugePages" | "ShmemPmdMapped" => huge_bytes += bytes()?,
            _ => {}
        }
    }
    known.then_some(match (page_bytes, huge_bytes) {
        (HUGE_PAGE_BYTES, _) => Backing::HugePages,
        (_, 0) => Backing::SmallPages,
        (_, huge_bytes) => Backing::Transparent { huge_bytes },
    })
}

fn head(line: &str) -> Option<Range<usize>> {
    let (start, end) = line.split_whitespace().next()?.split_once('-')?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smaps(page_kb: usize, anon_kb: usize, shmem_kb: usize) -> String {
        format!(
            "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \n\
             Size:               4096 kB\n\
             KernelPageSize:    {page_kb} kB\n\
             Rss:                4096 kB\n\
             AnonHugePages:     {anon_kb} kB\n\
             ShmemPmdMapped:    {shmem_kb} kB\n\
             VmFlags: rd wr mr mw me ac sd hg\n\
             7f0000400000-7f0000800000 rw-p 00000000 00:00 0 [anon: other]\n\
             KernelPageSize:        4 kB\n\
             AnonHugePages:      4096 kB\n"
        )
    }

    fn first_mapping(smaps: &str) -> Option<Backing> {
        backing_in(smaps, 0x7f00_0000_0000..0x7f00_0040_0000)
    }

    #[test]
    fn each_kind_of_pages_is_told_by_its_own_line() {
        assert_eq!(first_mapping(&smaps(2048, 0, 0)), Some(Backing::HugePages));
        assert_eq!(first_mapping(&smaps(4, 0, 0)), Some(Backing::SmallPages));
        assert_eq!(first_mapping(&smaps(4, 2048, 0)), Some(Backing::Transparent { huge_bytes: 2 << 20 }));
        assert_eq!(first_mapping(&smaps(4, 0, 4096)), Some(Backing::Transparent { huge_bytes: 4 << 20 }));
    }

    #[test]
    fn a_region_that_is_not_listed_is_unknown() {
        assert_eq!(first_mapping(""), None);
        assert_eq!(backing_in(&smaps(4, 0, 0), 0x1000..0x2000), None);
    }
}
