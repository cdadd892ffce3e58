package iommulab.app.walk;

import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Neighbouring bits of a requester ID or an iova that serve one purpose, in the colour that this
/// purpose keeps on the whole screen.
///
/// @param high highest bit
/// @param low lowest bit
/// @param bits the bits as text, highest first; shortened to `0…0` where nothing is to be learned
/// @param hex their value
/// @param name what they select
/// @param category colour of the index, or [#PLAIN]
/// @param step index of the step that uses them, -1 if none
record BitField(int high, int low, String bits, String hex, String name, int category, int step) {
    /// No index: no colour.
    static final int PLAIN = -1;

    static final int OFFSET = 10;
    private static final int REQUESTER = 9;
    private static final int[] BY_LEVEL = {PLAIN, 8, 1, 2, 0, 5};
    private static final int PAGE_BITS = 12;
    private static final int INDEX_BITS = 9;

    /// Bus, device and function: what the root and the context table are indexed with.
    static List<BitField> ofRequester(Walk walk) {
        var requester = walk.requester();
        var bus = stepUsing(walk, IndexSource.REQUESTER, 8);
        var devfn = stepUsing(walk, IndexSource.REQUESTER, 0);
        return List.of(
                cut(requester.raw(), 15, 8, "bus", REQUESTER, bus),
                cut(
                        requester.raw(),
                        7,
                        0,
                        "dev %02x, fn %x".formatted(requester.devfn() >>> 3, requester.devfn() & 7),
                        REQUESTER,
                        devfn));
    }

    /// What lies above the translated bits, one index per level, and the offset within the page.
    static List<BitField> ofIova(Walk walk) {
        var fields = new ArrayList<BitField>();
        int top = walk.addressBits();
        if (top == 0 || top > 64) {
            fields.add(plain(walk.iova(), 63, 0, "address"));
            return fields;
        }
        if (top < 64) {
            fields.add(plain(walk.iova(), 63, top, "must be 0"));
        }
        int offsetBits = offsetBits(walk);
        for (int low = top - INDEX_BITS; low >= offsetBits; low -= INDEX_BITS) {
            int level = level(low);
            fields.add(
                    cut(
                            walk.iova(),
                            low + INDEX_BITS - 1,
                            low,
                            "level " + level,
                            category(level),
                            stepUsing(walk, IndexSource.IOVA, low)));
        }
        fields.add(cut(walk.iova(), offsetBits - 1, 0, "offset", OFFSET, walk.steps().size() - 1));
        return fields;
    }

    /// The colour of the index that a step uses.
    static int categoryOf(Step step) {
        return switch (step.indexSource()) {
            case NONE -> PLAIN;
            case REQUESTER, PASID -> REQUESTER;
            case IOVA, GPA -> category(level(step.indexLow()));
        };
    }

    /// A page larger than 4 KiB has a longer offset, because the walk ends at a higher level.
    private static int offsetBits(Walk walk) {
        var lowest =
                walk.steps().stream()
                        .filter(s -> s.kind() == Walk.Kind.LEAF_ENTRY)
                        .filter(s -> s.indexSource() == IndexSource.IOVA)
                        .min(Comparator.comparingInt(Step::indexLow));
        if (lowest.isPresent()) {
            return lowest.get().indexLow();
        }
        return switch (walk.outcome()) {
            case Walk.Outcome.Reached(_, long pageBytes, _, _) when pageBytes > 1 ->
                    Long.numberOfTrailingZeros(pageBytes);
            case Walk.Outcome.Reached _, Walk.Outcome.Faulted _, Walk.Outcome.NotTranslated _ ->
                    PAGE_BITS;
        };
    }

    private static int level(int indexLow) {
        return (indexLow - PAGE_BITS) / INDEX_BITS + 1;
    }

    private static int category(int level) {
        return level > 0 && level < BY_LEVEL.length ? BY_LEVEL[level] : PLAIN;
    }

    private static int stepUsing(Walk walk, IndexSource source, int low) {
        var steps = walk.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).indexSource() == source && steps.get(i).indexLow() == low) {
                return i;
            }
        }
        return -1;
    }

    private static BitField plain(long value, int high, int low, String name) {
        var field = cut(value, high, low, name, PLAIN, -1);
        boolean zero = field.bits.indexOf('1') < 0;
        return new BitField(high, low, zero ? "0…0" : "…", field.hex, name, PLAIN, -1);
    }

    private static BitField cut(
            long value, int high, int low, String name, int category, int step) {
        int width = high - low + 1;
        long bits = width == 64 ? value : value >>> low & (1L << width) - 1;
        var binary = Long.toBinaryString(bits);
        var hex = Long.toHexString(bits);
        int digits = (width + 3) / 4;
        return new BitField(
                high,
                low,
                "0".repeat(width - binary.length()) + binary,
                category == PLAIN ? hex : "0".repeat(digits - hex.length()) + hex,
                name,
                category,
                step);
    }
}
