package iommulab.app.walk;

import iommulab.engine.iommu.Walk.Step;

/// How levels are counted: from 1, the level of the smallest pages, upwards, whatever a specification
/// calls them. Pure.
final class Levels {
    private Levels() {}

    /// The pages of a tree: how large the smallest is, and how many bits choose an entry.
    record Granule(int pageShift, int indexBits) {
        static final Granule USUAL = new Granule(12, 9);

        int low(int level) {
            return pageShift + indexBits * (level - 1);
        }
    }

    /// The granule of a tree in which an index begins at a bit. Those of 4, 16 and 64 KiB and of Sv32 share
    /// no such bit up to 64.
    static Granule granule(int indexLow) {
        if (indexLow >= 14 && (indexLow - 14) % 11 == 0) {
            return new Granule(14, 11);
        }
        if (indexLow >= 16 && (indexLow - 16) % 13 == 0) {
            return new Granule(16, 13);
        }
        return indexLow == 22 ? new Granule(12, 10) : Granule.USUAL;
    }

    /// The level of the table that an index chooses from.
    static int level(int indexLow) {
        var granule = granule(indexLow);
        return (indexLow - granule.pageShift()) / granule.indexBits() + 1;
    }

    /// Our level of a step that reads a page table; 0 if it cannot be told.
    static int of(Step step) {
        return step.cell().column() > 0
                ? step.cell().column()
                : step.indexLow() < 12 ? 0 : level(step.indexLow());
    }
}
