package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.pci.RequesterId;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// Compares cached entries of the self-test's IOMMU with the tables in memory: an entry that no longer
/// agrees is stale, and some invalidation is missing.
final class SelftestCoherence {
    private final SelftestUnit unit;
    private final SelftestUnit uncached;

    /// @param uncached a unit that only looks, has no caches, and the same registers
    SelftestCoherence(SelftestUnit unit, SelftestUnit uncached) {
        this.unit = unit;
        this.uncached = uncached;
    }

    /// @param pasid [Iommu#NO_PASID] for the entry of the device itself
    Optional<Staleness> ofEntry(TranslationEntry cached, int requester, int pasid) {
        var now = uncached.freshEntry(requester, pasid);
        if (cached.equals(now)) {
            return Optional.empty();
        }
        String who =
                pasid < 0
                        ? "%s".formatted(new RequesterId(requester))
                        : "PASID 0x%x of %s".formatted(pasid, new RequesterId(requester));
        return stale(
                now == null || now.type() == TranslationEntry.BLOCKED
                        ? "blocked"
                        : "domain %d".formatted(now.tag()),
                "the entry of %s; then domain %d".formatted(who, cached.tag()));
    }

    /// @param guestPhysical whether the cache holds the second stage's pages
    Optional<Staleness> ofPage(Iotlb pages, int line, boolean guestPhysical) {
        long word = pages.word(line);
        long address = pages.iovaAt(line);
        int tag = pages.spaceAt(line);
        var missing = "page 0x%x of domain %d".formatted(address, tag);
        var user = userOf(tag, pages.lines().origin(line), guestPhysical);
        if (user == null) {
            return stale("no device is in this domain any more", missing);
        }
        long now = uncached.freshLeaf(user, address, guestPhysical);
        if (now < 0) {
            return stale("nothing is mapped", missing);
        }
        long address0 = Iotlb.hpa(now, address);
        if (address0 != Iotlb.hpa(word, address)
                || TableEntry.rights(now) != TableEntry.rights(word)) {
            return stale("0x%x, %s".formatted(address0, SelftestView.permissions(now)), missing);
        }
        return (now & TableEntry.CLEAN) != 0 && (word & TableEntry.CLEAN) == 0
                ? stale("not marked as written, and a write would not mark it", missing)
                : Optional.empty();
    }

    private static Optional<Staleness> stale(String tableSays, String missing) {
        return Optional.of(new Staleness(tableSays, missing));
    }

    /// An entry by which memory can be asked for a domain: that of the request for which the line was
    /// filled, if it still is in it; else another one that is cached.
    private @Nullable TranslationEntry userOf(int tag, long origin, boolean asParent) {
        var user = userOf(tag, Origin.requester(origin), Origin.pasid(origin), asParent);
        var devices = unit.caches().devices();
        for (int line = 0; user == null && line < devices.lines().lines(); line++) {
            if (devices.lines().tag(line) != 0) {
                user = userOf(tag, devices.requesterAt(line), Iommu.NO_PASID, asParent);
            }
        }
        var pasids = unit.caches().pasids();
        for (int line = 0; user == null && line < pasids.lines().lines(); line++) {
            if (pasids.lines().tag(line) != 0) {
                user = userOf(tag, pasids.requesterAt(line), pasids.pasidAt(line), asParent);
            }
        }
        return user;
    }

    private @Nullable TranslationEntry userOf(int tag, int requester, int pasid, boolean asParent) {
        var entry = uncached.freshEntry(requester, pasid);
        return entry != null
                        && entry.type() == TranslationEntry.TABLES
                        && (asParent
                                ? entry.isNested() && entry.parentTag() == tag
                                : entry.tag() == tag)
                ? entry
                : null;
    }
}
