//! Delta debugging: chunks of a list are left out, in sizes that halve, until no single item can be.
//! Source: Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002. Of the two
//! kinds of candidates there only the complements are tried: the passes begin with the guess that evidence gives.

use super::Search;
use crate::plan::Plan;
use crate::redis_kind::NoRedis;

/// Leaves out as many of the plan's `items` as it can; `without` is the plan without some of them. At the end none of
/// them can be left out alone.
pub(super) fn ddmin<T: Sync>(
    search: &mut Search<'_>,
    items: impl Fn(&Plan) -> Vec<T>,
    without: impl Fn(&Plan, &[T]) -> Plan + Sync,
) -> Result<(), NoRedis> {
    let mut size = items(search.plan()).len();
    while size > 0 {
        let removed = sweep(search, size, &items, &without)?;
        // What one removal makes possible may lie before it: single items are tried until none of them goes.
        size = if size == 1 && removed { 1 } else { size / 2 };
    }
    Ok(())
}

/// Tries every chunk of `size` items once, from the first to the last; says whether any could be left out.
fn sweep<T: Sync>(
    search: &mut Search<'_>,
    size: usize,
    items: &impl Fn(&Plan) -> Vec<T>,
    without: &(impl Fn(&Plan, &[T]) -> Plan + Sync),
) -> Result<bool, NoRedis> {
    let (mut from, mut removed) = (0, false);
    loop {
        let (plan, all) = (search.plan().clone(), items(search.plan()));
        let chunks = all.get(from..).unwrap_or_default().chunks(size);
        let Some(place) = search.advance(chunks.map(|chunk| without(&plan, chunk)))? else { return Ok(removed) };
        from += place * size;
        removed = true;
    }
}
