package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Neighbouring bits of a requester ID, a PASID or an iova that serve one purpose, in the colour that this
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
    private static final int PASID_DIRECTORY = 11;
    private static final int PASID = 3;
    private static final int[] BY_LEVEL = {PLAIN, 8, 1, 2, 0, 5, 7};

    /// What the tables of devices are indexed with: bus, device and function, or what else the
    /// architecture makes of the requester ID.
    static List<BitField> ofRequester(Walk walk) {
        var requester = walk.requester();
        var fields = new ArrayList<BitField>();
        for (var step : indexed(walk, IndexSource.REQUESTER)) {
            int high = Math.min(15, step.indexHigh());
            if (step.indexLow() <= high) {
                var name = requesterName(step, requester.devfn());
                fields.add(
                        cut(
                                requester.raw(),
                                high,
                                step.indexLow(),
                                name,
                                REQUESTER,
                                walk.steps().indexOf(step)));
            }
        }
        if (fields.isEmpty()) {
            fields.add(cut(requester.raw(), 15, 0, "requester", REQUESTER, -1));
        }
        return filled(fields, requester.raw(), 15, "half");
    }

    private static String requesterName(Step step, int devfn) {
        boolean bus = step.indexHigh() == 15 && step.indexLow() == 8;
        boolean function = step.indexLow() == 0 && step.indexHigh() <= 7 && step.indexHigh() >= 6;
        return bus
                ? "bus"
                : function
                        ? "dev %02x, fn %x".formatted(devfn >>> 3, devfn & 7)
                        : step.kind() == Walk.Kind.DEVICE_ENTRY ? "device" : step.name();
    }

    /// What the tables of PASIDs are indexed with; empty if the request came to none.
    static List<BitField> ofPasid(Walk walk) {
        var steps = indexed(walk, IndexSource.PASID);
        long pasid = 0;
        for (var step : steps) {
            pasid |= (long) step.index() << step.indexLow();
        }
        var fields = new ArrayList<BitField>();
        for (var step : steps) {
            boolean last = step.kind() == Walk.Kind.PASID_ENTRY;
            fields.add(
                    cut(
                            pasid,
                            Math.min(19, step.indexHigh()),
                            step.indexLow(),
                            last ? "entry" : "directory",
                            last ? PASID : PASID_DIRECTORY,
                            walk.steps().indexOf(step)));
        }
        return filled(fields, pasid, steps.isEmpty() ? -1 : 19, "must be 0");
    }

    /// What lies above the translated bits, one index per level, and the offset within the page.
    static List<BitField> ofIova(Walk walk, Naming naming) {
        var fields = new ArrayList<BitField>();
        int top = walk.addressBits();
        if (top == 0 || top > 64) {
            fields.add(plain(walk.iova(), 63, 0, "address"));
            return fields;
        }
        if (top < 64) {
            boolean zero = walk.iova() >>> top == 0;
            fields.add(plain(walk.iova(), 63, top, zero ? "must be 0" : "sign"));
        }
        int offsetBits = offsetBits(walk);
        var granule = granule(walk);
        for (int high = top - 1; high >= offsetBits; ) {
            int low = lowOf(walk, high, granule);
            int level = Levels.level(low);
            int step = stepUsing(walk, IndexSource.IOVA, low);
            fields.add(
                    cut(
                            walk.iova(),
                            high,
                            low,
                            levelName(walk, step, level, naming),
                            category(level),
                            step));
            high = low - 1;
        }
        fields.add(cut(walk.iova(), offsetBits - 1, 0, "offset", OFFSET, walk.steps().size() - 1));
        return fields;
    }

    /// The vendor's number of the level, where a step tells it and ours is not wanted.
    private static String levelName(Walk walk, int step, int level, Naming naming) {
        return step < 0
                ? "level " + level
                : NeutralName.name(walk.steps().get(step), naming).toLowerCase(Locale.ROOT);
    }

    private static Levels.Granule granule(Walk walk) {
        return indexed(walk, IndexSource.IOVA).stream()
                .filter(s -> s.indexLow() >= Levels.Granule.USUAL.pageShift())
                .findFirst()
                .map(s -> Levels.granule(s.indexLow()))
                .orElse(Levels.Granule.USUAL);
    }

    /// Lowest bit of the index whose highest is known: as the step says that uses it, else by the granule.
    private static int lowOf(Walk walk, int high, Levels.Granule granule) {
        for (var step : indexed(walk, IndexSource.IOVA)) {
            if (step.indexHigh() >= high && step.indexLow() <= high && step.indexLow() > 0) {
                return step.indexLow();
            }
        }
        int level = 1;
        while (granule.low(level + 1) <= high) {
            level++;
        }
        return granule.low(level);
    }

    /// The steps that take an index from a number, those with the highest bits first, one for each bit.
    private static List<Step> indexed(Walk walk, IndexSource source) {
        var found = new ArrayList<Step>();
        for (var step : walk.steps()) {
            boolean entry = step.kind() != Walk.Kind.ACCESS && step.indexLow() >= 0;
            if (entry
                    && step.indexSource() == source
                    && found.stream().noneMatch(s -> s.indexLow() == step.indexLow())) {
                found.add(step);
            }
        }
        found.sort(Comparator.comparingInt(Step::indexLow).reversed());
        return found;
    }

    /// The fields with what lies above and between them.
    private static List<BitField> filled(List<BitField> fields, long value, int top, String name) {
        var all = new ArrayList<BitField>();
        int high = top;
        for (var field : fields) {
            if (field.high < high) {
                all.add(plain(value, high, field.high + 1, name));
            }
            all.add(field);
            high = field.low - 1;
        }
        return all;
    }

    /// The colour of the index that a step uses. The second stage of a nested walk has none: its indices
    /// are bits of other addresses than the one above the ladder.
    static int categoryOf(Step step) {
        return switch (step.indexSource()) {
            case NONE, GPA -> PLAIN;
            case REQUESTER -> REQUESTER;
            case PASID -> step.kind() == Walk.Kind.PASID_ENTRY ? PASID : PASID_DIRECTORY;
            case IOVA ->
                    step.kind() == Walk.Kind.ACCESS
                            ? OFFSET
                            : category(Levels.level(step.indexLow()));
        };
    }

    /// A page larger than the smallest has a longer offset, because the walk ends at a higher level.
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
                    Math.min(walk.addressBits(), Long.numberOfTrailingZeros(pageBytes));
            case Walk.Outcome.Reached _, Walk.Outcome.Faulted _, Walk.Outcome.NotTranslated _ ->
                    granule(walk).pageShift();
        };
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
