//! Lost updates: two answered transactions that read one version of a key and both wrote the key.

use super::analysis::Analysis;
use super::append::case;
use super::decode::{Fate, Mop, Txns};
use super::model::Anomaly;

/// Adds the lost updates; `version` is what tells two versions of one key apart, as far as it goes.
pub(crate) fn updates<'t, 'h: 't, V: Ord>(
    txns: &'t Txns<'h>,
    analysis: &mut Analysis,
    version: impl Fn(&'t Mop<'h>) -> V,
) {
    let mut updates: Vec<(u32, V, u32, &Mop)> = Vec::new();
    for (txn, fate) in txns.fates() {
        let mops = txns.mops(txn);
        if fate != Fate::Committed || !mops.iter().any(|mop| mop.write) {
            continue;
        }
        let mut first: Vec<(u32, usize)> = mops.iter().map(|mop| mop.key).zip(0..).collect();
        first.sort_unstable();
        for same in first.chunk_by(|a, b| a.0 == b.0) {
            let read = &mops[same[0].1];
            if !read.write && same.iter().any(|(_, at)| mops[*at].write) {
                updates.push((read.key, version(read), txn, read));
            }
        }
    }
    updates.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
    for same in updates.chunk_by(|a, b| a.0 == b.0 && a.1 == b.1) {
        let Some(((.., read), others)) = same.split_first() else { continue };
        let unread = |mop: &Mop| mop.value.is_nil() || mop.value.as_list().is_some_and(<[_]>::is_empty);
        let alike = |mop: &Mop| mop.value == read.value || (unread(mop) && unread(read));
        let mut operations: Vec<u64> = others.iter().filter(|o| alike(o.3)).map(|o| txns.index(o.2)).collect();
        if operations.is_empty() {
            continue;
        }
        operations.insert(0, txns.index(same[0].2));
        analysis.add(Anomaly::LostUpdate, || {
            let key = txns.keys[read.key as usize];
            let names = operations.iter().map(|n| format!("#{n}")).collect::<Vec<_>>().join(" and ");
            let what = format!("{names} each read {} in {key} and then wrote {key}", read.value);
            case(key, what, operations.clone(), operations[operations.len() - 1])
        });
    }
}
