package iommulab.engine.iommu;

import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;

import java.util.Arrays;
import java.util.List;

/// What formats put a step of a [Walk] together from: where an entry is, what it says, who gave it.
public final class Rung {
    private Rung() {}

    /// Where an entry is: a table, an index into it, and the bits that make the index.
    ///
    /// @param high highest bit of the source that makes the index; -1 if none
    public record Place(
            long table,
            int index,
            IndexSource source,
            int high,
            int low,
            int entryBytes,
            long entryHpa) {
        public static final Place NONE = new Place(0, 0, IndexSource.NONE, -1, -1, 0);

        /// In a table whose address is where it lies.
        public Place(long table, int index, IndexSource source, int high, int low, int entryBytes) {
            this(table, index, source, high, low, entryBytes, table + (long) index * entryBytes);
        }
    }

    /// What an entry says.
    ///
    /// @param raw its words, lowest first
    public record Bits(List<Long> raw, List<Field> fields) {
        public static final Bits NONE = new Bits(List.of(), List.of());

        public Bits {
            raw = List.copyOf(raw);
            fields = List.copyOf(fields);
        }

        /// @param offending bits for which hardware stopped
        public static Bits of(Structure structure, long[] raw, long[] offending) {
            return new Bits(words(raw), structure.decode(raw, offending));
        }

        public static List<Long> words(long[] raw) {
            return Arrays.stream(raw).boxed().toList();
        }
    }

    /// Who gave an entry, where in a cache, at what cost.
    public record Source(GivenBy by, String place, long cycles) {
        public static final Source SAVED = new Source(GivenBy.SAVED, "", 0);
        public static final Source NOBODY = new Source(GivenBy.NOBODY, "", 0);
    }

    /// A step outside the grid of a nested walk.
    ///
    /// @param detail the second line
    /// @param finding one sentence: what the hardware concluded here
    public static Step step(
            Kind kind,
            String name,
            String detail,
            Place place,
            Bits bits,
            Source source,
            String finding) {
        return new Step(
                kind,
                name,
                detail,
                place.table(),
                place.index(),
                place.source(),
                place.high(),
                place.low(),
                place.entryBytes(),
                place.entryHpa(),
                bits.raw(),
                bits.fields(),
                source.by(),
                source.place(),
                source.cycles(),
                finding,
                Cell.NONE);
    }
}
