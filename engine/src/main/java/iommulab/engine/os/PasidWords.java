package iommulab.engine.os;

import iommulab.engine.iommu.vtd.VtdCapabilities;

/// What VT-d's driver writes into the entry of a PASID: tables, domain, and what is wished of the domain.
/// Spec: VT-d, "Scalable-Mode PASID Table Entry".
///
/// @param capabilities of the unit
record PasidWords(VtdCapabilities capabilities, DomainWishes wishes) {
    /* PASID table entry, PGTT */
    private static final long FIRST_STAGE = 1 << 6;
    private static final long SECOND_STAGE = 2 << 6;
    private static final long NESTED = 3 << 6;
    private static final long PASS_THROUGH = 4 << 6;
    private static final long PRESENT = 1;

    /* What entries say for domains that are tracked or snoop: words 0 and 1. */
    static final long MARKS_SECOND = 1 << 9;
    private static final long WALKS_SNOOP = 1 << 23;
    private static final long PAGES_SNOOP = 1 << 24;

    /// Bits of word 1 that say who looks into the processors' caches.
    static final long SNOOPS = WALKS_SNOOP | PAGES_SNOOP;

    long[] of(Attachment to) {
        long[] words = new long[8];
        words[1] = to.tag();
        var second = to.second();
        if (second != null) {
            words[0] |= second.top() | (long) (second.limits().levels() - 2) << 2;
        }
        var first = to.first();
        if (first != null) {
            words[2] = first.top() | (long) (first.limits().levels() - 4) << 2;
        }
        if (to.isPassThrough()) {
            words[0] |= PASS_THROUGH | (long) (capabilities.deepestLevels() - 2) << 2;
        } else {
            words[0] |= first == null ? SECOND_STAGE : second == null ? FIRST_STAGE : NESTED;
        }
        words[0] |= PRESENT | (second != null ? marksOfSecond(to.parentTag()) : 0);
        words[1] |= snoops(to.tag(), to.parentTag());
        return words;
    }

    /// Bits of word 0 for the domain of a second stage.
    long marksOfSecond(int tag) {
        return wishes.tracks(tag) ? MARKS_SECOND : 0;
    }

    /// Bits of word 1; only walks that snoop can set marks.
    long snoops(int tag, int parentTag) {
        boolean marks = wishes.tracks(tag) || wishes.tracks(parentTag);
        boolean enforced = wishes.snoops(tag) || wishes.snoops(parentTag);
        return (marks && capabilities.choosesWalkSnoop() ? WALKS_SNOOP : 0)
                | (enforced ? PAGES_SNOOP : 0);
    }
}
